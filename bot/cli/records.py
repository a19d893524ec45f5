"""Commands about the records: export contacts and events, check that nothing was changed in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.progress import Progress

from bot.cli.common import err, out, refuse, services
from bot.domain.chain import Verdict, verify
from bot.services.ledger import CHAINS, Chain
from bot.services.ledger import files as ledger_files

app = typer.Typer()
export_app = typer.Typer(help="Write what is on record for an auditor.", no_args_is_help=True)
audit_app = typer.Typer(help="Check what is on record.", no_args_is_help=True)
app.add_typer(export_app, name="export")
app.add_typer(audit_app, name="audit")

_From = Annotated[str | None, typer.Option("--from", help="first day, YYYY-MM-DD, in UTC")]
_To = Annotated[str | None, typer.Option("--to", help="last day, YYYY-MM-DD, in UTC")]
_Format = Annotated[str, typer.Option("--format", help="csv, json or parquet")]
_Output = Annotated[Path | None, typer.Option("--output", "-o", help="a file; standard output when left out")]


@export_app.command("contacts")
def export_contacts(
    since: _From = None, until: _To = None, form: _Format = "csv", output: _Output = None
) -> None:
    """Export every message in and out, with its text, its rules and its outcome."""
    _export("contacts", since, until, form, output)


@export_app.command("events")
def export_events(
    since: _From = None, until: _To = None, form: _Format = "csv", output: _Output = None
) -> None:
    """Export every fact that a contact rule depends on, and whatever else is on the audit trail."""
    _export("events", since, until, form, output)


@audit_app.command("verify")
def audit_verify(
    file: Annotated[Path | None, typer.Argument(help="an exported file; the database when left out")] = None,
) -> None:
    """Check that no record was changed, removed, added or moved; status 1 names the first that was."""
    if file is not None:
        try:
            chain, records = ledger_files.read(file)
            verdicts = {chain: verify(records, start=None)}
        except ledger_files.ExportError as error:
            raise refuse(error) from error
    else:
        with services() as grace:
            verdicts = {chain: grace.ledger.verify(chain) for chain in CHAINS}
    for chain, verdict in verdicts.items():
        _say(chain, verdict)
    raise typer.Exit(1 if any(verdict.broken for verdict in verdicts.values()) else 0)


def _say(chain: Chain, verdict: Verdict) -> None:
    if verdict.broken is None:
        erased = f", {len(verdict.erased)} of them with their words erased" if verdict.erased else ""
        out.print(
            f"{chain}: {verdict.count} records hold{erased}; the last is {verdict.head}", soft_wrap=True
        )
        return
    words = f"{chain}: record {verdict.broken.number} {verdict.broken.reason}"
    err.print(words, style="red", markup=False, soft_wrap=True)


def _export(chain: Chain, since: str | None, until: str | None, form: str, output: Path | None) -> None:
    if form not in ledger_files.FORMATS:
        raise refuse(f"--format {form!r} is not written here: there are {' and '.join(ledger_files.FORMATS)}")
    start, end = _day("--from", since), _day("--to", until)
    # The last day that there is has no next one: without an end it is in.
    end = None if end is None or end.date() == date.max else end + timedelta(days=1)
    with services() as grace:
        grace.ledger.append()
        period = grace.ledger.period(chain, start, end)
        records = grace.ledger.read(chain, period)
        try:
            with _opened(output) as file, Progress(console=err, transient=True) as progress:
                counted = progress.track(records, total=period.count, description=chain)
                ledger_files.write(counted, chain, form, file)
        except OSError as error:
            raise refuse(f"{output or 'standard output'} cannot be written: {error}") from error
    err.print(f"{period.count} {chain}", markup=False)


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    with open(output, "w", encoding="utf-8", newline="", opener=_private) as file:
        yield file


def _private(path: str, flags: int) -> int:
    # It holds what borrowers wrote.
    return os.open(path, flags, 0o600)


def _day(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise refuse(f"{option} {text!r} is no day such as 2026-03-02") from error
