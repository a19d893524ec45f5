"""Files from an agent to a borrower: the same checks as for what borrowers send, one message, once."""

from __future__ import annotations

from bot.services.files import FileService, KeptFile, file_of
from bot.services.handoffs import HandoffService
from bot.services.holding import holder_of, locked, lost
from bot.services.kit import Kit
from bot.services.rights import NotAllowed, require
from bot.storage.tables import Message


class AttachmentService:
    """What the button beside the reply box calls."""

    def __init__(self, kit: Kit, handoffs: HandoffService, files: FileService) -> None:
        self.kit = kit
        self.handoffs = handoffs
        self.files = files

    def send(
        self, handoff_id: int, agent_id: int, name: str, content: bytes, text: str = "", *, key: str
    ) -> int:
        """Queue a file, with `text` below it, as an agent's reply; return the message's id.

        A repeated call with the same `key` does nothing new and keeps no second copy. Raises like
        `HandoffService.reply`; NotAllowed, too, for a file that is too large, of a type that is not taken,
        or one too many for the day, and where identity is not verified: nobody can tell what a file tells.
        """
        kept = self.files.keep(self._room(handoff_id, agent_id), name, content, by="agent")
        if isinstance(kept, str):
            raise NotAllowed(kept, "this file is not taken")
        try:
            said = self.handoffs.reply(handoff_id, agent_id, text, key=key, file=kept)
            if not self._carries(said, kept):
                self.files.drop(kept)
        except BaseException:
            # What has no message belongs to nobody, and nothing would ever clear it away.
            self.files.drop(kept)
            raise
        return said

    def _room(self, handoff_id: int, agent_id: int) -> str:
        """Return the conversation, once it is certain that a file may go there."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            conversation, row = locked(session, handoff_id)
            if row.state != "waiting" and row.agent_id != agent_id:
                raise lost(holder_of(row))
            if not conversation.is_verified(now, self.kit.settings.identity_for):
                raise NotAllowed("unverified", "identity has to be confirmed before a file is sent")
            return conversation.id

    def _carries(self, message_id: int, kept: KeptFile) -> bool:
        with self.kit.db.read() as session:
            return file_of(session.get_one(Message, message_id).payload) == kept
