"""Payments that an agent marked as paid and a second person has to agree to: the evidence, and yes or no."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.desk.paid import PaidView
from bot.services.rights import has_right
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.figures import today_in
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, fact, text
from bot.web.console.lists import Cards, Past
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.terms import EVENTS
from bot.web.console.thread import file_link, file_size

_MEANING = "Larger sums that an agent marked as paid count once a second person agrees."


async def payments(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    names = await asyncio.to_thread(visit.desk.grace.staff.names)
    await Frame.open(visit, visit.words("Payments to check"))
    page = PaymentsPage(visit, names)
    await page.update()
    visit.follow(visit.desk.feed.subscribe(), page.update)


class PaymentsPage:
    """What waits, oldest first; below it what was decided."""

    def __init__(self, visit: Visit, names: Mapping[int, str]) -> None:
        self.visit = visit
        self.words = words = visit.words
        self.names = names
        self._shown: object = None
        with box("div", "desk"):
            text("h1", words("Payments to check"))
            text("p", words(_MEANING), "quiet")
            self.waiting = Cards(words("No payment waits to be checked."))
            self.past = Past(words("Decided before"))
        self.reasons = ReasonDialog(visit)

    async def update(self) -> None:
        """Show the marks as they are now; nothing is drawn again while nothing has changed."""
        paid = self.visit.desk.grace.paid
        found = await attempt(self.visit, lambda agent: (paid.waiting(agent), paid.decided(agent)))
        if found is None or found == self._shown:
            return
        self._shown = found
        waiting, decided = found
        self.waiting.draw(waiting, self._card)
        self.past.draw(decided, self._past)

    def _card(self, one: PaidView) -> None:
        words = self.words
        today = today_in(self.visit.desk.now(), one.timezone)
        with box("article", "card-entry") as card:
            card.props["aria-label"] = words("Payment {number}", number=one.id)
            with box("header"):
                with box("h2"):
                    ui.link(f"{one.borrower} · {one.loan}", f"/case/{one.handoff_id}")
                since = words.elapsed(one.created_at, self.visit.desk.now())
                text("span", words("waiting: {time}", time=since), "quiet age")
            with box("div", "columns"):
                with box("section"):
                    text("h3", words("What is on file"))
                    with box("dl"):
                        fact(words("Amount"), words.money(one.amount), "strong")
                        fact(words("Paid on"), words.day(one.paid_on, today))
                    text("p", words("Marked by {name}", name=one.marked_by_name), "quiet")
                with box("section"):
                    text("h3", words("Evidence"))
                    self._evidence(one)
            self._acts(one)

    def _evidence(self, one: PaidView) -> None:
        words = self.words
        if one.reference is not None:
            with box("dl"):
                fact(words("Number of the payment"), one.reference)
        if one.file is None or one.evidence_id is None:
            return
        label = f"{one.file.name} · {file_size(one.file.size)}"
        if has_right(self.visit.staff.role, "speak"):
            picture = one.file.name if one.file.is_image else None
            file_link(f"/file/{one.evidence_id}", label, picture)
        else:
            text("p", label)
            text("p", words("A file is opened by who talks with borrowers."), "quiet")

    def _acts(self, one: PaidView) -> None:
        words, staff = self.words, self.visit.staff
        with box("footer", "closing-acts"):
            if not has_right(staff.role, "lift"):
                text("p", words("A senior agent or a supervisor decides this."), "quiet")
            elif not one.may_be_decided_by(staff.id):
                text("p", words("Nobody decides what they marked themself."), "quiet")
            else:
                act(words("Do not confirm"), partial(self._ask, one, False), "outlined")
                act(words("Confirm the payment"), partial(self._ask, one, True))

    def _past(self, one: PaidView) -> None:
        words = self.words
        who = [] if one.decided_by is None else [self.names.get(one.decided_by, str(one.decided_by))]
        text("span", f"{one.borrower} · {words.money(one.amount)}")
        state = words.of(EVENTS, f"paid_{one.state}")
        text("span", " · ".join([state, *who]), "quiet")
        if one.reason:
            text("span", f"“{one.reason}”", "quiet note")

    def _ask(self, one: PaidView, confirmed: bool) -> None:
        words, paid = self.words, self.visit.desk.grace.paid

        async def decide(reason: str, _: bool) -> bool:
            done = await attempt(self.visit, lambda agent: paid.decide(one.id, agent, confirmed, reason))
            await self.visit.desk.feed.look()
            await self.update()
            return done is not None

        meaning = (
            words("It counts as paid for closing the case. What is owed, the lender's book alone says.")
            if confirmed
            else words("It does not count as paid. Reminders stay back until the claim runs out.")
        )
        title = words("Confirm the payment" if confirmed else "Do not confirm")
        self.reasons.ask(Question(title, meaning, words("Reason"), title), decide)
