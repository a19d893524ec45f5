"""Signed cookies and links: what they hold, and for how long they are good."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.settings import Settings

CHAT_COOKIE = "grace_chat"


class Sessions:
    """Signs and reads the web chat's session: the address of one borrower's thread."""

    def __init__(self, settings: Settings) -> None:
        self._signer = URLSafeTimedSerializer(settings.signing_secret(), salt="grace-chat")
        self._seconds = settings.session_hours * 3600

    def issue(self, address: str) -> str:
        """Return a cookie for an address."""
        return self._signer.dumps(address)

    def read(self, cookie: str | None) -> str | None:
        """Return the address of a cookie, or None when it is forged, too old or absent."""
        if not cookie:
            return None
        try:
            return str(self._signer.loads(cookie, max_age=self._seconds))
        except BadSignature:
            return None

    @property
    def seconds(self) -> int:
        """How long a session lives."""
        return self._seconds
