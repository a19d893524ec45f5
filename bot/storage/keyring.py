"""Keys for what is stored of persons: sealed by AES, opened by whichever key sealed it."""

from __future__ import annotations

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.engine import Dialect

MOST_KEYS = 2
"""How many keys may be known at once; each one more is one more value in every look-up of an address."""
_MARK = "\x02s:"
"""Begins what is sealed; `\\x02p:` begins a plain text that happens to begin like either."""
_PLAIN = "\x02p:"
_NONCE = 12


class SealError(Exception):
    """What is sealed cannot be opened, or a key is no key; the message says how to mend it."""


class _Key:
    """One 256-bit key, from which the keys for sealing and for look-ups are derived."""

    def __init__(self, secret: bytes) -> None:
        self.id = hashlib.sha256(b"grace key" + secret).hexdigest()[:8]
        self.sealing = AESGCM(_derived(secret, b"sealing", 32))
        self.finding = AESSIV(_derived(secret, b"finding", 64))


class Keyring:
    """Seals with its first key and opens with any; without keys everything is stored as it is."""

    def __init__(self, keys: str = "") -> None:
        """`keys`: base64 of 32 bytes each, newest first, by commas. Raises SealError for what is no key."""
        self._keys = [_Key(_decoded(one.strip())) for one in keys.split(",") if one.strip()]
        if len(self._keys) > MOST_KEYS:
            raise SealError(f"GRACE_DATA_KEYS holds {len(self._keys)} keys; {MOST_KEYS} are the most")
        self._by_id = {one.id: one for one in self._keys}

    @property
    def newest(self) -> str | None:
        """The id of the key that seals; None without keys."""
        return self._keys[0].id if self._keys else None

    def seal(self, plain: str, context: str) -> str:
        """Seal a text for a column; two seals of one text differ."""
        if not self._keys:
            return _escaped(plain)
        key, nonce = self._keys[0], os.urandom(_NONCE)
        sealed = key.sealing.encrypt(nonce, plain.encode(), context.encode())
        return f"{_MARK}{key.id}:{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, stored: str, context: str) -> str:
        """Return the text of what `seal` made, or what was stored before there were keys."""
        if not stored.startswith(_MARK):
            return stored.removeprefix(_PLAIN)
        key, sealed = self._parts(stored)
        try:
            return key.sealing.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"a value of {context} was changed after it was sealed") from error

    def seal_alike(self, plain: str, context: str) -> str:
        """Seal a text so that two seals of it are equal, and a column of them can be searched."""
        return self.alike(plain, context)[0]

    def alike(self, plain: str, context: str) -> tuple[str, ...]:
        """Return every form in which a text may stand in a searched column, the newest first."""
        text, beside = plain.encode(), [context.encode()]
        sealed = ((key.id, key.finding.encrypt(text, beside)) for key in self._keys)
        forms = (f"{_MARK}{name}:{urlsafe_b64encode(one).decode()}" for name, one in sealed)
        return (*forms, _escaped(plain))

    def open_alike(self, stored: str, context: str) -> str:
        """Return the text of what `seal_alike` made, or what was stored before there were keys."""
        if not stored.startswith(_MARK):
            return stored.removeprefix(_PLAIN)
        key, sealed = self._parts(stored)
        try:
            return key.finding.decrypt(sealed, [context.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(f"a value of {context} was changed after it was sealed") from error

    def _parts(self, stored: str) -> tuple[_Key, bytes]:
        name, _, rest = stored.removeprefix(_MARK).partition(":")
        key = self._by_id.get(name)
        if key is None:
            raise SealError(f"stored under key {name}, which GRACE_DATA_KEYS does not hold")
        try:
            return key, urlsafe_b64decode(rest)
        except (NotBase64, ValueError) as error:
            raise SealError("a sealed value was cut or changed") from error


def key_of(stored: str) -> str | None:
    """Return the id of the key under which a value is stored; None when it is stored as it is."""
    return stored.removeprefix(_MARK).partition(":")[0] if stored.startswith(_MARK) else None


def new_key() -> str:
    """Return a new random key as the setting holds it."""
    return urlsafe_b64encode(os.urandom(32)).decode()


_NO_KEYS = Keyring()
_RINGS: WeakKeyDictionary[Dialect, Keyring] = WeakKeyDictionary()


def attach(dialect: Dialect, ring: Keyring) -> None:
    """Have the columns of one engine seal and open with a ring."""
    _RINGS[dialect] = ring


def ring_of(dialect: Dialect) -> Keyring:
    """Return the ring of an engine, one without keys where none was attached."""
    return _RINGS.get(dialect, _NO_KEYS)


def _escaped(plain: str) -> str:
    return _PLAIN + plain if plain.startswith((_MARK, _PLAIN)) else plain


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"grace " + purpose).derive(secret)


def _decoded(text: str) -> bytes:
    try:
        secret = urlsafe_b64decode(text)
    except (NotBase64, ValueError) as error:
        raise SealError("GRACE_DATA_KEYS: a key is not base64; `grace keys new` makes one") from error
    if len(secret) != 32:
        raise SealError("GRACE_DATA_KEYS: a key has 32 bytes; `grace keys new` makes one")
    return secret
