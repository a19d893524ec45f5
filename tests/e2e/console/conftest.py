"""A console in a real browser, on SQLite: what the services do is tested on both databases elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nicegui.storage import Storage
from playwright.sync_api import Browser, expect

from bot.bootstrap import Grace
from bot.settings import Settings
from tests.conftest import settings_for
from tests.e2e.conftest import Serve
from tests.e2e.console.stage import Console, opened

# A machine with much to do is no fault of a page; what has to be quick says so itself.
expect.set_options(timeout=15_000)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "grace.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    update = {"default_locale": "en", "state": tmp_path / "state"}
    return settings_for(database_url).model_copy(update=update)


@pytest.fixture
def console(
    grace: Grace, browser: Browser, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Console]:
    monkeypatch.setattr(Storage, "path", tmp_path)
    with opened(grace, browser, serve) as console:
        yield console
