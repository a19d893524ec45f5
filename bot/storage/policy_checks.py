"""What no file can tell by itself: whether the channels, products and texts that policies name are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bot.domain.policy import ContactPack, Ladder, ProductPolicy
from bot.storage.policy_files import fault, read

_Place = tuple[Path, tuple[int | str, ...], str]


def check_ladders(folder: Path, packs: Collection[ContactPack]) -> None:
    """Refuse a ladder that names a channel of no pack or a product of no policy. Raises PolicyError."""
    channels = sorted({"letter"} | {name for pack in packs for name in pack.text_channels})
    products = sorted({read(file, ProductPolicy).product for file in folder.glob("*.yml")})
    for file in sorted(folder.glob("ladder/*.yml")):
        ladder = read(file, Ladder)
        for number, step in enumerate(ladder.steps):
            _known(file, ("steps", number, "channels"), step.channels, channels)
            _known(file, ("steps", number, "audience", "products"), step.audience.products, products)
        _known(file, ("receipts",), ladder.receipts, channels)


def check_texts(folder: Path, keys: Collection[str]) -> None:
    """Refuse a ladder or a pack that sends a text which is not there. Raises PolicyError."""
    for file, place, key in _texts(folder):
        if key not in keys:
            raise fault(file, place, f"{key!r} is no response of domain.yml")


def _texts(folder: Path) -> Iterator[_Place]:
    for file in sorted(folder.glob("ladder/*.yml")):
        for number, step in enumerate(read(file, Ladder).steps):
            for field in ("template", "several"):
                key = getattr(step, field)
                if key is not None:
                    yield file, ("steps", number, field), key
    for file in sorted(folder.glob("contact/*.yml")):
        for number, notice in enumerate(read(file, ContactPack).notices):
            yield file, ("notices", number, "template"), notice.template


def _known(file: Path, place: tuple[int | str, ...], named: Collection[str], known: Collection[str]) -> None:
    for name in named:
        if name not in known:
            raise fault(file, place, f"{name!r} is none of {', '.join(known)}")
