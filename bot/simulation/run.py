"""Runs a simulation: portfolios side by side on several processes, their logs joined, counted and drawn."""

from __future__ import annotations

import gc
import json
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.services.ledger import CHAINS, Chain
from bot.settings import Settings
from bot.simulation.assistance import assisted
from bot.simulation.figures import Figures, figures
from bot.simulation.files import Counts, dump, join
from bot.simulation.house import furnish
from bot.simulation.mix import Mix
from bot.simulation.people import PLACES, people
from bot.simulation.plots import draw
from bot.simulation.portfolio import Portfolio, Span

PORTFOLIO = 25_000
"""Loans on one database. How many processes share the portfolios changes nothing in the log; this does."""
_LITTER = 200_000
Told = Callable[[int, int], None]


class SimulationError(Exception):
    """What was asked for cannot be simulated; the message says why."""


@dataclass(frozen=True)
class Orders:
    """What to simulate, on whose policies, and on how many processes."""

    pack: str
    loans: int
    days: int
    seed: int
    mix: Mix
    home: Path
    start: date = date(2026, 3, 1)
    jobs: int = 1
    instead: tuple[Path, ...] = ()
    portfolio: int = PORTFOLIO
    dialogue: bool = False
    """Whether the trained assistant reads what borrowers write."""

    def check(self) -> None:
        """Raises SimulationError for what makes no sense."""
        if self.pack not in PLACES:
            raise SimulationError(f"--pack {self.pack!r} is none of {', '.join(PLACES)}")
        for name, low, high in (("loans", 1, 10_000_000), ("days", 1, 730), ("jobs", 1, 256)):
            if not low <= getattr(self, name) <= high:
                raise SimulationError(f"--{name} {getattr(self, name)} is not from {low} to {high}")


@dataclass(frozen=True)
class Result:
    """Where the files of a simulation are, and its summary."""

    folder: Path
    summary: dict[str, Any]


@dataclass(frozen=True)
class _Part:
    """One portfolio: its place among the others and the number of its loans."""

    orders: Orders
    house: Path
    folder: Path
    place: int
    loans: int


def simulate(orders: Orders, report: Path, told: Told = lambda done, of: None) -> Result:
    """Simulate, and write log, summary and pictures to `report`; `told` hears how many portfolios are done.

    Raises SimulationError, PolicyError or TextError before anything is written.
    """
    orders.check()
    with tempfile.TemporaryDirectory(prefix="grace-simulation-") as name:
        folder = Path(name)
        house = folder / "house"
        furnish(orders.home, PLACES[orders.pack], orders.instead, house)
        parts = list(_parts(orders, house, folder))
        found = Figures()
        with _pool(orders.jobs) as run:
            for done, counts in enumerate(run(_live, parts), 1):
                found.add(counts)
                told(done, len(parts))
            report.mkdir(parents=True, exist_ok=True)
            lots = [(chain, [_dumped(part, chain) for part in parts], report) for chain in CHAINS]
            logs = dict(zip(CHAINS, run(_join, lots), strict=True))
    summary = _summary(orders, found, logs)
    path = report / "summary.json"
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", "utf-8")
    draw({"": summary}, report)
    return Result(report, summary)


def _parts(orders: Orders, house: Path, folder: Path) -> Iterator[_Part]:
    count = -(-orders.loans // orders.portfolio)
    for place in range(count):
        loans = orders.loans // count + (place < orders.loans % count)
        yield _Part(orders, house, folder / str(place), place, loans)


class _pool:
    """Some processes that work through a list in order; one process is this one."""

    def __init__(self, jobs: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._processes = ProcessPoolExecutor(jobs, spawn) if jobs > 1 else None

    def __enter__(self) -> Callable[..., Iterator[Any]]:
        return map if self._processes is None else self._processes.map

    def __exit__(self, *_: object) -> None:
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)


def _live(part: _Part) -> Figures:
    """Live through one portfolio, and leave its dumps behind."""
    orders = part.orders
    part.folder.mkdir()
    place, span = PLACES[orders.pack], Span(orders.start, orders.days)
    persons = people(
        orders.mix, place, orders.seed, part.place * orders.portfolio + 1, part.loans, span.start, span.days
    )
    settings = Settings(
        _env_file=None,
        home=part.house,
        state=part.folder,
        database_url=f"sqlite:///{part.folder}/grace.db",
        secret=SecretStr(f"simulation {orders.seed}"),
        contact_pack="",
    )
    # What goes mostly goes without being looked for.
    gc.set_threshold(_LITTER)
    portfolio = Portfolio(settings, place, persons, span, part.folder, f"{orders.seed}/{part.place}")
    try:
        with assisted(portfolio.grace, part.folder) if orders.dialogue else nullcontext() as assistance:
            portfolio.run(assistance)
        found = figures(portfolio.grace, span.last.date())
        for chain in CHAINS:
            dump(portfolio.grace.kit.db, chain, _dumped(part, chain))
    finally:
        portfolio.close()
    for path in part.folder.glob("grace.db*"):
        path.unlink()
    for act, counts in portfolio.read.items():
        found.read[act].update(counts)
    found.personas.update(person.persona.name for person in persons)
    found.totals["borrowers"] += len(persons)
    found.totals["loans"] += part.loans
    return found


def _dumped(part: _Part, chain: Chain) -> Path:
    return part.folder / f"{chain}.jsonl"


def _join(lot: tuple[Chain, Sequence[Path], Path]) -> Counts:
    return join(*lot)


def _summary(orders: Orders, found: Figures, logs: dict[Chain, Counts]) -> dict[str, Any]:
    return {
        "pack": orders.pack,
        "loans": orders.loans,
        "days": orders.days,
        "seed": orders.seed,
        "start": orders.start.isoformat(),
        "mix": f"{orders.mix.mix}@{orders.mix.version}",
        "instead": [path.name for path in orders.instead],
        **found.plain(),
        "log": {**logs["contacts"], **logs["events"]},
    }
