"""Where a hand-off goes when it is opened, raised or passed on: team, urgency, time to answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason, HandoffState
from bot.language.formats import language_of
from bot.services.kit import Kit
from bot.services.waiting import hours_for
from bot.storage.tables import Conversation, HandoffRow


def to_people(conversation: Conversation, at: datetime) -> None:
    """Give a conversation to people: from this instant on the bot says nothing in it."""
    if conversation.mode != "human":
        conversation.mode, conversation.human_since = "human", at


def place(
    session: Session, kit: Kit, row: HandoffRow, conversation: Conversation, reason: HandoffReason
) -> None:
    """Set what follows from a hand-off's reason: its team, urgency and the time of its first reply."""
    routing = kit.policies.routing
    row.reason, row.priority = reason.value, routing.route(reason).priority
    team = routing.team_for(reason, language_of(conversation.locale))
    place_with(session, kit, row, conversation, team.id)


def place_with(session: Session, kit: Kit, row: HandoffRow, conversation: Conversation, name: str) -> None:
    """Put a hand-off with a team, and reckon anew when its first reply is due.

    Out of hours, where its route says so, it is a call to make when the team is back.
    """
    routing, now = kit.policies.routing, kit.clock.now()
    route, team = routing.route(HandoffReason(row.reason)), routing.team(name)
    hours = hours_for(session, kit, team, conversation.borrower)
    opening = hours.opening(now)
    row.team = team.id
    row.callback_at = opening if route.callback and opening is not None and opening > now else None
    if row.first_reply_at is None:
        row.respond_by, row.warned_at = hours.after(now, route.first_reply_minutes), None


def wait_again(row: HandoffRow, now: datetime) -> None:
    """Put a hand-off back into the queue, where its wait, and the alerts about it, begin anew."""
    row.state, row.agent_id, row.claimed_at = HandoffState.WAITING.value, None, None
    row.snoozed_until, row.waiting_since = None, now
    row.alerts, row.alerted_at, row.paged_at = 0, None, None


def hold_it(row: HandoffRow, agent_id: int, now: datetime) -> None:
    """Put a hand-off into an agent's hands; it left the queue when the first of them took it."""
    row.state, row.agent_id, row.claimed_at = HandoffState.CLAIMED.value, agent_id, row.claimed_at or now
    row.snoozed_until = None
