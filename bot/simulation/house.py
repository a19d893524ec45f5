"""The policies that a simulation runs on: those of one pack, with files put in the place of others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from bot.domain.policy import ContactPack, Ladder, ProductPolicy, ScoreCard
from bot.simulation.people import Place
from bot.storage.policies import PolicyError, versioned
from bot.storage.policy_files import PolicyFile, read

_AS_IS = ("domain.yml", "config.yml", "locales")
_SHARED = ("contact", "ladder", "tiers", "lint", "routing", "canned", "quality")


def furnish(home: Path, place: Place, instead: Sequence[Path], folder: Path) -> None:
    """Copy what a simulation needs from `home` to `folder`; the files of `instead` take others' places.

    Raises PolicyError for a file that is wrong, or that takes no place in this pack.
    """
    policies = folder / "policies"
    policies.mkdir(parents=True)
    for name in _AS_IS:
        (folder / name).symlink_to((home / name).resolve())
    for name in _SHARED:
        shutil.copytree(home / "policies" / name, policies / name)
    for product in place.products:
        given = [home / "policies" / f"{product}.yml", home / "policies/simulation" / f"{product}.yml"]
        shutil.copy(next(path for path in given if path.exists()), policies)
    for path in instead:
        _replace(policies, path)


def _replace(policies: Path, path: Path) -> None:
    key = _key(read(path))
    for other in sorted(
        [*policies.glob("*.yml"), *(one for part in _SHARED[:3] for one in (policies / part).glob("*.yml"))]
    ):
        if _key(read(other)) == key:
            shutil.copy(path, other)
            return
    raise PolicyError(f"{path}: the {key[0]} {key[1]!r} takes no part in this simulation")


def _key(policy: PolicyFile) -> tuple[str, str]:
    if isinstance(policy, ProductPolicy):
        return "product", policy.product
    if isinstance(policy, ContactPack):
        return "contact pack", policy.pack
    if isinstance(policy, Ladder):
        return "ladder", policy.ladder
    if isinstance(policy, ScoreCard):
        return "score card", policy.score_card
    found = versioned(policy)
    return found.kind, found.name
