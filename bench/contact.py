"""Contact decisions a second, beside a bare check of the hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bench import rates
from bot.domain.contact import may_contact
from bot.domain.model import Address, Case, Contact, Purpose
from bot.storage.policies import Policies

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def cases() -> list[rates.Case]:
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


def measure() -> rates.Found:
    """Return checks a second."""
    return rates.measure(cases())


show = rates.show

if __name__ == "__main__":
    show(Console(width=120), measure())
