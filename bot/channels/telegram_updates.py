"""Reads Telegram's updates: what a borrower wrote, tapped, shared or changed. Pure, and never raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.services.conversation import Incoming, Kind

NAME = "telegram"
KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
"""The updates that are asked for; Telegram sends no others then."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w{1,64})?(?:\s+(.*))?", re.DOTALL)
_BUTTON = re.compile(r"b:(\d{1,18}):(\d{1,3})", re.ASCII)
_LANGUAGES = {
    "en": ("en", "english", "英文", "英语"),
    "zh": ("zh", "cn", "chinese", "中文", "汉语", "简体中文"),
}
# An animation also carries a document, for older bots: what cannot be kept is looked for first.
_UNREADABLE = (
    "animation",
    "sticker",
    "voice",
    "audio",
    "video",
    "video_note",
    "location",
    "venue",
    "dice",
    "poll",
    "game",
    "story",
    "paid_media",
    "checklist",
)
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Said:
    """Messages that go to the gateway as they are."""

    messages: tuple[Incoming, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The chat was opened by a personal link."""

    message: Incoming
    token: str


@dataclass(frozen=True, slots=True)
class Helped:
    """Help was asked for by its command."""

    message: Incoming


@dataclass(frozen=True, slots=True)
class Shared:
    """A contact was shared; `phone` only when it is the sender's own, which Telegram vouches for."""

    message: Incoming
    phone: str | None


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button of our message `message_id` was tapped; `query` and `shown` are Telegram's own ids."""

    address: str
    message_id: int
    index: int
    query: str
    shown: int | None


@dataclass(frozen=True, slots=True)
class Closed:
    """The borrower has blocked the bot: nothing can be sent to that chat."""

    address: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """The borrower has let the bot in again."""

    address: str


Event = Said | Opened | Helped | Shared | Tapped | Closed | Reopened


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a message stands: its chat, its number there, who wrote it in which language of the app."""

    address: str
    number: int
    sender: int | None
    language: str | None

    def incoming(
        self,
        text: str,
        kind: Kind = "text",
        *,
        payload: str | None = None,
        attachment: dict[str, Any] | None = None,
        part: str = "",
    ) -> Incoming:
        return Incoming(
            NAME, self.address, f"tg:{self.number}{part}", text, kind, payload, attachment, self.language
        )


def read(update: object) -> Event | None:
    """Return what an update means; None for what is not ours, such as anything outside private chats."""
    if not isinstance(update, dict):
        return None
    if (tap := _map(update, "callback_query")) is not None:
        return _tap(tap)
    if (edited := _map(update, "edited_message")) is not None:
        return _edit(edited)
    if (standing := _map(update, "my_chat_member")) is not None:
        return _standing(standing)
    message = _map(update, "message")
    return None if message is None else _message(message)


def update_id(update: object) -> int | None:
    """Return the number of an update, by which Telegram is told that it need not come again."""
    return _int(update, "update_id") if isinstance(update, dict) else None


def _message(message: Mapping[str, Any]) -> Event | None:
    origin = _origin(message)
    if origin is None:
        return None
    text = _text(message, "text")
    if text is not None:
        return _words(origin, text)
    contact = _map(message, "contact")
    if contact is not None:
        own = origin.sender is not None and _int(contact, "user_id") == origin.sender
        phone = _text(contact, "phone_number") if own else None
        return Shared(
            origin.incoming("", "payload", payload="/present_contact", attachment={"kind": "contact"}), phone
        )
    return _media(origin, message)


def _words(origin: _Origin, text: str) -> Event:
    command = _COMMAND.fullmatch(text.strip())
    name = command[1].lower() if command else ""
    rest = (command[2] or "").strip() if command else ""
    if name == "start":
        # The token stays out of the record: it opens an account.
        opened = origin.incoming("/start", "payload", payload="/start_chat")
        return Opened(opened, rest) if rest else Said((opened,))
    if name == "help":
        return Helped(origin.incoming(text))
    if name == "human":
        return Said((origin.incoming(text, "payload", payload="/ask_human"),))
    if name == "stop":
        return Said((origin.incoming("STOP"),))
    if name == "language":
        wanted = next((key for key, names in _LANGUAGES.items() if rest.casefold() in names), None)
        payload = f'/change_language{{"language": "{wanted}"}}' if wanted else "/change_language"
        return Said((origin.incoming(text, "payload", payload=payload),))
    return Said((origin.incoming(text),))


def _media(origin: _Origin, message: Mapping[str, Any]) -> Event | None:
    """Keep a photo or a document, and read its caption as what it is: a message in words.

    The picture gets its thanks and the words their answer, so a photo with a caption makes two messages. With
    a film or the like only the words count: they were what we would have asked for.
    """
    caption = _text(message, "caption")
    unreadable = next((kind for kind in _UNREADABLE if message.get(kind) is not None), None)
    if unreadable is not None:
        attachment = {"kind": unreadable}
        if caption is None:
            return Said((origin.incoming("", "sticker", attachment=attachment),))
        return Said((origin.incoming(caption, attachment=attachment),))
    kept = _file(message, caption)
    if kept is None:
        return None
    if caption is None:
        return Said((origin.incoming("", "photo", attachment=kept),))
    return Said((origin.incoming("", "photo", attachment=kept, part=":file"), origin.incoming(caption)))


def _file(message: Mapping[str, Any], caption: str | None) -> dict[str, Any] | None:
    sizes = message.get("photo")
    if isinstance(sizes, list) and sizes:
        # Telegram gives a photo in several sizes, the largest last.
        largest = sizes[-1]
        file_id = _text(largest, "file_id") if isinstance(largest, dict) else None
        return {"file_id": file_id, "kind": "photo", "caption": caption}
    document = _map(message, "document")
    if document is not None:
        return {"file_id": _text(document, "file_id"), "kind": "document", "caption": caption}
    return None


def _edit(message: Mapping[str, Any]) -> Event | None:
    """Read an edited message; one without words is a live location that moves, and nothing was said."""
    origin = _origin(message)
    text = _text(message, "text") or _text(message, "caption")
    if origin is None or text is None:
        return None
    return Said((origin.incoming(text, "edit", part=f":edit:{_int(message, 'edit_date') or 0}"),))


def _tap(query: Mapping[str, Any]) -> Event | None:
    message = _map(query, "message")
    button = _BUTTON.fullmatch(_text(query, "data") or "")
    query_id = _text(query, "id")
    address = _private(message) if message is not None else None
    if message is None or button is None or query_id is None or address is None:
        return None
    return Tapped(address, int(button[1]), int(button[2]), query_id, _int(message, "message_id"))


def _standing(change: Mapping[str, Any]) -> Event | None:
    """Read whether the bot may still write to a chat."""
    address, member = _private(change), _map(change, "new_chat_member") or {}
    if address is None:
        return None
    status = member.get("status")
    if status in ("kicked", "left"):
        return Closed(address)
    return Reopened(address) if status == "member" else None


def _origin(message: Mapping[str, Any]) -> _Origin | None:
    address, number = _private(message), _int(message, "message_id")
    if address is None or number is None:
        return None
    sender = _map(message, "from") or {}
    return _Origin(address, number, _int(sender, "id"), _text(sender, "language_code"))


def _private(message: Mapping[str, Any]) -> str | None:
    """Return the chat of a message when it is a private one: what groups read is nobody's debt."""
    chat = _map(message, "chat")
    number = _int(chat, "id") if chat is not None and chat.get("type") == "private" else None
    # No chat has the number 0.
    return str(number) if number else None


def _map(source: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    value = source.get(key)
    return value if isinstance(value, dict) else None


def _int(source: Mapping[str, Any], key: str) -> int | None:
    value = source.get(key)
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    return value if number else None


def _text(source: Mapping[str, Any], key: str) -> str | None:
    """Return a text that says something; half characters, which nothing can store, are replaced."""
    value = source.get(key)
    if not isinstance(value, str) or not value.strip():
        return None
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
