"""What the two chains hold: the names of an export, in their order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

Chain = Literal["contacts", "events"]
CHAINS: tuple[Chain, ...] = ("contacts", "events")

_LINKS = ("prev_hash", "hash")
FIELDS: dict[Chain, tuple[str, ...]] = {
    "contacts": (
        "at_utc",
        "at_local",
        "timezone",
        "borrower",
        "loans",
        "channel",
        "address_hash",
        "direction",
        "initiator",
        "purpose",
        "step",
        "cycle",
        "template",
        "template_version",
        "variation",
        "locale",
        "text",
        "rule_ids",
        "pack",
        "pack_version",
        "policy_version",
        "outcome",
        "nudge",
        *_LINKS,
    ),
    "events": ("at_utc", "borrower", "loan", "kind", "detail", "cause", "actor", *_LINKS),
}


def chain_of(names: Iterable[str]) -> Chain | None:
    """Return the chain whose records have just these fields, in any order."""
    found = set(names)
    return next((chain for chain in CHAINS if set(FIELDS[chain]) == found), None)


def instant(at: datetime) -> str:
    """Write an instant in UTC, alike from every database."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
