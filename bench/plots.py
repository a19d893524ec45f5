"""Pictures of the figures, as PNG: turns by clients, waits by events, the cost of planning, offers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def draw(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what was measured, by the names of its parts; return the files."""
    # Slow to import, and of use here alone.
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    done = []
    for name, (part, paint) in _PICTURES.items():
        if part not in found:
            continue
        figure, axes = pyplot.subplots(figsize=(7, 3.6), dpi=100, layout="constrained")
        paint(axes, found[part])
        axes.spines[["top", "right"]].set_visible(False)
        done.append(folder / f"{name}.png")
        figure.savefig(done[-1], metadata={"Software": None})
        pyplot.close(figure)
    return done


def _clients(axes: Any, found: Any) -> None:
    for name, runs in found["turns"].items():
        rates = [statistics.median(one["rate"] for one in rounds) for rounds in runs.values()]
        axes.plot([int(clients) for clients in runs], rates, marker="o", label=name)
    axes.set_xscale("log", base=4)
    axes.set_xticks([int(clients) for clients in next(iter(found["turns"].values()))])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_xlabel("clients at once")
    axes.set_ylabel("turns a second")
    axes.legend(frameon=False, fontsize="small")


def _events(axes: Any, found: Any) -> None:
    for name, points in found["by_events"].items():
        axes.plot([events for events, _ in points], [wait for _, wait in points], marker=".", label=name)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("events in the conversation")
    axes.set_ylabel("median ms a turn")
    axes.legend(frameon=False, fontsize="small")


def _planning(axes: Any, found: Any) -> None:
    sizes = [int(size) for size in found["ours_us"]]
    axes.plot(sizes, list(found["ours_us"].values()), marker="o", label="planned in SQL")
    for name, key in (("a loop over objects", "orm_us"), ("one APScheduler job a loan", "jobs_us")):
        axes.plot(sizes, [found[key]] * len(sizes), linestyle="--", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("loans")
    axes.set_ylabel("µs a loan")
    axes.legend(frameon=False, fontsize="small")


def _offers(axes: Any, found: Any) -> None:
    names = list(found)
    places = range(len(names))
    axes.barh([place + 0.2 for place in places], [found[name]["ours"] for name in names], 0.4, label="Grace")
    axes.barh(
        [place - 0.2 for place in places], [found[name]["other"] for name in names], 0.4, label="beside"
    )
    axes.set_yticks(list(places), names, fontsize="small")
    axes.set_xscale("log")
    axes.set_xlabel("a second and core")
    axes.legend(frameon=False)


_PICTURES = {
    "turns": ("turns", _clients),
    "events": ("turns", _events),
    "planning": ("planning", _planning),
    "offers": ("offers", _offers),
}
"""What is drawn, of which part, and how."""
