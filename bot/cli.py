"""`grace …`: everything an operator or an engineer does from a terminal."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot import clock, logs, processes
from bot.bootstrap import Grace, build
from bot.language.texts import TextError
from bot.services.loanbook import BookError, ImportReport
from bot.services.reminders import Preview
from bot.services.staff import StaffError
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.policies import PolicyError

app = typer.Typer(
    help="Grace: polite payment reminders, plans within policy, people when it matters.", no_args_is_help=True
)
import_app = typer.Typer(help="Bring in loans and payments.", no_args_is_help=True)
agents_app = typer.Typer(help="Staff accounts for the console.", no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(agents_app, name="agents")
out = Console()
err = Console(stderr=True)


@contextmanager
def services() -> Iterator[Grace]:
    """Build the services for one command; what is wrong with files or database is said in one line."""
    try:
        grace = build(Settings())
    except (PolicyError, TextError, StorageError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    try:
        yield grace
    except StorageError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    finally:
        grace.close()


@app.command()
def serve(
    only: Annotated[list[str] | None, typer.Argument(help="rasa, actions, app; all when left out")] = None,
) -> None:
    """Start and watch the processes; Ctrl-C stops them, and a dead one takes the rest down."""
    settings = Settings()
    with services():
        pass  # Migrates before any process starts, and names a wrong file or database at once.
    lines = processes.commands(settings, tuple(only or ()))
    if not lines:
        err.print("there are the processes rasa, actions and app", style="red")
        raise typer.Exit(2)
    raise typer.Exit(processes.run(lines, processes.environment(settings), processes.Console(None, None)))


@app.command("app", hidden=True)
def run_app() -> None:
    """Run the app process in the foreground."""
    import uvicorn

    from bot.web.app import create_app

    settings = Settings()
    logs.configure(as_json=settings.log_json)
    with services() as grace:
        uvicorn.run(create_app(grace), host=settings.host, port=settings.port, log_level="warning")


@app.command()
def chat(
    borrower: Annotated[str, typer.Option(help="the borrower's reference")],
    verified: Annotated[bool, typer.Option(help="skip the identity check: for dialogue work")] = False,
) -> None:
    """Talk to the assistant in this terminal, as a borrower. Rasa and the action server must run."""
    from bot.channels.terminal import talk

    with services() as grace:
        try:
            asyncio.run(talk(grace, borrower, verified=verified))
        except LookupError as error:
            err.print(str(error), style="red", markup=False)
            raise typer.Exit(2) from error


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
            err.print(str(error), style="red", markup=False)
            raise typer.Exit(2) from error
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
) -> None:
    """List who would get what on a day, when and why; and who would not, and why."""
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        err.print(f"--date {on!r} is no day such as 2026-03-02", style="red", markup=False)
        raise typer.Exit(2) from error
    with services() as grace:
        rows = grace.reminders.preview(day)
    shown = [row for row in rows if everyone or row.verdict != "none"]
    if as_json:
        for row in shown:
            print(json.dumps(_preview_row(row), ensure_ascii=False))
        return
    table = Table("borrower", "loan", "days", "step", "text", "channel", "when (local)", "verdict", "why not")
    for row in shown:
        local = row.at.astimezone(ZoneInfo(row.timezone)) if row.at else None
        why = "; ".join(f"{reason.rule}: {reason.detail}" for reason in row.reasons)
        text = (row.template or "").removeprefix("utter_reminder_")
        when = f"{local:%m-%d %H:%M}" if local else ""
        days = "" if row.days_past_due is None else f"{row.days_past_due:+d}"
        table.add_row(
            row.borrower, row.loan, days, row.step or "", text, row.channel or "", when, row.verdict, why
        )
    # As wide as it needs to be: a cut reference helps nobody.
    Console(width=max(out.width, 150)).print(table)
    silent = len(rows) - sum(row.verdict != "none" for row in rows)
    out.print(
        f"{sum(r.verdict == 'allowed' for r in rows)} would go out; {silent} loans have no rung on {day}"
    )


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
    }


@app.command()
def tick() -> None:
    """Do one tick of the reminder clock now: plan, check and write what is due. A running app sends it."""
    with services() as grace:
        out.print(f"{clock.work(grace)} messages written")


@app.command()
def link(
    borrower: str, channel: Annotated[str, typer.Option(help="webchat or telegram")] = "webchat"
) -> None:
    """Make a one-time link for a borrower."""
    with services() as grace:
        try:
            token = grace.links.issue(borrower, channel)
        except LookupError as error:
            err.print(str(error), style="red", markup=False)
            raise typer.Exit(2) from error
        settings = grace.kit.settings
    out.print(
        f"/start {token}" if channel == "telegram" else f"{settings.public_url}/chat/l/{token}",
        soft_wrap=True,
    )


@agents_app.command("add")
def agents_add(
    login: str,
    name: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option(help="agent, senior or supervisor")] = "agent",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff."""
    with services() as grace:
        try:
            staff = grace.staff.add(login, name, role, password)
        except StaffError as error:
            err.print(str(error), style="red", markup=False)
            raise typer.Exit(2) from error
    out.print(f"{staff.login} can sign in as {staff.role}")


@app.command()
def parse(
    file: Annotated[Path | None, typer.Argument(help="lines of text or JSON; stdin when left out")] = None,
) -> None:
    """Read messages as the assistant would: one JSON line each (see docs/architecture.md)."""
    import subprocess

    settings = Settings()
    python = processes.ROOT / ".venv-rasa" / "bin" / "python"
    with file.open("rb") if file else sys.stdin.buffer as source:
        done = subprocess.run(
            [str(python), "-m", "bot.assistant.parse", str(processes.MODEL)],
            stdin=source,
            env=processes.environment(settings),
            cwd=processes.ROOT,
            check=False,
        )
    raise typer.Exit(done.returncode)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="end after the transcripts, with a status")] = False,
    resume: Annotated[bool, typer.Option(help="go on where a killed demo stood")] = False,
) -> None:
    """Play the whole way on the sample loan book, on real processes."""
    from bot.demo import run

    raise typer.Exit(run(once=once, resume=resume))


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
