"""What the processes are: their command lines, and what each is told."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
MODEL = Path("models/grace.tar.gz")
ASSISTANT_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"


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
        # Else every thread is given memory of its own, and what one has let go no other can use.
        "MALLOC_ARENA_MAX": "2",
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
    rasa = f"{shlex.quote(str(ASSISTANT_PYTHON))} -m bot.assistant.serving run"
    python = shlex.quote(sys.executable)
    found = {
        "rasa": f"{rasa} --interface 127.0.0.1 --port {port} --model {MODEL}",
        "actions": f"{python} -m actions",
        "app": f"{python} -m bot.cli app",
    }
    return {name: line for name, line in found.items() if not only or name in only}


def serve(lines: dict[str, str], env: dict[str, str]) -> NoReturn:
    """Become what starts and watches the processes: this one holds much that watching has no use for."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "bot.watching", json.dumps(lines)], env)
