"""A case that was put aside comes back: to who put it aside, or to the queue when they are not there."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.placing import hold_it, wait_again
from bot.services.records import record
from bot.storage.tables import Agent, HandoffRow


def is_gone(agent: Agent | None, kit: Kit, now: datetime) -> bool:
    """Tell whether an agent has left, or gives no sign of life though their console used to."""
    if agent is None or not agent.active:
        return True
    gone = timedelta(minutes=kit.policies.routing.offline_minutes)
    return agent.seen_at is not None and now - agent.seen_at >= gone


def wake(session: Session, kit: Kit, row: HandoffRow, now: datetime, *, actor: str) -> None:
    """Take up a snoozed hand-off again, within a transaction that has locked it."""
    if row.agent_id is None or is_gone(row.agent, kit, now):
        wait_again(row, now)
    else:
        hold_it(row, row.agent_id, now)
    record(
        session,
        now,
        "handoff_woken",
        cause=f"handoff {row.id}",
        actor=actor,
        borrower_id=row.borrower_id,
        state=row.state,
    )
