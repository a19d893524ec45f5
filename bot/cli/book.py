"""Commands about the loan book: bring it in, see what would go out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.cli.common import err, out, refuse, services
from bot.services.loanbook import BookError, ImportReport
from bot.services.reminders import Preview

app = typer.Typer()
import_app = typer.Typer(help="Bring in loans and payments.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("loans")
def import_loans(
    file: Path, strict: Annotated[bool, typer.Option(help="nothing lands when any row is bad")] = False
) -> None:
    """Import loans, borrowers and due items from CSV or JSON (columns: examples/README.md)."""
    _import("import_loans", file, strict)


@import_app.command("payments")
def import_payments(
    file: Path, strict: Annotated[bool, typer.Option(help="nothing lands when any row is bad")] = False
) -> None:
    """Import payments from CSV or JSON (columns: examples/README.md)."""
    _import("import_payments", file, strict)


@import_app.command("contacts")
def import_contacts(
    file: Path, strict: Annotated[bool, typer.Option(help="nothing lands when any row is bad")] = False
) -> None:
    """Import contacts that an agency made, which the caps count (columns: examples/README.md)."""
    _import("import_contacts", file, strict)


def _import(method: str, file: Path, strict: bool) -> None:
    with services() as grace, Progress(console=err, transient=True) as progress:
        task = progress.add_task(file.name, total=None)
        try:
            report: ImportReport = getattr(grace.loanbook, method)(
                file,
                strict=strict,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except BookError as error:
            raise refuse(error) from error
    for problem in report.errors:
        err.print(f"line {problem.line}, {problem.field}: {problem.reason}", style="yellow", markup=False)
    counts = {name: getattr(report, name) for name in ("added", "updated", "unchanged", "rejected")}
    out.print(", ".join(f"{count} {name}" for name, count in counts.items()))
    raise typer.Exit(1 if report.errors else 0)


@app.command()
def preview(
    on: Annotated[str, typer.Option("--date", help="the day, YYYY-MM-DD, in each borrower's own time zone")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line a loan")] = False,
    everyone: Annotated[bool, typer.Option("--all", help="also loans without a rung on that day")] = False,
    loan: Annotated[str | None, typer.Option(help="one loan, and all that was decided about it")] = None,
) -> None:
    """List who would get what on a day, when and why; and who would not, and why."""
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        err.print(f"--date {on!r} is no day such as 2026-03-02", style="red", markup=False)
        raise typer.Exit(2) from error
    with services() as grace:
        try:
            rows = grace.reminders.preview(day, loan)
        except LookupError as error:
            raise refuse(error) from error
    shown = [row for row in rows if everyone or loan is not None or row.verdict != "none"]
    if as_json:
        for row in shown:
            print(json.dumps(_preview_row(row), ensure_ascii=False))
        return
    table = Table("borrower", "loan", "days", "step", "text", "channel", "when (local)", "verdict", "why not")
    for row in shown:
        local = row.at.astimezone(ZoneInfo(row.timezone)) if row.at else None
        why = "; ".join(f"{reason.rule}: {reason.detail}" for reason in row.reasons)
        if row.shared:
            why = f"in one message with {row.shared}"
        text = (row.template or "").removeprefix("utter_reminder_")
        when = f"{local:%m-%d %H:%M}" if local else ""
        days = "" if row.days_past_due is None else f"{row.days_past_due:+d}"
        table.add_row(
            row.borrower, row.loan, days, row.step or "", text, row.channel or "", when, row.verdict, why
        )
    # As wide as it needs to be: a cut reference helps nobody.
    Console(width=max(out.width, 150)).print(table)
    if loan is not None:
        _explain(shown)
    silent = len(rows) - sum(row.verdict != "none" for row in rows)
    out.print(
        f"{sum(r.verdict == 'allowed' for r in rows)} would go out; {silent} loans have no rung on {day}"
    )


def _explain(rows: list[Preview]) -> None:
    """Print which rungs a loan was not reminded on, and why."""
    for row in rows:
        if row.skipped:
            out.print(f"{row.loan}: rungs that were passed over", markup=False)
        for one in row.skipped:
            out.print(f"  {one.step}: {one.reason}", markup=False, soft_wrap=True)


def _preview_row(row: Preview) -> dict[str, Any]:
    return {
        "borrower": row.borrower,
        "loan": row.loan,
        "days_past_due": row.days_past_due,
        "step": row.step,
        "template": row.template,
        "channel": row.channel,
        "at": row.at.isoformat() if row.at else None,
        "verdict": row.verdict,
        "reasons": [{"rule": reason.rule, "detail": reason.detail} for reason in row.reasons],
        "rule_ids": list(row.rule_ids),
        "shared": row.shared,
        "skipped": [{"step": one.step, "reason": one.reason} for one in row.skipped],
    }
