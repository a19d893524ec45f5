"""What becomes of a file that a borrower sends: into the case, before people's eyes, and to its hardship."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason
from bot.services.handoffs import HandoffService
from bot.services.hardship import HardshipService
from bot.services.records import caused_by
from bot.services.waiting import waiting_words
from bot.storage.tables import Conversation, Message


class EvidenceService:
    """Sees to it that a person looks at what was sent; the assistant goes on talking meanwhile."""

    def __init__(self, handoffs: HandoffService, hardship: HardshipService) -> None:
        self.handoffs = handoffs
        self.hardship = hardship

    def take(
        self, session: Session, conversation: Conversation, message: Message
    ) -> tuple[str, dict[str, str]]:
        """Put a file into the borrower's case, opening one if need be; return the response and its values."""
        self.handoffs.open_in(
            session,
            conversation,
            HandoffReason.EVIDENCE,
            cause=caused_by(str(message.id)),
            actor="borrower",
            beside=True,
        )
        tied = self.hardship.attach(session, conversation, message.id)
        wait = waiting_words(session, self.handoffs.kit, conversation, conversation.locale)
        return "utter_hardship_evidence" if tied else "utter_file_kept", {"wait": wait}
