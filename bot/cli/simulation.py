"""The command that simulates: made-up borrowers, real rules, a log to check, figures to compare."""

from __future__ import annotations

import json
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
    start: Annotated[str, typer.Option(help="the first day")] = "2026-03-01",
    jobs: Annotated[int, typer.Option(help="processes; the log does not depend on it")] = min(
        2, os.cpu_count() or 1
    ),
) -> None:
    """Let made-up borrowers live for some weeks under the real planner, rules and services."""
    from bot.simulation import MixError, Orders, SimulationError, load_mix
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
            orders = Orders(pack, loans, days, seed, mix, home, first, jobs, instead)
            with Progress(console=err, transient=True) as progress:
                told = partial(_told, progress, progress.add_task(name or "portfolios", total=None))
                results.append(run(orders, report / name, told).summary)
    except (SimulationError, MixError, PolicyError, TextError) as error:
        raise refuse(error) from error
    except OSError as error:
        raise refuse(f"{report} cannot be written: {error}") from error
    if against:
        path = report / "comparison.json"
        path.write_text(json.dumps(_difference(*results), ensure_ascii=False, indent=1) + "\n", "utf-8")
    _print(results)


def _told(progress: Progress, task: TaskID, done: int, of: int) -> None:
    progress.update(task, completed=done, total=of)


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return both totals and holds, and what the second has more than the first."""
    return {
        part: {
            key: {
                "as_is": before[part].get(key, 0),
                "against": after[part].get(key, 0),
                "difference": after[part].get(key, 0) - before[part].get(key, 0),
            }
            for key in sorted({*before[part], *after[part]})
        }
        for part in ("totals", "holds_by_rule")
    }


def _print(results: list[dict[str, Any]]) -> None:
    """Print one column for each run, and the difference of two."""
    heads = ["as is", "against", "difference"] if len(results) == 2 else ["count"]
    table = Table("what", *heads)
    rows = [(words, "totals", key) for key, words in _ROWS]
    rules = sorted({rule for one in results for rule in one["holds_by_rule"]})
    rows += [(f"held or ended by {rule}", "holds_by_rule", rule) for rule in rules]
    for words, part, key in rows:
        counts = [one[part].get(key, 0) for one in results]
        more = [f"{counts[1] - counts[0]:+d}"] if len(counts) == 2 else []
        table.add_row(words, *map(str, counts), *more)
    out.print(table)
    tiers = Table("tier", "loans", "messages", "promises", "kept", "items late", "cured")
    names = ("loans", "messages", "promises", "promises kept", "items late", "items cured")
    for tier, counts in results[-1]["by_tier"].items():
        tiers.add_row(tier, *(str(counts.get(name, 0)) for name in names))
    out.print(tiers)
    wordings = Table("wording", "sent", "replied", "promised", "kept", "complained")
    for name, counts in results[-1]["by_variation"].items():
        wordings.add_row(
            name, *(str(counts.get(one, 0)) for one in ("sent", "replied", "promised", "kept", "complained"))
        )
    if results[-1]["by_variation"]:
        out.print(wordings)
