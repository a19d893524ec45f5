"""Telegram's Bot API, going out: how a message is cut and dressed, how fast it goes, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from aiolimiter import AsyncLimiter
from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot

from bot.channels.channel import Delivery
from bot.channels.telegram_wire import NO_CONNECTION, BrokenAnswer, Wire
from bot.services.outbox import Outgoing

LONGEST = 4096
"""Telegram's limit for one message, in UTF-16 units."""
LONGEST_CAPTION = 1024
"""Its limit for the words under a file."""
SENDING = ("sendMessage", "sendPhoto", "sendDocument")
"""The methods by which something arrives in a chat."""
OVERALL_A_SECOND = 30
CHAT_BURST = 3
"""A chat takes one message a second in the long run, and this many at once."""
LONG_POLL = 30

_CHATS_KEPT = 2000


class _Pace(AIORateLimiter):
    """Adds a pace for each chat to the one for the whole bot.

    It never waits out a flood limit itself: a message that waits that long goes back to the queue.
    """

    def __init__(self) -> None:
        super().__init__(overall_max_rate=OVERALL_A_SECOND, overall_time_period=1, max_retries=0)
        self._chats: dict[int, AsyncLimiter] = {}

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, bool | dict[str, Any] | list[dict[str, Any]]]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> bool | dict[str, Any] | list[dict[str, Any]]:
        """Let a request through when its turn has come."""
        if endpoint in SENDING:
            await self._chat(data["chat_id"]).acquire()
        return await super().process_request(callback, args, kwargs, endpoint, data, rate_limit_args)

    def _chat(self, chat: int) -> AsyncLimiter:
        if len(self._chats) > _CHATS_KEPT:
            self._chats = {key: one for key, one in self._chats.items() if not one.has_capacity(CHAT_BURST)}
        return self._chats.setdefault(chat, AsyncLimiter(CHAT_BURST, CHAT_BURST))


class BotApi(ExtBot[int]):
    """A bot whose answers are taken as they come.

    An answer in which a detail is not as the library expects it must not make a sent message look unsent, or
    one odd update hide all others.
    """

    def __init__(self, token: str, base: str, patience: float, *, limited: bool = True) -> None:
        super().__init__(
            token,
            base_url=f"{base.rstrip('/')}/bot",
            request=Wire(patience),
            get_updates_request=Wire(patience, connections=1),
            rate_limiter=_Pace() if limited else None,
        )

    async def open(self) -> None:
        """Open the clients. Nothing is asked yet: the app starts while Telegram is out of reach."""
        for request in self._request:
            await request.initialize()

    async def release(self) -> None:
        """Close the clients."""
        for request in self._request:
            await request.shutdown()

    async def call(self, method: str, **data: Any) -> Any:
        """Call a method of the Bot API and return its result as it is. Raises TelegramError."""
        try:
            return await self._post(method, data)
        except KeyError:
            raise BrokenAnswer("the answer has no result") from None

    async def updates(self, offset: int | None, kinds: tuple[str, ...]) -> list[object]:
        """Wait for updates from number `offset` on, at most LONG_POLL seconds. Raises TelegramError."""
        data = {"offset": offset, "timeout": LONG_POLL, "allowed_updates": list(kinds)}
        try:
            result = await self._post("getUpdates", data, read_timeout=LONG_POLL + 10)
        except KeyError:
            result = None
        if not isinstance(result, list):
            raise BrokenAnswer("the updates are no list")
        return result


def requests(message: Outgoing, share_contact: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the requests that hand a message over, in order: method and parameters but for the chat.

    A paper goes with its words below it; words too long for that go ahead of it.
    """
    file = message.file
    fits = file is not None and len(message.text.encode("utf-16-le")) // 2 <= LONGEST_CAPTION
    words = [] if fits else [("sendMessage", part) for part in compose(message, share_contact)]
    if file is None:
        return words
    caption = {"caption": message.text} if fits and message.text.strip() else {}
    content = InputFile(file.content, file.name)
    if file.is_image:
        return [*words, ("sendPhoto", {"photo": content, **caption})]
    # Without this Telegram may make something else of a file than what it was sent as.
    kept = {"disable_content_type_detection": True}
    return [*words, ("sendDocument", {"document": content, **caption, **kept})]


def compose(message: Outgoing, share_contact: str) -> list[dict[str, Any]]:
    """Return the parts of a message as Telegram takes them: text, and a keyboard where one belongs.

    A part carries one keyboard. Where a message needs both kinds (identity is confirmed, and here are the
    options), its first paragraph goes ahead with the one and the rest follows with the other.
    """
    below, inline = _reply_keyboard(message, share_contact), _buttons(message)
    head, gap, rest = message.text.partition("\n\n")
    parts = [*split(head), *split(rest)] if below and inline and gap else split(message.text)
    made: list[dict[str, Any]] = [
        {"text": part, "link_preview_options": {"is_disabled": True}} for part in parts
    ]
    if made and below:
        made[0]["reply_markup"] = below
    if made and inline:
        made[-1]["reply_markup"] = inline
    return made


def _reply_keyboard(message: Outgoing, share_contact: str) -> dict[str, Any] | None:
    if message.asks_identity:
        button = {"text": share_contact, "request_contact": True}
        return {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}
    if "utter_identity_done" in (message.template or "").split():
        return {"remove_keyboard": True}
    return None


def _buttons(message: Outgoing) -> dict[str, Any] | None:
    rows = [
        [{"text": button["title"], "callback_data": f"b:{message.id}:{index}"}]
        for index, button in enumerate(message.buttons)
    ]
    return {"inline_keyboard": rows} if rows else None


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text into parts of at most `longest` UTF-16 units: at a line's end, if need be inside it."""
    parts = []
    while len(text.encode("utf-16-le")) // 2 > longest:
        fits = text.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")
        space = fits.rfind(" ")
        at = max(fits.rfind("\n"), 0) or (space if space > len(fits) // 2 else len(fits))
        parts.append(text[:at])
        text = text[at:].lstrip("\n")
    return [part for part in (*parts, text) if part.strip()]


def judge(error: Exception) -> Delivery:
    """Say what became of a message whose request failed.

    `later` only when certainly nothing was handed over; `uncertain` whenever it may have been.
    """
    if isinstance(error, RetryAfter):
        return Delivery("later", "Telegram asks to wait")
    if isinstance(error.__cause__, NO_CONNECTION):
        return Delivery("later", f"no connection: {type(error.__cause__).__name__}")
    if not isinstance(error, TelegramError) or isinstance(error.__cause__, BrokenAnswer):
        # Something between us and Telegram answered, or nobody understandable did.
        return Delivery("uncertain", type(error).__name__)
    if isinstance(error, (InvalidToken, Conflict)):
        return Delivery("later", "Telegram refuses the bot's token")
    if isinstance(error, Forbidden):
        return Delivery("dead", error.message)
    if isinstance(error, BadRequest):
        return Delivery("dead" if "chat not found" in error.message.lower() else "failed", error.message)
    if isinstance(error, ChatMigrated):
        return Delivery("failed", "not a private chat")
    if isinstance(error, NetworkError) and error.__cause__ is None:
        return Delivery("uncertain", error.message)
    return Delivery("uncertain", type(error.__cause__ or error).__name__)


def wait_of(error: RetryAfter) -> float:
    """Return how many seconds Telegram asks to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
