"""Sets the stage: a fresh database, the sample book, staff, a clock on the morning, all processes."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot import lock, processes, watching
from bot.bootstrap import build
from bot.settings import Settings

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FOLDER = Path("var/demo")
LOCK = Path("var/demo.lock")
STAFF = (
    ("mei", "周梅", "agent", "grace-demo-mei"),
    ("tom", "Tom Reed", "agent", "grace-demo-tom"),
    ("ann", "Ann Liu", "supervisor", "grace-demo-ann"),
)
_PORTS = {"port": 8080, "rasa": 5005, "actions": 5055}


def run(*, once: bool, resume: bool) -> int:
    """Play the demo; return 0 when every expectation held (with `once`), else what went wrong as a status.

    Raises Busy while another demo runs in this checkout.
    """
    # Held for as long as the processes run: a second demo would take the database from under the first.
    with lock.held(LOCK, "one demo at a time in one checkout; end that one first."):
        return _run(once=once, resume=resume)


def _run(*, once: bool, resume: bool) -> int:
    console = Console()
    if not resume:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    settings = _settings(resume=resume)
    _prepare(settings, console)
    lines = processes.commands(settings)
    lines["demo"] = f"{sys.executable} -m bot.demo.player{' --once' if once else ''}"
    console.print("Starting Rasa, the action server and the app …")
    printer = watching.Console("demo", FOLDER / "logs")
    return watching.run(lines, processes.environment(settings), printer, processes.ROOT)


def _settings(*, resume: bool) -> Settings:
    """Ports and the clock's offset; a resumed demo keeps those of the run it goes on with."""
    saved = FOLDER / "stage.json"
    if resume and saved.is_file():
        kept = json.loads(saved.read_text("utf-8"))
    else:
        kept = {name: _free(port) for name, port in _PORTS.items()}
        kept["clock_offset"] = (MORNING - datetime.now(UTC)).total_seconds()
        saved.write_text(json.dumps(kept), "utf-8")
    base = Settings()
    chosen = "database_url" in base.model_fields_set
    return base.model_copy(
        update={
            "database_url": base.database_url if chosen else f"sqlite:///{FOLDER}/grace.db",
            "state": FOLDER,
            "tracker_url": f"sqlite:///{FOLDER}/rasa.db",
            "port": kept["port"],
            "public_url": f"http://127.0.0.1:{kept['port']}",
            "rasa_url": f"http://127.0.0.1:{kept['rasa']}",
            "actions_port": kept["actions"],
            "clock_offset": kept["clock_offset"],
            "tick": 2.0,
        }
    )


def _free(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def _prepare(settings: Settings, console: Console) -> None:
    grace = build(settings)
    try:
        for method, name in (("import_loans", "loans.csv"), ("import_payments", "payments.csv")):
            report = getattr(grace.loanbook, method)(settings.home / "examples" / name)
            console.print(
                f"{name}: {report.added} added, {report.unchanged} unchanged, {report.rejected} rejected"
            )
        known = {login for login, *_ in STAFF if grace.staff.exists(login)}
        for login, name, role, password in STAFF:
            if login not in known:
                grace.staff.add(login, name, role, password)
    finally:
        grace.close()
