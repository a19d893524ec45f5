"""Writes the sample loan book: `python examples/make_book.py [folder]`. The same people and sums each time.

Everybody in it is invented. All days are set around 2026-03-02, the morning on which the demo takes place.
"""

from __future__ import annotations

import calendar
import csv
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from pathlib import Path

TODAY = date(2026, 3, 2)
BORROWERS = 200
ENGLISH = 50
PRODUCT, CURRENCY = "consumer-cn", "CNY"
CHINA = timezone(timedelta(hours=8))
CENT = Decimal("0.01")

# How many borrowers stand where on that morning: days from the oldest unpaid due date to it (first, last).
STANDINGS: tuple[tuple[int, int, int], ...] = (
    (45, -25, -4),
    (14, -3, -3),
    (6, -2, -2),
    (12, -1, -1),
    (14, 0, 0),
    (12, 1, 1),
    (6, 2, 2),
    (12, 3, 3),
    (8, 4, 6),
    (12, 7, 7),
    (8, 8, 14),
    (9, 15, 15),
    (9, 16, 29),
    (8, 30, 30),
    (7, 31, 59),
    (7, 60, 60),
    (3, 61, 80),
)

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁"
GIVEN = (
    "伟 芳 娜 敏 静 强 磊 洋 勇 杰 涛 超 霞 平 刚 辉 玲 桂英 建国 志强 晓燕 雨桐 子涵 思远 欣怡 浩然 "
    "佳琪 梦瑶 俊杰 文博 嘉豪 海燕 丽华 国栋 春梅 秀兰 红梅 宇航 一鸣 若曦 诗涵 天佑 婷婷 晨曦 立新 "
    "永康 小龙 淑珍 振华 乐怡 启明"
)
FIRST_NAMES = (
    "Oliver Amelia George Isla Harry Ava Noah Mia Jack Grace Leo Freya Oscar Lily Theo Ruby Daniel Sofia "
    "Samuel Hannah Lucas Priya Ethan Chloe Nathan Zara Victor Elena Marcus Nadia Felix Ingrid Aaron Keiko "
    "Ibrahim Paula"
)
LAST_NAMES = (
    "Bennett Hughes Walsh Turner Fletcher Novak Mensah Khan Dubois Rossi Larsen Murphy Sinclair Adeyemi "
    "Castillo Fischer Patel Brooks Kowalski Mercer Lindqvist Hassan Ferreira Doyle Whitaker Tanaka Abbott "
    "Moreau Nguyen Ross"
)

LOAN_COLUMNS = (
    *("borrower_ref", "name", "phone", "birth_date", "id_last4", "locale", "timezone", "night_consent"),
    *("exempt", "loan_ref", "product", "opened_on", "principal", "due_number", "due_on", "due_principal"),
    *("due_interest", "due_fee", "telegram_chat", "webchat", "email", "sms"),
)
PAYMENT_COLUMNS = ("payment_ref", "loan_ref", "amount", "currency", "paid_at")


@dataclass(frozen=True)
class Person:
    """A borrower as the book names them."""

    ref: str
    name: str
    phone: str
    birth_date: date
    id_last4: str
    locale: str
    timezone: str = "Asia/Shanghai"
    night_consent: str = ""
    exempt: str = ""
    email: str = ""


@dataclass(frozen=True)
class Item:
    """One due item."""

    number: int
    due_on: date
    principal: Decimal
    interest: Decimal
    fee: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        """What it asks in all."""
        return self.principal + self.interest + self.fee


@dataclass(frozen=True)
class Loan:
    """A loan: its items, how many of them are paid, and what was paid on the next one."""

    ref: str
    person: Person
    items: tuple[Item, ...]
    paid: int
    part: Decimal = Decimal(0)

    @property
    def opened_on(self) -> date:
        """A month before the first due date."""
        return add_months(self.items[0].due_on, -1)


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def demo_people() -> list[tuple[Person, date, int, Item]]:
    """Return the five borrowers of the demo: with the day, the count and the model of their due items."""
    zh, en = "zh_CN", "en"

    def due(day: date, count: int, principal: str, interest: str, fee: str = "0") -> tuple[date, int, Item]:
        return day, count, Item(3, day, Decimal(principal), Decimal(interest), Decimal(fee))

    chen = Person("B0001", "陈立", "19900005678", date(1990, 5, 12), "301X", zh)
    okafor = Person("B0002", "James Okafor", "19900002244", date(1988, 11, 3), "4417", en)
    wang = Person("B0003", "王敏", "19900003092", date(1985, 8, 24), "2926", zh)
    liu = Person("B0004", "刘洋", "19900007316", date(1996, 2, 7), "0738", zh)
    carter = Person("B0005", "Emily Carter", "19900004851", date(1993, 6, 30), "5164", en)
    return [
        (chen, *due(date(2026, 2, 23), 6, "2880.00", "120.00")),
        (okafor, *due(date(2026, 2, 27), 6, "1740.00", "60.00")),
        (wang, *due(date(2026, 2, 15), 9, "2480.00", "104.00", "16.00")),
        (liu, *due(date(2026, 3, 1), 6, "1230.00", "50.00")),
        (carter, *due(date(2026, 3, 2), 6, "915.00", "35.00")),
    ]


def demo_loans() -> Iterator[Loan]:
    """Yield the demo borrowers' loans: equal items, two of them paid, the third is the one due."""
    for person, day, count, model in demo_people():
        items = tuple(
            replace(
                model,
                number=number,
                due_on=add_months(day, number - model.number),
                fee=model.fee if number == model.number else Decimal(0),
            )
            for number in range(1, count + 1)
        )
        yield Loan(f"L{person.ref[1:]}-1", person, items, paid=2)


def people(dice: random.Random, taken: Iterable[Person]) -> Iterator[Person]:
    """Yield the other borrowers: no name, phone or reference twice."""
    taken = list(taken)
    names = {person.name for person in taken}
    tails = {person.phone[-4:] for person in taken}
    english = set(dice.sample(range(len(taken) + 1, BORROWERS + 1), ENGLISH - 2))
    for number in range(len(taken) + 1, BORROWERS + 1):
        locale = "en" if number in english else "zh_CN"
        name = _fresh(names, partial(_name, dice, locale))
        tail = _fresh(tails, lambda: f"{dice.randrange(10000):04d}")
        yield Person(
            ref=f"B{number:04d}",
            name=name,
            phone=f"1990000{tail}",
            birth_date=date(1962, 1, 1) + timedelta(days=dice.randrange(42 * 365)),
            id_last4=f"{dice.randrange(1000):03d}{dice.choice('0123456789X')}",
            locale=locale,
            timezone=_zone(dice, locale),
            night_consent="yes" if number % 67 == 0 else "",
            exempt="yes" if number % 90 == 0 else "",
            email=f"b{number:04d}@example.com" if number % 4 == 0 else "",
        )


def _fresh(used: set[str], draw: Callable[[], str]) -> str:
    """Draw until something comes that was not used before."""
    while (found := draw()) in used:
        pass
    used.add(found)
    return found


def _name(dice: random.Random, locale: str) -> str:
    if locale == "en":
        return f"{dice.choice(FIRST_NAMES.split())} {dice.choice(LAST_NAMES.split())}"
    return dice.choice(SURNAMES) + dice.choice(GIVEN.split())


def _zone(dice: random.Random, locale: str) -> str:
    china, others = "Asia/Shanghai", ("Europe/London", "America/New_York")
    if locale == "en":
        return dice.choices((china, *others), weights=(38, 6, 5))[0]
    return dice.choices((china, "Asia/Urumqi"), weights=(19, 1))[0]


def standings(dice: random.Random, count: int) -> list[int | None]:
    """Return days past due for `count` borrowers in random order; None for those who have paid all."""
    days: list[int | None] = [dice.randint(a, b) for many, a, b in STANDINGS for _ in range(many)]
    days += [None] * (count - len(days))
    dice.shuffle(days)
    return days


def loan(dice: random.Random, ref: str, person: Person, days: int | None) -> Loan:
    """Make a loan whose oldest unpaid item is due `days` before the demo's day; all is paid when None."""
    count = dice.randint(3, 12)
    paid = count if days is None else dice.randrange(count)
    # Where all is paid, the last item was due in the past weeks.
    anchor = TODAY - timedelta(days=dice.randint(5, 40) if days is None else days)
    unpaid = min(paid, count - 1)
    principal = Decimal(dice.randrange(6, 101) * 500)
    rate = Decimal(dice.choice(("0.098", "0.12", "0.144", "0.168")))
    each = (principal / count).quantize(CENT, ROUND_HALF_EVEN)
    items = []
    for index in range(count):
        left = principal - each * index
        items.append(
            Item(
                number=index + 1,
                due_on=add_months(anchor, index - unpaid),
                principal=each if index + 1 < count else left,
                interest=(left * rate / 12).quantize(CENT, ROUND_HALF_EVEN),
            )
        )
    part = Decimal(0)
    if days is not None and days >= 15:
        late = (each * days * Decimal("0.0003")).quantize(CENT, ROUND_HALF_EVEN)
        items[unpaid] = replace(items[unpaid], fee=late)
    if days is not None and days > 0 and dice.random() < 0.12:
        part = (items[unpaid].amount * Decimal(dice.choice(("0.2", "0.35", "0.5")))).quantize(Decimal(10))
    return Loan(ref, person, tuple(items), paid, part)


def book() -> list[Loan]:
    """Return all loans: the demo's first, then one or two for everybody else."""
    dice = random.Random(20260302)
    loans = list(demo_loans())
    others = list(people(dice, [one.person for one in loans]))
    for person, days in zip(others, standings(dice, len(others)), strict=True):
        loans.append(loan(dice, f"L{person.ref[1:]}-1", person, days))
        if dice.random() < 0.25:
            # A second loan stands well, so that the first one is what reminders are about.
            second = None if dice.random() < 0.2 else -dice.randint(4, 25)
            loans.append(loan(dice, f"L{person.ref[1:]}-2", person, second))
    return loans


def loan_rows(loans: Iterable[Loan]) -> Iterator[Mapping[str, object]]:
    """Yield one row for each due item."""
    for one in loans:
        person = one.person
        for item in one.items:
            yield {
                "borrower_ref": person.ref,
                "name": person.name,
                "phone": person.phone,
                "birth_date": person.birth_date,
                "id_last4": person.id_last4,
                "locale": person.locale,
                "timezone": person.timezone,
                "night_consent": person.night_consent,
                "exempt": person.exempt,
                "loan_ref": one.ref,
                "product": PRODUCT,
                "opened_on": one.opened_on,
                "principal": f"{sum(due.principal for due in one.items):.2f}",
                "due_number": item.number,
                "due_on": item.due_on,
                "due_principal": f"{item.principal:.2f}",
                "due_interest": f"{item.interest:.2f}",
                "due_fee": f"{item.fee:.2f}",
                "webchat": "yes",
                "email": person.email,
            }


def payment_rows(loans: Iterable[Loan]) -> list[Mapping[str, object]]:
    """Return the payments in the order of their days: each paid item in full, a part of some others."""
    dice = random.Random(20260301)
    made: list[tuple[date, str, Decimal]] = []
    for one in loans:
        for item in one.items[: one.paid]:
            made.append((item.due_on + timedelta(days=dice.randint(-4, 3)), one.ref, item.amount))
        if one.part:
            due_on = one.items[one.paid].due_on
            made.append((due_on + timedelta(days=dice.randint(0, 9)), one.ref, one.part))
    made = sorted((min(day, TODAY - timedelta(days=1)), ref, amount) for day, ref, amount in made)
    return [
        {
            "payment_ref": f"P{number:06d}",
            "loan_ref": ref,
            "amount": f"{amount:.2f}",
            "currency": CURRENCY,
            "paid_at": _paid_at(dice, day),
        }
        for number, (day, ref, amount) in enumerate(made, 1)
    ]


def _paid_at(dice: random.Random, day: date) -> str:
    """Write most payments with their instant, some with their day alone."""
    if dice.random() < 0.1:
        return day.isoformat()
    seconds = dice.randrange(8 * 3600, 21 * 3600)
    return (datetime.combine(day, time(), CHINA) + timedelta(seconds=seconds)).isoformat()


def write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(folder: Path) -> None:
    """Write both files into `folder`."""
    loans = book()
    write(folder / "loans.csv", LOAN_COLUMNS, loan_rows(loans))
    write(folder / "payments.csv", PAYMENT_COLUMNS, payment_rows(loans))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
