"""`grace …`: everything an operator or an engineer does from a terminal."""

from __future__ import annotations

import sys

import typer

from bot.cli import (
    backup,
    book,
    doctor,
    erasing,
    keys,
    nlu,
    notices,
    offers,
    papers,
    people,
    policy,
    programs,
    records,
    running,
    sending,
    simulation,
    wording,
)
from bot.observing import logs

app = typer.Typer(
    help="Grace: polite payment reminders, plans within policy, people when it matters.",
    no_args_is_help=True,
    # An error is told without the values that it met.
    pretty_exceptions_show_locals=False,
)
_PARTS = (
    running.app,
    book.app,
    people.app,
    keys.app,
    records.app,
    nlu.app,
    wording.app,
    policy.app,
    programs.app,
    offers.app,
    simulation.app,
    sending.app,
    notices.app,
    papers.app,
    backup.app,
    erasing.app,
    doctor.app,
)
for _part in _PARTS:
    app.add_typer(_part)


def main() -> None:
    """Run the command line."""
    logs.configure("cli", output=sys.stderr)
    app()
