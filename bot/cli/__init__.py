"""`grace …`: everything an operator or an engineer does from a terminal."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from bot.observing import logs

# Each part is imported when one of its commands is asked for: what draws plots or simulates takes a second
# and a hundred megabytes, which a process that answers borrowers has no use for.
PARTS = {
    "running": ("serve", "app", "chat", "tick", "parse", "demo"),
    "book": ("preview", "import"),
    "people": ("link", "tier", "exempt", "agents", "holds"),
    "keys": ("keys",),
    "records": ("export", "audit"),
    "nlu": ("nlu",),
    "wording": ("lint", "wording"),
    "policy": ("policy",),
    "programs": ("tokens", "webhooks"),
    "offers": ("offers",),
    "simulation": ("simulate",),
    "sending": ("nudges", "automatic", "worker", "uncertain"),
    "notices": ("notices",),
    "papers": ("papers",),
    "backup": ("backup", "restore"),
    "erasing": ("erase", "retention"),
    "doctor": ("doctor",),
}


class Commands(dict[str, Any]):
    """All commands by name, in the order of `PARTS`; one is imported when it is looked up."""

    def __init__(self) -> None:
        super().__init__((name, part) for part, names in PARTS.items() for name in names)

    def __getitem__(self, name: str) -> Any:
        """Import the part of a command; raises KeyError for a name that is none."""
        part = import_module(f"bot.cli.{super().__getitem__(name)}")
        return get_group(part.app).commands[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Like a look-up; the default for a name that is none."""
        return self[name] if name in self else default  # noqa: SIM401 - `dict.get` looks nothing up.


class _Parts(TyperGroup):
    def __init__(self, **attrs: Any) -> None:
        super().__init__(**{**attrs, "commands": Commands()})


app = typer.Typer(
    cls=_Parts,
    no_args_is_help=True,
    # An error is told without the values that it met.
    pretty_exceptions_show_locals=False,
)


@app.callback()
def grace() -> None:
    """Grace: polite payment reminders, plans within policy, people when it matters."""


def main() -> None:
    """Run the command line."""
    logs.configure("cli", output=sys.stderr)
    app()
