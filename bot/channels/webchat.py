"""The web chat as a channel: what is sent is what the page reads from the database."""

from __future__ import annotations

from collections.abc import Callable

from bot.channels.channel import Delivery, Door
from bot.services.outbox import Outgoing

NAME = "webchat"


class StoredChannel:
    """A channel whose reader fetches messages by sequence number: sending is having stored.

    Handing a message over twice shows it once, so nothing is ever uncertain.
    """

    replayable = True
    rate: float | None = None
    in_hand = 200
    carries_files = True

    def __init__(self, name: str = NAME, told: Callable[[str], None] | None = None) -> None:
        """`told` is called with the conversation after each message: who shows it need not wait to look."""
        self.name = name
        self._told = told

    async def start(self, door: Door) -> None:
        """Nothing to begin: pages connect to the app."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, message: Outgoing) -> Delivery:
        """It is sent: the page shows every message of its conversation."""
        self.stored(message.conversation_id)
        return Delivery("sent")

    def stored(self, conversation_id: str) -> None:
        """Tell who shows the conversation."""
        if self._told is not None:
            self._told(conversation_id)
