"""What product teams tune on: messages read with doubt or wrongly, without what names a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.language.detect import script_language
from bot.language.masking import mask
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import require
from bot.storage.queries import zone_of
from bot.storage.tables import Conversation, Message


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message that the inbox shows; `text` is masked, `confidence` that of the act served first."""

    id: int
    at: datetime
    language: str
    text: str
    acts: tuple[str, ...]
    confidence: float
    corrected: str | None


class TuningService:
    """Finds messages worth a label, and remembers what people said of them."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def inbox(self, below: float = 0.6, limit: int = 200) -> list[Doubtful]:
        """Return the newest unlabelled messages that were corrected, or read with less than `below`.

        Answers to the identity question are left out: they are facts about a person and teach nothing.
        """
        chosen: list[Doubtful] = []
        with self.kit.db.begin() as session:
            found = session.execute(
                select(Message, Conversation)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.direction == "in")
                .order_by(Message.id.desc())
                .execution_options(yield_per=500)
            )
            for message, conversation in found:
                one = _doubtful(message, conversation, below)
                if one is not None:
                    chosen.append(one)
                if len(chosen) == limit:
                    break
        return chosen

    def stored(self) -> Iterator[dict[str, Any]]:
        """Yield every typed message, oldest first, as `grace parse` takes it; masked."""
        with self.kit.db.begin() as session:
            found = session.execute(
                select(Message, Conversation)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.direction == "in")
                .order_by(Message.id)
                .execution_options(yield_per=500)
            )
            for message, conversation in found:
                if _typed(message):
                    yield {
                        "text": _masked(message, conversation),
                        "at": message.created_at.isoformat(),
                        "timezone": zone_of(conversation.borrower),
                    }

    def correct(self, message_id: int, intent: str) -> None:
        """Note that a message really meant `intent`. Raises LookupError for a message that was never read."""
        self._note(message_id, {"corrected": intent})

    def correct_as(self, message_id: int, agent_id: int, intent: str) -> None:
        """Like `correct`, by a member of staff who reads the conversation; it is recorded.

        Raises NotAllowed for an account that may not, LookupError for a message that was never read.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "correct")
        self.correct(message_id, intent)
        with self.kit.db.begin() as session:
            conversation = session.get_one(Message, message_id).conversation_id
            record(
                session,
                self.kit.clock.now(),
                "reading_corrected",
                cause=f"message {message_id}",
                actor=f"agent {agent_id}",
                borrower_id=session.get_one(Conversation, conversation).borrower_id,
                intent=intent,
            )

    def labelled(self, message_id: int) -> None:
        """Take a message out of the inbox. Raises LookupError for a message that was never read."""
        self._note(message_id, {"labelled": True})

    def _note(self, message_id: int, note: dict[str, Any]) -> None:
        with self.kit.db.begin() as session:
            message = session.get(Message, message_id)
            reading = (message.payload or {}).get("reading") if message is not None else None
            if message is None or reading is None:
                raise LookupError(f"message {message_id} was never read by the assistant")
            message.payload = {**(message.payload or {}), "reading": {**reading, **note}}


def _doubtful(message: Message, conversation: Conversation, below: float) -> Doubtful | None:
    reading = (message.payload or {}).get("reading")
    if not reading or reading.get("labelled") or reading.get("intent") == "state_identity":
        return None
    if not _typed(message):
        return None
    understood = bool(reading.get("acts"))
    confidence = float(reading.get("confidence") or 0.0) if understood else 0.0
    corrected = reading.get("corrected")
    if corrected is None and confidence >= below:
        return None
    acts = tuple(act["intent"] for act in reading.get("acts") or ())
    text = _masked(message, conversation)
    return Doubtful(message.id, message.created_at, script_language(text), text, acts, confidence, corrected)


def _typed(message: Message) -> bool:
    return message.text != "" and bool((message.payload or {}).get("kind", "text") == "text")


def _masked(message: Message, conversation: Conversation) -> str:
    borrower = conversation.borrower
    return mask(message.text, [borrower.name] if borrower is not None else [])
