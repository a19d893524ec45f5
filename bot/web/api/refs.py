"""Opaque references: what a program names a case by tells nothing, and cannot be counted up."""

from __future__ import annotations

from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Kind = Literal["ho", "ap", "co"]


class Refs:
    """Turns ids into references and back, by the app's own secret."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESSIV(HKDF(SHA256(), 64, salt=None, info=b"grace refs").derive(secret.encode()))

    def of(self, kind: Kind, number: int) -> str:
        """Return the reference of a row; the same each time."""
        sealed = self._cipher.encrypt(number.to_bytes(8, "big"), [kind.encode()])
        return f"{kind}_{b32encode(sealed).decode().rstrip('=').lower()}"

    def id(self, kind: Kind, ref: str) -> int | None:
        """Return the id of a reference; None for what was never one of this kind."""
        start = f"{kind}_"
        if not ref.startswith(start) or len(ref) > 80 or not ref.isascii():
            return None
        text = ref.removeprefix(start).upper()
        try:
            sealed = b32decode(text + "=" * (-len(text) % 8))
            return int.from_bytes(self._cipher.decrypt(sealed, [kind.encode()]), "big")
        except (NotBase32, InvalidTag, ValueError):
            return None
