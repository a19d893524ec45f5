"""Outgoing messages: claimed once, handed to a channel, outcome recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from bot.domain.contact import may_contact
from bot.domain.model import Case, Purpose
from bot.services.casefiles import CaseFiles
from bot.services.kit import Kit, SystemClock, local_day
from bot.services.nudges import end, put_off
from bot.services.pace import grant, keep_quiet
from bot.services.packs import pack_for
from bot.services.reach import bury, take_another_way, undisclose
from bot.services.withholding import Withholding
from bot.storage.queries import INITIATED, address_snapshot, own_address, zone_of
from bot.storage.tables import Conversation, Message, Nudge

Outcome = Literal["sent", "failed", "uncertain", "dead", "later"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that this caller, and nobody else, hands to its channel."""

    id: int
    conversation_id: str
    channel: str
    address: str
    text: str
    buttons: tuple[dict[str, Any], ...]
    locale: str
    initiator: str
    template: str | None
    asks_identity: bool
    in_bulk: bool = False
    """True for what the lender starts, many at a time: it may wait while people are answered."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim has brought: messages to hand over, and which wait, how many seconds, for the pace."""

    taken: dict[int, Outgoing]
    later: frozenset[int] = frozenset()
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one message; `wait` is how many seconds its channel asks everybody to keep quiet."""

    message_id: int
    outcome: Outcome
    detail: str = ""
    wait: float = 0.0


# A process that was taken for dead, as when the clock has jumped, still tells what became of its message.
_OPEN = ("sending", "uncertain")
_NO_RATES: Mapping[str, float] = {}


class Outbox:
    """The one way out for bot and agent messages."""

    def __init__(
        self, kit: Kit, withholding: Withholding, wall: Callable[[], datetime] | None = None
    ) -> None:
        self.kit = kit
        # A channel counts real seconds, whatever the clock of the reminders shows.
        self.wall = wall or SystemClock().now
        self.withholding = withholding

    def queued(
        self, channels: tuple[str, ...], limit: int = 200, *, in_bulk: bool | None = None
    ) -> list[tuple[int, str]]:
        """Return the messages that wait to be handed over: id and conversation.

        Answers and words of a hand-off come first, what the lender starts after them; each oldest first.
        `in_bulk` chooses what the lender starts, or all but that.
        """
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message.id, Message.conversation_id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Message.direction == "out",
                    Message.state == "queued",
                    Conversation.channel.in_(channels),
                    _of_bulk(in_bulk),
                )
                .order_by(Message.purpose.in_(INITIATED), Message.id)
                .limit(limit)
            )
            return [(message_id, conversation_id) for message_id, conversation_id in rows]

    def claim(self, message_id: int) -> Outgoing | None:
        """Take one queued message, or None when it is gone, or may no longer go out."""
        return self.claim_many([message_id]).taken.get(message_id)

    def claim_many(self, message_ids: Collection[int], rates: Mapping[str, float] = _NO_RATES) -> Claimed:
        """Take queued messages as far as their channels' pace allows, answers before what the lender starts.

        A bot message is cancelled here when people have the conversation: whatever was computed before the
        hand-off stays unsent. A reminder is asked about once more on the facts of now. What breaks a rule on
        wording is held, and a person told. `rates` are the messages a second that a channel takes.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message, Conversation)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.id.in_(message_ids), Message.state == "queued")
                .order_by(Message.purpose.in_(INITIATED), Message.id)
                .with_for_update(of=Message, key_share=True, skip_locked=True)
                .execution_options(populate_existing=True)
            ).all()
            allowed, wait = self._within_pace(session, [tuple(row) for row in rows], rates)
            numbers = [message.nudge_id for message, _ in allowed if message.nudge_id is not None]
            nudges = {
                nudge.id: nudge for nudge in session.scalars(select(Nudge).where(Nudge.id.in_(numbers)))
            }
            files = CaseFiles(session, self.kit, list(nudges.values()), now) if nudges else None
            taken = {}
            for message, conversation in allowed:
                message.state, message.done_at = "sending", now
                nudge = None if message.nudge_id is None else nudges[message.nudge_id]
                outgoing = self._take(session, message, conversation, nudge, files)
                if outgoing is not None:
                    taken[message.id] = outgoing
            later = frozenset(message.id for message, _ in rows) - {message.id for message, _ in allowed}
            return Claimed(taken, later, wait)

    def _within_pace(
        self,
        session: Session,
        rows: Sequence[tuple[Message, Conversation]],
        rates: Mapping[str, float],
    ) -> tuple[list[tuple[Message, Conversation]], float]:
        """Return the first of each channel's messages that may go now, and how long the others wait."""
        allowed, wait = [], 0.0
        for channel in sorted({conversation.channel for _, conversation in rows}):
            mine = [row for row in rows if row[1].channel == channel]
            granted, pause = grant(session, channel, len(mine), rates.get(channel), self.wall())
            allowed += mine[:granted]
            wait = max(wait, pause)
        return allowed, wait

    def _take(
        self,
        session: Session,
        message: Message,
        conversation: Conversation,
        nudge: Nudge | None,
        files: CaseFiles | None,
    ) -> Outgoing | None:
        if nudge is not None:
            assert files is not None
            refusal = self._stopped(session, files, nudge, message, conversation)
        else:
            refusal = self._refusal(message, conversation) or self._unreachable(
                session, message, conversation
            )
        if refusal is not None:
            message.state, message.failure = "cancelled", refusal[:200]
            if nudge is not None and nudge.state == "queued":
                # It will be written anew, under the id that this one had.
                message.external_id = f"{message.external_id}:{message.id}"
            if nudge is not None and files is not None:
                files.forget_contact(nudge.borrower_id, message.id)
            undisclose(session, conversation)
            return None
        if self.withholding.hold(session, message, conversation, nudge):
            return None
        return Outgoing(
            message.id,
            conversation.id,
            conversation.channel,
            conversation.address,
            message.text,
            tuple(message.buttons),
            message.locale,
            message.initiator,
            message.template,
            conversation.expected == "identity_confirmed" and conversation.borrower_id is not None,
            message.purpose in INITIATED,
        )

    def _refusal(self, message: Message, conversation: Conversation) -> str | None:
        if message.initiator == "bot" and conversation.mode == "human" and message.purpose != "handoff":
            return "people have the conversation"
        return None

    def _stopped(
        self,
        session: Session,
        files: CaseFiles,
        nudge: Nudge,
        message: Message,
        conversation: Conversation,
    ) -> str | None:
        """Say what keeps a reminder from going out now, and end its nudge, or let it wait, accordingly."""
        now = self.kit.clock.now()
        gone = self._refusal(message, conversation) or files.overtaken(nudge)
        if gone is not None:
            end(session, nudge, "cancelled", gone, now)
            return gone
        if nudge.expires_at <= now:
            end(session, nudge, "expired", "its time has passed", now)
            return nudge.reason
        loan = files.loans[nudge.loan_id]
        place = (conversation.channel, conversation.address)
        row = next((one for one in loan.borrower.addresses if (one.channel, one.address) == place), None)
        address = None if row is None else address_snapshot(row)
        case = files.case(loan.borrower, address, loan.id, besides=message.id)
        policy = self.kit.policies.product(loan.product, local_day(now, loan.borrower.timezone))
        verdict = may_contact(
            case, Purpose(message.purpose), now, self.kit.policies.pack(policy, loan.borrower.country)
        )
        return None if verdict.allowed else put_off(session, nudge, verdict, now)

    def _unreachable(self, session: Session, message: Message, conversation: Conversation) -> str | None:
        row = own_address(session, conversation)
        if row is None or row.dead_reason in ("wrong_person", "third_party"):
            # A chat that is no one's address, or that left the list, is still answered when it writes.
            return None
        case = Case(
            timezone=zone_of(conversation.borrower),
            address=address_snapshot(row),
        )
        pack = pack_for(session, self.kit, conversation.borrower)
        verdict = may_contact(case, Purpose(message.purpose), self.kit.clock.now(), pack)
        return "; ".join(reason.detail for reason in verdict.reasons) if verdict.status == "blocked" else None

    def settle(self, message_id: int, outcome: Outcome, detail: str = "", wait: float = 0.0) -> None:
        """Record what became of a message that was handed over, and of its nudge and address."""
        self.settle_many([Settlement(message_id, outcome, detail, wait)])

    def settle_many(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of messages that were handed over; all of them, or none when this raises."""
        now = self.kit.clock.now()
        plain = [one.message_id for one in settlements if one.outcome == "sent" and not one.detail]
        with self.kit.db.begin() as session:
            if plain:
                nudges = session.scalars(
                    update(Message)
                    .where(Message.id.in_(plain), Message.state.in_(_OPEN))
                    .values(state="sent", failure=None, done_at=now)
                    .returning(Message.nudge_id)
                    .execution_options(synchronize_session=False)
                )
                done = [number for number in nudges if number is not None]
                session.execute(
                    update(Nudge)
                    .where(Nudge.id.in_(done))
                    .values(state="sent", done_at=now)
                    .execution_options(synchronize_session=False)
                )
            for one in settlements:
                if one.message_id not in plain:
                    self._settle(session, one, now)

    def _settle(self, session: Session, one: Settlement, now: datetime) -> None:
        message = session.get_one(Message, one.message_id, with_for_update={"key_share": True})
        if message.state not in _OPEN:
            return
        message.state = {"dead": "failed", "later": "queued"}.get(one.outcome, one.outcome)
        message.failure = one.detail[:200] or None
        message.done_at = now
        conversation = session.get_one(Conversation, message.conversation_id)
        if one.wait > 0:
            keep_quiet(session, conversation.channel, self.wall() + timedelta(seconds=one.wait))
        if one.outcome == "dead":
            bury(session, own_address(session, conversation), now, one.detail)
        if message.state == "failed":
            undisclose(session, conversation)
        if message.nudge_id is not None and one.outcome != "later":
            nudge = session.get_one(Nudge, message.nudge_id)
            nudge.state, nudge.done_at = message.state, now
            nudge.reason = one.detail or nudge.reason
            if one.outcome == "dead":
                take_another_way(session, nudge, now)

    def recover(self, replayable: tuple[str, ...]) -> int:
        """Settle what a crash left between hand-over and record; return how many rows.

        On `replayable` channels a second hand-over shows nothing twice, so the message is queued again;
        elsewhere the truth cannot be known: it becomes uncertain, is listed, and is never blindly resent.
        """
        stale = self.kit.clock.now() - timedelta(seconds=self.kit.settings.lease)
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message, Conversation.channel)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.direction == "out", Message.state == "sending", Message.done_at <= stale)
            ).all()
            for message, channel in rows:
                message.state = "queued" if channel in replayable else "uncertain"
                if message.nudge_id is not None and message.state == "uncertain":
                    session.get_one(Nudge, message.nudge_id).state = "uncertain"
            return len(rows)


def _of_bulk(in_bulk: bool | None) -> ColumnElement[bool]:
    if in_bulk is None:
        return true()
    return Message.purpose.in_(INITIATED) if in_bulk else Message.purpose.not_in(INITIATED)
