"""The web chat as a channel: what is sent is what the page reads from the database."""

from __future__ import annotations

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

    def __init__(self, name: str = NAME) -> None:
        self.name = name

    async def start(self, door: Door) -> None:
        """Nothing to begin: pages connect to the app."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, message: Outgoing) -> Delivery:
        """It is sent: the page shows every message of its conversation."""
        return Delivery("sent")
