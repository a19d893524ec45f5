"""What stops reminders by an agent's word, with its reason: a pause of days, an exemption; a plan's end."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.domain.model import HoldKind, Refusal
from bot.services.case_facts import PlanFacts
from bot.services.holds import PLACED
from bot.services.kit import local_day
from bot.services.rights import NotAllowed
from bot.web.console.handling import Handling
from bot.web.console.layout import box
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import HOLDS, PLANS

_FIELD = "outlined dense options-dense"
_ALL = ""


class Pausing:
    """The dialogs of one case page."""

    def __init__(self, case: Handling, dialog: ReasonDialog) -> None:
        self.case = case
        self.words = case.words
        self._dialog = dialog

    def ask_to_pause(self) -> None:
        """Ask for what, from which day until which day, and why; the first day may have passed."""
        words, view = self.words, self.case.view
        if view.borrower_ref is None:
            return
        today = local_day(self.case.visit.desk.now(), view.timezone)
        debts = {_ALL: words("All debts")} | {one.ref: f"{one.ref} · {one.product}" for one in view.debts}
        kinds = {kind.value: words.of(HOLDS, kind.value) for kind in HoldKind if kind in PLACED}

        def body() -> None:
            with box("div", "terms"):
                self.debt = ui.select(debts, value=_ALL, label=words("Debt")).props(_FIELD)
                self.kind = ui.select(kinds, value=HoldKind.PAUSE.value, label=words("What for")).props(
                    _FIELD
                )
                self.since = ui.input(words("First day"), value=today.isoformat())
                self.until = ui.input(words("Reminders again from"))
                for field in (self.since, self.until):
                    field.props("type=date outlined dense stack-label")

        async def go(reason: str, _: bool) -> bool:
            return await self._place(reason)

        meaning = words(
            "What fell due in these days is not made up for. Without an end it holds until it is lifted."
        )
        asked = Question(words("Pause reminders"), meaning, words("Reason"), words("Pause"))
        self._dialog.ask(asked, go, body)

    async def _place(self, reason: str) -> bool:
        view, holds = self.case.view, self.case.visit.desk.grace.holds
        try:
            since, until = (self._begin_of(field.value) for field in (self.since, self.until))
        except ValueError:
            self.case.visit.say(self.words("Please give a day."), "warning")
            return False
        ref, kind = str(self.debt.value or view.borrower_ref), HoldKind(str(self.kind.value))
        return await self.case.done(
            lambda agent: holds.place(ref, kind, agent, reason, since=since, until=until)
        )

    def _begin_of(self, written: object) -> datetime | None:
        """Return when a day begins on the borrower's wall; None for none. Raises ValueError."""
        if not written:
            return None
        day = datetime.combine(date.fromisoformat(str(written)), time(), ZoneInfo(self.case.view.timezone))
        return day.astimezone(UTC)

    def ask_to_exempt(self) -> None:
        """Ask why a borrower shall get no reminders at all, or get them again."""
        words, view, holds = self.words, self.case.view, self.case.visit.desk.grace.holds
        ref, exempt = view.borrower_ref, not view.exempt
        if ref is None:
            return

        async def go(reason: str, _: bool) -> bool:
            return await self.case.done(lambda agent: holds.exempt(ref, agent, reason, exempt=exempt))

        title = words("Exempt from reminders" if exempt else "Remind again")
        meaning = words(
            "No reminder goes out about any debt. Answers and notices of the law do."
            if exempt
            else "Reminders may go out again once nothing else stands in their way."
        )
        self._dialog.ask(Question(title, meaning, words("Reason"), title), go)

    def ask_to_cancel(self, plan: PlanFacts) -> None:
        """Ask why a running plan shall end."""
        words, plans = self.words, self.case.visit.desk.grace.plans

        def cancel(agent: int) -> tuple[Refusal, ...]:
            refused = plans.cancel(plan.id, reason, f"agent {agent}", cause=f"handoff {self.case.number}")
            if refused:
                raise NotAllowed("changed", "the plan is no longer running")
            return refused

        reason = ""

        async def go(written: str, _: bool) -> bool:
            nonlocal reason
            reason = written
            return await self.case.done(cancel)

        meaning = words("What was paid stays paid. Reminders go on by the days past due.")
        title = words("Cancel: {plan}", plan=words.of(PLANS, plan.kind))
        self._dialog.ask(Question(title, meaning, words("Reason"), words("Cancel the plan")), go)
