"""Terms as they are written in a locale: every word, amount and date of a paper, before it has a shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from bot.language import formats
from bot.papers.font import printable
from bot.papers.terms import Terms
from bot.papers.words import WORDS, Words

# In the font these are as wide as a Chinese character, which tears words of other languages apart.
_STRAIGHT = {ord(curl): mark for curl, mark in zip("“”‘’", "\"\"''", strict=True)}
_WIDE_QUOTES = ("zh",)

Pair = tuple[str, str]
"""A label and its value, or a heading and its text."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a picture or an agreement shows; every character of it can be drawn."""

    locale: str
    lender: str
    title: str
    intro: str
    facts: tuple[Pair, ...]
    columns: tuple[str, str, str]
    rows: tuple[tuple[str, str, str], ...]
    sums: tuple[Pair, ...]
    sections: tuple[Pair, ...]
    policy: str
    page: str
    """With `{page}` and `{pages}` in it."""

    @property
    def characters(self) -> frozenset[str]:
        """Every character that it shows."""
        return frozenset("".join(_texts(getattr(self, one.name) for one in fields(self))))

    def numbered(self, page: int, pages: int | str) -> str:
        """Return the words that tell which page this is."""
        return self.page.format(page=page, pages=pages)


def picture_sheet(terms: Terms, words: Words) -> Sheet:
    """Write terms for the picture: no name of the borrower, since pictures are seen by others."""
    return _sheet(terms, words, words("picture_title"), ("loan", "plan", "agreed"))


def agreement_sheet(terms: Terms, words: Words) -> Sheet:
    """Write terms for the agreement, both parties named."""
    facts = ("lender", "borrower", "loan", "plan", "agreed", "kind", "settles")
    return _sheet(terms, words, words("agreement_title"), facts)


def _sheet(terms: Terms, words: Words, title: str, names: tuple[str, ...]) -> Sheet:
    locale = words.locale
    agreed = formats.full_day(terms.agreed_on, locale)
    kind = f"kind_{terms.kind}"
    values = {
        "lender": terms.lender,
        "borrower": terms.borrower,
        "loan": terms.loan,
        "plan": str(terms.plan),
        "agreed": agreed,
        "kind": words(kind) if kind in WORDS else "",
        "settles": formats.exact_money(terms.principal, terms.currency, locale),
        "cost": formats.exact_money(terms.cost, terms.currency, locale),
        "rate": "" if terms.rate is None else formats.percent(terms.rate, locale),
        "waived": formats.exact_money(terms.waived, terms.currency, locale) if terms.waived else "",
        "total": formats.exact_money(terms.total, terms.currency, locale),
    }
    sheet = Sheet(
        locale=locale,
        lender=terms.lender,
        title=title,
        intro=words("intro", lender=terms.lender, borrower=terms.borrower, date=agreed),
        facts=_pairs(words, values, names),
        columns=(words("number"), words("date"), words("amount")),
        rows=tuple(
            (
                str(one.number),
                formats.full_day(one.due_on, locale),
                formats.exact_money(one.amount, terms.currency, locale),
            )
            for one in terms.payments
        ),
        sums=_pairs(words, values, ("waived", "cost", "rate", "total")),
        sections=(
            (words("pay_heading"), terms.how_to_pay),
            (words("trouble_heading"), words("trouble", phone=terms.phone)),
            (words("reach_heading"), words("reach", phone=terms.phone)),
        ),
        policy=words("policy", policy=terms.policy_version),
        page=words("page"),
    )
    curls = {} if formats.language_of(locale) in _WIDE_QUOTES else _STRAIGHT
    return replace(sheet, **{one.name: _printable(getattr(sheet, one.name), curls) for one in fields(sheet)})


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        else:
            yield from _texts(value)


def _pairs(words: Words, values: dict[str, str], names: tuple[str, ...]) -> tuple[Pair, ...]:
    return tuple((words(name), values[name]) for name in names if values[name])


def _printable(value: Any, curls: dict[int, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_printable(one, curls) for one in value)
    return " ".join(printable(value).translate(curls).split())
