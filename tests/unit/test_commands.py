"""The command line imports what a command needs, and no more."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from typer.main import get_group

from bot.cli import PARTS, Commands

_HEAVY = {"matplotlib", "numpy", "pyarrow", "PIL"}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_the_commands_that_are_said_to_be_in_it(part: str) -> None:
    assert tuple(get_group(import_module(f"bot.cli.{part}").app).commands) == PARTS[part]


def test_a_name_that_is_no_command_is_none() -> None:
    assert Commands().get("nothing") is None
    with pytest.raises(KeyError):
        Commands()["nothing"]


@pytest.mark.parametrize("name", ["serve", "app", "worker"])
def test_what_runs_on_holds_nothing_that_only_reports_need(name: str) -> None:
    asked = f"import sys, bot.cli; bot.cli.Commands()[{name!r}]; print(*{_HEAVY} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_watches_holds_next_to_nothing() -> None:
    asked = "import sys, bot.watching; print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200
