"""Pictures of every page of the console for the docs, at two widths and in both languages.

python -m tests.e2e.pictures [FOLDER] [--only PAGE] [--language LOCALE]
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nicegui.storage import Storage
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.bootstrap import build
from bot.papers import font
from bot.services.kit import MovableClock
from tests.conftest import MORNING, ROOT, settings_for
from tests.e2e.conftest import FLAGS, served
from tests.e2e.console.scene import Scene, play
from tests.e2e.console.stage import Console, opened

expect.set_options(timeout=30_000)
WIDTHS = {1440: 900, 390: 844}
LANGUAGES = {"en": "en", "zh_CN": "zh"}
_COLOURS = 200


@dataclass(frozen=True)
class Shot:
    """One picture: whose page it is, where it is, and what is pressed first."""

    name: str
    login: str
    path: str
    first: Callable[[Page], object] = lambda _: None


def canned(page: Page) -> None:
    """Open the canned replies."""
    page.locator(".for-reply textarea").fill("")
    page.keyboard.type("/")
    expect(page.locator("#canned-list [role=option]").first).to_be_visible()


def terms(page: Page) -> None:
    """Open the simulator, and wait until it has reckoned."""
    page.keyboard.press("s")
    expect(page.locator(".q-dialog .found dl").first).to_be_visible()


def tables(page: Page) -> None:
    """Wait until every table has its lines."""
    for table in page.locator("table.grid").all():
        expect(table.locator("tr").nth(1)).to_be_attached()


def shots(scene: Scene) -> list[Shot]:
    """Return what is shown of the scene."""
    return [
        Shot("queue", "wang", "/"),
        Shot("case", "wang", f"/case/{scene.mine}"),
        Shot("approvals", "boss", "/approvals"),
        Shot("payments", "boss", "/payments"),
        Shot("complaints", "anna", "/complaints"),
        Shot("calls", "wang", "/calls"),
        Shot("terms", "wang", f"/case/{scene.mine}", terms),
        Shot("board", "boss", "/board", tables),
        Shot("members", "boss", "/members"),
        Shot("quality", "boss", "/quality", tables),
        Shot("palette", "wang", f"/case/{scene.mine}", lambda page: page.keyboard.press("Control+k")),
        Shot("shortcuts", "wang", f"/case/{scene.mine}", lambda page: page.keyboard.press("?")),
        # Last: what it leaves in the box would stand in the others.
        Shot("canned", "wang", f"/case/{scene.mine}", canned),
    ]


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs/images/console")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--language", action="append", choices=tuple(LANGUAGES), default=[])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = os.environ.get("PLAYWRIGHT_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, env=_with_font())
        for locale, short in LANGUAGES.items():
            if given.language and locale not in given.language:
                continue
            with staged(browser, locale) as (console, scene):
                for shot in shots(scene):
                    if not given.only or shot.name in given.only:
                        _take(console, shot, given.folder, short)
        browser.close()


@contextmanager
def staged(browser: Browser, locale: str) -> Iterator[tuple[Console, Scene]]:
    """Serve a console on a fresh database in which the scene was played, in a language."""
    with tempfile.TemporaryDirectory() as folder:
        Storage.path = Path(folder)
        settings = settings_for(f"sqlite:///{folder}/grace.db").model_copy(
            update={"default_locale": locale, "state": Path(folder) / "state"}
        )
        grace = build(settings, MovableClock(MORNING))
        try:
            with opened(grace, browser, served) as console:
                yield console, play(console, locale)
        finally:
            grace.close()


def _with_font() -> dict[str, str | float | bool]:
    """Return an environment in which the browser finds a Chinese font, whatever the machine has."""
    file = Path(tempfile.mkdtemp()) / "fonts.conf"
    system = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
    file.write_text(f"<fontconfig>{system}<dir>{font.path().parent}</dir></fontconfig>", "utf-8")
    return {**os.environ, "FONTCONFIG_FILE": str(file)}


def _take(console: Console, shot: Shot, folder: Path, language: str) -> None:
    page = console.page()
    page.set_default_timeout(60_000)
    sign_in(page, shot.login)
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{console.url}/console{shot.path}")
        expect(page.locator(".bar")).to_be_visible()
        page.wait_for_load_state("networkidle")
        shot.first(page)
        page.wait_for_timeout(400)
        _save(page.screenshot(), folder / f"{shot.name}-{width}-{language}.png")
    page.context.close()


def sign_in(page: Page, login: str) -> None:
    """Sign in, whatever the language of the page."""
    fields = page.locator(".login-card input")
    fields.nth(0).fill(login)
    fields.nth(1).fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.locator(".bar")).to_be_visible()


def _save(content: bytes, path: Path) -> None:
    """Keep a picture with few colours: a page has few, and the file is a fifth as large."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
