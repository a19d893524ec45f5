"""Pictures of what commands find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matplotlib.figure import Figure

from bot.services.simulation import CHANGES, Compared

_COLOURS = {"gains": "#2e7d32", "loses": "#c62828", "mixed": "#ef6c00", "same": "#757575"}


def simulation_picture(compared: Sequence[Compared], title: str) -> Figure:
    """Draw how many borrowers gain and lose, and each loan's lowest monthly payment under both policies.

    Loans that have no plan under one of the policies stand in the counts alone.
    """
    figure = Figure(figsize=(11, 4.8), dpi=120, layout="constrained")
    figure.suptitle(title)
    bars, dots = figure.subplots(1, 2)
    counts = Counter(one.change for one in compared)
    drawn = bars.bar(CHANGES, [counts[change] for change in CHANGES], color=[_COLOURS[c] for c in CHANGES])
    bars.bar_label(drawn)
    bars.set_ylabel("loans")
    bars.spines[["top", "right"]].set_visible(False)
    most = 1.0
    for change in CHANGES:
        pairs = [
            (float(one.old.monthly.amount), float(one.new.monthly.amount))
            for one in compared
            if one.change == change and one.old is not None and one.new is not None
        ]
        if pairs:
            old, new = zip(*pairs, strict=True)
            dots.scatter(old, new, s=14, alpha=0.7, color=_COLOURS[change], label=change)
            most = max(most, *old, *new)
    dots.plot([0, most], [0, most], color="#bdbdbd", linewidth=1, zorder=0)
    dots.set_xlabel("lowest payment a month, old policy")
    dots.set_ylabel("new policy")
    dots.spines[["top", "right"]].set_visible(False)
    if compared:
        dots.legend(frameon=False)
    return figure
