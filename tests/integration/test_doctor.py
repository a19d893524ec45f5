"""`grace doctor` names each fault, says how to mend it, and finds nothing wrong where nothing is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from bot.cli import app
from bot.doctor import NAMES, Finding, inspect
from bot.processes import ROOT
from bot.settings import Settings
from bot.storage.db import Database
from tests.conftest import settings_for
from tests.stack import free_port

_TEXTS = ("policies", "wording", "catalogue")


@dataclass
class Patient:
    """An installation that is well, until something is done to it."""

    settings: Settings
    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def found(self, only: Container[str] = ()) -> list[Finding]:
        """What the doctor says."""
        return list(inspect(self.settings, self.root, self.environment, only))

    def set(self, **values: Any) -> None:
        """Change settings."""
        self.settings = self.settings.model_copy(update=values)


@pytest.fixture
def patient(sqlite_template: Path, tmp_path: Path) -> Patient:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("policies", "locales", "requirements"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("domain.yml", "config.yml"):
        shutil.copyfile(ROOT / name, root / name)
    (root / "models").mkdir()
    (root / "models/grace.tar.gz").write_bytes(b"trained")
    os.utime(root / "domain.yml", (1, 1))
    os.utime(root / "config.yml", (1, 1))
    (root / ".venv-rasa/bin").mkdir(parents=True)
    (root / ".venv-rasa/bin/rasa").touch()
    (root / ".venv-rasa/lib/python3.11/site-packages/rasa-3.6.21.dist-info").mkdir(parents=True)
    shutil.copyfile(sqlite_template, tmp_path / "grace.db")
    settings = settings_for(f"sqlite:///{tmp_path}/grace.db").model_copy(
        update={
            "home": root,
            "state": tmp_path / "state",
            "tracker_url": f"sqlite:///{tmp_path}/rasa.db",
            "rasa_url": f"http://127.0.0.1:{free_port()}",
            "actions_port": free_port(),
            "port": free_port(),
            "public_url": "http://127.0.0.1:8080",
        }
    )
    return Patient(settings, root)


def test_nothing_is_wrong_with_one_that_is_well(patient: Patient) -> None:
    found = patient.found()
    assert [one for one in found if one.level == "bad"] == []
    # Nothing runs here: that is worth saying, and no fault.
    assert {one.name for one in found if one.level == "warn"} == {"rasa", "actions", "app"}
    assert all(one.mend for one in found if one.level != "ok")


@contextmanager
def listening() -> Iterator[int]:
    """Somebody who takes connections and speaks no HTTP."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                line.close()

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def policy(patient: Patient) -> None:
    path = patient.root / "policies/consumer-cn.yml"
    path.write_text(path.read_text("utf-8").replace("currency: CNY", "currency: 7"), "utf-8")


def catalogue(patient: Patient) -> None:
    (patient.root / "locales/zh_CN/LC_MESSAGES/grace.po").write_text('msgid ""\nmsgstr ""\n', "utf-8")


def rules(patient: Patient) -> None:
    next((patient.root / "policies/lint").glob("*.yml")).write_text("rules: 7\n", "utf-8")


def locked(patient: Patient) -> None:
    path = patient.root / "requirements/app.txt"
    path.write_text(path.read_text("utf-8").replace("httpx==", "httpx==99."), "utf-8")


def schema(revision: str) -> Callable[[Patient], None]:
    def seed(patient: Patient) -> None:
        db = Database(patient.settings.database_url)
        with db.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": revision})
        db.close()

    return seed


def readable_secret(patient: Patient) -> None:
    patient.settings.state.mkdir()
    (patient.settings.state / "secret").touch(0o644)


def state_is_a_file(patient: Patient) -> None:
    patient.settings.state.touch()


def broken_tracker(patient: Patient) -> None:
    Path(patient.settings.tracker_url.removeprefix("sqlite:///")).write_bytes(b"no database" * 300)


def changed(patient: Patient) -> None:
    os.utime(patient.root / "domain.yml")


def away(patient: Patient) -> None:
    patient.set(database_url=f"postgresql://x@127.0.0.1:{free_port()}/x", secret=SecretStr("s"))


def no_url(patient: Patient) -> None:
    patient.set(database_url="sqlite//grace.db", secret=SecretStr("s"))


def misspelt(patient: Patient) -> None:
    patient.environment["GRACE_TELEGRAM_TOKN"] = "x"


def in_the_open(patient: Patient) -> None:
    patient.set(public_url="http://pay.example.com", data_keys=SecretStr("k"))


FAULTS: dict[str, tuple[str, str, Callable[[Patient], None]]] = {
    "no model": ("model", "is not there", lambda p: (p.root / "models/grace.tar.gz").unlink()),
    "a model older than the domain": (
        "model",
        "newer than it, such as domain.yml",
        changed,
    ),
    "a wrong policy": ("policies", "consumer-cn.yml", policy),
    "a rule on wording that is none": ("wording", "lint", rules),
    "a missing translation": ("catalogue", "", catalogue),
    "another package than the lock's": ("packages", "httpx 99.", locked),
    "no Rasa": ("environments", "has no Rasa", lambda p: (p.root / ".venv-rasa/bin/rasa").unlink()),
    "a schema that is behind": ("migrations", "at 0003, this release needs", schema("0003")),
    "a schema from the future": ("migrations", "newer than this release", schema("9999")),
    "a database that is away": (
        "database",
        "does not answer",
        away,
    ),
    "a URL of no database": (
        "database",
        "GRACE_DATABASE_URL",
        no_url,
    ),
    "a tracker store that is none": ("tracker_store", "does not answer", broken_tracker),
    "Redis that is away": (
        "broker",
        "Redis does not answer",
        lambda p: p.set(broker_url=f"redis://127.0.0.1:{free_port()}/0"),
    ),
    "RabbitMQ that is away": (
        "broker",
        "RabbitMQ does not answer",
        lambda p: p.set(broker_url=f"amqp://127.0.0.1:{free_port()}/"),
    ),
    "a broker that is none": ("broker", "is no broker", lambda p: p.set(broker_url="kafka://x/")),
    "a moved clock": ("clock", "moved by 3600 seconds", lambda p: p.set(clock_offset=3600.0)),
    "a misspelt setting": (
        "settings",
        "GRACE_TELEGRAM_TOKN is no setting",
        misspelt,
    ),
    "cookies in the open": (
        "secrets",
        "is not https",
        in_the_open,
    ),
    "a well-known token": (
        "secrets",
        "token that everybody knows",
        lambda p: p.set(rasa_url="http://rasa.example.com:5005"),
    ),
    "an http webhook": (
        "secrets",
        "only https webhooks",
        lambda p: p.set(telegram_webhook_url="http://pay.example.com/x"),
    ),
    "a secret that others can read": ("permissions", "others can read", readable_secret),
    "a state folder that is a file": ("permissions", "cannot be written", state_is_a_file),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_named_with_how_to_mend_it(fault: str, patient: Patient) -> None:
    name, words, seed = FAULTS[fault]
    seed(patient)
    # Nothing runs here, and reading every text takes a second: both only where the fault may be there.
    asked = set(NAMES) - {"rasa", "actions", "app"} - ({"catalogue"} if name not in _TEXTS else set())
    wrong = [one for one in patient.found(asked) if one.level != "ok"]
    named = [one for one in wrong if one.name == name and words in one.said]
    assert named, wrong
    assert all(one.mend for one in wrong)
    # What follows from it may be told too, but nothing else is wrong.
    follows = {"policies": {"catalogue"}, "wording": {"catalogue"}, "database": {"clock"}}.get(name, set())
    if name == "permissions" and "written" in words:
        follows = {"disk"}
    assert {one.name for one in wrong} <= {name, *follows}


@pytest.mark.parametrize("part", ["rasa", "actions", "app"])
def test_a_port_that_another_program_has_is_named(part: str, patient: Patient) -> None:
    with listening() as port:
        key = {"rasa": "rasa_url", "actions": "actions_port", "app": "port"}[part]
        patient.set(**{key: f"http://127.0.0.1:{port}" if part == "rasa" else port})
        (found,) = [one for one in patient.found([part]) if one.level == "bad"]
    assert (found.name, str(port) in found.said) == (part, True)


def test_rasa_without_a_model_is_named(patient: Patient) -> None:
    with answering(503) as port:
        patient.set(rasa_url=f"http://127.0.0.1:{port}")
        (found,) = patient.found(["rasa"])
    assert (found.name, "no model is loaded" in found.said) == ("rasa", True)


def test_a_refused_telegram_token_is_named_and_never_shown(patient: Patient) -> None:
    with answering(401) as port:
        patient.set(telegram_token=SecretStr("12345:hidden"), telegram_api_base=f"http://127.0.0.1:{port}")
        found = patient.found(["telegram"])
    (wrong,) = [one for one in found if one.level == "bad"]
    assert (wrong.name, wrong.said) == ("telegram", "the token is refused")
    assert "hidden" not in repr(found)


def test_the_command_ends_with_a_status_and_speaks_json(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home", "state", "database_url", "tracker_url", "rasa_url", "actions_port", "port"):
        monkeypatch.setenv(f"GRACE_{name.upper()}", str(getattr(patient.settings, name)))
    monkeypatch.setattr("bot.processes.ROOT", patient.root)
    monkeypatch.chdir(patient.root)
    well = CliRunner().invoke(app, ["doctor", "clock", "disk", "--json"])
    assert (well.exit_code, json.loads(well.stdout)["ok"]) == (0, True)
    monkeypatch.setenv("GRACE_CLOCK_OFFSET", "60")
    ill = CliRunner().invoke(app, ["doctor", "clock"])
    assert ill.exit_code == 1
    assert "clock: moved by 60 seconds" in ill.stdout
    assert "unset GRACE_CLOCK_OFFSET" in ill.stdout
