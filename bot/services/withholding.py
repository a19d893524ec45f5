"""Messages that break a rule on wording: held at the last moment, never sent, and a person told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit
from bot.services.nudges import end
from bot.services.reach import undisclose
from bot.services.records import record
from bot.services.relay import Relay
from bot.services.wording import cited, findings
from bot.storage.tables import Conversation, Message, Nudge

_KNOWN = 256


class Withholding:
    """What the outbox asks about every message before it leaves."""

    def __init__(self, kit: Kit, handoffs: HandoffService, relay: Relay) -> None:
        self.kit = kit
        self.handoffs = handoffs
        self.relay = relay
        # Much that goes out, such as what may be said before identity is known, is the same word for word.
        self._findings = lru_cache(maxsize=_KNOWN)(partial(findings, kit))

    def hold(
        self, session: Session, message: Message, conversation: Conversation, nudges: Sequence[Nudge]
    ) -> bool:
        """Hold a message whose text or buttons break a rule and tell a person; return whether it did.

        A borrower who waits for an answer is told that a person will give it.
        """
        titles = (str(button.get("title", "")) for button in message.buttons)
        # Whether facts may be told here was decided when it was written; withdrawn since, they stay unsent.
        verified = conversation.verified_at is not None
        found = self._findings("\n".join((message.text, *titles)), verified=verified)
        if not found:
            return False
        # It may be held as it is written; what tells of it names it by its number.
        session.flush()
        detail = cited(self.kit, found)
        message.state, message.failure = "held", f"wording: {', '.join(detail['rules'])}"[:200]
        self._tell(session, message, conversation, nudges, detail)
        return True

    def _tell(
        self,
        session: Session,
        message: Message,
        conversation: Conversation,
        nudges: Sequence[Nudge],
        detail: dict[str, Any],
    ) -> None:
        now = self.kit.clock.now()
        cause = f"message {message.id}"
        # Two of its messages may be held at once; one case is opened.
        session.refresh(conversation, with_for_update=True)
        undisclose(session, conversation)
        for nudge in nudges:
            end(session, nudge, "cancelled", message.failure or "", now)
        record(
            session,
            now,
            "message_held",
            cause=cause,
            actor="system",
            borrower_id=conversation.borrower_id,
            template=message.template,
            **detail,
        )
        self.handoffs.open_in(session, conversation, HandoffReason.WORDING, cause=cause, actor="system")
        # Where even the words of a hand-off are at fault, more of them would be held for the same.
        if message.initiator == "bot" and not nudges and message.purpose != "handoff":
            turn = f"held:{message.id}"
            self.relay.say_waiting(session, conversation, "utter_handoff_failure", turn=turn, now=now)
