"""Plans nudges: which rung is due for which loan, once per cycle; and explains who gets none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from bot.services.foretelling import Foreteller, Preview
from bot.services.kit import Kit
from bot.services.planning import (
    agreed_slots,
    next_ways,
    places,
    plan_again,
    plan_agreed,
    plan_rungs,
    rung_slots,
    used_steps,
)
from bot.services.switch import is_off
from bot.storage.tables import Nudge

__all__ = ["Preview", "ReminderService"]


class ReminderService:
    """What the clock calls to plan, and an operator to preview."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.foreteller = Foreteller(kit)

    def plan(self, timezones: Collection[str] | None = None) -> int:
        """Insert every nudge that is due now and not there yet; return how many are new.

        Any number of planners may run at once: the unique key (loan, cycle, step) lets one row in. With
        `timezones` only borrowers who live there are looked at.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            if is_off(session, self.kit):
                return 0
            where = places(session, timezones)
            agreed = plan_agreed(session, agreed_slots(self.kit, where, now), now)
            slots = rung_slots(self.kit, where, now)
            used = used_steps(self.kit, where, now)
            rungs = plan_rungs(session, slots, used, now, apart=timezones is not None)
            return agreed + rungs + plan_again(session, next_ways(self.kit, where, now), now)

    def progress(self) -> tuple[int, int]:
        """Return how many nudges were sent, and how many are due and not settled yet."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            rows = session.execute(select(Nudge.state, Nudge.send_at)).tuples().all()
        sent = sum(state == "sent" for state, _ in rows)
        return sent, sum(state == "sending" or (state == "queued" and at <= now) for state, at in rows)

    def preview(self, day: date, loan: str | None = None) -> list[Preview]:
        """Say for every open loan what would happen on `day` (borrower's local) on the facts of now.

        Raises LookupError for a `loan` that no open loan is.
        """
        return self.foreteller.preview(day, loan)
