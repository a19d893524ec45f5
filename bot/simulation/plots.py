"""Pictures of a simulation, or of two beside each other, as PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_INKS = ("#1f4e79", "#c8641b")
_QUIET = "#9aa7b3"
_MOST_RULES = 12
_WHOLE = 0.9
_COMPARED = ("messages", "replies", "promises", "promises kept", "plans", "complaints", "items cured")

Runs = Mapping[str, Mapping[str, Any]]
"""Summaries by the name of their run, one or two."""


def draw(runs: Runs, folder: Path) -> list[Path]:
    """Draw messages a day, the cure curve, holds by rule and hours of the day; return the files.

    Two runs share each picture, and get one of their figures besides.
    """
    # Slow to import, and of use here alone.
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pictures = {
        "messages_per_day": _days,
        "cure_curve": _cure,
        "holds_by_rule": _holds,
        "hours_of_day": _hours,
    }
    if len(runs) > 1:
        pictures["figures"] = _figures
    done = []
    for name, paint in pictures.items():
        figure, axes = pyplot.subplots(figsize=(7, 3.2), dpi=100, layout="constrained")
        paint(axes, runs)
        axes.spines[["top", "right"]].set_visible(False)
        if len(runs) > 1:
            axes.legend(frameon=False)
        path = folder / f"{name}.png"
        figure.savefig(path, metadata={"Software": None})
        pyplot.close(figure)
        done.append(path)
    return done


def _days(axes: Any, runs: Runs) -> None:
    days = sorted({day for one in runs.values() for day in one["log"].get("by_day", ())})
    counts = {name: one["log"].get("by_day", {}) for name, one in runs.items()}
    _bars(
        axes.bar, range(1, len(days) + 1), [[counts[name].get(day, 0) for day in days] for name in runs], runs
    )
    axes.set_xlabel("day with a message")
    axes.set_ylabel("messages that Grace started")


def _cure(axes: Any, runs: Runs) -> None:
    for ink, (name, one) in zip(_INKS, runs.items(), strict=False):
        curve = {int(day): share * 100 for day, share in one["cure"].items()}
        axes.plot(list(curve), list(curve.values()), color=ink, label=name)
    axes.axvline(0, color=_QUIET, linewidth=1)
    axes.set_ylim(0, 100)
    axes.set_xlabel("days past due")
    axes.set_ylabel("due items paid, %")


def _holds(axes: Any, runs: Runs) -> None:
    counts = [one["holds_by_rule"] for one in runs.values()]
    rules = sorted({rule for one in counts for rule in one}, key=lambda rule: (-_most(counts, rule), rule))
    rules = rules[:_MOST_RULES]
    _bars(axes.barh, range(len(rules)), [[one.get(rule, 0) for rule in rules] for one in counts], runs)
    axes.set_yticks(range(len(rules)), rules)
    axes.invert_yaxis()
    axes.set_xlabel("nudges that this rule made wait or ended")


def _most(counts: list[dict[str, int]], rule: str) -> int:
    return max(one.get(rule, 0) for one in counts)


def _hours(axes: Any, runs: Runs) -> None:
    hours = [one["log"].get("by_hour", {}) for one in runs.values()]
    _bars(axes.bar, range(24), [[one.get(f"{hour:02d}", 0) for hour in range(24)] for one in hours], runs)
    axes.set_xticks(range(0, 24, 2))
    axes.set_xlabel("hour of the borrower's wall")
    axes.set_ylabel("messages that Grace started")


def _figures(axes: Any, runs: Runs) -> None:
    names = _COMPARED
    counts = [[one["totals"].get(name, 0) for name in names] for one in runs.values()]
    _bars(axes.barh, range(len(names)), counts, runs)
    axes.set_yticks(range(len(names)), names)
    axes.set_xscale("symlog")
    axes.invert_yaxis()
    axes.set_xlabel("how many, on a logarithmic scale")


def _bars(paint: Any, places: range, counts: list[list[int]], runs: Runs) -> None:
    """Paint the bars of one run, or those of two beside each other."""
    width = _WHOLE / len(counts)
    for number, (name, one) in enumerate(zip(runs, counts, strict=True)):
        shift = (number - (len(counts) - 1) / 2) * width
        paint([place + shift for place in places], one, width, color=_INKS[number], label=name)
