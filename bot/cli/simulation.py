"""The command that simulates: made-up borrowers, real rules, a log to check, figures to compare."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from bot.cli.common import err, out, refuse
from bot.language.texts import TextError
from bot.settings import Settings
from bot.storage.policies import PolicyError

app = typer.Typer()
_ROWS = (
    ("messages", "messages that Grace started"),
    ("replies", "messages of borrowers"),
    ("promises", "promises"),
    ("promises kept", "  kept"),
    ("promises broken", "  broken"),
    ("plans", "plans agreed"),
    ("plans completed", "  completed"),
    ("complaints", "complaints"),
    ("items due", "due items that fell due"),
    ("items late", "  not paid by their day"),
    ("items cured", "  paid later"),
    ("nudges expired", "nudges that expired"),
    ("nudges cancelled", "nudges that were cancelled"),
)
_PAID_BY = (-1, 0, 7, 30)


@app.command()
def simulate(
    report: Annotated[Path, typer.Option(help="a folder for the log, the summary and the pictures")],
    loans: Annotated[int, typer.Option(help="how many loans")] = 1000,
    days: Annotated[int, typer.Option(help="how many days")] = 90,
    seed: Annotated[int, typer.Option(help="the same seed gives the same log, byte for byte")] = 1,
    pack: Annotated[str, typer.Option(help="the contact pack: cn, us-regf, uk-conc or in-rbi")] = "cn",
    personas: Annotated[Path | None, typer.Option(help="instead of policies/simulation/personas.yml")] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="policy, ladder, pack or score card files: the same borrowers once more under these"
        ),
    ] = None,
    dialogue: Annotated[
        bool, typer.Option("--dialogue", help="the trained assistant reads what borrowers write, and answers")
    ] = False,
    start: Annotated[str, typer.Option(help="the first day")] = "2026-03-01",
    jobs: Annotated[int, typer.Option(help="processes; the log does not depend on it")] = min(
        2, os.cpu_count() or 1
    ),
) -> None:
    """Let made-up borrowers live for some weeks under the real planner, rules and services."""
    from bot.simulation import AssistanceError, MixError, Orders, SimulationError, compare, load_mix
    from bot.simulation import simulate as run

    home = Settings().home
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse(f"--start {start!r} is no day such as 2026-03-01") from error
    try:
        mix = load_mix(personas or home / "policies/simulation/personas.yml")
        variants: list[tuple[str, tuple[Path, ...]]] = [("", ())]
        if against:
            variants = [("as-is", ()), ("against", tuple(against))]
        results = []
        for name, instead in variants:
            orders = Orders(pack, loans, days, seed, mix, home, first, jobs, instead, dialogue=dialogue)
            with Progress(console=err, transient=True) as progress:
                told = partial(_told, progress, progress.add_task(name or "portfolios", total=None))
                results.append(run(orders, report / name, told).summary)
    except (SimulationError, AssistanceError, MixError, PolicyError, TextError) as error:
        raise refuse(error) from error
    except OSError as error:
        raise refuse(f"{report} cannot be written: {error}") from error
    if against:
        compare(results[0], results[1], report)
    _print(results)


def _told(progress: Progress, task: TaskID, done: int, of: int) -> None:
    progress.update(task, completed=done, total=of)


def _print(results: list[dict[str, Any]]) -> None:
    """Print one column for each run, and the difference of two."""
    rows = [(words, "totals", key) for key, words in _ROWS]
    rules = sorted({rule for one in results for rule in one["holds_by_rule"]})
    rows += [(f"held or ended by {rule}", "holds_by_rule", rule) for rule in rules]
    table = Table("what", *_heads(results))
    for words, part, key in rows:
        table.add_row(words, *_cells([one[part].get(key, 0) for one in results]))
    for day in _PAID_BY:
        shares = [one["cure"].get(str(day)) for one in results]
        if None not in shares:
            table.add_row(
                f"% of items paid by day {day:+d}", *_cells([round(one * 100, 1) for one in shares])
            )
    out.print(table)
    names = ("loans", "messages", "promises", "promises kept", "items late", "items cured")
    out.print(_groups("tier", "by_tier", names, results))
    for one in results:
        if "read" in one:
            out.print(_readings(one["read"]))
    if any(one["by_variation"] for one in results):
        wordings = ("sent", "replied", "promised", "kept", "complained")
        out.print(_groups("wording", "by_variation", wordings, results))


def _heads(results: list[dict[str, Any]]) -> list[str]:
    return ["as is", "against", "difference"] if len(results) == 2 else ["count"]


def _cells(counts: list[Any]) -> list[str]:
    more = [f"{round(counts[1] - counts[0], 1):+}"] if len(counts) == 2 else []
    return [*map(str, counts), *more]


def _readings(read: dict[str, dict[str, int]]) -> Table:
    """Return a table of what borrowers meant, and as what the assistant has read it."""
    table = Table("meant", "read as")
    for act, counts in read.items():
        ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        table.add_row(act, ", ".join(f"{intent} {count}" for intent, count in ranked))
    return table


def _groups(head: str, part: str, names: tuple[str, ...], results: list[dict[str, Any]]) -> Table:
    """Return a table of groups such as tiers; of two runs each cell says `before → after`."""
    table = Table(head, *names)
    for key in sorted({key for one in results for key in one[part]}):
        counts = [one[part].get(key, {}) for one in results]
        table.add_row(key, *(" → ".join(str(one.get(name, 0)) for one in counts) for name in names))
    return table
