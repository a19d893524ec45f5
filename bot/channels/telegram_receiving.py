"""What happens with an update from Telegram: each is stored, or answered, before it may be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram.error import TelegramError

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.channels.telegram_sending import BotApi
from bot.channels.telegram_updates import (
    NAME,
    Closed,
    Event,
    Helped,
    Opened,
    Reopened,
    Said,
    Shared,
    Tapped,
    read,
    update_id,
)
from bot.domain.handoff import HandoffReason
from bot.language.formats import listed
from bot.services.conversation import Incoming
from bot.storage.db import StorageError

log = structlog.get_logger()
_TRIES = 3
_TO_PEOPLE = {
    "utter_identity_short": HandoffReason.IDENTITY,
    "utter_identity_locked": HandoffReason.IDENTITY,
}


class ComesAgain(Exception):
    """An update could not be handled, for a reason that may pass."""


class Inbox:
    """Takes updates one by one; `spawn` runs what nobody needs to wait for."""

    def __init__(
        self, grace: Grace, bot: BotApi, door: Door, spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._grace = grace
        self._bot = bot
        self._door = door
        self._spawn = spawn
        self._tries: dict[int | None, int] = {}

    async def take(self, update: object) -> None:
        """Handle one update; once this returns it need not come again.

        Raises StorageError while nothing can be stored, and ComesAgain for other failures, but not for ever:
        an update that nothing can be done with must not hold up all others.
        """
        number = update_id(update)
        try:
            event = read(update)
            if event is not None:
                await self._handle(event)
        except StorageError:
            raise
        except Exception as error:
            self._tries[number] = self._tries.get(number, 0) + 1
            if self._tries[number] < _TRIES:
                raise ComesAgain(type(error).__name__) from error
            log.error("telegram_update_skipped", update=number, error=error)
        self._tries.pop(number, None)

    async def _handle(self, event: Event) -> None:
        match event:
            case Said():
                for message in event.messages:
                    await self._door.receive(message)
            case Tapped():
                await self._door.tap(NAME, event.address, event.message_id, event.index)
                self._spawn(self._settle_tap(event))
            case Opened():
                await self._open(event)
            case Shared():
                await self._share(event)
            case Helped():
                await self._answer(event.message, "utter_help")
            case Closed():
                await asyncio.to_thread(self._grace.reach.lost, NAME, event.address, "the bot was blocked")
            case Reopened():
                await asyncio.to_thread(self._grace.reach.back, NAME, event.address)

    async def _open(self, event: Opened) -> None:
        """Bind the chat to the link's borrower; a used link in their own chat just opens it again."""
        address = event.message.address
        bound = await asyncio.to_thread(self._grace.links.bind, event.token, NAME, address)
        if bound is None and await self._answer(event.message, "utter_link_used", strangers=True):
            return
        await self._door.receive(event.message)

    async def _share(self, event: Shared) -> None:
        refusal = await asyncio.to_thread(self._check_contact, event)
        if refusal is None:
            await self._door.receive(event.message)
            return
        key, values = refusal
        # Where nothing that could be asked would help, a person does.
        await self._answer(event.message, key, values, handing=_TO_PEOPLE.get(key))

    def _check_contact(self, event: Shared) -> tuple[str, dict[str, str]] | None:
        """Verify by a shared phone number; else return the response, and its values, that asks on."""
        grace = self._grace
        conversation = grace.conversations.ensure(NAME, event.message.address)
        if event.phone is not None and grace.identity.share_phone(conversation, event.phone):
            return None
        if grace.conversations.verified(conversation):
            return "utter_sticker", {}
        barred = grace.identity.barred(conversation)
        if barred is not None:
            return f"utter_identity_{barred}", {}
        facts = grace.identity.missing_facts(conversation)
        if not facts:
            return "utter_welcome_unknown", {}
        _, locale = grace.threads.mode(conversation)
        asked = [grace.kit.texts.render(f"utter_fact_{name}", locale).text for name in facts]
        return "utter_identity_wrong", {"facts": listed(asked, locale)}

    async def _answer(
        self,
        message: Incoming,
        key: str,
        values: dict[str, str] | None = None,
        *,
        strangers: bool = False,
        handing: HandoffReason | None = None,
    ) -> bool:
        answered = await asyncio.to_thread(
            self._grace.conversations.answer, message, key, values, strangers=strangers, handing=handing
        )
        if answered is not None:
            self._spawn(self._door.wake())
        return answered is not None

    async def _settle_tap(self, tap: Tapped) -> None:
        """Stop the button's spinner and take the keyboard away; the tap counts whatever becomes of this."""
        calls: list[tuple[str, dict[str, Any]]] = [("answerCallbackQuery", {"callback_query_id": tap.query})]
        if tap.shown is not None:
            shown = {"chat_id": int(tap.address), "message_id": tap.shown}
            calls.append(("editMessageReplyMarkup", {**shown, "reply_markup": {"inline_keyboard": []}}))
        for method, data in calls:
            try:
                await self._bot.call(method, **data)
            except TelegramError as error:
                log.info("telegram_tap_not_settled", method=method, error=error)
