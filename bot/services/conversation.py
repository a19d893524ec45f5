"""A conversation: what a borrower writes or taps is stored once; what needs no turn is answered at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import HandoffReason
from bot.language.detect import plain_language
from bot.language.formats import language_of
from bot.services.evidence import EvidenceService
from bot.services.identity import IdentityService
from bot.services.kit import Kit
from bot.services.protection import ProtectionService
from bot.services.reach import revive
from bot.services.relay import Relay
from bot.services.replies import open_conversation, queue_reply, rendered
from bot.services.stopwords import is_stop
from bot.services.webhooks import announce
from bot.storage.db import retried
from bot.storage.prepared import prepared
from bot.storage.queries import conversation_for
from bot.storage.tables import AddressRow, Conversation, Message

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


class ConversationService:
    """What channels call with what they received, and what everybody asks about a conversation."""

    def __init__(
        self,
        kit: Kit,
        identity: IdentityService,
        protection: ProtectionService,
        relay: Relay,
        evidence: EvidenceService,
    ) -> None:
        self.kit = kit
        self.identity = identity
        self.protection = protection
        self.relay = relay
        self.evidence = evidence

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
                self.relay.to_people(session, conversation, message, now)
                if incoming.kind == "photo":
                    self.evidence.hardship.attach(session, conversation, message.id)
            elif incoming.kind == "photo":
                kept, values = self.evidence.take(session, conversation, message)
                self._answer_directly(session, conversation, message, kept, now, values)
            elif incoming.kind in _DIRECT:
                self._answer_directly(session, conversation, message, _DIRECT[incoming.kind], now)
        stop = incoming.kind == "text" and is_stop(incoming.text)
        if stop:
            self._stop(conversation.id, message.id, conversation.locale, human)
        return Received(conversation.id, message.id, False, message.state == "received" and not stop)

    @retried
    def answer(
        self,
        incoming: Incoming,
        key: str,
        values: dict[str, str] | None = None,
        *,
        strangers: bool = False,
        handing: HandoffReason | None = None,
    ) -> Received | None:
        """Store a message that needs no turn and queue its one answer; a second copy stops here.

        With `strangers` only a chat that belongs to no borrower is answered: else None, nothing is stored.
        With `handing` people take over for that reason, and the answer says when they will be there.
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
                self.relay.to_people(session, conversation, message, now)
            elif handing is not None:
                self.relay.hand_over(session, conversation, message, handing, key, now)
            else:
                self._answer_directly(session, conversation, message, key, now, values)
            return Received(conversation.id, message.id, False, False)

    def _conversation(self, session: Session, incoming: Incoming, now: datetime) -> Conversation:
        found = conversation_for(session, incoming.channel, incoming.address, lock=True)
        if found is not None:
            # Who writes can be reached again: an address that had only failed to deliver comes back to life.
            revive(session, incoming.channel, incoming.address, now)
            return found
        made = open_conversation(
            session, self.kit, incoming.channel, incoming.address, now, language=incoming.language
        )
        session.flush()
        return made

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
        announce(session, now, "message.in", conversation=conversation.id, message=message.id)
        return message

    def _switch_language(self, conversation: Conversation, incoming: Incoming) -> None:
        if incoming.kind != "text":
            return
        language = plain_language(incoming.text)
        if language is not None and language != language_of(conversation.locale):
            match = [one for one in self.kit.texts.locales if language_of(one) == language]
            conversation.locale = match[0] if match else conversation.locale

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
        reply = rendered(self.kit, key, conversation.locale, values)
        queue_reply(session, self.kit, conversation, reply, turn=str(message.id), now=now)

    def _stop(self, conversation_id: str, message_id: int, locale: str, human: bool) -> None:
        answer = self.protection.honour(conversation_id, "stop_contact", turn=str(message_id), locale=locale)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            message = session.get_one(Message, message_id)
            message.state, message.done_at, message.turn = "handled", now, str(message_id)
            if not human:
                conversation = session.get_one(Conversation, conversation_id)
                reply = rendered(self.kit, answer.response, locale, answer.values)
                queue_reply(session, self.kit, conversation, reply, turn=str(message_id), now=now)

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

    def ensure(self, channel: str, address: str) -> str:
        """Return the id of an address's conversation, made when there is none."""
        return self.ensure_all(channel, [address])[0]

    @retried
    def ensure_all(self, channel: str, addresses: Sequence[str]) -> list[str]:
        """Return the ids of the conversations of addresses, in their order; made where there are none."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            found = {
                one.address: one
                for one in session.scalars(
                    select(Conversation).where(
                        Conversation.channel == channel, Conversation.address.in_(addresses)
                    )
                )
            }
            rows = {
                row.address: row
                for row in session.scalars(
                    select(AddressRow)
                    .where(AddressRow.channel == channel, AddressRow.address.in_(addresses))
                    .options(joinedload(AddressRow.borrower))
                )
            }
            for address in addresses:
                if address not in found:
                    row = rows.get(address)
                    owner = None if row is None else row.borrower
                    found[address] = open_conversation(session, self.kit, channel, address, now, owner)
            return [found[address].id for address in addresses]

    def verified(self, conversation_id: str) -> bool:
        """Tell whether identity is verified in a conversation now."""
        with self.kit.db.read() as session:
            return self.identity.is_verified(session.get_one(Conversation, conversation_id))

    def misunderstood(self, conversation_id: str, *, turn: str) -> int:
        """Count one more turn in a row that was not understood, each once; return how many it makes."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            if conversation.misunderstood_turn != turn:
                conversation.misunderstood += 1
                conversation.misunderstood_turn = turn
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
            reply = rendered(self.kit, key, conversation.locale, values)
            queue_reply(session, self.kit, conversation, reply, turn=turn, now=now)


_DIRECT = {
    "sticker": "utter_sticker",
    "edit": "utter_edited",
    "stale": "utter_button_old",
}
_ANSWERS = ("/affirm", "/deny", "/unsure")


def _copy(session: Session, conversation: Conversation, incoming: Incoming) -> Message | None:
    """Return the message when it has been stored before under the channel's id."""
    return session.scalars(*_received(conversation.id, incoming.external_id)).first()


@prepared
def _received(conversation_id: str, external_id: str) -> Select[tuple[Message]]:
    return select(Message).where(
        Message.conversation_id == conversation_id,
        Message.direction == "in",
        Message.external_id == external_id,
    )


def _storable(text: str) -> str:
    """Drop what no database takes as text: NUL, and half of a character that was cut in two."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
