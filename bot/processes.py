"""Starts and watches the processes: one terminal, a clean stop, a dead child takes the rest down."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import IO, Any

from honcho.manager import Manager
from honcho.printer import Printer
from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MODEL = Path("models/grace.tar.gz")
ASSISTANT_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_TAIL = 25


def environment(settings: Settings) -> dict[str, str]:
    """Return what every child needs to know, on top of this process's environment."""
    return {
        **os.environ,
        **{f"GRACE_{name.upper()}": _plain(getattr(settings, name)) for name in settings.model_fields_set},
        "GRACE_HOME": str(settings.home.resolve()),
        "GRACE_RASA_TOKEN": settings.rasa_token.get_secret_value(),
        "GRACE_ACTIONS_URL": settings.actions_webhook,
        "GRACE_TRACKER_URL": settings.tracker_url,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        # Empty is off: without its compiled modules Rasa would compile for ten seconds at every start.
        "PYTHONDONTWRITEBYTECODE": "",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MAX_NUMBER_OF_PREDICTIONS": "30",
        "SANIC_HOST": "127.0.0.1",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONWARNINGS": "ignore",
    }


def _plain(value: object) -> str:
    """Write a setting as the environment holds it."""
    if value is None:
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def commands(settings: Settings, only: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the command line of each process, or of those named."""
    port = settings.rasa_url.rsplit(":", 1)[-1].strip("/")
    rasa = ROOT / ".venv-rasa" / "bin" / "rasa"
    python = shlex.quote(sys.executable)
    found = {
        "rasa": f"{shlex.quote(str(rasa))} run --interface 127.0.0.1 --port {port} --model {MODEL}",
        "actions": f"{python} -m actions",
        "app": f"{python} -m bot.cli app",
    }
    return {name: line for name, line in found.items() if not only or name in only}


class Console(Printer):  # type: ignore[misc]
    """Prints the `front` process as it speaks; the others go to one log file each, shown when they die."""

    def __init__(self, front: str | None, folder: Path | None, output: IO[str] = sys.stdout) -> None:
        super().__init__(output=output)
        self.front = front
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, message: Any) -> None:
        """Put one line where it belongs."""
        if self._folder is None:
            super().write(message)
            return
        text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
        if message.name == self.front:
            self.output.write(text)
            self.output.flush()
            return
        with (self._folder / f"{message.name}.log").open("a", encoding="utf-8") as file:
            file.write(text)

    def tail(self, name: str) -> str:
        """Return the last lines of a process's log."""
        path = (self._folder or Path()) / f"{name}.log"
        return "\n".join(path.read_text("utf-8").splitlines()[-_TAIL:]) if path.is_file() else ""


def run(lines: dict[str, str], env: dict[str, str], printer: Console) -> int:
    """Run all until one ends or Ctrl-C; return the first one's exit status, its log shown when it failed."""
    manager = Manager(printer=printer)
    for name, line in lines.items():
        manager.add_process(name, line, env=env, cwd=str(ROOT))
    manager.loop()
    status = int(manager.returncode or 0)
    if status:
        for name, process in manager._processes.items():
            if process.get("returncode") == status and name != printer.front:
                sys.stderr.write(f"\n{name} ended with status {status}.\n{printer.tail(name)}\n")
    # A child killed by signal n reports -n; a shell says 128 + n.
    return status if status >= 0 else 128 - status
