"""Signed cookies and links: what they hold, and for how long they are good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.settings import Settings

CHAT_COOKIE = "grace_chat"


@dataclass(frozen=True, slots=True)
class Session:
    """A page's session: the address of its thread, and for how many seconds it is still good."""

    address: str
    left: float


class Sessions:
    """Signs and reads the web chat's session: the address of one borrower's thread."""

    def __init__(self, settings: Settings) -> None:
        self._signer = URLSafeTimedSerializer(settings.signing_secret(), salt="grace-chat")
        self._seconds = settings.session_hours * 3600

    def issue(self, address: str) -> str:
        """Return a cookie for an address."""
        return self._signer.dumps(address)

    def open(self, cookie: str | None) -> Session | None:
        """Return the session of a cookie, or None when it is forged, too old or absent."""
        if not cookie:
            return None
        try:
            address, since = self._signer.loads(cookie, max_age=self._seconds, return_timestamp=True)
        except BadSignature:
            return None
        # The signer counts whole seconds; a session ends when its line is cut, not up to a second later.
        left = self._seconds - (datetime.now(UTC) - since).total_seconds()
        return Session(str(address), left) if left > 0 else None

    def read(self, cookie: str | None) -> str | None:
        """Return the address of a cookie, or None."""
        session = self.open(cookie)
        return None if session is None else session.address

    @property
    def seconds(self) -> int:
        """How long a session lives."""
        return self._seconds


class PaperLinks:
    """Signs and reads the addresses of papers and files: each names one message of one conversation.

    A link opens nothing by itself: it takes the session of its conversation, and lasts no longer than one.
    """

    def __init__(self, settings: Settings) -> None:
        self._signer = URLSafeTimedSerializer(settings.signing_secret(), salt="grace-paper")
        self._seconds = settings.session_hours * 3600

    def issue(self, conversation: str, message: int, kind: Literal["paper", "file"] = "paper") -> str:
        """Return the path of a paper, or of a file from staff, on the chat page's own host."""
        return f"/chat/{kind}/{self._signer.dumps([conversation, message])}"

    def read(self, token: str) -> tuple[str, int] | None:
        """Return conversation and message of a link, or None when it is forged or too old."""
        try:
            conversation, message = self._signer.loads(token, max_age=self._seconds)
        except BadSignature:
            return None
        return str(conversation), int(message)
