"""`grace doctor`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from bot import processes
from bot.cli.common import out, refuse
from bot.doctor import NAMES, inspect
from bot.settings import Settings

app = typer.Typer()
_STYLES = {"ok": "green", "warn": "yellow", "bad": "red"}


@app.command()
def doctor(
    only: Annotated[list[str] | None, typer.Argument(help="names of checks; all when left out")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, for machines")] = False,
) -> None:
    """Check set-up, files, connections and clocks, and say how to mend what is wrong; status 1 then."""
    unknown = sorted(set(only or ()) - set(NAMES))
    if unknown:
        raise refuse(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    found = []
    for one in inspect(Settings(), processes.ROOT, os.environ, tuple(only or ())):
        found.append(one)
        if not as_json:
            out.print(f"{one.level:>4}", style=_STYLES[one.level], end="  ")
            out.print(f"{one.name}: {one.said}", markup=False, highlight=False, soft_wrap=True)
            if one.mend:
                out.print(f"      → {one.mend}", markup=False, highlight=False, soft_wrap=True)
    broken = sum(one.level == "bad" for one in found)
    if as_json:
        typer.echo(
            json.dumps({"ok": not broken, "findings": [asdict(one) for one in found]}, ensure_ascii=False)
        )
    else:
        odd = sum(one.level == "warn" for one in found)
        out.print(f"{len(found)} checks, {broken} wrong, {odd} to look at")
    raise typer.Exit(1 if broken else 0)
