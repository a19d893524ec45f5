"""Contact decisions a second, beside a bare check of the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.contact import may_contact
from bot.domain.model import Address, Case, Contact, Purpose
from bot.storage.policies import Policies

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
Bench = tuple[str, str, Callable[[], int], Callable[[], int]]


def cases() -> list[Bench]:
    """Return the benchmark of contact rules."""
    policies = Policies.load(Path("policies"))
    pack = policies.default_pack
    case = Case(
        "Asia/Shanghai",
        Address("webchat", "A", verified=True),
        contacts=[
            Contact("webchat", NOON - timedelta(days=3)),
            Contact("telegram", NOON - timedelta(days=5)),
        ],
    )
    zone = ZoneInfo("Asia/Shanghai")

    def ours() -> int:
        may_contact(case, Purpose.REMINDER, NOON, pack)
        return 1

    def bare() -> int:
        8 <= NOON.astimezone(zone).hour < 22  # noqa: B015
        return 1

    return [("may_contact: every rule of the pack", "the hour alone", ours, bare)]
