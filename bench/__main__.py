"""`make bench`, or `python -m bench [PART ...]`: all in one run, each beside what one would otherwise use.

Figures go to bench/results/*.json as soon as a part is measured, pictures beside them. Rounds of ours and of
the other are interleaved; a figure is their median, a ratio comes with its lowest and highest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from bench import (
    assistants,
    console,
    contact,
    delivery,
    entities,
    offers,
    parse,
    planning,
    plots,
    reading,
    starting,
    workers,
)

RESULTS = Path("bench/results")


class Part(Protocol):
    """What a part's module gives."""

    def measure(self) -> Any:
        """Return the figures, as JSON holds them."""

    def show(self, console: Console, found: Any) -> None:
        """Print them."""


# From what takes seconds to what takes minutes.
PARTS: dict[str, Part] = {
    "offers": offers,
    "contact": contact,
    "entities": entities,
    "parse": parse,
    "starting": starting,
    "console": console,
    "workers": workers,
    "delivery": delivery,
    "planning": planning,
    "reading": reading,
    "turns": assistants,
}


def main() -> None:
    """Run all parts, or those named; print their tables, keep figures and pictures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all when left out")
    given = parser.parse_args()
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    screen = Console(width=140)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in given.parts or PARTS:
        start = time.perf_counter()
        found = PARTS[name].measure()
        screen.rule(f"{name}, {time.perf_counter() - start:.0f} s")
        PARTS[name].show(screen, found)
        _keep(name, found)
    for picture in plots.draw(_kept(), RESULTS):
        screen.print(f"drawn: {picture}")


def _keep(name: str, found: Any) -> None:
    """Write a part's figures, with the machine that they are of."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
    (RESULTS / f"{name}.json").write_text(
        json.dumps({"machine": machine, "found": found}, indent=2) + "\n", "utf-8"
    )


def _kept() -> dict[str, Any]:
    """Return the figures of every part that was ever measured here."""
    files = {name: RESULTS / f"{name}.json" for name in PARTS}
    return {
        name: json.loads(file.read_text("utf-8"))["found"] for name, file in files.items() if file.is_file()
    }


if __name__ == "__main__":
    main()
