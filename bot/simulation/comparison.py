"""Two simulations of the same borrowers under other rules: what the second has more of than the first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.simulation.plots import draw

_FLAT = ("totals", "holds_by_rule")
_GROUPED = ("by_tier", "by_variation")
Summary = Mapping[str, Any]


def compare(as_is: Summary, against: Summary, folder: Path) -> dict[str, Any]:
    """Write `comparison.json` and the pictures of both runs to a folder; return what the file says."""
    found = differences(as_is, against)
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    (folder / "comparison.json").write_text(text, "utf-8")
    draw({"as is": as_is, "against": against}, folder)
    return found


def differences(as_is: Summary, against: Summary) -> dict[str, Any]:
    """Return both counts and their difference: totals, holds, tiers, wordings, messages by template and rate.

    `paid_by_day` has the share of due items paid up to some days past due, in both.
    """
    found: dict[str, Any] = {part: _each(as_is[part], against[part]) for part in _FLAT}
    for part in _GROUPED:
        keys = sorted({*as_is[part], *against[part]})
        found[part] = {key: _each(as_is[part].get(key, {}), against[part].get(key, {})) for key in keys}
    logs = [one["log"].get("by_template", {}) for one in (as_is, against)]
    found["by_template"] = _each(*logs)
    days = sorted({*as_is["cure"], *against["cure"]}, key=int)
    found["paid_by_day"] = {
        day: {"as_is": as_is["cure"].get(day), "against": against["cure"].get(day)} for day in days
    }
    return found


def _each(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {
        key: {
            "as_is": before.get(key, 0),
            "against": after.get(key, 0),
            "difference": after.get(key, 0) - before.get(key, 0),
        }
        for key in sorted({*before, *after})
    }
