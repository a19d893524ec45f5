"""The action server: it offers what the domain names, and its start says nothing of the database."""

from __future__ import annotations

import subprocess
import sys

import yaml
from rasa_sdk.executor import ActionExecutor

from tests.conftest import ROOT


def test_every_action_that_is_registered_has_its_name_in_the_domain() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    named = set(yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))["actions"])
    assert executor.actions
    assert set(executor.actions) == named


def test_importing_the_actions_does_not_import_what_migrates_the_database() -> None:
    check = "import sys, actions.base; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0
