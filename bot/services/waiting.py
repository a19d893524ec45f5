"""Who waits for a person: a conversation's open hand-off, who comes before it, when it is served."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from bot.domain.business import BusinessHours
from bot.domain.handoff import OPEN_STATES, HandoffReason, HandoffState, expected_wait
from bot.domain.policy import Team
from bot.language import formats
from bot.language.formats import language_of
from bot.services.kit import Kit
from bot.services.packs import pack_for
from bot.storage.prepared import prepared
from bot.storage.queries import zone_of
from bot.storage.tables import Agent, AgentTeam, Borrower, Conversation, HandoffRow

OPEN = tuple(state.value for state in OPEN_STATES)
_NEWEST = 20
_RECENT = timedelta(days=14)


def team_of(kit: Kit, row: HandoffRow) -> Team:
    """Return the team that a hand-off is with."""
    language = language_of(row.conversation.locale)
    return kit.policies.routing.current(row.team, HandoffReason(row.reason), language)


def hours_for(session: Session, kit: Kit, team: Team, borrower: Borrower | None) -> BusinessHours:
    """Return when a team is there for a borrower, or for a stranger."""
    return team.business_hours(pack_for(session, kit, borrower).agent_hours, zone_of(borrower))


def hours_of(session: Session, kit: Kit, row: HandoffRow) -> BusinessHours:
    """Return when the team of a hand-off is there."""
    return hours_for(session, kit, team_of(kit, row), row.conversation.borrower)


def waiting_words(session: Session, kit: Kit, conversation: Conversation, locale: str) -> str:
    """Say honestly when a person will answer, and only what is known.

    Out of hours: when the team is here again, and by when to expect it. Within them: how many come first
    and about how long that takes, or neither when nobody can tell.
    """
    row, texts, now = open_handoff(session, conversation.id), kit.texts, kit.clock.now()
    reason = HandoffReason.ASKED if row is None else HandoffReason(row.reason)
    routing = kit.policies.routing
    team = routing.current("" if row is None else row.team, reason, language_of(conversation.locale))
    hours = hours_for(session, kit, team, conversation.borrower)
    opening = hours.opening(now)
    if opening is None:
        return texts.render("utter_wait_unknown", locale).text
    if opening > now:
        return _out_of_hours(kit, conversation, locale, hours, opening, row)
    ahead = 0 if row is None else _ahead(session, row)
    expected = _expected(session, kit, team, hours, ahead, now)
    if expected is not None:
        minutes = int(expected.total_seconds() // 60)
        key = "utter_wait_queue_minutes" if ahead else "utter_wait_minutes"
        return texts.render(key, locale, {"ahead": ahead, "minutes": minutes}).text
    if ahead:
        return texts.render("utter_wait_queue", locale, {"ahead": ahead}).text
    return texts.render("utter_wait_now", locale).text


def _out_of_hours(
    kit: Kit,
    conversation: Conversation,
    locale: str,
    hours: BusinessHours,
    opening: datetime,
    row: HandoffRow | None,
) -> str:
    zone = ZoneInfo(zone_of(conversation.borrower))
    low, high = next(hours.open_spans(opening))
    start, end = low.astimezone(zone), high.astimezone(zone)
    values = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "next": f"{start:%H:%M}"}
    today = kit.clock.now().astimezone(zone).date()
    if start.date() != today:
        values["next"] = f"{formats.day(start.date(), locale, today)} {start:%H:%M}"
    by = row.respond_by if row is not None and row.callback_at is not None else None
    if by is None:
        return kit.texts.render("utter_wait_hours", locale, values).text
    values["by"] = f"{by.astimezone(zone):%H:%M}"
    return kit.texts.render("utter_wait_callback", locale, values).text


def open_handoff(session: Session, conversation_id: str) -> HandoffRow | None:
    """Return the conversation's open hand-off."""
    return session.scalars(*_open_in(conversation_id)).first()


@prepared
def _open_in(conversation_id: str) -> Select[tuple[HandoffRow]]:
    return select(HandoffRow).where(HandoffRow.conversation_id == conversation_id, HandoffRow.state.in_(OPEN))


def _ahead(session: Session, row: HandoffRow) -> int:
    """How many wait and will be served before this one, by the same people.

    A team in which nobody is, is served by everybody, and so all who wait stand in one queue.
    """
    if row.state != HandoffState.WAITING:
        return 0
    before = (HandoffRow.priority < row.priority) | (
        (HandoffRow.priority == row.priority) & (HandoffRow.opened_at < row.opened_at)
    )
    waiting = select(func.count()).select_from(HandoffRow)
    others = (HandoffRow.state == HandoffState.WAITING, HandoffRow.id != row.id, before)
    members = select(AgentTeam.agent_id).where(AgentTeam.team == row.team)
    apart = session.scalars(members.limit(1)).first() is not None
    return session.scalar(waiting.where(*others, HandoffRow.team == row.team if apart else true())) or 0


def _expected(
    session: Session, kit: Kit, team: Team, hours: BusinessHours, ahead: int, now: datetime
) -> timedelta | None:
    """How long it is likely to take by what the newest hand-offs of the team took; None when unknown."""
    alive = now - timedelta(minutes=kit.policies.routing.offline_minutes)
    online = select(Agent.id).where(Agent.active, Agent.presence == "online", Agent.seen_at > alive)
    if session.scalars(online.limit(1)).first() is None:
        return None
    taken = session.execute(
        select(HandoffRow.waiting_since, HandoffRow.claimed_at)
        .where(
            HandoffRow.team == team.id,
            HandoffRow.claimed_at > now - _RECENT,
            HandoffRow.reason != HandoffReason.OPERATOR.value,
        )
        .order_by(HandoffRow.claimed_at.desc())
        .limit(_NEWEST)
    ).all()
    heads, before = [], None
    for since, claimed in reversed([(since, at) for since, at in taken if at is not None]):
        # It stood at the head of the queue from when the one before it was taken.
        heads.append(hours.between(since if before is None else max(since, before), claimed))
        before = claimed
    return expected_wait(heads, ahead)
