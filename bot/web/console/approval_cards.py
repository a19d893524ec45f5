"""A request for approval as a card: the terms, the limits they meet, and what came before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from bot.services.approval_rows import ApprovalView
from bot.web.console.desk import Visit
from bot.web.console.figures import limit_table, schedule, summary, today_in, wished
from bot.web.console.layout import box, text
from bot.web.console.terms import ACTORS, APPROVALS, LEVELS

_SOON_HOURS = 8


class ApprovalCards:
    """Draws cards, each ended by `acts`, and keeps their times right."""

    def __init__(self, visit: Visit, names: Mapping[int, str], acts: Callable[[ApprovalView], None]) -> None:
        self.visit = visit
        self.words = visit.words
        self.names = names
        self._acts = acts
        self._ages: list[tuple[ApprovalView, TextElement]] = []

    def forget(self) -> None:
        """Let go of the cards that are drawn anew."""
        self._ages.clear()

    def age(self) -> None:
        """Write how long each has waited."""
        for view, label in self._ages:
            label.set_text(self._time(view))

    def _time(self, view: ApprovalView) -> str:
        words, now = self.words, self.visit.desk.now()
        since = words("waiting: {time}", time=words.elapsed(view.created_at, now))
        until = words("decide by {time}", time=words.instant(view.expires_at, view.timezone))
        return f"{since} · {until}"

    def draw(self, view: ApprovalView, history: list[ApprovalView]) -> None:
        """Draw a request with what is needed to decide it."""
        words = self.words
        now = self.visit.desk.now()
        today = today_in(now, view.timezone)
        hours = (view.expires_at - now).total_seconds() / 3600
        with box("article", "card-entry soon" if hours < _SOON_HOURS else "card-entry") as card:
            card.props["aria-label"] = words("Request {number}", number=view.id)
            with box("header"):
                self._name(view)
                text("span", words("Needs: {level}", level=words.of(LEVELS, view.level)), "chip level-4")
                if view.needs_two:
                    text("span", words("Two people"), "chip level-3")
                label = text("span", self._time(view), "quiet age")
                self._ages.append((view, label))
            with box("div", "columns"):
                with box("section"):
                    text("h3", words("Asked for"))
                    text("p", summary(words, view.option, today), "strong")
                    self._pairs(view, today)
                    if view.terms != view.wish:
                        text("h3", words("Changed by the first person"))
                        with box("dl"):
                            for name, value in wished(words, view.terms, today):
                                text("dt", name)
                                text("dd", value)
                    with box("details"):
                        text("summary", words("All payments"))
                        schedule(words, view.option, today)
                with box("section"):
                    text("h3", words("Against the limits"))
                    limit_table(words, view.limits, today)
                    self._story(view, history, today)
            self._acts(view)

    def _name(self, view: ApprovalView) -> None:
        name = f"{view.borrower_name} · {view.loan_ref}"
        if view.handoff_id is None:
            text("h2", name)
            return
        with box("h2"):
            ui.link(name, f"/case/{view.handoff_id}")

    def _pairs(self, view: ApprovalView, today: date) -> None:
        words, option = self.words, view.option
        with box("dl"):
            for name, value in (
                (words("Settles"), words.money(option.principal)),
                (words("Extra cost"), words.money(option.cost)),
                (words("Most in a month"), words.money(option.monthly)),
                *wished(words, view.wish, today),
            ):
                text("dt", name)
                text("dd", value)
        ability = view.wish.ability
        if ability is not None:
            fits = option.monthly <= ability
            said = "Within what they can pay." if fits else "More than they said they can pay."
            text("p", words(said), "verified" if fits else "unverified")

    def _story(self, view: ApprovalView, history: list[ApprovalView], today: date) -> None:
        words = self.words
        text("p", words("Asked by {name}", name=self.who(view.asked_by)), "quiet")
        if view.note:
            text("p", f"“{view.note}”", "note")
        if view.decided_by is not None:
            text("p", words("First agreed: {name}", name=self.who(view.decided_by)), "verified")
            text("p", f"“{view.reason}”", "note")
        if history:
            text("h3", words("Requests before"))
            with box("ul", "facts"):
                for past in history:
                    with box("li"):
                        text("span", summary(words, past.option, today))
                        text("span", words.of(APPROVALS, past.state.value), "quiet")

    def who(self, agent_id: int | None) -> str:
        """Name who acted."""
        words = self.words
        return words.of(ACTORS, "bot") if agent_id is None else self.names.get(agent_id, str(agent_id))
