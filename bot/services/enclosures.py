"""What a message says of the paper that it carries, and what is handed over with a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TYPES = {"picture": "image/png", "calendar": "text/calendar", "agreement": "application/pdf"}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What a message says of the paper that it carries; `page` counts a picture's pages from 1."""

    plan: int
    kind: str
    page: int
    name: str
    alt: str

    @property
    def type(self) -> str:
        """The media type."""
        return _TYPES[self.kind]

    @property
    def is_image(self) -> bool:
        """True for what is shown, false for what is saved."""
        return self.kind == "picture"


@dataclass(frozen=True, slots=True)
class PaperFile:
    """A paper, or a file from an agent, with its content."""

    name: str
    type: str
    alt: str
    content: bytes

    @property
    def is_image(self) -> bool:
        """True for what is shown, false for what is saved."""
        return self.type.startswith("image/")


def paper_of(payload: Mapping[str, Any] | None) -> Enclosure | None:
    """Return what a message's payload says of its paper; None when it carries none."""
    carried = (payload or {}).get("paper")
    return None if carried is None else Enclosure(**{key: carried[key] for key in Enclosure.__slots__})
