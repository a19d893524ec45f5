"""What a channel is: it brings messages in, takes messages out, and says what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.services.conversation import Incoming, Received
from bot.services.outbox import Outcome, Outgoing


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: `uncertain` when it may have gone out and nobody can know."""

    outcome: Outcome
    detail: str = ""
    wait: float = 0.0
    """How many seconds the channel asks to be left alone by everybody."""


class Door(Protocol):
    """What a channel calls with what it received: the gateway."""

    async def receive(self, incoming: Incoming) -> Received:
        """Store a message; it is safe once this returns. Raises StorageError when it is not."""
        ...

    async def tap(self, channel: str, address: str, message_id: int, index: int) -> Received | None:
        """Take a tapped button; None when there is no such button in that chat."""
        ...

    async def wake(self) -> None:
        """Send what is queued."""
        ...


class Channel(Protocol):
    """One way to reach borrowers."""

    name: str
    replayable: bool
    """True when handing a message over twice shows it once."""
    rate: float | None
    """Messages a second that the channel takes from all processes together; None: as many as come."""
    in_hand: int
    """How many of what the lender starts may be in the channel's hands at once."""
    carries_files: bool
    """False when a message arrives as words alone: papers stay away then."""

    async def start(self, door: Door) -> None:
        """Begin to receive."""
        ...

    async def stop(self) -> None:
        """Stop receiving and release everything."""
        ...

    async def send(self, message: Outgoing) -> Delivery:
        """Hand one message over. Never raises for what the channel or the borrower does."""
        ...


@runtime_checkable
class Stores(Protocol):
    """A channel for which having stored a message is having sent it."""

    def stored(self, conversation_id: str) -> None:
        """Take note that a message of a conversation has been stored, and is so sent."""
        ...
