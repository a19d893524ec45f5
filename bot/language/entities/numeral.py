"""A number found in a message."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number, or a range where `low` < `high`, at a half-open span of the folded text.

    `scale` is the unit said last (3k: 1000, 五百: 100, 15: 1); `grouped`: written as amounts are (1,200,
    9.50, two hundred and five); `arabic`: in figures; `vague`: "a few", 多 or 来; `told`: named in parts,
    "one fifty".
    """

    start: int
    end: int
    low: Decimal
    high: Decimal
    vague: bool = False
    scale: int = 1
    arabic: bool = False
    grouped: bool = False
    told: bool = False

    @property
    def single(self) -> bool:
        """One number rather than a range."""
        return self.low == self.high

    @property
    def whole(self) -> int | None:
        """The number as an int, if it is one whole number."""
        return int(self.low) if self.single and self.low == self.low.to_integral_value() else None
