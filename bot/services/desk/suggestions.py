"""A reply to begin with, for a person to edit: what the assistant had ready, or what fits how it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services.accounts import AccountService
from bot.services.desk.canned import CannedService, CannedView
from bot.services.kit import Kit
from bot.services.rights import NotAllowed, require
from bot.services.wording import findings
from bot.storage.queries import zone_of
from bot.storage.tables import Conversation, HandoffRow, Message


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words to edit; `source` says whether the assistant had them ready or they fit an intent.

    `missing` names variables that stand in braces: until they are filled in it cannot be sent.
    """

    text: str
    source: Literal["assistant", "intent"]
    intent: str | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """What the borrower has said since the last reply, and the context in which to have it read."""

    text: str
    context: dict[str, Any]


class SuggestionService:
    """What the reply box begins with. Nothing is sent, and the dialogue is not touched."""

    def __init__(self, kit: Kit, canned: CannedService, accounts: AccountService) -> None:
        self.kit = kit
        self.canned = canned
        self.accounts = accounts

    def unread(self, handoff_id: int) -> Unread | None:
        """Return what waits for a reply, for whoever can have it read; None when nothing does."""
        with self.kit.db.begin() as session:
            conversation = _conversation(session, handoff_id)
            waiting = self._waiting(session, conversation)
            text = "\n".join(message.text for message in waiting if message.text.strip())
            if not text:
                return None
            now = self.kit.clock.now()
            context: dict[str, Any] = {"at": now.isoformat(), "timezone": zone_of(conversation.borrower)}
            if conversation.is_verified(now, self.kit.settings.identity_for):
                open_amount = self.accounts.outstanding_in(session, conversation)
                if open_amount is not None:
                    context |= {
                        "currency": open_amount.currency,
                        "outstanding": str(open_amount.amount),
                    }
            return Unread(text, context)

    def suggest(self, handoff_id: int, agent_id: int, acts: Sequence[str] | None = None) -> Suggestion | None:
        """Return a reply to begin with; None when there is nothing to reply to, or nothing fits.

        `acts` are the intents as they have just been read; the last reading on file when left out. Raises
        NotAllowed for an account that may not, or a case that there is not.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            conversation = _conversation(session, handoff_id)
            waiting = self._waiting(session, conversation)
            if not waiting:
                return None
            ready = self._ready(session, conversation, waiting[0].id)
            read = acts if acts is not None else _acts(waiting)
        if ready is not None:
            return Suggestion(ready, "assistant", read[0] if read else None)
        views = {view.id: view for view in self.canned.list(handoff_id, agent_id)}
        for intent in read:
            reply = self.kit.policies.desk.canned.answering(intent)
            view: CannedView | None = None if reply is None else views.get(reply.id)
            if view is not None:
                return Suggestion(view.text, "intent", intent, view.missing)
        return None

    def _waiting(self, session: Session, conversation: Conversation) -> list[Message]:
        """The borrower's messages that no person has answered, oldest first."""
        answered = select(func.max(Message.id)).where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Message.initiator == "agent",
        )
        return list(
            session.scalars(
                select(Message)
                .where(
                    Message.conversation_id == conversation.id,
                    Message.direction == "in",
                    Message.id > (session.scalar(answered) or 0),
                )
                .order_by(Message.id)
            )
        )

    def _ready(self, session: Session, conversation: Conversation, since: int) -> str | None:
        """What the assistant had ready for these messages when people took over, if it may still be said."""
        held = session.scalars(
            select(Message)
            .where(
                Message.conversation_id == conversation.id,
                Message.direction == "out",
                Message.initiator == "bot",
                Message.state == "cancelled",
                Message.nudge_id.is_(None),
                Message.purpose != "handoff",
                Message.id > since,
            )
            .order_by(Message.id.desc())
        ).first()
        if held is None:
            return None
        verified = conversation.is_verified(self.kit.clock.now(), self.kit.settings.identity_for)
        return None if findings(self.kit, held.text, verified=verified) else held.text


def _conversation(session: Session, handoff_id: int) -> Conversation:
    case = session.get(HandoffRow, handoff_id)
    if case is None:
        raise NotAllowed("closed", "there is no such hand-off")
    return case.conversation


def _acts(messages: Sequence[Message]) -> list[str]:
    """The intents of the newest message that was read."""
    for message in reversed(messages):
        reading = (message.payload or {}).get("reading") or {}
        found = [reading.get("corrected"), *(act["intent"] for act in reading.get("acts") or ())]
        known = [intent for intent in found if intent]
        if known:
            return known
    return []
