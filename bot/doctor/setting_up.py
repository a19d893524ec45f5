"""Python, packages, environments, names of settings, secrets."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bot.doctor.finding import Finding, bad, ok, warn
from bot.settings import Settings

_LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)
# Read by Rasa's files, the adapters and the tests, besides the settings.
_BESIDE = frozenset({"HOME", "ACTIONS_URL", "LOCK_HOST", "RASA_ADAPTERS", "TEST_POSTGRES", "REQUIRE_ALL"})


def python() -> Iterator[Finding]:
    """The version that both environments are locked for."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 11):
        yield ok("python", found)
    else:
        yield bad("python", f"{found}; Grace is locked for 3.11", "make clean setup PYTHON=python3.11")


def packages(root: Path) -> Iterator[Finding]:
    """What is installed is what the lock says."""
    lock = root / "requirements/app.txt"
    if not lock.is_file():
        yield bad("packages", f"{lock} is not there", "check the files out anew")
        return
    wrong = []
    for name, version in _LOCKED.findall(lock.read_text("utf-8")):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "nothing"
        if found != version:
            wrong.append(f"{name} {version} (found {found})")
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        yield bad("packages", f"not as locked: {', '.join(wrong[:3])}{more}", "make setup")
    else:
        yield ok("packages", "as locked")


def environments(root: Path) -> Iterator[Finding]:
    """Rasa's own environment is there, with the Rasa that the lock names."""
    home = root / ".venv-rasa"
    if not (home / "bin/rasa").exists():
        yield bad("environments", f"{home} has no Rasa", "make setup")
        return
    lock = (root / "requirements/assistant.txt").read_text("utf-8")
    wanted = dict(_LOCKED.findall(lock)).get("rasa", "?")
    found = [
        one.name.split("-")[1].removesuffix(".dist")
        for one in home.glob("lib/*/site-packages/rasa-*.dist-info")
    ]
    if wanted in found:
        yield ok("environments", f"Rasa {wanted}")
    else:
        yield bad("environments", f"Rasa {', '.join(found) or 'unknown'}; locked is {wanted}", "make setup")


def names(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Every GRACE_… variable is a setting: one that is misspelt does nothing, and says nothing."""
    known = {name.upper() for name in Settings.model_fields} | _BESIDE
    given = {
        name.removeprefix("GRACE_").removesuffix("_FILE") for name in environment if name.startswith("GRACE_")
    }
    unknown = sorted(given - known)
    for name in unknown:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean GRACE_{near[0]}?" if near else "remove it, or see the README's list of settings"
        yield warn("settings", f"GRACE_{name} is no setting", hint)
    if not unknown:
        yield ok("settings", f"{len(given)} given")


def secrets(settings: Settings) -> Iterator[Finding]:
    """What must not be left as it comes when others can reach it."""
    faults = []
    shared = not settings.database_url.startswith("sqlite")
    if not settings.secret.get_secret_value() and shared:
        said = "several processes share a database without one GRACE_SECRET"
        faults.append(bad("secrets", said, _KEY.format("SECRET")))
    if settings.rasa_token.get_secret_value() == "local-only" and not _is_near(settings.rasa_url):
        said = "Rasa is on another host with the token that everybody knows"
        faults.append(bad("secrets", said, _KEY.format("RASA_TOKEN")))
    if not _is_near(settings.public_url) and urlsplit(settings.public_url).scheme != "https":
        said = f"{settings.public_url} is not https: cookies travel in the open"
        mend = "put a proxy with TLS before the app and set GRACE_PUBLIC_URL=https://…"
        faults.append(bad("secrets", said, mend))
    if not settings.data_keys.get_secret_value() and not _is_near(settings.public_url):
        said = "names and words are stored unsealed: GRACE_DATA_KEYS is empty"
        faults.append(warn("secrets", said, "grace keys --help"))
    url = settings.telegram_webhook_url
    if url and urlsplit(url).scheme != "https":
        said = f"Telegram takes only https webhooks, not {url}"
        faults.append(bad("secrets", said, "set GRACE_TELEGRAM_WEBHOOK_URL=https://…"))
    yield from faults or [ok("secrets", "set where they must be")]


_KEY = "set GRACE_{}, such as: python -c 'import secrets; print(secrets.token_urlsafe(32))'"


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # Names without a dot are those of containers beside this one.
        return host == "localhost" or "." not in host
