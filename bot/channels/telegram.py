"""Telegram as a channel: an update is stored before it is acknowledged, a message is handed over once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.bootstrap import Grace
from bot.channels.channel import Delivery, Door
from bot.channels.telegram_receiving import ComesAgain, Inbox
from bot.channels.telegram_sending import BotApi, judge, requests, wait_of
from bot.channels.telegram_updates import KINDS, NAME, update_id
from bot.language.formats import language_of
from bot.language.texts import SOURCE_LOCALE, TextError
from bot.observing.masking import Ours
from bot.services.outbox import Outgoing
from bot.storage.db import StorageError

log = structlog.get_logger()

COMMANDS: dict[str, str] = {
    "human": "Talk to a person",
    "language": "中文 / English",
    "help": "What I can do for you",
    "stop": "End these messages",
}
"""The command menu; Chinese stands in the catalogue under the context `telegram`."""

_TOKEN_REFUSED = 30.0
# More than this many at once would wait longer for their turn than a claim on a message lasts.
_MOST_IN_HAND = 300
# So many of these may be reminders: no answer waits behind more than two seconds' worth of them.
_MOST_BULK = 60
_PARTING = 3.0


class TelegramChannel:
    """Receives by polling, or by webhook when a public address is set; sends at Telegram's pace."""

    name = NAME
    replayable = False
    in_hand = _MOST_BULK
    carries_files = True

    def __init__(self, grace: Grace) -> None:
        self.grace = grace
        self.pause, self.longest_pause, self.patience = 1.0, 30.0, 15.0
        self._settings = grace.kit.settings
        self.rate = self._settings.telegram_rate or None
        self._bot: BotApi | None = None
        self._inbox: Inbox | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._offset: int | None = None
        self._in_hand = 0
        self._quiet_until = 0.0
        self.ailment = ""
        """What keeps it from receiving, in a few words; empty while all is well."""

    async def open(self) -> BotApi:
        """Get ready to send, and no more: what a process does that only hands messages over."""
        assert self._settings.telegram_token is not None, "a Telegram channel needs a token"
        token = self._settings.telegram_token.get_secret_value()
        limited = self.rate is not None
        self._bot = BotApi(token, self._settings.telegram_api_base, self.patience, limited=limited)
        await self._bot.open()
        return self._bot

    async def start(self, door: Door) -> None:
        """Begin to receive; while Telegram is out of reach, go on trying."""
        bot = await self.open()
        self._inbox = Inbox(self.grace, bot, door, self._spawn)
        self._spawn(self._run(bot, self._inbox))

    async def stop(self) -> None:
        """Stop receiving, let what is being handed over arrive, close the connections."""
        bot, self._bot, self._inbox = self._bot, None, None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        last = _clock() + _PARTING
        while self._in_hand and _clock() < last:
            await asyncio.sleep(0.05)
        if bot is not None:
            await bot.release()

    async def send(self, message: Outgoing) -> Delivery:
        """Hand one message over, in as many parts as it needs."""
        most = _MOST_BULK if message.in_bulk else _MOST_IN_HAND
        if self._bot is None or self._in_hand >= most or _clock() < self._quiet_until:
            return Delivery("later", "the channel is not free")
        self._in_hand += 1
        try:
            return await self._send(self._bot, message)
        except Exception as error:
            log.error("telegram_send_broke", message=message.id, error=error)
            return Delivery("uncertain", type(error).__name__)
        finally:
            self._in_hand -= 1

    async def _send(self, bot: BotApi, message: Outgoing) -> Delivery:
        share = self.grace.kit.texts.render("utter_button_share_contact", message.locale).text
        parts = requests(message, share)
        if not parts or not message.address.removeprefix("-").isdecimal():
            return Delivery("failed", "no text, or no chat to send it to")
        for number, (method, part) in enumerate(parts, 1):
            try:
                await bot.call(method, chat_id=int(message.address), **part)
            except TelegramError as error:
                self._keep_quiet(error)
                delivery = replace(judge(error), wait=max(self._quiet_until - _clock(), 0.0))
                if number == 1:
                    return delivery
                return Delivery("uncertain", f"part {number} of {len(parts)}: {delivery.detail}")
        return Delivery("sent")

    def _keep_quiet(self, error: TelegramError) -> None:
        """After a refusal that holds for every message, ask nothing for a while."""
        wait = 0.0
        if isinstance(error, RetryAfter):
            wait = wait_of(error)
        elif isinstance(error, InvalidToken):
            wait = _TOKEN_REFUSED
        self._quiet_until = max(self._quiet_until, _clock() + wait)

    async def handle_webhook(self, body: object, secret: str | None) -> int:
        """Take an update that Telegram posted; return the HTTP status: 503 has Telegram send it again."""
        expected = self._secret().encode()
        if not hmac.compare_digest((secret or "").encode("utf-8", "replace"), expected):
            return 403
        if update_id(body) is None:
            return 400
        if self._inbox is None:
            return 503
        try:
            await self._inbox.take(body)
        except (StorageError, ComesAgain) as error:
            log.warning("telegram_update_waits", update=update_id(body), error=error)
            return 503
        return 200

    def _secret(self) -> str:
        """What Telegram shows with each update; when none is set, one that every process derives alike."""
        if self._settings.telegram_webhook_secret is not None:
            return self._settings.telegram_webhook_secret.get_secret_value()
        token = self._settings.telegram_token
        return hashlib.sha256(f"webhook {token.get_secret_value() if token else ''}".encode()).hexdigest()

    async def _run(self, bot: BotApi, inbox: Inbox) -> None:
        """Get ready, then poll for as long as the channel runs. Whatever fails is tried again later."""
        ready, failures = False, 0
        while True:
            try:
                if not ready:
                    await self._get_ready(bot)
                    ready, self.ailment = True, ""
                if self._settings.telegram_webhook_url:
                    return
                await self._poll(bot, inbox)
                failures, self.ailment = 0, ""
            except (TelegramError, StorageError, ComesAgain) as error:
                failures += 1
                await asyncio.sleep(self._pause_after(error, failures))

    async def _get_ready(self, bot: BotApi) -> None:
        url = self._settings.telegram_webhook_url
        if url:
            await bot.call("setWebhook", url=url, secret_token=self._secret(), allowed_updates=list(KINDS))
        else:
            # Telegram refuses to be polled while a webhook is set.
            await bot.call("deleteWebhook")
        self._spawn(self._set_menu(bot))

    async def _set_menu(self, bot: BotApi) -> None:
        """Show the commands in every language; the chat works without them too."""
        texts = self.grace.kit.texts
        try:
            for locale in texts.locales:
                menu = [
                    {"command": name, "description": texts.translate(NAME, words, locale)}
                    for name, words in COMMANDS.items()
                ]
                language = None if locale == SOURCE_LOCALE else language_of(locale)
                await bot.call("setMyCommands", commands=menu, language_code=language)
        except (TelegramError, TextError) as error:
            log.info("telegram_menu_not_set", error=error)

    async def _poll(self, bot: BotApi, inbox: Inbox) -> None:
        """Take one batch. The offset follows what is stored, so that the rest comes again after a failure."""
        began = _clock()
        updates = await bot.updates(self._offset, KINDS)
        for update in updates:
            await inbox.take(update)
            number = update_id(update)
            if number is not None:
                self._offset = number + 1
        if not updates and _clock() - began < 1:
            # A server that does not wait for updates would be asked without pause.
            await asyncio.sleep(min(self.pause, 0.2))

    def _pause_after(self, error: Exception, failures: int) -> float:
        if isinstance(error, RetryAfter):
            return wait_of(error)
        hint = {
            Conflict: "another process polls with this token; one may, or set a webhook for several",
            InvalidToken: "Telegram refuses the token: check GRACE_TELEGRAM_TOKEN",
        }.get(type(error))
        self.ailment = hint or f"does not answer: {type(error).__name__}"
        if hint:
            log.error("telegram_cannot_receive", hint=Ours(hint))
        else:
            log.warning("telegram_waits", error=error, failures=failures)
        return min(self.longest_pause, self.pause * 2.0 ** min(failures - 1, 10)) * random.uniform(0.5, 1)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("telegram_task_broke", error=error)


def _clock() -> float:
    return asyncio.get_running_loop().time()
