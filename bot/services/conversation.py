"""A borrower's turn: stored once, gathered, read once, answered once."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.language.detect import plain_language
from bot.language.formats import language_of
from bot.services import leases
from bot.services.accounts import AccountService
from bot.services.handoffs import HandoffService, open_handoff
from bot.services.identity import IdentityService
from bot.services.kit import Kit
from bot.services.protection import ProtectionService
from bot.services.records import record
from bot.storage.db import retried
from bot.storage.queries import conversation_for, revive
from bot.storage.tables import AddressRow, Conversation, Message

# Honoured before any model is asked, so that they work while everything else is down.
STOP_WORDS = frozenset(
    [
        "stop",
        "stopall",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
        "optout",
        "opt-out",
        "td",
        "t",
        "退订",
        "停止",
        "取消订阅",
        "停止发送",
        "拒收",
        "停",
    ]
)
_LONGEST_STOP = 40
Kind = Literal["text", "payload", "photo", "sticker", "edit", "stale"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as a channel received it; `external_id` is the channel's own id and makes it unique."""

    channel: str
    address: str
    external_id: str
    text: str
    kind: Kind = "text"
    payload: str | None = None
    attachment: dict[str, Any] | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Where a message went: its row, whether it had been there before, whether a turn is now due."""

    conversation_id: str
    message_id: int
    duplicate: bool
    needs_turn: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """What the assistant is asked: one or more messages of a burst, as one."""

    id: str
    conversation_id: str
    text: str
    context: dict[str, Any]
    since: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant said."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    keys: tuple[str, ...] = ()
    purpose: str = "reply"


class ConversationService:
    """Receives, gathers, answers. All state is in the database: any process may take over."""

    def __init__(
        self,
        kit: Kit,
        identity: IdentityService,
        accounts: AccountService,
        handoffs: HandoffService,
        protection: ProtectionService,
    ) -> None:
        self.kit = kit
        self.identity = identity
        self.accounts = accounts
        self.handoffs = handoffs
        self.protection = protection

    @retried
    def receive(self, incoming: Incoming) -> Received:
        """Store a message under the channel's id and decide who answers; a second copy stops here."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = self._conversation(session, incoming, now)
            known = _copy(session, conversation, incoming)
            if known is not None:
                return Received(conversation.id, known.id, True, known.state == "received")
            message = self._store(session, conversation, incoming, now)
            self._switch_language(conversation, incoming)
            human = conversation.mode == "human"
            if human:
                self._for_people(session, conversation, message, now)
            elif incoming.kind in _DIRECT:
                self._answer_directly(session, conversation, message, _DIRECT[incoming.kind], now)
        stop = incoming.kind == "text" and _bare(incoming.text) in STOP_WORDS
        if stop:
            self._stop(conversation.id, message.id, conversation.locale, human)
        return Received(conversation.id, message.id, False, message.state == "received" and not stop)

    @retried
    def answer(
        self, incoming: Incoming, key: str, values: dict[str, str] | None = None, *, strangers: bool = False
    ) -> Received | None:
        """Store a message that needs no turn and queue its one answer; a second copy stops here.

        With `strangers` only a chat that belongs to no borrower is answered: else None, nothing is stored.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = self._conversation(session, incoming, now)
            if strangers and conversation.borrower_id is not None:
                return None
            known = _copy(session, conversation, incoming)
            if known is not None:
                return Received(conversation.id, known.id, True, False)
            message = self._store(session, conversation, incoming, now)
            if conversation.mode == "human":
                self._for_people(session, conversation, message, now)
            else:
                self._answer_directly(session, conversation, message, key, now, values)
            return Received(conversation.id, message.id, False, False)

    def _conversation(self, session: Session, incoming: Incoming, now: datetime) -> Conversation:
        found = conversation_for(session, incoming.channel, incoming.address)
        if found is not None:
            # Who writes can be reached again: an address that had only failed to deliver comes back to life.
            revive(session, incoming.channel, incoming.address)
            return session.get_one(Conversation, found.id, with_for_update=True)
        return open_conversation(
            session, self.kit, incoming.channel, incoming.address, now, incoming.language
        )

    def _store(
        self, session: Session, conversation: Conversation, incoming: Incoming, now: datetime
    ) -> Message:
        limit = self.kit.settings.max_text
        payload: dict[str, Any] = {"kind": incoming.kind}
        if incoming.payload is not None:
            payload["payload"] = incoming.payload
        if incoming.attachment is not None:
            payload["attachment"] = incoming.attachment
        if len(incoming.text) > limit:
            payload["cut_from"] = len(incoming.text)
        message = Message(
            conversation_id=conversation.id,
            direction="in",
            initiator="borrower",
            purpose="reply",
            state="received",
            external_id=incoming.external_id,
            text=_storable(incoming.text[:limit]),
            payload=payload,
            locale=conversation.locale,
            created_at=now,
        )
        session.add(message)
        session.flush()
        return message

    def _switch_language(self, conversation: Conversation, incoming: Incoming) -> None:
        if incoming.kind != "text":
            return
        language = plain_language(incoming.text)
        if language is not None and language != language_of(conversation.locale):
            match = [one for one in self.kit.texts.locales if language_of(one) == language]
            conversation.locale = match[0] if match else conversation.locale

    def _for_people(
        self, session: Session, conversation: Conversation, message: Message, now: datetime
    ) -> None:
        message.state, message.done_at = "handled", now
        row = open_handoff(session, conversation.id)
        if row is None:
            row = self.handoffs.open_in(
                session, conversation, HandoffReason.ASKED, cause=f"message {message.id}", actor="borrower"
            )
        if row.state == "waiting" and not row.acknowledged:
            row.acknowledged = True
            self._queue(
                session,
                conversation,
                self._rendered(
                    "utter_handoff_waiting", conversation.locale, {"wait": self._wait(session, conversation)}
                ),
                turn=str(message.id),
                now=now,
            )

    def _wait(self, session: Session, conversation: Conversation) -> str:
        return self.handoffs.waiting_words_in(session, conversation, conversation.locale)

    def _answer_directly(
        self,
        session: Session,
        conversation: Conversation,
        message: Message,
        key: str,
        now: datetime,
        values: dict[str, str] | None = None,
    ) -> None:
        message.state, message.done_at = "handled", now
        reply = self._rendered(key, conversation.locale, values)
        self._queue(session, conversation, reply, turn=str(message.id), now=now)

    def _stop(self, conversation_id: str, message_id: int, locale: str, human: bool) -> None:
        answer = self.protection.honour(conversation_id, "stop_contact", turn=str(message_id), locale=locale)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            message = session.get_one(Message, message_id)
            message.state, message.done_at, message.turn = "handled", now, str(message_id)
            if not human:
                conversation = session.get_one(Conversation, conversation_id)
                reply = self._rendered(answer.response, locale, answer.values)
                self._queue(session, conversation, reply, turn=str(message_id), now=now)

    def tapped(self, channel: str, address: str, message_id: int, index: int) -> Incoming | None:
        """Turn a tapped button into a message; None when that chat has no such button.

        A yes or no belongs to the newest message: on an older one it must not confirm something else.
        """
        with self.kit.db.begin() as session:
            message = session.get(Message, message_id)
            conversation = conversation_for(session, channel, address)
            if message is None or conversation is None or message.conversation_id != conversation.id:
                return None
            if message.direction != "out" or not 0 <= index < len(message.buttons):
                return None
            newest = session.scalar(
                select(func.max(Message.id)).where(
                    Message.conversation_id == conversation.id, Message.direction == "out"
                )
            )
            button = message.buttons[index]
            stale = message_id != newest and button["payload"] in _ANSWERS
            return Incoming(
                channel,
                address,
                f"tap:{message_id}:{index}",
                button["title"],
                kind="stale" if stale else "payload",
                payload=None if stale else button["payload"],
                attachment={"message": message_id, "button": index},
            )

    def claim_turn(self, conversation_id: str) -> Turn | None:
        """Take the next turn of a conversation for this caller, or None when there is nothing to do yet.

        One caller at a time holds a conversation; a lease that ran out may be taken over, and then the same
        messages form the same turn under the same id.
        """
        now = self.kit.clock.now()
        owner = leases.new_owner()
        with self.kit.db.begin() as session:
            taken = session.execute(
                update(Conversation)
                .where(
                    Conversation.id == conversation_id,
                    or_(Conversation.lease_until.is_(None), Conversation.lease_until <= now),
                )
                .values(lease_owner=owner, lease_until=now + timedelta(seconds=self.kit.settings.lease))
            )
            if not taken.rowcount:  # type: ignore[attr-defined]
                return None
            conversation = session.get_one(Conversation, conversation_id)
            messages = self._gather(session, conversation_id)
            if not messages or conversation.mode == "human":
                conversation.lease_owner = conversation.lease_until = None
                for message in messages:
                    self._for_people(session, conversation, message, now)
                return None
            turn_id = messages[0].turn or str(messages[-1].id)
            for message in messages:
                message.turn = turn_id
            payload = (messages[0].payload or {}).get("payload")
            text = payload or "\n".join(message.text for message in messages)
            return Turn(
                turn_id,
                conversation_id,
                text if payload else _plain(text),
                self._context(
                    session,
                    conversation,
                    turn_id,
                    now,
                    any((m.payload or {}).get("cut_from") for m in messages),
                ),
                now,
                owner,
            )

    def _gather(self, session: Session, conversation_id: str) -> list[Message]:
        """The waiting messages of one turn: a claimed turn again, a tapped button, or a burst of text."""
        waiting = list(
            session.scalars(
                select(Message)
                .where(
                    Message.conversation_id == conversation_id,
                    Message.direction == "in",
                    Message.state == "received",
                )
                .order_by(Message.id)
            )
        )
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
            "timezone": borrower.timezone if borrower else "Asia/Shanghai",
            "known": borrower is not None,
            "verified": verified,
            "expected": conversation.expected,
            "lender": settings.lender(conversation.locale),
            "phone": settings.lender_phone,
            "currency": "CNY",
            "outstanding": None,
            "cut": cut,
        }
        if verified:
            outstanding = self.accounts.outstanding_in(session, conversation)
            if outstanding is not None:
                context["currency"] = outstanding.currency
                context["outstanding"] = str(outstanding.amount)
        return context

    def finish_turn(self, turn: Turn, reply: Reply, *, expected: str | None, understood: bool) -> None:
        """Store the answer and close the turn in one transaction; a turn that was lost to another is ignored.

        When people took over while the assistant was thinking, its answer is kept as cancelled, unsent.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, turn.conversation_id, with_for_update=True)
            if conversation.lease_owner != turn.owner:
                return
            conversation.lease_owner = conversation.lease_until = None
            conversation.expected = expected
            conversation.outage_told = False
            if understood:
                conversation.misunderstood = 0
            self._handled(session, turn, now)
            if reply.text:
                silenced = conversation.mode == "human" and reply.purpose != "handoff"
                self._queue(session, conversation, reply, turn=turn.id, now=now, cancelled=silenced)

    def fail_turn(self, turn: Turn) -> None:
        """Give the turn back because the assistant could not be reached; tell the borrower once."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, turn.conversation_id, with_for_update=True)
            if conversation.lease_owner != turn.owner:
                return
            conversation.lease_owner = conversation.lease_until = None
            if conversation.outage_told or conversation.mode == "human":
                return
            conversation.outage_told = True
            record(
                session,
                now,
                "assistant_down",
                cause=f"message {turn.id}",
                actor="gateway",
                borrower_id=conversation.borrower_id,
            )
            self._queue(
                session,
                conversation,
                self._rendered("utter_outage", conversation.locale),
                turn=f"{turn.id}:outage",
                now=now,
            )

    def abandon_turn(self, turn: Turn) -> None:
        """Give a turn that cannot be served to people, and tell the borrower."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, turn.conversation_id, with_for_update=True)
            if conversation.lease_owner != turn.owner:
                return
            conversation.lease_owner = conversation.lease_until = None
            self._handled(session, turn, now)
            self.handoffs.open_in(
                session, conversation, HandoffReason.FAILURE, cause=f"message {turn.id}", actor="gateway"
            )
            reply = self._rendered(
                "utter_handoff_failure", conversation.locale, {"wait": self._wait(session, conversation)}
            )
            self._queue(session, conversation, reply, turn=turn.id, now=now)

    def _handled(self, session: Session, turn: Turn, now: datetime) -> None:
        session.execute(
            update(Message)
            .where(
                Message.conversation_id == turn.conversation_id,
                Message.direction == "in",
                Message.turn == turn.id,
                Message.state == "received",
            )
            .values(state="handled", done_at=now)
        )

    def release_dead(self) -> None:
        """Free the conversations that a process of this machine held when it died."""
        with self.kit.db.begin() as session:
            held = session.scalars(select(Conversation).where(Conversation.lease_owner.is_not(None)))
            for conversation in held:
                if leases.is_dead(conversation.lease_owner or ""):
                    conversation.lease_owner = conversation.lease_until = None

    def waiting(self) -> list[str]:
        """Return the conversations that have messages no turn has answered yet."""
        with self.kit.db.begin() as session:
            return list(
                session.scalars(
                    select(Message.conversation_id)
                    .where(Message.direction == "in", Message.state == "received")
                    .distinct()
                )
            )

    @retried
    def ensure(self, channel: str, address: str) -> str:
        """Return the id of an address's conversation, made when there is none."""
        with self.kit.db.begin() as session:
            found = conversation_for(session, channel, address)
            return (found or open_conversation(session, self.kit, channel, address, self.kit.clock.now())).id

    def verified(self, conversation_id: str) -> bool:
        """Tell whether identity is verified in a conversation now."""
        with self.kit.db.begin() as session:
            return self.identity.is_verified(session.get_one(Conversation, conversation_id))

    def misunderstood(self, conversation_id: str) -> int:
        """Count one more turn in a row that was not understood, and return how many it makes."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            conversation.misunderstood += 1
            return conversation.misunderstood

    def set_locale(self, conversation_id: str, language: str) -> str | None:
        """Switch a conversation to a language that Grace speaks; return the locale, or None."""
        match = [one for one in self.kit.texts.locales if language_of(one) == language.split("-")[0]]
        if not match:
            return None
        with self.kit.db.begin() as session:
            session.get_one(Conversation, conversation_id).locale = match[0]
        return match[0]

    def say(self, conversation_id: str, key: str, values: dict[str, str] | None = None, *, turn: str) -> None:
        """Queue one response outside any turn, such as the greeting of a new chat; once for each `turn`."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            self._queue(
                session, conversation, self._rendered(key, conversation.locale, values), turn=turn, now=now
            )

    def _rendered(self, key: str, locale: str, values: dict[str, str] | None = None) -> Reply:
        settings = self.kit.settings
        common = {"lender": settings.lender(locale), "phone": settings.lender_phone}
        rendered = self.kit.texts.render(key, locale, {**common, **(values or {})})
        buttons = [{"title": one.title, "payload": one.payload} for one in rendered.buttons]
        return Reply(rendered.text, buttons, (key,), rendered.metadata.get("purpose", "reply"))

    def _queue(
        self,
        session: Session,
        conversation: Conversation,
        reply: Reply,
        *,
        turn: str,
        now: datetime,
        cancelled: bool = False,
    ) -> None:
        external = f"turn:{turn}"
        exists = session.scalars(
            select(Message.id).where(
                Message.conversation_id == conversation.id,
                Message.direction == "out",
                Message.external_id == external,
            )
        ).first()
        if exists is not None:
            return
        text = reply.text
        if not conversation.disclosed and not cancelled:
            conversation.disclosed = True
            text = f"{self._rendered('utter_disclosure', conversation.locale).text}\n\n{text}"
        session.add(
            Message(
                conversation_id=conversation.id,
                direction="out",
                initiator="bot",
                purpose=reply.purpose,
                state="cancelled" if cancelled else "queued",
                external_id=external,
                text=text,
                buttons=reply.buttons,
                template=" ".join(reply.keys)[:200],
                locale=conversation.locale,
                turn=turn,
                created_at=now,
            )
        )


_DIRECT = {
    "photo": "utter_photo",
    "sticker": "utter_sticker",
    "edit": "utter_edited",
    "stale": "utter_button_old",
}
_ANSWERS = ("/affirm", "/deny", "/unsure")


def open_conversation(
    session: Session, kit: Kit, channel: str, address: str, now: datetime, language: str | None = None
) -> Conversation:
    """Make the conversation of an address, with the borrower it belongs to when that is known."""
    row = session.scalars(
        select(AddressRow).where(AddressRow.channel == channel, AddressRow.address == address)
    ).first()
    spoken = [one for one in kit.texts.locales if language and language_of(one) == language.split("-")[0]]
    locale = row.borrower.locale if row is not None else next(iter(spoken), kit.settings.default_locale)
    conversation = Conversation(
        id=str(uuid.uuid4()),
        borrower_id=row.borrower_id if row is not None else None,
        channel=channel,
        address=address,
        locale=locale,
        mode="bot",
        identity_facts=[],
        created_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation


def _copy(session: Session, conversation: Conversation, incoming: Incoming) -> Message | None:
    """Return the message when it has been stored before under the channel's id."""
    return session.scalars(
        select(Message).where(
            Message.conversation_id == conversation.id,
            Message.direction == "in",
            Message.external_id == incoming.external_id,
        )
    ).first()


def _bare(text: str) -> str:
    """A short message without what stands around its words, whatever the width of its letters."""
    if len(text) > _LONGEST_STOP:
        return text
    return unicodedata.normalize("NFKC", text).strip().strip("!.。~ \"'“”‘’「」【】").casefold()


def _storable(text: str) -> str:
    """Drop what no database takes as text: NUL, and half of a character that was cut in two."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _plain(text: str) -> str:
    """Typed text never reads as a command to the assistant: those begin with a slash."""
    return text.lstrip().lstrip("/／").strip() or text
