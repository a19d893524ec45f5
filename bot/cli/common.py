"""What every command shares: where it writes, the services it works with, how it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from bot.bootstrap import Grace, build
from bot.language.texts import TextError
from bot.observing import logs, metrics, tracing
from bot.services.staff import Staff
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.policies import PolicyError

out = Console()
err = Console(stderr=True)


def refuse(error: object) -> typer.Exit:
    """Say in one line what is wrong; the exit to raise means that nothing was done."""
    err.print(str(error), style="red", markup=False, soft_wrap=True)
    return typer.Exit(2)


def observed(process: str, settings: Settings) -> None:
    """Begin the logs, counts and traces of a process that runs on."""
    logs.configure(process, as_json=settings.log_json)
    logs.on_trouble(metrics.count_trouble)
    tracing.start(process, settings.trace_url)


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


def who(grace: Grace, login: str) -> Staff:
    """Return a member of staff, or refuse a login that nobody has."""
    staff = grace.staff.by_login(login)
    if staff is None:
        raise refuse(f"nobody active has the login {login!r}")
    return staff
