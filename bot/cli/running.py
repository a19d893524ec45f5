"""Commands that run something: the processes, a chat, one tick, a reading, the demo."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot import clock, lock, processes
from bot.cli.common import observed, out, refuse, services
from bot.observing import tracing
from bot.settings import Settings

app = typer.Typer()


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
        raise refuse("there are the processes rasa, actions and app")
    if "app" in lines:
        with _answering(settings):
            pass  # Said here at once, and not by a process that dies a moment later.
    processes.serve(lines, processes.environment(settings))


@app.command("app", hidden=True)
def run_app() -> None:
    """Run the app process in the foreground."""
    import uvicorn

    from bot.web.app import create_app

    settings = Settings()
    observed("app", settings)
    with _answering(settings), services() as grace:
        tracing.watch(grace.kit.db.engine)
        uvicorn.run(
            create_app(grace), host=settings.host, port=settings.port, log_config=None, access_log=False
        )
    tracing.stop()


@app.command()
def chat(
    borrower: Annotated[str, typer.Option(help="the borrower's reference")],
    verified: Annotated[bool, typer.Option(help="skip the identity check: for dialogue work")] = False,
) -> None:
    """Talk to the assistant in this terminal, as a borrower. Rasa and the action server must run."""
    from bot.channels.terminal import talk

    with _answering(Settings()), services() as grace:
        try:
            asyncio.run(talk(grace, borrower, verified=verified))
        except LookupError as error:
            raise refuse(error) from error


@app.command()
def tick() -> None:
    """Do one tick of the reminder clock now: plan, check and write what is due. A running app sends it."""
    with services() as grace:
        out.print(f"{clock.work(grace)} messages written")


@app.command()
def parse(
    file: Annotated[Path | None, typer.Argument(help="lines of text or JSON; stdin when left out")] = None,
) -> None:
    """Read messages as the assistant would: one JSON line each (see docs/architecture.md)."""
    settings = Settings()
    with file.open("rb") if file else sys.stdin.buffer as source:
        done = subprocess.run(
            [str(processes.ASSISTANT_PYTHON), "-m", "bot.assistant.parse", str(processes.MODEL)],
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

    try:
        raise typer.Exit(run(once=once, resume=resume))
    except lock.Busy as error:
        raise refuse(error) from error


@contextmanager
def _answering(settings: Settings) -> Iterator[None]:
    """Be the one process of this state folder that answers: two would take messages from each other."""
    advice = (
        "stop it first, or give this one its own GRACE_STATE and database. "
        "`grace chat` goes with `grace serve rasa actions`."
    )
    try:
        with lock.held(settings.state / "answering.lock", advice):
            yield
    except lock.Busy as error:
        raise refuse(error) from error
