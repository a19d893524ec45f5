"""Word to the agents' group in Telegram that a case waits: its number, reason and urgency, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.error import TelegramError

from bot.bootstrap import Grace
from bot.services.desk.alerts import Alert
from bot.storage.db import StorageError
from bot.web.console.terms import REASONS
from bot.web.console.words import Phrasebook, Words

log = structlog.get_logger()

Send = Callable[[str], Awaitable[None]]
_EVERY = 1.0
_AFTER_FAILURE = 15.0


class Group:
    """Tells the group; `send` posts one message there and raises TelegramError when it cannot."""

    def __init__(self, grace: Grace, send: Send) -> None:
        self.grace = grace
        self.send = send
        settings = grace.kit.settings
        self.words = Words(Phrasebook(grace.kit.texts), settings.default_locale)

    async def run(self) -> None:
        """Look every second, for as long as the app lives."""
        while True:
            await asyncio.sleep(_EVERY if await self.look() else _AFTER_FAILURE)

    async def look(self) -> bool:
        """Tell of what is due; return whether all of it could be told."""
        try:
            due = await asyncio.to_thread(self.grace.alerts.take)
        except StorageError as error:
            log.warning("alerts_wait", error=str(error))
            return False
        for place, alert in enumerate(due):
            try:
                await self.send(self.text(alert))
            except TelegramError as error:
                # Not its words: they may quote what was asked for.
                log.warning("alert_not_sent", case=alert.handoff_id, error=type(error).__name__)
                for left in due[place:]:
                    await asyncio.to_thread(self.grace.alerts.put_back, left)
                return False
        return True

    def text(self, alert: Alert) -> str:
        """Return what the group reads: nothing of it tells whose case it is."""
        source = "Case {number} still waits: {reason} · {priority}"
        if not alert.is_repeated:
            source = "Case {number} waits: {reason} · {priority}"
        return self.words(
            source,
            number=alert.handoff_id,
            reason=self.words.of(REASONS, alert.reason),
            priority=self.words.priority(alert.priority),
        )


def group_of(grace: Grace) -> Group | None:
    """Return the group that the settings name; None when they name none, or no bot that could speak there."""
    settings = grace.kit.settings
    if not settings.alert_chat or settings.telegram_token is None:
        return None
    from bot.channels.telegram_sending import BotApi

    api = BotApi(settings.telegram_token.get_secret_value(), settings.telegram_api_base, 10.0, limited=False)

    async def send(text: str) -> None:
        await api.open()
        await api.call("sendMessage", chat_id=settings.alert_chat, text=text)

    return Group(grace, send)
