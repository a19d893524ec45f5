"""Database, broker, Rasa, actions, ports, Telegram, and whether the clocks agree."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text

from bot import readiness
from bot.doctor.finding import Finding, bad, ok, warn
from bot.services.erasing import TrackerError
from bot.services.erasing.tracker import Tracker
from bot.settings import Settings
from bot.storage.db import Database, StorageError

_SKEW = 5.0
_PATIENCE = 5.0
_START = "make serve, or look at its log"


def database(settings: Settings) -> Iterator[Finding]:
    """It answers, and its schema is the one that this release works with."""
    try:
        db = Database(settings.database_url)
    except Exception as error:
        yield bad(
            "database", f"GRACE_DATABASE_URL: {type(error).__name__}", "write postgresql://… or sqlite:///…"
        )
        return
    try:
        found, newest = db.revision(), db.newest_revision()
    except StorageError as error:
        yield bad("database", str(error), "start it, or mend GRACE_DATABASE_URL")
        return
    finally:
        db.close()
    yield ok("database", db.url.get_backend_name())
    if found is None:
        yield warn("migrations", "there is no schema yet", "grace serve makes it; grace import fills it")
    elif found > newest:
        mend = "run the release that made the schema, or restore a backup from before"
        yield bad("migrations", f"the schema is at {found}, newer than this release's {newest}", mend)
    elif found < newest:
        yield bad(
            "migrations",
            f"the schema is at {found}, this release needs {newest}",
            "restart: grace serve migrates",
        )
    else:
        yield ok("migrations", newest)


def tracker(settings: Settings) -> Iterator[Finding]:
    """Rasa's memory answers."""
    try:
        Tracker(settings.tracker_url).ping()
    except TrackerError as error:
        yield bad("tracker_store", str(error), "createdb for Rasa, or mend GRACE_TRACKER_URL")
    else:
        yield ok("tracker_store", urlsplit(settings.tracker_url).scheme)


def clock(settings: Settings) -> Iterator[Finding]:
    """The machine and the database agree on the time, and nobody has moved ours."""
    if settings.clock_offset:
        yield bad(
            "clock",
            f"moved by {settings.clock_offset:g} seconds",
            "unset GRACE_CLOCK_OFFSET: it is for demos",
        )
        return
    if settings.database_url.startswith("sqlite"):
        yield ok("clock", "the database has no other")
        return
    db = Database(settings.database_url)
    try:
        with db.begin() as session:
            theirs = session.scalar(text("SELECT clock_timestamp()"))
    except StorageError:
        yield warn("clock", "not compared: the database does not answer", "mend the database first")
        return
    finally:
        db.close()
    apart = abs((datetime.now(UTC) - theirs).total_seconds()) if theirs else 0.0
    if apart > _SKEW:
        yield bad("clock", f"{apart:.0f} seconds away from the database's", "let NTP set both clocks")
    else:
        yield ok("clock", f"{apart:.1f} seconds from the database's")


def broker(settings: Settings) -> Iterator[Finding]:
    """It answers, where tasks go through one."""
    checks = readiness.broker(settings)
    if not checks:
        if urlsplit(settings.broker_url).scheme == "memory":
            yield ok("broker", "in the app")
        else:
            yield bad(
                "broker",
                f"GRACE_BROKER_URL={settings.broker_url} is no broker",
                "memory://, redis://… or amqp://…",
            )
        return
    found, _ = asyncio.run(readiness.examine(checks))
    said = found["parts"]["broker"]
    name = "RabbitMQ" if urlsplit(settings.broker_url).scheme in readiness.RABBITMQ else "Redis"
    if said == readiness.WELL:
        yield ok("broker", f"{name} answers")
    else:
        yield bad("broker", f"{name} {said}", "start it, or mend GRACE_BROKER_URL")


def rasa(settings: Settings) -> Iterator[Finding]:
    """It answers with a model loaded, and takes our token."""
    url = f"{settings.rasa_url}/webhooks/gateway"
    answer = _asked(f"{url}/")
    if answer is None:
        yield from _nobody("rasa", settings.rasa_url)
    elif answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        yield bad("rasa", "it answers, but no model is loaded", "make train, then restart Rasa")
    elif answer.status_code != httpx.codes.OK:
        yield bad(
            "rasa",
            f"something else answers at {settings.rasa_url} ({answer.status_code})",
            "mend GRACE_RASA_URL",
        )
    else:
        bearer = {"Authorization": f"Bearer {settings.rasa_token.get_secret_value()}"}
        taken = _asked(f"{url}/metrics", bearer)
        if taken is not None and taken.status_code == httpx.codes.UNAUTHORIZED:
            yield bad("rasa", "it refuses our token", "give both processes the same GRACE_RASA_TOKEN")
        else:
            yield ok("rasa", settings.rasa_url)


def actions(settings: Settings) -> Iterator[Finding]:
    """The action server answers."""
    answer = _asked(settings.actions_health)
    if answer is None:
        yield from _nobody("actions", settings.actions_health)
    elif answer.status_code != httpx.codes.OK:
        yield bad(
            "actions", f"something else answers at {settings.actions_health}", "mend GRACE_ACTIONS_PORT"
        )
    else:
        yield ok("actions", settings.actions_health)


def app(settings: Settings) -> Iterator[Finding]:
    """The app answers, or its port is free for it."""
    url = f"http://127.0.0.1:{settings.port}/health"
    answer = _asked(url)
    if answer is None:
        yield from _nobody("app", url)
    elif answer.status_code == httpx.codes.OK and answer.text == '{"status":"ok"}':
        yield ok("app", url)
    else:
        yield bad("app", f"another program answers at port {settings.port}", "stop it, or set GRACE_PORT")


def telegram(settings: Settings) -> Iterator[Finding]:
    """Telegram takes the token."""
    if settings.telegram_token is None:
        yield ok("telegram", "not used")
        return
    token = settings.telegram_token.get_secret_value()
    answer = _asked(f"{settings.telegram_api_base}/bot{token}/getMe")
    if answer is None:
        yield bad("telegram", f"{settings.telegram_api_base} does not answer", "let this machine reach it")
    elif answer.status_code == httpx.codes.OK:
        yield ok("telegram", "the token is taken")
    else:
        yield bad("telegram", "the token is refused", "ask @BotFather; set GRACE_TELEGRAM_TOKEN")


def _nobody(name: str, url: str) -> Iterator[Finding]:
    """Nobody speaks HTTP there: not running, or the port is another program's."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        socket.create_connection((host, port), 1.0).close()
    except OSError:
        yield warn(name, f"is not running at {host}:{port}", _START)
    else:
        yield bad(name, f"another program has port {port} of {host}", f"stop it, or give {name} another port")


def _asked(url: str, headers: dict[str, str] | None = None) -> httpx.Response | None:
    try:
        return httpx.get(url, headers=headers, timeout=_PATIENCE, trust_env=False)
    except httpx.HTTPError:
        return None
