"""A borrower's turn: gathered, held by one process at a time, answered once or given to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.domain.model import Purpose
from bot.services import leases
from bot.services.accounts import AccountService
from bot.services.handoffs import HandoffService
from bot.services.identity import IdentityService
from bot.services.kit import Kit
from bot.services.outbox import Outbox
from bot.services.papers import PaperService
from bot.services.records import caused_by, record
from bot.services.relay import Relay
from bot.services.replies import Reply, queue_reply, rendered
from bot.storage.prepared import prepared
from bot.storage.queries import INITIATED, read_together, with_borrower, zone_of
from bot.storage.tables import Borrower, Conversation, Message


@dataclass(frozen=True, slots=True)
class Turn:
    """What the assistant is asked: one or more messages of a burst, as one."""

    id: str
    conversation_id: str
    text: str
    context: dict[str, Any]
    since: datetime
    owner: str
    channel: str = "webchat"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished turn leaves: messages that wait to be handed over, and whether more was written to us.

    `sent` tells whether the answer has gone already.
    """

    waiting: tuple[int, ...] = ()
    more: bool = True
    sent: bool = False


class TurnService:
    """What the gateway calls around the assistant. All state is in the database: anyone may take over."""

    def __init__(
        self,
        kit: Kit,
        identity: IdentityService,
        accounts: AccountService,
        handoffs: HandoffService,
        relay: Relay,
        papers: PaperService,
        outbox: Outbox,
    ) -> None:
        self.kit = kit
        self.identity = identity
        self.accounts = accounts
        self.handoffs = handoffs
        self.relay = relay
        self.papers = papers
        self.outbox = outbox

    def claim(self, conversation_id: str) -> Turn | None:
        """Take the next turn of a conversation for this caller, or None when there is nothing to do yet.

        One caller at a time holds a conversation; a lease that ran out may be taken over, and then the same
        messages form the same turn under the same id.
        """
        now = self.kit.clock.now()
        owner = leases.new_owner()
        with self.kit.db.begin() as session:
            conversation = read_together(session, _to_answer(conversation_id))
            if conversation is None or (
                conversation.lease_until is not None and conversation.lease_until > now
            ):
                return None
            messages = _gather(session, conversation_id)
            if not messages or conversation.mode == "human":
                conversation.lease_owner = conversation.lease_until = None
                for message in messages:
                    self.relay.to_people(session, conversation, message, now)
                return None
            turn_id = messages[0].turn or str(messages[-1].id)
            payload = (messages[0].payload or {}).get("payload")
            text = payload or _plain("\n".join(message.text for message in messages))
            cut = any((message.payload or {}).get("cut_from") for message in messages)
            context = self._context(session, conversation, turn_id, now, cut)
            conversation.lease_owner = owner
            conversation.lease_until = now + timedelta(seconds=self.kit.settings.lease)
            for message in messages:
                message.turn = turn_id
            return Turn(turn_id, conversation_id, text, context, now, owner, conversation.channel)

    def _context(
        self, session: Session, conversation: Conversation, turn_id: str, now: datetime, cut: bool
    ) -> dict[str, Any]:
        settings = self.kit.settings
        verified = self.identity.is_verified(conversation)
        borrower = conversation.borrower
        context: dict[str, Any] = {
            "turn": turn_id,
            "locale": conversation.locale,
            "at": now.isoformat(),
            "timezone": zone_of(borrower),
            "known": borrower is not None,
            "verified": verified,
            "expected": conversation.expected,
            "said": _said_last(session, conversation.id),
            "lender": settings.lender(conversation.locale),
            "phone": settings.lender_phone,
            "currency": "CNY",
            "outstanding": None,
            "cut": cut,
            "resumed": _comes_from_people(session, conversation),
        }
        if verified:
            outstanding = self.accounts.outstanding_in(session, conversation)
            if outstanding is not None:
                context["currency"] = outstanding.currency
                context["outstanding"] = str(outstanding.amount)
        return context

    def finish(
        self,
        turn: Turn,
        reply: Reply,
        *,
        expected: str | None,
        understood: bool,
        reading: dict[str, Any] | None = None,
        stored: bool = False,
    ) -> Finished:
        """Store the answer and close the turn in one transaction; a turn that was lost to another is ignored.

        When people took over while the assistant was thinking, its answer is kept as cancelled, unsent, even
        if they have handed back meanwhile.
        `reading` (intent, confidence, acts) is kept with the messages that were read. On a channel where
        having `stored` an answer is having sent it, it goes here and now, unless another is before it.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            # Nothing that is looked up here depends on what is written here: it is written in one go.
            with session.no_autoflush:
                conversation = _held(session, turn)
                if conversation is None:
                    return Finished()
                conversation.expected = expected
                conversation.outage_told = False
                if understood:
                    conversation.misunderstood = 0
                read = _handled(session, turn, now, reading)
                left = [row for row in session.execute(*_left_in(conversation.id)) if row.id not in read]
                answer = self._answer(session, conversation, turn, reply, now)
                self.papers.follow(session, conversation, turn.id, now)
            before = [row for row in left if row.direction == "out"]
            written = _new(session)
            if stored and not before and answer is not None and answer.state == "queued":
                self.outbox.send_stored(session, conversation, answer)
            # Held, an answer has words of its own follow it.
            written |= _new(session)
            session.flush()
            queued = [row.id for row in before if row.state == "queued"]
            queued += [one.id for one in written if one.state == "queued"]
            sent = answer is not None and answer.state == "sent"
            return Finished(tuple(sorted(queued)), any(row.direction == "in" for row in left), sent)

    def _answer(
        self, session: Session, conversation: Conversation, turn: Turn, reply: Reply, now: datetime
    ) -> Message | None:
        """Write the answer, if there are words for it."""
        if not reply.text:
            return None
        silenced = reply.purpose != "handoff" and _with_people(conversation, turn)
        return queue_reply(session, self.kit, conversation, reply, turn=turn.id, now=now, cancelled=silenced)

    def fail(self, turn: Turn, *, own_fault: bool = False) -> bool:
        """Give the turn back because the assistant did not answer; tell the borrower once.

        `own_fault` says that the turn itself may be why: such failures are counted, and too many of them give
        the turn to people. Returns whether it went to people.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = _held(session, turn)
            if conversation is None or conversation.mode == "human":
                return False
            if own_fault and _failed_once_more(session, turn) >= self.kit.settings.turn_tries:
                self._to_people(session, conversation, turn, now)
                return True
            self._tell_outage(session, conversation, turn, now)
            return False

    def _tell_outage(self, session: Session, conversation: Conversation, turn: Turn, now: datetime) -> None:
        if conversation.outage_told:
            return
        conversation.outage_told = True
        record(
            session,
            now,
            "assistant_down",
            cause=caused_by(turn.id),
            actor="gateway",
            borrower_id=conversation.borrower_id,
        )
        reply = rendered(self.kit, "utter_outage", conversation.locale)
        queue_reply(session, self.kit, conversation, reply, turn=f"{turn.id}:outage", now=now)

    def abandon(self, turn: Turn) -> None:
        """Give a turn that cannot be served to people, and tell the borrower."""
        with self.kit.db.begin() as session:
            conversation = _held(session, turn)
            if conversation is not None:
                self._to_people(session, conversation, turn, self.kit.clock.now())

    def _to_people(self, session: Session, conversation: Conversation, turn: Turn, now: datetime) -> None:
        _handled(session, turn, now)
        self.handoffs.open_in(
            session, conversation, HandoffReason.FAILURE, cause=caused_by(turn.id), actor="gateway"
        )
        self.relay.say_waiting(session, conversation, "utter_handoff_failure", turn=turn.id, now=now)

    def release_dead(self) -> None:
        """Free the conversations that a process of this machine held when it died."""
        with self.kit.db.begin() as session:
            held = session.scalars(select(Conversation).where(Conversation.lease_owner.is_not(None)))
            for conversation in held:
                if leases.is_dead(conversation.lease_owner or ""):
                    conversation.lease_owner = conversation.lease_until = None

    def waiting(self) -> list[str]:
        """Return the conversations that have messages no turn has answered yet."""
        with self.kit.db.read() as session:
            return list(
                session.scalars(
                    select(Message.conversation_id)
                    .where(Message.direction == "in", Message.state == "received")
                    .distinct()
                )
            )


@prepared
def _to_answer(conversation_id: str) -> Select[tuple[Conversation, Borrower]]:
    return with_borrower(conversation_id).with_for_update(of=Conversation, key_share=True)


@prepared
def _to_close(conversation_id: str) -> Select[tuple[Conversation, Borrower]]:
    return with_borrower(conversation_id).with_for_update(of=Conversation)


def _held(session: Session, turn: Turn) -> Conversation | None:
    """Return the turn's conversation, freed from its lease; None when the turn was lost to another."""
    conversation = read_together(session, _to_close(turn.conversation_id))
    if conversation is None or conversation.lease_owner != turn.owner:
        return None
    conversation.lease_owner = conversation.lease_until = None
    return conversation


def _new(session: Session) -> set[Message]:
    """Return the messages that are written and not yet in the database."""
    return {one for one in session.new if isinstance(one, Message)}


def _with_people(conversation: Conversation, turn: Turn) -> bool:
    """Tell whether people have the conversation, or have had it at any time since the turn began."""
    since = conversation.human_since
    return conversation.mode == "human" or (since is not None and since > turn.since)


def _failed_once_more(session: Session, turn: Turn) -> int:
    """Count one more failure on the turn's messages; return how many it makes."""
    mine = (Message.conversation_id == turn.conversation_id, Message.turn == turn.id)
    waiting = (*mine, Message.direction == "in", Message.state == "received")
    session.execute(update(Message).where(*waiting).values(tries=Message.tries + 1))
    return session.scalar(select(func.max(Message.tries)).where(*waiting)) or 0


def _handled(
    session: Session, turn: Turn, now: datetime, reading: dict[str, Any] | None = None
) -> frozenset[int]:
    """Close the messages of a turn, each with how it was read; return their numbers."""
    mine = session.scalars(*_read_in(turn.conversation_id, turn.id)).all()
    for message in mine:
        message.state, message.done_at = "handled", now
        if reading:
            message.payload = {**(message.payload or {}), "reading": reading}
    return frozenset(message.id for message in mine)


@prepared
def _read_in(conversation_id: str, turn: str) -> Select[tuple[Message]]:
    return select(Message).where(
        Message.conversation_id == conversation_id,
        Message.direction == "in",
        Message.turn == turn,
        Message.state == "received",
    )


@prepared
def _left_in(conversation_id: str) -> Select[tuple[int, str, str]]:
    """What was written to us and waits for a turn; answers that are not on record as gone."""
    unread = (Message.direction == "in") & (Message.state == "received")
    answers = Message.purpose.not_in(INITIATED)
    going = (Message.direction == "out") & Message.state.in_(("queued", "sending")) & answers
    return (
        select(Message.id, Message.direction, Message.state)
        .where(Message.conversation_id == conversation_id, unread | going)
        .order_by(Message.id)
    )


def _gather(session: Session, conversation_id: str) -> list[Message]:
    """The waiting messages of one turn: a claimed turn again, a tapped button, or a burst of text."""
    waiting = list(session.scalars(*_waiting_in(conversation_id)))
    if not waiting:
        return []
    first = waiting[0]
    if first.turn is not None:
        return [message for message in waiting if message.turn == first.turn]
    if (first.payload or {}).get("payload") is not None:
        return [first]
    burst = []
    for message in waiting:
        if (message.payload or {}).get("payload") is not None:
            break
        burst.append(message)
    return burst


@prepared
def _waiting_in(conversation_id: str) -> Select[tuple[Message]]:
    received = select(Message).where(
        Message.conversation_id == conversation_id, Message.direction == "in", Message.state == "received"
    )
    return received.order_by(Message.id)


def _comes_from_people(session: Session, conversation: Conversation) -> bool:
    """Tell whether people had the conversation since the bot last answered: it goes on from a safe place."""
    if conversation.human_since is None:
        return False
    answered = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.initiator == "bot",
        Message.purpose.in_((Purpose.REPLY.value, Purpose.CONFIRMATION.value)),
        Message.state != "cancelled",
        Message.created_at > conversation.human_since,
    )
    return session.scalars(answered.limit(1)).first() is None


def _said_last(session: Session, conversation_id: str) -> str | None:
    """Return the key of the last response that the borrower was sent; None for an agent's words.

    Papers follow what they belong to, and nobody answers them.
    """
    template = session.scalars(*_template_last(conversation_id)).first()
    return next(reversed((template or "").split()), None)


@prepared
def _template_last(conversation_id: str) -> Select[tuple[str | None]]:
    return (
        select(Message.template)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "out",
            Message.state != "cancelled",
            or_(Message.template.is_(None), Message.template.not_like("utter_paper%")),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _plain(text: str) -> str:
    """Typed text never reads as a command to the assistant: those begin with a slash."""
    return text.lstrip().lstrip("/／").strip() or text
