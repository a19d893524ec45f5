"""`grace offers`: what may be agreed on a loan, and the answer to a borrower's wish."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.cli.common import out, refuse, services
from bot.cli.policy import day, house, loans_in, product_file
from bot.domain.counter import Circumstances, Counter, counter
from bot.domain.model import Loan, Refusal
from bot.domain.money import Money, MoneyError
from bot.domain.plans import Option, Wish, offers, plan_amount
from bot.domain.policy import AUTHORITIES, Frequency, ProductPolicy
from bot.storage.policies import PolicyError
from bot.storage.queries import circumstances, loan_snapshot
from bot.storage.tables import LoanRow

app = typer.Typer()

_COUNT = re.compile(r"(\d{1,4}) (?:(weekly|biweekly|monthly|payday) )?instalments?")
_DAYS = re.compile(r"(\d{1,4}) days?")
_PAYDAY = re.compile(r"payday (\d{1,2})")
_MONTHS = re.compile(r"(\d{1,4}) months? holiday")
_PART = re.compile(r"(\d+(?:\.\d+)?) now")
_WAIVER = re.compile(r"waive (?:fees|(\d+(?:\.\d+)?))")
_FROM = re.compile(r"from (\d{4}-\d\d-\d\d)")
_ABILITY = re.compile(r"(\d+(?:\.\d+)?)(?:/month)?")


@app.command("offers")
def show_offers(
    loan: Annotated[str, typer.Option(help="FILE of a loan book, FILE:REF, or REF of an imported loan")],
    policy: Annotated[Path | None, typer.Option(help="instead of the product's policy in force")] = None,
    ability: Annotated[str, typer.Option(help='the most a month, as in "800/month"')] = "",
    wish: Annotated[str, typer.Option(help='"12 instalments", "8 weekly instalments", "10 days", …')] = "",
    authority: Annotated[str, typer.Option(help=", ".join(AUTHORITIES))] = "bot",
    hardship: Annotated[bool, typer.Option(help="as in hardship; an imported loan knows it")] = False,
    on: Annotated[str, typer.Option("--date", help="the day; today when left out")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show what may be agreed on a loan; for a wish also who may grant it and which limits bind.

    A wish has parts between commas: "6 instalments, from 2026-04-01", "payday 15", "10 days". Nothing is
    stored, nobody is told.
    """
    level = next((one for one in AUTHORITIES if one == authority), None)
    if level is None:
        raise refuse(f"--authority {authority!r} is none of {', '.join(AUTHORITIES)}")
    override = product_file(policy) if policy else None
    found, at = loan_of(loan, override, Circumstances(day(on), hardship))
    try:
        rules = override or house().product(found.product, at.today)
    except PolicyError as error:
        raise refuse(error) from error
    if rules.currency != found.currency:
        raise refuse(f"the loan is in {found.currency}, the policy of {rules.product} in {rules.currency}")
    asked = wish_of(wish, ability, rules)
    answer = counter(found, rules, asked, at, authority=level) if asked != Wish() else None
    made = offers(
        found,
        rules.at(level),
        asked,
        today=at.today,
        hardship=at.hardship,
        extensions_used=at.extensions_used,
    )
    if as_json:
        print(json.dumps(_as_json(found, at, made.options, answer), ensure_ascii=False, indent=2))
        return
    out.print(f"{found.ref}: {plan_amount(found, at.today)} on {at.today}, {rules.name}", markup=False)
    if made.options:
        # As wide as it needs to be: a cut day helps nobody.
        Console(width=max(out.width, 170)).print(_table(made.options, at.today))
    else:
        out.print("there is nothing to offer")
    if answer is not None:
        for line in _said(answer):
            out.print(line, markup=False, soft_wrap=True)


def loan_of(given: str, override: ProductPolicy | None, at: Circumstances) -> tuple[Loan, Circumstances]:
    """Return the loan of a file or of the book, and what is known of its borrower. Raises typer.Exit."""
    path, ref = _place(given)
    if path is None:
        return _imported(given, at)
    if override is not None:
        currency = override.currency
        loans = loans_in(path, lambda _: currency)
    else:
        known = house()
        loans = loans_in(path, lambda product: known.currency(product) if known.knows(product) else None)
    fitting = [one for one in loans if not ref or one.ref == ref]
    if len(fitting) != 1:
        which = f"no loan {ref!r}" if ref else f"{len(loans)} loans: say which with {path}:REF"
        raise refuse(f"{path} holds {which}")
    return fitting[0], at


def _place(given: str) -> tuple[Path | None, str]:
    if Path(given).is_file():
        return Path(given), ""
    file, colon, ref = given.rpartition(":")
    return (Path(file), ref) if colon and Path(file).is_file() else (None, "")


def _imported(ref: str, at: Circumstances) -> tuple[Loan, Circumstances]:
    with services() as grace, grace.kit.db.begin() as session:
        row = session.scalars(select(LoanRow).where(LoanRow.ref == ref)).first()
        if row is None:
            raise refuse(f"there is neither a file nor an imported loan {ref!r}")
        now = grace.kit.clock.now()
        found = circumstances(session, row.id, row.borrower_id, at.today, now)
        return loan_snapshot(row), replace(found, hardship=at.hardship or found.hardship)


def wish_of(text: str, ability: str, rules: ProductPolicy) -> Wish:
    """Read what a borrower would like. Raises typer.Exit for what is no wish."""
    wish = Wish()
    for part in (one.strip() for one in text.split(",") if one.strip()):
        if match := _COUNT.fullmatch(part):
            often = next((one for one in get_args(Frequency) if one == match[2]), wish.frequency)
            kind = wish.kind or "instalment"
            wish = replace(wish, kind=kind, count=int(match[1]), frequency=often)
        elif match := _DAYS.fullmatch(part):
            wish = replace(wish, kind=wish.kind or "extension", days=int(match[1]))
        elif match := _MONTHS.fullmatch(part):
            wish = replace(wish, kind="holiday", months=int(match[1]))
        elif match := _PART.fullmatch(part):
            wish = replace(wish, kind="partial", pay_now=_money(match[1], rules, "--wish"))
        elif match := _WAIVER.fullmatch(part):
            waive = _money(match[1], rules, "--wish") if match[1] else None
            wish = replace(wish, kind="waiver", waive=waive)
        elif (match := _PAYDAY.fullmatch(part)) and 1 <= int(match[1]) <= 31:
            wish = replace(wish, kind="instalment", frequency="payday", payday=int(match[1]))
        elif match := _FROM.fullmatch(part):
            wish = replace(wish, first_on=day(match[1]))
        else:
            raise refuse(
                f"--wish {part!r} is none of: 12 instalments, 8 weekly instalments, 10 days, payday 15, "
                "from 2026-04-01, 1 month holiday, 300 now, waive fees, waive 50"
            )
    if not ability:
        return wish
    match = _ABILITY.fullmatch(ability)
    if match is None:
        raise refuse(f"--ability: {ability!r} is no amount a month such as 800/month")
    return replace(wish, ability=_money(match[1], rules, "--ability"))


def _money(amount: str, rules: ProductPolicy, option: str) -> Money:
    try:
        return Money.of(amount, rules.currency)
    except MoneyError as error:
        raise refuse(f"{option}: {error}") from error


def _table(options: tuple[Option, ...], today: date) -> Table:
    heads = ("first", "last", "payment", "at most a month", "cost", "waived", "in all", "rate a year", "why")
    table = Table("plan", *heads)
    for one in options:
        first, last = one.schedule[0], one.schedule[-1]
        cells = (first.due_on, last.due_on, one.largest, one.monthly, one.cost, one.waived, one.total)
        why = one.reason.replace("_", " ")
        table.add_row(_name(one), *map(str, cells), f"{one.annual_rate(today)} %", why)
    return table


def _name(one: Option) -> str:
    if one.kind == "extension":
        return f"{one.days} days later"
    if one.kind == "holiday":
        return f"{one.months} months off, then {one.count} {one.frequency}"
    if one.kind == "partial":
        return f"part now, rest in {one.days} days"
    return f"waiver, rest in {one.days} days" if one.kind == "waiver" else f"{one.count} {one.frequency}"


def _said(answer: Counter) -> list[str]:
    lines = [_sentence(one) for one in answer.limits]
    if answer.verdict == "accept":
        return ["the wish: accepted as it is"]
    if answer.verdict == "authority":
        return [f"the wish: {answer.authority} may grant it", *lines]
    fits = "the nearest stands first" if answer.option else "nothing fits"
    return [f"the wish: nobody may grant it; {fits}", *lines]


def _as_json(
    loan: Loan, at: Circumstances, options: tuple[Option, ...], answer: Counter | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "loan": loan.ref,
        "date": at.today.isoformat(),
        "amount": str(plan_amount(loan, at.today).amount),
        "currency": loan.currency,
        "options": [_option(one, at.today) for one in options],
    }
    if answer is not None:
        found["wish"] = {
            "verdict": answer.verdict,
            "authority": answer.authority,
            "limits": [_limit(one) for one in answer.limits],
            "nearest": answer.option and _option(answer.option, at.today),
            "proposal": answer.proposal and _option(answer.proposal, at.today),
        }
    return found


def _sentence(one: Refusal) -> str:
    near = "".join(f"; {name.replace('_', ' ')} {value}" for name, value in one.detail.items())
    return f"{one.limit}: allowed {one.allowed}, it would take {one.asked}{near}"


def _limit(one: Refusal) -> dict[str, str]:
    return {"limit": one.limit, "allowed": one.allowed, "asked": one.asked, **one.detail}


def _option(one: Option, today: date) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "frequency": one.frequency,
        "days": one.days,
        "total": str(one.total.amount),
        "cost": str(one.cost.amount),
        "waived": str(one.waived.amount),
        "months": one.months,
        "review_on": one.review_on and one.review_on.isoformat(),
        "reason": one.reason,
        "checked": [{"limit": c.limit, "allowed": c.allowed, "value": str(c.value)} for c in one.checked],
        "monthly": str(one.monthly.amount),
        "annual_rate_percent": str(one.annual_rate(today)),
        "schedule": [[item.due_on.isoformat(), str(item.amount.amount)] for item in one.schedule],
    }
