"""The terminal as a channel: the same gateway, services and rules, with a prompt."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot.bootstrap import Grace
from bot.channels.assistant import Assistant
from bot.channels.channel import Delivery
from bot.channels.gateway import Gateway
from bot.channels.webchat import StoredChannel
from bot.services.conversation import Incoming
from bot.services.enclosures import PaperFile
from bot.services.outbox import Outgoing

NAME = "terminal"


class TerminalChannel(StoredChannel):
    """Prints what is sent, saves papers in a folder; a number picks a button of the newest message."""

    def __init__(self, console: Console, folder: Path) -> None:
        super().__init__(NAME)
        self._console = console
        self._folder = folder
        self.newest: Outgoing | None = None

    async def send(self, message: Outgoing) -> Delivery:
        """Print one message with its numbered buttons."""
        who = "agent" if message.initiator == "agent" else "grace"
        self._console.print(f"[bold green]{who}[/] {escape(message.text)}")
        for number, button in enumerate(message.buttons, 1):
            self._console.print(f"      [cyan]\\[{number}][/] {escape(button['title'])}")
        if message.file is not None:
            self._console.print(f"      [cyan]{escape(str(self._saved(message.file)))}[/]", soft_wrap=True)
        self.newest = message
        return Delivery("sent")

    def _saved(self, file: PaperFile) -> Path:
        """Save a paper for its owner alone and return where it is."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / file.name
        path.touch(mode=0o600)
        path.write_bytes(file.content)
        return path


async def talk(grace: Grace, ref: str, *, verified: bool) -> None:
    """Chat as a borrower until end of input. Raises LookupError for an unknown reference."""
    console = Console()
    token = grace.links.issue(ref, NAME)
    grace.links.bind(token, NAME)
    conversation = grace.conversations.ensure(NAME, ref)
    if verified:
        grace.identity.vouch(conversation, "operator")
    assistant = Assistant(grace.kit.settings)
    channel = TerminalChannel(console, grace.kit.settings.state / "papers")
    gateway = Gateway(grace, assistant, {NAME: channel})
    if not await assistant.ready():
        console.print("[yellow]Rasa does not answer yet: start it with `grace serve`. Messages are kept.[/]")
    await gateway.start()
    console.print("[dim]Write as the borrower would; a number picks a button; Ctrl-D ends.[/]")
    try:
        while (text := await asyncio.to_thread(_read)) is not None:
            if not text.strip():
                continue
            if not await _tapped(gateway, channel, ref, text):
                await gateway.receive(Incoming(NAME, ref, f"line:{uuid.uuid4()}", text))
            await gateway.idle()
    finally:
        await gateway.stop()
        await assistant.close()


async def _tapped(gateway: Gateway, channel: TerminalChannel, ref: str, text: str) -> bool:
    newest = channel.newest
    if newest is None or not text.strip().isdigit() or not 1 <= int(text) <= len(newest.buttons):
        return False
    return await gateway.tap(NAME, ref, newest.id, int(text) - 1) is not None


def _read() -> str | None:
    try:
        return input("you   ")
    except EOFError:
        return None
