"""How often something may be agreed on one loan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.domain.model import Refusal
from bot.domain.policy import ProductPolicy


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed on a loan before: plans of any kind in the last 12 months, extensions in five years."""

    plans_12_months: int = 0
    extensions_5_years: int = 0


def repeat_refusals(
    kind: Literal["instalment", "extension"], agreed: Agreed, policy: ProductPolicy
) -> Iterator[Refusal]:
    """Yield every limit on repetition that one more plan of a kind would break."""
    most = policy.eligibility.plans_per_12_months
    if most is not None and agreed.plans_12_months >= most:
        yield Refusal("eligibility.plans_per_12_months", str(most), str(agreed.plans_12_months + 1))
    per_5_years = policy.extension.per_5_years
    if kind == "extension" and agreed.extensions_5_years >= per_5_years:
        yield Refusal("extension.per_5_years", str(per_5_years), str(agreed.extensions_5_years + 1))
