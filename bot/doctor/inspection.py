"""All checks, in the order in which faults follow from each other."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path

from bot.doctor import files, network, setting_up
from bot.doctor.finding import Finding, bad
from bot.observing.masking import plainly
from bot.settings import Settings

NAMES = (
    "python",
    "packages",
    "environments",
    "settings",
    "secrets",
    "policies",
    "wording",
    "catalogue",
    "model",
    "permissions",
    "disk",
    "database",
    "tracker_store",
    "clock",
    "broker",
    "rasa",
    "actions",
    "app",
    "telegram",
)
"""Every check, in its order."""


def inspect(
    settings: Settings, root: Path, environment: Mapping[str, str], only: Container[str] = ()
) -> Iterator[Finding]:
    """Yield what each check finds, or each of `only`. One that breaks is a finding, and the others go on."""
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": setting_up.python,
        "packages": lambda: setting_up.packages(root),
        "environments": lambda: setting_up.environments(root),
        "settings": lambda: setting_up.names(environment),
        "secrets": lambda: setting_up.secrets(settings),
        "policies": lambda: files.policies(settings),
        "wording": lambda: files.wording(settings),
        "catalogue": lambda: files.catalogue(settings),
        "model": lambda: files.model(root),
        "permissions": lambda: files.permissions(settings),
        "disk": lambda: files.disk(settings),
        "database": lambda: network.database(settings),
        "tracker_store": lambda: network.tracker(settings),
        "clock": lambda: network.clock(settings),
        "broker": lambda: network.broker(settings),
        "rasa": lambda: network.rasa(settings),
        "actions": lambda: network.actions(settings),
        "app": lambda: network.app(settings),
        "telegram": lambda: network.telegram(settings),
    }
    for name in NAMES:
        if only and name not in only:
            continue
        try:
            yield from checks[name]()
        except Exception as error:
            said = f"the check itself broke: {type(error).__name__}: {plainly(str(error))}"
            yield bad(name, said, "this is a fault of ours: please report it with this line")
