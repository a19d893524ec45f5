"""Four pictures of a simulation, as PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_INK, _QUIET = "#1f4e79", "#9aa7b3"
_MOST_RULES = 12


def draw(summary: dict[str, Any], folder: Path) -> list[Path]:
    """Draw messages a day, the cure curve, holds by rule and hours of the day; return the files."""
    # Slow to import, and of use here alone.
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    done = []
    for name, paint in (
        ("messages_per_day", _days),
        ("cure_curve", _cure),
        ("holds_by_rule", _holds),
        ("hours_of_day", _hours),
    ):
        figure, axes = pyplot.subplots(figsize=(7, 3.2), dpi=100, layout="constrained")
        paint(axes, summary)
        axes.spines[["top", "right"]].set_visible(False)
        path = folder / f"{name}.png"
        figure.savefig(path, metadata={"Software": None})
        pyplot.close(figure)
        done.append(path)
    return done


def _days(axes: Any, summary: dict[str, Any]) -> None:
    days = summary["log"]["by_day"]
    axes.bar(range(1, len(days) + 1), days.values(), color=_INK, width=0.9)
    axes.set_xlabel("day")
    axes.set_ylabel("messages that Grace started")


def _cure(axes: Any, summary: dict[str, Any]) -> None:
    curve = {int(day): share * 100 for day, share in summary["cure"].items()}
    axes.plot(list(curve), list(curve.values()), color=_INK)
    axes.axvline(0, color=_QUIET, linewidth=1)
    axes.set_ylim(0, 100)
    axes.set_xlabel("days past due")
    axes.set_ylabel("due items paid, %")


def _holds(axes: Any, summary: dict[str, Any]) -> None:
    rules = sorted(summary["holds_by_rule"].items(), key=lambda one: (-one[1], one[0]))[:_MOST_RULES]
    axes.barh([rule for rule, _ in rules], [count for _, count in rules], color=_INK)
    axes.invert_yaxis()
    axes.set_xlabel("nudges that this rule made wait or ended")


def _hours(axes: Any, summary: dict[str, Any]) -> None:
    hours = {int(hour): count for hour, count in summary["log"]["by_hour"].items()}
    axes.bar(range(24), [hours.get(hour, 0) for hour in range(24)], color=_INK, width=0.9)
    axes.set_xticks(range(0, 24, 2))
    axes.set_xlabel("hour of the borrower's wall")
    axes.set_ylabel("messages that Grace started")
