"""The people at the lender in a simulation: they take cases, call, answer complaints, lift holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.model import HoldKind
from bot.simulation.people import Person
from bot.simulation.phrases import AGENT
from bot.storage.tables import HandoffRow

_DAYS: Mapping[str, tuple[float, float]] = {
    HandoffReason.COMPLAINT: (3, 10),
    HandoffReason.DISPUTE: (5, 12),
    HandoffReason.SELF_HARM: (20, 30),
}
"""From when to when a case is settled, in days after it was opened; any other on the next working morning."""
_LIFTED: Mapping[str, HoldKind] = {
    HandoffReason.COMPLAINT: HoldKind.COMPLAINT,
    HandoffReason.DISPUTE: HoldKind.DISPUTE,
}
# Whether somebody picks up.
_ANSWERED = 0.35


class Desk:
    """One supervisor, who does everything that people do."""

    def __init__(self, grace: Grace) -> None:
        self.grace = grace
        self._agent = grace.staff.add("desk", "Desk", "supervisor", "simulated-desk").id

    def shift(self, persons: Mapping[str, Person]) -> None:
        """Work through whatever waits, and is ripe, at this instant."""
        now = self.grace.kit.clock.now()
        for row in self.grace.handoffs.queue():
            person = persons[row.borrower.ref] if row.borrower is not None else None
            if person is None or not self._is_ripe(row, person, now):
                continue
            if row.reason == HandoffReason.LADDER:
                self._call(row, person)
            else:
                self._settle(row, person)

    def _is_ripe(self, row: HandoffRow, person: Person, now: datetime) -> bool:
        days = _DAYS.get(row.reason)
        wait = 0.0 if days is None else person.between(*days, "case", row.id)
        return now >= row.opened_at + timedelta(days=wait)

    def _settle(self, row: HandoffRow, person: Person) -> None:
        words = AGENT["zh" if row.conversation.locale.startswith("zh") else "en"]
        self.grace.handoffs.reply(row.id, self._agent, words, key=f"desk {row.id}")
        self.grace.handoffs.close(row.id, self._agent, Outcome.RESOLVED, "settled")
        kind = _LIFTED.get(row.reason)
        for hold in self.grace.holds.of(person.ref) if kind is not None else ():
            if hold.kind == kind:
                self.grace.holds.lift(hold.id, self._agent, "looked into and answered")

    def _call(self, row: HandoffRow, person: Person) -> None:
        """Make the call that a rung asks for, on a morning on which the rules allow it."""
        debt = person.debts[0].ref
        if not self.grace.calls.may_call(debt).allowed:
            return
        answered = person.draw("picks up", row.id) < _ANSWERED
        self.grace.calls.record(debt, self._agent, "answered" if answered else "unanswered")
        outcome = Outcome.RESOLVED if answered else Outcome.NO_CONTACT
        self.grace.handoffs.close(row.id, self._agent, outcome, "called")
