"""One way to read a message in the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.language.entities import Context, extract

AT = datetime.fromisoformat("2025-01-15T10:00:00+08:00")


@pytest.fixture
def read() -> Callable[..., list[Any]]:
    """Values of one kind in a message of Wednesday 15 January 2025 at ten in Shanghai, 12,000 owed.

    Instants lose the year and the offset, money the unit of the borrower's own currency.
    """

    def values(kind: str, text: str, currency: str = "CNY", expected: str | None = None) -> list[Any]:
        found = extract(text, Context(AT, "Asia/Shanghai", currency, Decimal(12000), expected))
        shapes = [entity.as_dict()["value"] for entity in found if entity.entity == kind]
        return [_short(shape, currency) if isinstance(shape, dict) else shape for shape in shapes]

    return values


def _short(shape: dict[str, Any], currency: str) -> str:
    """Write a value of several parts in a line: "500..600", "=0.5", "01-16T15:00", "2 week ~" (vague)."""
    if "fraction" in shape:
        main = f"={shape['fraction']}"
    elif "value" in shape:
        main = str(shape["value"])
    else:
        main = f"{shape.get('from', '')}..{shape.get('to', '')}"
    main = main.replace("2025-", "").replace(":00+08:00", "").replace(".00", "")
    grain = shape.get("grain") if shape.get("grain") in ("week", "month", "year") else None
    unit = shape.get("unit") if shape.get("unit") != currency else None
    return " ".join(filter(None, [main, grain, unit, "~" if shape.get("vague") else None]))
