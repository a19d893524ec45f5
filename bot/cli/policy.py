"""Commands about policy: check files, show and compare them, see what a change would do to a loan book."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import err, out, refuse
from bot.cli.pictures import simulation_picture
from bot.domain.model import Loan
from bot.domain.money import Money
from bot.domain.policy import ProductPolicy
from bot.language.texts import TextError, Texts
from bot.services.loanbook import BookError
from bot.services.loanbook.snapshots import CurrencyOf, read_loans
from bot.services.policy_words import differences, schema
from bot.services.simulation import CHANGES, Compared, simulate
from bot.settings import Settings
from bot.simulation.mix import Mix
from bot.storage.policies import Policies, PolicyError, Versioned, check_files, versioned
from bot.storage.policy_checks import check_texts
from bot.storage.policy_files import read

app = typer.Typer()
policy = typer.Typer(help="Check, show and compare policies; try a new one on a book.", no_args_is_help=True)
app.add_typer(policy, name="policy")
# What borrowers are told is checked by `grace lint`, not here.
_LAST_YEAR = 2200
_FOLDERS = ("", "contact", "ladder", "tiers", "routing", "canned", "quality", "simulation")


@policy.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="all of the house when left out")] = None,
) -> None:
    """Say for each file its version, or in one line what is wrong: file, line, field, what is allowed."""
    folder = Settings().home / "policies"
    found = check_files(
        files or [file for part in _FOLDERS for file in sorted((folder / part).glob("*.yml"))],
        folder,
        mix=Mix,
    )
    for file, result in found:
        if isinstance(result, Versioned):
            out.print(f"{file}: {result.kind} {result.version}", markup=False, soft_wrap=True)
        else:
            err.print(str(result), style="red", markup=False, soft_wrap=True)
    wrong = any(isinstance(result, PolicyError) for _, result in found)
    if not files and not wrong:
        house()  # The files fit each other too.
    raise typer.Exit(1 if wrong else 0)


@policy.command()
def show(
    name: Annotated[str, typer.Argument(help="a product, or a file")],
    on: Annotated[str, typer.Option("--date", help="the day it is in force; today when left out")] = "",
) -> None:
    """Print a policy as it is understood, defaults included, with its version."""
    found = named(name, day(on))
    print(json.dumps({"version_name": found.version, **found.content}, ensure_ascii=False, indent=2))


@policy.command()
def diff(
    old: Annotated[str, typer.Argument(help="a product (the policy in force), or a file")],
    new: Annotated[str, typer.Argument(help="a product, or a file")],
) -> None:
    """Say field by field what differs between two policies; nothing when they mean the same."""
    before, after = named(old, date.today()), named(new, date.today())
    if before.kind != after.kind:
        raise refuse(f"{old} is a {before.kind} policy and {new} is a {after.kind} policy")
    for sentence in differences(before.content, after.content):
        out.print(sentence, markup=False, soft_wrap=True)


@policy.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of policy files, as docs/policy.schema.json has it for editors."""
    print(json.dumps(schema(), ensure_ascii=False, indent=2))


@policy.command("simulate")
def run_simulation(
    new: Annotated[Path, typer.Option("--policy", help="the new product policy")],
    book: Annotated[Path, typer.Option(help="a loan book (columns: examples/README.md)")],
    old: Annotated[Path | None, typer.Option(help="instead of the policy in force")] = None,
    on: Annotated[str, typer.Option("--date", help="the day; today when left out")] = "",
    hardship: Annotated[bool, typer.Option(help="as it would be in hardship")] = False,
    to: Annotated[Path | None, typer.Option("--csv", help="write one line a loan")] = None,
    picture: Annotated[Path | None, typer.Option(help="draw who gains and who loses, as PNG or SVG")] = None,
) -> None:
    """Compare the plan with the lowest monthly payment under the old and the new policy, loan by loan.

    The book says what is due, not what is paid: nothing counts as paid. Nothing is stored.
    """
    changed, today = product_file(new), day(on)
    try:
        before = product_file(old) if old else house().product(changed.product, today)
    except PolicyError as error:
        raise refuse(error) from error
    if before.currency != changed.currency or before.product != changed.product:
        raise refuse(
            f"the old policy is of {before.product} in {before.currency}, "
            f"the new one of {changed.product} in {changed.currency}"
        )
    loans = loans_in(book, lambda _: changed.currency)
    compared = simulate(loans, before, changed, today, hardship=hardship)
    if not compared:
        raise refuse(f"{book} holds no loan of {changed.product} on which anything is due")
    if to is not None:
        _write(to, compared)
    if picture is not None:
        try:
            simulation_picture(compared, f"{before.name}: old and new policy").savefig(picture)
        except (OSError, ValueError) as error:
            raise refuse(f"{picture}: cannot be drawn: {error}") from error
    _summary(compared, changed.currency)


def _summary(compared: list[Compared], currency: str) -> None:
    table = Table("borrowers who", "loans", "a month, old", "a month, new", "cost, old", "cost, new")
    counts = Counter(one.change for one in compared)
    for change in CHANGES:
        those = [one for one in compared if one.change == change]
        sums = [
            sum(getattr(plan, part).minor for one in those if (plan := getattr(one, side)) is not None)
            for part in ("monthly", "cost")
            for side in ("old", "new")
        ]
        table.add_row(change, str(counts[change]), *(str(Money(minor, currency)) for minor in sums))
    out.print(table)
    without = [sum(getattr(one, side) is None for one in compared) for side in ("old", "new")]
    out.print(
        f"{len(compared)} loans; without any plan: {without[0]} under the old, {without[1]} under the new"
    )


def _write(to: Path, compared: list[Compared]) -> None:
    columns = ("loan", "amount", "change", "old_count", "old_month", "old_cost", "new_count", "new_month")
    try:
        with to.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([*columns, "new_cost"])
            for one in compared:
                plans = [
                    cell
                    for plan in (one.old, one.new)
                    for cell in (
                        ("", "", "") if plan is None else (plan.count, plan.monthly.amount, plan.cost.amount)
                    )
                ]
                rows.writerow([one.loan, one.amount.amount, one.change, *plans])
    except OSError as error:
        raise refuse(f"{to}: cannot be written: {error.strerror}") from error


def house() -> Policies:
    """Load the policies of the house; what is wrong with them is said in one line."""
    settings = Settings()
    try:
        policies = Policies.load(settings.home / "policies", settings.contact_pack)
        check_texts(settings.home / "policies", Texts.load(settings.home).keys())
        return policies
    except (PolicyError, TextError) as error:
        raise refuse(error) from error


def named(name: str, on: date) -> Versioned:
    """Return a file's policy, or that of a product in force on a day."""
    try:
        return versioned(read(Path(name)) if Path(name).is_file() else house().product(name, on))
    except PolicyError as error:
        raise refuse(error) from error


def product_file(file: Path) -> ProductPolicy:
    """Read a file that must be a product policy."""
    try:
        return read(file, ProductPolicy)
    except PolicyError as error:
        raise refuse(error) from error


def loans_in(file: Path, currency_of: CurrencyOf) -> list[Loan]:
    """Read a loan book; bad rows are named and left out."""
    try:
        loans, faults = read_loans(file, currency_of)
    except BookError as error:
        raise refuse(error) from error
    for fault in faults:
        err.print(str(fault), style="yellow", markup=False, soft_wrap=True)
    return loans


def day(text: str) -> date:
    """Read an option's day; today when it is empty."""
    try:
        found = date.fromisoformat(text) if text else date.today()
    except ValueError as error:
        raise refuse(f"{text!r} is no day such as 2026-03-02") from error
    if found.year > _LAST_YEAR:
        raise refuse(f"{text!r} is later than {_LAST_YEAR}: there is no calendar for what follows it")
    return found
