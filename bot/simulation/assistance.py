"""The trained assistant for one portfolio: Rasa as a process, its actions on the portfolio's own services."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import SecretStr
from rasa_sdk.executor import ActionExecutor

from actions import base
from bot import processes
from bot.bearer import opens
from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant
from bot.services.turns import Turn
from bot.settings import Settings

_START = 300.0
_LOOK = 0.2
# It may have to share a machine with much else, and nobody waits for its answer.
_PATIENCE = 120.0


class AssistanceError(Exception):
    """The assistant cannot be started; the message says why."""


class Assistance:
    """Has turns read and answered, one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._assistant = Assistant(settings)
        self._runner = asyncio.Runner()

    def turn(self, turn: Turn) -> Answer:
        """Return what the assistant says in a turn; its actions have done their work by then.

        Raises AssistantDown, AssistantStuck or AssistantBroken.
        """
        return self._runner.run(self._assistant.turn(turn))

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._assistant.close())
        self._runner.close()


@contextmanager
def assisted(grace: Grace, folder: Path) -> Iterator[Assistance]:
    """Run the trained model, with its actions served from this process; their logs lie in `folder`.

    Raises AssistanceError when there is no model, or when it does not start.
    """
    model = processes.ROOT / processes.MODEL
    if not model.is_file():
        raise AssistanceError(f"there is no trained model at {processes.MODEL}: `make train` makes it")
    ports = _free_ports(2)
    settings = Settings(
        _env_file=None,
        home=grace.kit.settings.home,
        state=folder,
        rasa_url=f"http://127.0.0.1:{ports[0]}",
        rasa_token=SecretStr(secrets.token_hex(16)),
        rasa_timeout=_PATIENCE,
        actions_url=f"http://127.0.0.1:{ports[1]}/webhook",
        tracker_url=f"sqlite:///{folder}/rasa.db",
    )
    base.lend(grace)
    assistance = Assistance(settings)
    try:
        with _logged(folder), _actions(settings, ports[1]), _rasa(settings, folder):
            yield assistance
    finally:
        assistance.close()
        base.lend(None)


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Write what the actions log to a file: there is a line for each of them."""
    before = structlog.get_config()
    with (folder / "actions.log").open("a", encoding="utf-8") as file:
        structlog.configure(**{**before, "logger_factory": structlog.PrintLoggerFactory(file)})
        try:
            yield
        finally:
            structlog.configure(**before)


@contextmanager
def _rasa(settings: Settings, folder: Path) -> Iterator[None]:
    (line,) = processes.commands(settings, ("rasa",)).values()
    log = folder / "rasa.log"
    with log.open("ab") as file:
        child = subprocess.Popen(
            shlex.split(line),
            env=processes.environment(settings),
            cwd=processes.ROOT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            _wait(f"{settings.rasa_url}/webhooks/gateway/", child, log)
            yield
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _wait(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    last = time.monotonic() + _START
    while time.monotonic() < last and child.poll() is None:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(_LOOK)
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-10:])
    raise AssistanceError(f"the assistant did not start:\n{tail}")


@contextmanager
def _actions(settings: Settings, port: int) -> Iterator[None]:
    """Serve the actions from a thread: they work while the simulation waits for the assistant."""
    executor = ActionExecutor()
    executor.register_package("actions")
    app = FastAPI(openapi_url=None)
    token = settings.rasa_token.get_secret_value()

    @app.post("/webhook")
    async def run(request: Request) -> Any:
        if not opens(token, request.headers.get("Authorization")):
            raise HTTPException(401)
        found = await executor.run(await request.json())
        return None if found is None else found.model_dump()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="actions", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
