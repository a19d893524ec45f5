"""The kill switch: no automatic message goes out while it is thrown, and people go on working."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import reason_of, require
from bot.storage.prepared import prepared
from bot.storage.tables import AuditEvent

# Written out, so that the partial index serves it.
_OF_SWITCH = text("audit_events.kind = 'kill_switch'")
_BY_HAND = "switch"


@dataclass(frozen=True, slots=True)
class Thrown:
    """How the switch stands: `off` is true while no automatic message goes out.

    `by_settings` says that the settings have thrown it, which nobody undoes at run time.
    """

    off: bool
    by_settings: bool
    since: datetime | None = None
    by: str | None = None
    reason: str | None = None


def is_off(session: Session, kit: Kit) -> bool:
    """Tell whether automatic messages are off, by the settings or by hand."""
    return kit.settings.automatic_off or _by_hand(session) is not None


def _by_hand(session: Session) -> AuditEvent | None:
    """Return the event by which people have switched automatic messages off, if they still are."""
    last = session.scalars(*_thrown_last()).first()
    return last if last is not None and last.detail["thrown"] else None


@prepared
def _thrown_last() -> Select[tuple[AuditEvent]]:
    by_hand = select(AuditEvent).where(_OF_SWITCH, AuditEvent.cause == _BY_HAND)
    return by_hand.order_by(AuditEvent.id.desc()).limit(1)


class SwitchService:
    """Throws it, and tells how it stands; every change is on record with who made it and why."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def state(self) -> Thrown:
        """Return how the switch stands now."""
        with self.kit.db.begin() as session:
            by_settings = self.kit.settings.automatic_off
            event = _by_hand(session)
            if event is None:
                return Thrown(by_settings, by_settings)
            return Thrown(True, by_settings, event.at, event.actor, event.detail["reason"])

    def throw(self, agent_id: int, reason: str, *, off: bool) -> Thrown:
        """Switch automatic messages off, or on again, from the next message on; return how it stands.

        What is written and not handed over yet is asked about again, and does not go. Raises NotAllowed for a
        role that may not, or without a reason.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            require(session, agent_id, "lift")
            if (_by_hand(session) is not None) != off:
                record(
                    session,
                    now,
                    "kill_switch",
                    cause=_BY_HAND,
                    actor=f"agent {agent_id}",
                    thrown=off,
                    on=off or self.kit.settings.automatic_off,
                    reason=why,
                )
        return self.state()

    def note(self) -> None:
        """Record that the switch is thrown, or no longer, by the settings, when that is news."""
        with self.kit.db.begin() as session:
            on = is_off(session, self.kit)
            last = session.scalars(
                select(AuditEvent).where(_OF_SWITCH).order_by(AuditEvent.id.desc()).limit(1)
            ).first()
            if on != (last is not None and last.detail["on"]):
                now = self.kit.clock.now()
                record(session, now, "kill_switch", cause="settings", actor="operator", on=on)
