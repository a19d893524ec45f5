"""Planning a day: ours, the bare INSERT … SELECT of the same rows, an ORM loop, one scheduler job a loan."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, select, text

from bot.bootstrap import Grace, build
from bot.services.agenda import due_nudges
from bot.services.kit import MovableClock, local_day
from bot.storage.queries import loan_snapshot
from bot.storage.tables import LoanRow, Nudge
from tests.conftest import MORNING, postgres_database, settings_for

SIZES = (10_000, 100_000, 1_000_000)
LOOPED, JOBS = 2_000, 2_000
_AT = MORNING + timedelta(hours=2)
# As many columns as a nudge has when it is planned.
_COLUMNS = (
    "loan_id, borrower_id, cycle, step, template, purpose, channels, state, send_at, expires_at, created_at"
)
_FILL = (
    "INSERT INTO borrowers (id, ref, name, phone, locale, timezone, exempt, night_consent, created_at)"
    " SELECT i, 'B' || i, 'N', '1', 'zh_CN',"
    " (ARRAY['Asia/Shanghai', 'Asia/Urumqi', 'Asia/Tokyo'])[1 + i % 3],"
    " false, false, now() FROM generate_series(1, :n) i",
    "INSERT INTO loans (id, ref, borrower_id, product, currency, principal_minor, opened_on)"
    " SELECT i, 'L' || i, i, 'consumer-cn', 'CNY', 300000, '2025-06-01' FROM generate_series(1, :n) i",
    "INSERT INTO due_items (loan_id, number, due_on, principal_minor, interest_minor, fee_minor, paid_minor)"
    " SELECT i, 1, DATE '2026-03-02' - (ARRAY[-3, 0, 1, 3, 7, 15, 30])[1 + i % 7], 300000, 0, 0, 0"
    " FROM generate_series(1, :n) i",
)


def measure(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Return seconds by size for ours and the bare statement, and microseconds a loan for all four ways."""
    found: dict[str, Any] = {"planned": {}, "bare": {}, "again": {}, "ratio": {}}
    for size in sizes:
        with postgres_database() as url:
            grace = build(settings_for(url), MovableClock(_AT))
            _fill(grace, size)
            ours = _seconds(grace.reminders.plan)
            found["again"][size] = _seconds(grace.reminders.plan)
            bare = _bare(grace)
            found["planned"][size], found["bare"][size] = ours, bare
            found["ratio"][size] = ours / bare
            if size == sizes[0]:
                found["orm_us"] = _orm_loop(grace) / LOOPED * 1e6
                found["jobs_us"] = _jobs(url) / JOBS * 1e6
            grace.close()
    found["ours_us"] = {size: seconds / size * 1e6 for size, seconds in found["planned"].items()}
    return found


def _fill(grace: Grace, size: int) -> None:
    with grace.kit.db.begin() as session:
        for statement in _FILL:
            session.execute(text(statement), {"n": size})
    _vacuum(grace)


def _vacuum(grace: Grace) -> None:
    with grace.kit.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _bare(grace: Grace) -> float:
    """Insert the rows that were planned, just as they are, into the same table under the same keys."""
    with grace.kit.db.begin() as session:
        session.execute(text(f"CREATE TABLE planned_rows AS SELECT {_COLUMNS} FROM nudges"))
        session.execute(delete(Nudge))
    _vacuum(grace)

    def insert() -> None:
        with grace.kit.db.begin() as session:
            session.execute(text(f"INSERT INTO nudges ({_COLUMNS}) SELECT {_COLUMNS} FROM planned_rows"))

    return _seconds(insert)


def _orm_loop(grace: Grace) -> float:
    """Decide loan by loan on loaded objects, and add a nudge to the session for each."""
    with grace.kit.db.begin() as session:
        session.execute(delete(Nudge))

    def loop() -> None:
        with grace.kit.db.begin() as session:
            for row in session.scalars(select(LoanRow).order_by(LoanRow.id).limit(LOOPED)):
                day = local_day(_AT, row.borrower.timezone)
                for due in due_nudges(session, grace.kit, row, loan_snapshot(row), day):
                    session.add(
                        Nudge(
                            loan_id=row.id,
                            borrower_id=row.borrower_id,
                            cycle=due.cycle,
                            step=due.step,
                            purpose=due.purpose,
                            template=due.template,
                            channels=list(due.channels),
                            state=due.state,
                            send_at=due.send_at,
                            expires_at=due.expires_at,
                            created_at=_AT,
                        )
                    )
                    session.flush()

    return _seconds(loop)


def _jobs(url: str) -> float:
    """Schedule one job a loan, kept in the same database, as a scheduler is often used."""
    store = SQLAlchemyJobStore(url=url.replace("postgresql://", "postgresql+psycopg://"))
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start(paused=True)

    def add() -> None:
        for number in range(JOBS):
            scheduler.add_job(
                "bench.planning:remind", "date", run_date=_AT + timedelta(days=365), args=[number]
            )

    seconds = _seconds(add)
    scheduler.shutdown(wait=False)
    return seconds


def remind(loan_id: int) -> None:
    """Stand for what a job would do."""


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("loans", "planned s", "bare s", "ratio", "µs a loan", "next tick s")
    for size, seconds in found["planned"].items():
        table.add_row(
            f"{size:,}",
            f"{seconds:.2f}",
            f"{found['bare'][size]:.2f}",
            f"{found['ratio'][size]:.2f}",
            f"{found['ours_us'][size]:.1f}",
            f"{found['again'][size]:.2f}",
        )
    console.print(table)
    console.print(
        f"beside it, a loan: ORM loop {found['orm_us']:.0f} µs (of {LOOPED:,}), "
        f"one APScheduler job {found['jobs_us']:.0f} µs (of {JOBS:,})"
    )


if __name__ == "__main__":
    show(Console(), measure())
