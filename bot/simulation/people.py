"""Draws the borrowers of a portfolio and their loan book: the same ones for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from bot.domain.schedules import add_months
from bot.simulation.mix import Act, Mix, Persona

T = TypeVar("T")

_SPAN = float(1 << 64)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = "伟芳娜敏静强磊洋勇杰涛超霞平刚辉玲燕文宇"
_FIRST = [
    "Amelia",
    "Noah",
    "Priya",
    "Lucas",
    "Hannah",
    "Omar",
    "Grace",
    "Diego",
    "Zara",
    "Felix",
    "Ingrid",
    "Samuel",
    "Keiko",
    "Nadia",
    "Arjun",
    "Ruby",
]
_LAST = [
    "Bennett",
    "Khan",
    "Rossi",
    "Patel",
    "Novak",
    "Walsh",
    "Mensah",
    "Brooks",
    "Tanaka",
    "Larsen",
    "Iyer",
    "Castillo",
    "Doyle",
    "Okafor",
]


@dataclass(frozen=True)
class Place:
    """Where the borrowers of a pack live: the loans they may have, what they owe, zones by weight."""

    pack: str
    products: tuple[str, ...]
    currency: str
    country: str
    zones: tuple[tuple[str, float], ...]
    away: tuple[tuple[str, str], ...]
    amounts: tuple[int, int]
    locales: tuple[tuple[str, float], ...]


PLACES = {
    "cn": Place(
        "cn",
        ("consumer-cn", "card-cn"),
        "CNY",
        "CN",
        (("Asia/Shanghai", 94), ("Asia/Urumqi", 6)),
        (("Europe/London", "GB"), ("America/Los_Angeles", "US"), ("Asia/Tokyo", "JP")),
        (200, 6000),
        (("zh_CN", 85), ("en", 15)),
    ),
    "us-regf": Place(
        "us-regf",
        ("loan-us",),
        "USD",
        "US",
        (
            ("America/New_York", 47),
            ("America/Chicago", 29),
            ("America/Denver", 7),
            ("America/Los_Angeles", 17),
        ),
        (("Pacific/Honolulu", "US"), ("Asia/Shanghai", "CN"), ("Europe/London", "GB")),
        (40, 900),
        (("en", 95), ("zh_CN", 5)),
    ),
    "uk-conc": Place(
        "uk-conc",
        ("loan-gb",),
        "GBP",
        "GB",
        (("Europe/London", 100),),
        (("Europe/Madrid", "ES"), ("Australia/Sydney", "AU"), ("America/New_York", "US")),
        (30, 700),
        (("en", 95), ("zh_CN", 5)),
    ),
    "in-rbi": Place(
        "in-rbi",
        ("loan-in",),
        "INR",
        "IN",
        (("Asia/Kolkata", 100),),
        (("Asia/Dubai", "AE"), ("Asia/Singapore", "SG"), ("Europe/London", "GB")),
        (900, 25000),
        (("en", 100),),
    ),
}
"""The made-up market of each pack."""


@dataclass(slots=True)
class Debt:
    """One loan: its due items as (due day, amount in minor units of the currency, interest of it)."""

    ref: str
    product: str
    items: tuple[tuple[date, int, int], ...]


@dataclass(slots=True)
class Person:
    """A borrower: what the book says, and what only the simulation knows."""

    seed: str
    ref: str
    persona: Persona
    name: str
    phone: str
    birth_date: date
    locale: str
    timezone: str
    country: str
    grade: str
    telegram: str
    webchat: bool
    verified: bool
    debts: tuple[Debt, ...]
    heard: int = 0
    said: int = 0
    done: set[Act] = field(default_factory=set)
    gone: str = ""
    """The address that takes no message any more, since the number was changed."""

    def draw(self, *key: object) -> float:
        """Return a number from 0 up to 1 that depends on the seed, the borrower and the key alone."""
        text = "/".join((self.seed, self.ref, *map(str, key)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / _SPAN

    def between(self, low: float, high: float, *key: object) -> float:
        """Return a number between two others, evenly."""
        return low + (high - low) * self.draw(*key)

    def choose(self, weighted: Sequence[tuple[T, float]], *key: object) -> T:
        """Return one of some things by weight."""
        return pick(weighted, self.draw(*key))

    @property
    def facts(self) -> str:
        """What proves who writes."""
        return f"{self.birth_date.isoformat()} {self.phone[-4:]}"


def pick(weighted: Sequence[tuple[T, float]], at: float) -> T:
    """Return the thing that stands at a place, from 0 up to 1, of the weights laid end to end."""
    rest = at * sum(weight for _, weight in weighted)
    for one, weight in weighted:
        rest -= weight
        if rest < 0:
            return one
    return weighted[-1][0]


def people(mix: Mix, place: Place, seed: int, first: int, loans: int, start: date, days: int) -> list[Person]:
    """Draw borrowers, numbered from `first`, who have `loans` loans in all; `start` is the first day."""
    found: list[Person] = []
    left, number = loans, first
    while left:
        person = _person(mix, place, str(seed), number)
        count = 2 if left > 1 and person.draw("second") < mix.second_loan else 1
        person.debts = tuple(_debt(person, place, one, start, days) for one in range(1, count + 1))
        found.append(person)
        left, number = left - count, number + 1
    return found


def _person(mix: Mix, place: Place, seed: str, number: int) -> Person:
    person = Person(
        seed,
        f"S{number:07d}",
        mix.personas[0],
        name="",
        phone=f"19{number:09d}",
        birth_date=date(1960, 1, 1),
        locale="en",
        timezone="",
        country=place.country,
        grade="",
        telegram=str(700_000_000 + number),
        webchat=False,
        verified=False,
        debts=(),
    )
    person.persona = person.choose([(one, one.share) for one in mix.personas], "persona")
    person.locale = person.choose(place.locales, "locale")
    person.name = _name(person)
    person.birth_date += timedelta(days=int(person.between(0, 45 * 365, "born")))
    person.timezone = person.choose(place.zones, "zone")
    person.grade = person.choose([("A", 3), ("B", 4), ("C", 2), ("D", 1)], "grade")
    person.webchat = person.draw("webchat") < 0.6
    person.verified = person.draw("verified") < mix.verified
    return person


def _name(person: Person) -> str:
    if person.locale == "zh_CN":
        return "".join(person.choose([(one, 1) for one in part], part) for part in (_SURNAMES, _GIVEN))
    return " ".join(person.choose([(one, 1) for one in part], part[0]) for part in (_FIRST, _LAST))


def _debt(person: Person, place: Place, number: int, start: date, days: int) -> Debt:
    low, high = place.amounts
    # Smaller sums are more frequent than large ones.
    major = low + (high - low) * person.draw("amount", number) ** 2
    amount = int(major * 100)
    first = start + timedelta(days=int(person.between(0, min(35, days), "due", number)))
    count = 1 + int(person.between(0, 3, "items", number))
    items = tuple((add_months(first, month), amount, amount * 4 // 100) for month in range(count))
    product = person.choose([(one, 1) for one in place.products], "product", number)
    return Debt(f"L{person.ref[1:]}-{number}", product, items)


COLUMNS = (
    *("borrower_ref", "name", "phone", "birth_date", "id_last4", "locale", "timezone", "country", "loan_ref"),
    *("product", "opened_on", "principal", "due_number", "due_on", "due_principal", "due_interest"),
    *("due_fee", "telegram_chat", "webchat", "grade"),
)
"""The columns of the loan book that a simulation writes."""


def book_rows(persons: Sequence[Person]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the loan book: one a due item, columns as in COLUMNS."""
    for person in persons:
        for debt in person.debts:
            principal = sum(amount - interest for _, amount, interest in debt.items)
            opened = add_months(debt.items[0][0], -1)
            for number, (due_on, amount, interest) in enumerate(debt.items, 1):
                yield (
                    person.ref,
                    person.name,
                    person.phone,
                    person.birth_date.isoformat(),
                    "",
                    person.locale,
                    person.timezone,
                    person.country,
                    debt.ref,
                    debt.product,
                    opened.isoformat(),
                    major(principal),
                    str(number),
                    due_on.isoformat(),
                    major(amount - interest),
                    major(interest),
                    "0",
                    person.telegram,
                    "yes" if person.webchat else "no",
                    person.grade,
                )


def major(minor: int) -> str:
    """Write minor units of a currency with two decimals."""
    return f"{minor // 100}.{minor % 100:02d}"
