"""`grace …`: everything an operator or an engineer does from a terminal."""

from __future__ import annotations

import typer

from bot.cli import book, nlu, offers, people, policy, records, running, sending, simulation, wording

app = typer.Typer(
    help="Grace: polite payment reminders, plans within policy, people when it matters.", no_args_is_help=True
)
_PARTS = (
    running.app,
    book.app,
    people.app,
    records.app,
    nlu.app,
    wording.app,
    policy.app,
    offers.app,
    simulation.app,
    sending.app,
)
for _part in _PARTS:
    app.add_typer(_part)


def main() -> None:
    """Run the command line."""
    app()
