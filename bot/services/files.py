"""Files of a conversation, from either side: known by content, kept on the disk, read on record."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

from sqlalchemy.orm import Session

from bot.services.enclosures import PaperFile
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import require
from bot.storage.tables import Conversation, Message

LARGEST = 5 * 2**20
"""The largest file that is taken, in bytes."""
Fault = Literal["file_large", "file_type", "file_many"]
"""Why a file is not taken; each has its words on the chat page."""
Side = Literal["borrower", "agent"]
"""Who sends a file."""

_DAY = 24 * 3600
_LONGEST_NAME = 100
_OURS = "agent-"
_ID = re.compile(r"[0-9a-f-]{36}/(agent-)?[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file on the disk: its place there, type by content, size in bytes, and its sender's name for it."""

    id: str
    type: str
    size: int
    name: str

    @property
    def is_image(self) -> bool:
        """True for a photo, false for a document."""
        return self.type.startswith("image/")

    def attachment(self) -> dict[str, Any]:
        """Return it as a message carries it."""
        kind = "photo" if self.is_image else "document"
        return {"kind": kind, "file": self.id, "type": self.type, "size": self.size, "name": self.name}


def file_of(payload: Mapping[str, Any] | None) -> KeptFile | None:
    """Return the file that a message carries; one that stayed with its channel, as Telegram's do, is none."""
    attachment = (payload or {}).get("attachment") or {}
    if "file" not in attachment:
        return None
    return KeptFile(attachment["file"], attachment["type"], attachment["size"], attachment["name"])


def type_of(content: bytes) -> str | None:
    """Return the media type that the content itself shows; what a sender calls it does not count."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if content.startswith(b"%PDF-") else None


class FileService:
    """Keeps files and hands them to staff. They are on this machine's disk, beside the database."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.folder = kit.settings.state / "files"

    def keep(
        self,
        conversation_id: str,
        name: str,
        content: bytes,
        *,
        by: Side = "borrower",
    ) -> KeptFile | Fault:
        """Put a file on the disk, whole and synced, or say why it is not taken.

        Each side has its own number of files a day: what an agent sends takes no room from the borrower.
        """
        kind = type_of(content)
        if len(content) > LARGEST:
            return "file_large"
        if kind is None:
            return "file_type"
        folder = self.folder / conversation_id
        if _recent(folder, ours=by == "agent") >= self.kit.settings.files_a_day:
            return "file_many"
        place = f"{conversation_id}/{_OURS if by == 'agent' else ''}{uuid.uuid4().hex}"
        kept = KeptFile(place, kind, len(content), _plain(name))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self.folder / kept.id, content)
        return kept

    def drop(self, kept: KeptFile) -> None:
        """Take a file back that no message came to carry."""
        (self.folder / kept.id).unlink(missing_ok=True)

    def read(self, message_id: int, agent_id: int) -> tuple[KeptFile, Path]:
        """Return the file of a message, for a member of staff, and record that they read it.

        Raises LookupError when there is none, NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            message, kept, path = self._found(session, message_id)
            record(
                session,
                self.kit.clock.now(),
                "file_read",
                cause=f"file {message_id}",
                actor=f"agent {agent_id}",
                borrower_id=session.get_one(Conversation, message.conversation_id).borrower_id,
            )
            return kept, path

    def carried(self, message_id: int) -> PaperFile:
        """Return what a message carries, for its channel to hand over. Raises LookupError when it is gone."""
        with self.kit.db.read() as session:
            _, kept, path = self._found(session, message_id)
        return PaperFile(kept.name, kept.type, kept.name if kept.is_image else "", path.read_bytes())

    def opened(self, conversation_id: str, message_id: int) -> PaperFile:
        """Return what staff sent, for the borrower of that very chat while their identity is verified.

        Raises LookupError for any other.
        """
        now = self.kit.clock.now()
        with self.kit.db.read() as session:
            message, kept, path = self._found(session, message_id)
            conversation = session.get_one(Conversation, message.conversation_id)
            theirs = conversation.id == conversation_id and message.direction == "out"
            if not theirs or message.state in ("cancelled", "held"):
                raise LookupError("there is no such file")
            if not conversation.is_verified(now, self.kit.settings.identity_for):
                raise LookupError("identity is not verified")
        return PaperFile(kept.name, kept.type, kept.name if kept.is_image else "", path.read_bytes())

    def _found(self, session: Session, message_id: int) -> tuple[Message, KeptFile, Path]:
        message = session.get(Message, message_id)
        kept = None if message is None else file_of(message.payload)
        if message is None or kept is None or not _ID.fullmatch(kept.id):
            raise LookupError("there is no such file")
        path = self.folder / kept.id
        if not path.is_file():
            raise LookupError("the file is not on this machine")
        return message, kept, path


def _recent(folder: Path, *, ours: bool) -> int:
    """Count one side's files of the last day; the disk's own clock tells: it is the disk that is guarded."""
    if not folder.is_dir():
        return 0
    since = time.time() - _DAY
    mine = (one for one in os.scandir(folder) if one.name.startswith(_OURS) == ours)
    return sum(one.stat().st_mtime > since for one in mine)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _plain(name: str) -> str:
    """A name as a reader may see it: no folders, no characters that are none."""
    last = PurePath(name.replace("\\", "/")).name
    shown = "".join(one for one in last if one.isprintable()).encode("utf-8", "replace").decode()
    return shown.strip()[-_LONGEST_NAME:] or "file"
