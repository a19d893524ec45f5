"""What every command shares: where it writes, the services it works with, how it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from bot.bootstrap import Grace, build
from bot.language.texts import TextError
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.policies import PolicyError

out = Console()
err = Console(stderr=True)


def refuse(error: object) -> typer.Exit:
    """Say in one line what is wrong; the exit to raise means that nothing was done."""
    err.print(str(error), style="red", markup=False, soft_wrap=True)
    return typer.Exit(2)


@contextmanager
def services() -> Iterator[Grace]:
    """Build the services for one command; what is wrong with files or database is said in one line."""
    try:
        grace = build(Settings())
    except (PolicyError, TextError, StorageError) as error:
        raise refuse(error) from error
    try:
        yield grace
    except StorageError as error:
        raise refuse(error) from error
    finally:
        grace.close()
