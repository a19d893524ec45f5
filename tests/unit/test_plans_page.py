"""docs/plans.md: every shipped policy has a worked example, and it is what the code computes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from bot.cli.offers import wish_of
from bot.domain.counter import Circumstances, counter
from bot.domain.model import Due, Loan
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.domain.policy import KINDS, Frequency
from bot.storage.policies import Policies

HOME = Path(__file__).parents[2]
_HEAD = re.compile(r"### `([\w-]+)`: (\S+) ([A-Z]{3}) on (\S+), (\d+) (\w+)\n(.*?)(?=\n###|\Z)", re.DOTALL)
_ROW = re.compile(r"^\| (\d+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
_END = re.compile(r"^Cost (.+), in all (.+), effective (\S+) % a year\.$", re.MULTILINE)
_KIND = re.compile(
    r"### `([\w-]+)`: (\S+) ([A-Z]{3}) on (\S+)( in hardship)?(?: with (\S+) fees and (\S+) interest)?"
    r", wished: ([^\n]+)\n(.*?)(?=\n##|\Z)",
    re.DOTALL,
)
_KIND_END = re.compile(r"^Cost (.+), waived (.+), in all (.+), effective (\S+) % a year\.$", re.MULTILINE)
KINDS_SHOWN = {one[7]: one for one in _KIND.findall((HOME / "docs/plans.md").read_text("utf-8"))}
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


def test_every_kind_of_arrangement_has_an_example() -> None:
    rules = Policies.load(HOME / "policies").products()[0]
    kinds = {wish_of(text, "", rules).sort for text in KINDS_SHOWN}
    assert kinds | {"instalment"} == set(KINDS)


@pytest.mark.parametrize("wished", KINDS_SHOWN)
def test_the_example_of_a_kind_is_what_is_computed(wished: str) -> None:
    product, amount, currency, on, hard, fees, interest, _, text = KINDS_SHOWN[wished]
    today, zero = date.fromisoformat(on), Money(0, currency)
    fee, more = (Money.of(one or "0", currency) for one in (fees, interest))
    due = Due(1, today, Money.of(amount, currency) - fee - more, more, fee, zero)
    loan = Loan(1, "L1", product, currency, (due,))
    policy = Policies.load(HOME / "policies").product(product, today)
    answer = counter(loan, policy, wish_of(wished, "", policy), Circumstances(today, hardship=bool(hard)))
    option = answer.option
    assert option is not None
    assert _ROW.findall(text) == [
        (str(item.number), item.due_on.isoformat(), str(item.amount.amount)) for item in option.schedule
    ]
    said = (str(option.cost), str(option.waived), str(option.total), str(option.annual_rate(today)))
    assert _KIND_END.findall(text) == [said]
