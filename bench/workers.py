"""`python -m bench.workers`: reminders decided, written and recorded a second, by database and by workers."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock
from bot.storage.tables import AddressRow, Borrower, DueItem, LoanRow, Nudge
from tests.conftest import MORNING, postgres_database, settings_for

NUDGES = 2_000
ROUNDS = 3
WORKERS = (1, 2)
_AT = MORNING + timedelta(hours=2)
_SPAWN = multiprocessing.get_context("spawn")
Found = dict[str, float]


def measure(count: int = NUDGES, rounds: int = ROUNDS) -> Found:
    """Return reminders a second by way, such as `sqlite, 2 workers`: medians of interleaved rounds."""
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for backend in ("sqlite", "postgresql"):
            for workers in WORKERS:
                name = f"{backend}, {workers} worker{'s' * (workers > 1)}"
                rates.setdefault(name, []).append(_rate(backend, workers, count))
    return {name: statistics.median(found) for name, found in rates.items()}


def _rate(backend: str, workers: int, count: int) -> float:
    with _database(backend) as url:
        grace = build(settings_for(url), MovableClock(_AT))
        _fill(grace, count)
        grace.reminders.plan()
        due = _planned(grace)
        gate = _SPAWN.Barrier(workers + 1)
        children = [_SPAWN.Process(target=_work, args=(url, gate)) for _ in range(workers)]
        for child in children:
            child.start()
        gate.wait()
        start = time.perf_counter()
        for child in children:
            child.join()
        took = time.perf_counter() - start
        left = _planned(grace)
        grace.close()
    if not due or left or any(child.exitcode for child in children):
        raise RuntimeError(f"{backend}: {left} of {due} reminders were left by {workers} workers")
    return due / took


def _fill(grace: Grace, count: int) -> None:
    people, loans, items, addresses = [], [], [], []
    for number in range(1, count + 1):
        people.append(
            {"id": number, "ref": f"B{number}", "name": "N", "phone": "1", "locale": "zh_CN"}
            | {"timezone": "Asia/Shanghai", "created_at": MORNING}
        )
        addresses.append(
            {"borrower_id": number, "channel": "webchat", "address": f"B{number}"}
            | {"verified": True, "consent": True}
        )
        loans.append(
            {"id": number, "ref": f"L{number}", "borrower_id": number, "product": "consumer-cn"}
            | {"currency": "CNY", "principal_minor": 300_000, "opened_on": date(2025, 6, 1)}
        )
        items.append(
            {"loan_id": number, "number": 1, "due_on": MORNING.date() - timedelta(days=7)}
            | {"principal_minor": 300_000, "interest_minor": 0, "fee_minor": 0, "paid_minor": 0}
        )
    with grace.kit.db.begin() as session:
        for table, rows in ((Borrower, people), (AddressRow, addresses), (LoanRow, loans), (DueItem, items)):
            session.execute(insert(table), rows)


def _work(url: str, gate: object) -> None:
    """Decide and record whatever is due, until nothing is."""
    settings = settings_for(url).model_copy(update={"ahead": 10**9})
    grace = build(settings, MovableClock(_AT), migrate=False)
    gate.wait()  # type: ignore[attr-defined]
    while grace.delivery.prepare_due().decided:
        grace.ledger.append()
    grace.close()


def _planned(grace: Grace) -> int:
    with grace.kit.db.read() as session:
        query = select(func.count()).select_from(Nudge)
        return session.scalar(query.where(Nudge.state == "queued", Nudge.send_at <= _AT)) or 0


@contextmanager
def _database(backend: str) -> Iterator[str]:
    if backend == "postgresql":
        with postgres_database() as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder, 'grace.db')}"


def show(console: Console, found: Found) -> None:
    """Print the table."""
    table = Table("database, workers", "reminders / s", "against one worker on it")
    for name, rate in found.items():
        one = found[f"{name.partition(',')[0]}, {WORKERS[0]} worker"]
        table.add_row(name, f"{rate:,.0f}", f"{rate / one:.2f}")
    console.print(table, f"on {os.cpu_count()} cores")


if __name__ == "__main__":
    show(Console(), measure())
