"""Policies, wording, catalogues, the model, folders and the disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.doctor.finding import Finding, bad, ok, warn
from bot.language.texts import TextError, Texts
from bot.processes import MODEL
from bot.services.proofreading import proofread
from bot.settings import Settings
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies, PolicyError

_MADE_OF = ("domain.yml", "config.yml")
_MADE_OF_FOLDERS = ("data", "bot/assistant", "bot/language")
_LOW, _EMPTY = 2 * 2**30, 200 * 2**20


def policies(settings: Settings) -> Iterator[Finding]:
    """Every policy, pack, ladder, score card, routing file is whole, and each product has one in force."""
    try:
        found = Policies.load(settings.home / "policies", settings.contact_pack)
        today = datetime.now(UTC).date()
        names = sorted({one.product for one in found.products()})
        for name in names:
            found.product(name, today)
    except PolicyError as error:
        yield bad("policies", str(error), "mend the file; `grace policy check` tells whether it is right")
    else:
        yield ok("policies", ", ".join(names))


def wording(settings: Settings) -> Iterator[Finding]:
    """The rules on wording can be read."""
    try:
        load_rules(settings.home / "policies/lint")
    except PolicyError as error:
        yield bad("wording", str(error), "mend the file under policies/lint")
    else:
        yield ok("wording", "rules read")


def catalogue(settings: Settings) -> Iterator[Finding]:
    """Every response has its translation and keeps the rules on wording."""
    try:
        texts = Texts.load(settings.home)
        found = Policies.load(settings.home / "policies", settings.contact_pack)
        faults = proofread(texts, found, load_rules(settings.home / "policies/lint"), settings)
    except TextError as error:
        yield bad("catalogue", str(error), "add the translation to locales/<locale>/LC_MESSAGES/grace.po")
    except PolicyError:
        yield warn("catalogue", "not read: a policy is wrong", "mend the policy first")
    else:
        if faults:
            one = faults[0]
            yield bad("catalogue", f"{one.file}: {one.key} breaks {one.finding.rule}", "grace lint names all")
        else:
            yield ok("catalogue", ", ".join(texts.locales))


def model(root: Path) -> Iterator[Finding]:
    """There is a trained model, and nothing that it is made of is newer."""
    path = root / MODEL
    if not path.is_file():
        yield bad("model", f"{MODEL} is not there", "make train")
        return
    trained = path.stat().st_mtime
    parts = [root / one for one in _MADE_OF]
    for folder in _MADE_OF_FOLDERS:
        parts += [one for one in (root / folder).rglob("*") if one.suffix in (".py", ".yml")]
    newer = sorted(
        str(one.relative_to(root)) for one in parts if one.is_file() and one.stat().st_mtime > trained
    )
    if newer:
        yield warn("model", f"{len(newer)} files are newer than it, such as {newer[0]}", "make train")
    else:
        yield ok("model", f"trained {datetime.fromtimestamp(trained, UTC):%Y-%m-%d %H:%M} UTC")


def permissions(settings: Settings) -> Iterator[Finding]:
    """The state folder can be written, and what is secret in it is nobody else's to read."""
    state, faults = settings.state, []
    near = state
    while not near.exists():
        near = near.parent
    if not os.access(near, os.W_OK | os.X_OK) or not near.is_dir():
        faults.append(bad("permissions", f"{near} cannot be written", "chown it to whoever runs Grace"))
    for name, open_to in (("secret", 0o077), ("files", 0o007)):
        path = state / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & open_to:
            mode = "600" if name == "secret" else "700"
            faults.append(bad("permissions", f"others can read {path}", f"chmod {mode} {path}"))
    yield from faults or [ok("permissions", str(state))]


def disk(settings: Settings) -> Iterator[Finding]:
    """There is room for what is still to come."""
    near = settings.state
    while not near.exists():
        near = near.parent
    free = shutil.disk_usage(near).free
    said = f"{free / 2**30:.1f} GB free at {near}"
    if free < _EMPTY:
        yield bad("disk", said, "make room: messages cannot be stored on a full disk")
    elif free < _LOW:
        yield warn("disk", said, "make room soon")
    else:
        yield ok("disk", said)
