"""The next channel of what was sent and left unread: one statement for the whole book."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Select,
    String,
    Table,
    Update,
    and_,
    exists,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.domain.ladder import again_key, later_channels
from bot.services.kit import Kit, local_day
from bot.services.planning.inserting import inserting, labelled
from bot.services.planning.slots import Places, ladders
from bot.services.planning.statements import TEMPORARY, fill, scratch
from bot.storage.db import Instant
from bot.storage.prepared import prepared
from bot.storage.tables import Conversation, LoanRow, Message, Nudge

_again = Table(
    "planning_again",
    scratch,
    Column("product", String),
    Column("key", String),
    Column("channel", String),
    Column("next_key", String),
    Column("channels", JSON),
    **TEMPORARY,
)


def next_ways(kit: Kit, where: Places, now: datetime) -> list[dict[str, Any]]:
    """Return for every product, rung and channel that may be left unread where it goes from there."""
    found = {
        (policy.product, key, channel): (next_key, channels)
        for timezone in where.timezones
        for policy, ladder in ladders(kit, local_day(now, timezone))
        for step in ladder.steps
        if step.unread_hours is not None
        for key, channel, next_key, channels in _ways(step)
    }
    names = ("product", "key", "channel", "next_key", "channels")
    return [dict(zip(names, (*key, *way), strict=True)) for key, way in found.items()]


def _ways(step: Any) -> Iterator[tuple[str, str, str, list[str]]]:
    for turn in range(1, len(step.channels)):
        for channel in step.channels:
            later = later_channels(step, channel)
            if later:
                yield again_key(step, turn), channel, again_key(step, turn + 1), list(later)


def plan_again(session: Session, ways: list[dict[str, Any]], now: datetime) -> int:
    """Insert a nudge for the next channel of each that was left unread for its hours; return how many.

    Whoever has written since has read it, whatever their channel tells.
    """
    if session.scalar(*_waiting(now)) is None:
        return 0
    added = 0
    if ways:
        fill(session, _again, ways)
        added = _unread(session, now)
    session.execute(*_done(now))
    return added


@prepared
def _waiting(now: datetime) -> Select[tuple[int]]:
    return select(Nudge.id).where(Nudge.again_at.is_not(None), Nudge.again_at <= now).limit(1)


@prepared
def _done(now: datetime) -> Update:
    waited = update(Nudge).where(Nudge.again_at.is_not(None), Nudge.again_at <= now)
    return waited.values(again_at=None).execution_options(synchronize_session=False)


@inserting
def _unread(now: datetime) -> Select[Any]:
    since, chat = aliased(Message), aliased(Conversation)
    return (
        select(
            *labelled(
                loan_id=Nudge.loan_id,
                borrower_id=Nudge.borrower_id,
                cycle=Nudge.cycle,
                step=_again.c.next_key,
                purpose=Nudge.purpose,
                template=Nudge.template,
                channels=_again.c.channels,
                state=literal("queued"),
                send_at=type_coerce(now, Instant()),
                expires_at=Nudge.expires_at,
                created_at=type_coerce(now, Instant()),
                ground=Nudge.ground,
            )
        )
        .select_from(Nudge)
        .join(Message, Message.nudge_id == func.coalesce(Nudge.leader_id, Nudge.id))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(LoanRow, LoanRow.id == Nudge.loan_id)
        .join(
            _again,
            and_(
                _again.c.product == LoanRow.product,
                _again.c.key == Nudge.step,
                _again.c.channel == Conversation.channel,
            ),
        )
        .where(
            Nudge.again_at.is_not(None),
            Nudge.again_at <= now,
            Nudge.state == "sent",
            Nudge.expires_at > now,
            Message.state == "sent",
            Message.read_at.is_(None),
            ~exists().where(
                since.conversation_id == chat.id,
                chat.borrower_id == Nudge.borrower_id,
                since.direction == "in",
                since.created_at > Message.done_at,
            ),
        )
    )
