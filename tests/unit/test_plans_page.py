"""docs/plans.md: every shipped policy has a worked example, and it is what the code computes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from bot.domain.counter import Circumstances, counter
from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.domain.policy import Frequency
from bot.storage.policies import Policies

HOME = Path(__file__).parents[2]
_HEAD = re.compile(r"### `([\w-]+)`: (\S+) ([A-Z]{3}) on (\S+), (\d+) (\w+)\n(.*?)(?=\n###|\Z)", re.DOTALL)
_ROW = re.compile(r"^\| (\d+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
_END = re.compile(r"^Cost (.+), in all (.+), effective (\S+) % a year\.$", re.MULTILINE)
EXAMPLES = {one[0]: one for one in _HEAD.findall((HOME / "docs/plans.md").read_text("utf-8"))}


def test_every_shipped_product_has_an_example() -> None:
    assert set(EXAMPLES) == {file.stem for file in (HOME / "policies").glob("*.yml")}


@pytest.mark.parametrize("product", EXAMPLES)
def test_the_example_is_what_is_computed(product: str) -> None:
    _, amount, currency, on, count, often, text = EXAMPLES[product]
    today, money, zero = date.fromisoformat(on), Money.of(amount, currency), Money(0, currency)
    loan = Loan(1, "L1", product, currency, (Due(1, today, money, zero, zero, zero),))
    policy = Policies.load(HOME / "policies").product(product, today)
    frequency = next(one for one in get_args(Frequency) if one == often)
    wish = Wish(kind="instalment", count=int(count), frequency=frequency)
    answer = counter(loan, policy, wish, Circumstances(today))
    assert answer.verdict == "accept"
    assert answer.option is not None
    assert _ROW.findall(text) == [
        (str(item.number), item.due_on.isoformat(), str(item.amount.amount))
        for item in answer.option.schedule
    ]
    option = answer.option
    assert _END.findall(text) == [(str(option.cost), str(option.total), str(option.annual_rate(today)))]
