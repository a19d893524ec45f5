"""Messages that go to people: kept for the agent, acknowledged once while nobody has taken the case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit
from bot.services.records import caused_by
from bot.services.replies import queue_reply, rendered
from bot.services.waiting import open_handoff, waiting_words
from bot.services.waking import wake
from bot.storage.tables import Conversation, Message


class Relay:
    """Where a message goes while people have the conversation."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def to_people(
        self, session: Session, conversation: Conversation, message: Message, now: datetime
    ) -> None:
        """Give a message to people within a running transaction; a closed case is opened anew.

        One that was put aside is taken up again by who has it, or by the queue when they are not there.
        """
        message.state, message.done_at = "handled", now
        row = open_handoff(session, conversation.id)
        if row is None:
            row = self.handoffs.open_in(
                session, conversation, HandoffReason.ASKED, cause=caused_by(str(message.id)), actor="borrower"
            )
        if row.state == "snoozed":
            wake(session, self.kit, row, now, actor="borrower")
        if row.state == "waiting" and not row.acknowledged:
            row.acknowledged = True
            self.say_waiting(session, conversation, "utter_handoff_waiting", turn=str(message.id), now=now)

    def hand_over(
        self,
        session: Session,
        conversation: Conversation,
        message: Message,
        reason: HandoffReason,
        key: str,
        now: datetime,
    ) -> None:
        """Let people take over with a message, within a running transaction, and say so."""
        message.state, message.done_at = "handled", now
        cause = caused_by(str(message.id))
        self.handoffs.open_in(session, conversation, reason, cause=cause, actor="bot")
        self.say_waiting(session, conversation, key, turn=str(message.id), now=now)

    def say_waiting(
        self, session: Session, conversation: Conversation, key: str, *, turn: str, now: datetime
    ) -> None:
        """Queue a response that says when a person will answer."""
        wait = waiting_words(session, self.kit, conversation, conversation.locale)
        reply = rendered(self.kit, key, conversation.locale, {"wait": wait})
        queue_reply(session, self.kit, conversation, reply, turn=turn, now=now)
