"""Who waits for a person: a conversation's open hand-off, how many come before it, when it is served."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffState
from bot.services.kit import Kit
from bot.services.packs import pack_for
from bot.storage.queries import zone_of
from bot.storage.tables import Conversation, HandoffRow

OPEN = (HandoffState.WAITING.value, HandoffState.CLAIMED.value)


def waiting_words(session: Session, kit: Kit, conversation: Conversation, locale: str) -> str:
    """Say honestly when a person will answer: the queue within hours, the next opening outside them."""
    start, end = pack_for(session, kit, conversation.borrower).agent_hours
    local = kit.clock.now().astimezone(ZoneInfo(zone_of(conversation.borrower)))
    texts = kit.texts
    if not start <= local.time() < end:
        hours = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "next": f"{start:%H:%M}"}
        return texts.render("utter_wait_hours", locale, hours).text
    ahead = _ahead(session, conversation.id)
    if ahead:
        return texts.render("utter_wait_queue", locale, {"ahead": ahead}).text
    return texts.render("utter_wait_now", locale).text


def open_handoff(session: Session, conversation_id: str) -> HandoffRow | None:
    """Return the conversation's open hand-off."""
    return session.scalars(
        select(HandoffRow).where(HandoffRow.conversation_id == conversation_id, HandoffRow.state.in_(OPEN))
    ).first()


def _ahead(session: Session, conversation_id: str) -> int:
    """How many wait that will be served before this conversation."""
    row = open_handoff(session, conversation_id)
    if row is None or row.state != HandoffState.WAITING:
        return 0
    before = (HandoffRow.priority < row.priority) | (
        (HandoffRow.priority == row.priority) & (HandoffRow.opened_at < row.opened_at)
    )
    waiting = select(func.count()).select_from(HandoffRow)
    return (
        session.scalar(
            waiting.where(HandoffRow.state == HandoffState.WAITING, HandoffRow.id != row.id, before)
        )
        or 0
    )
