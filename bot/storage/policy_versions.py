"""Names policies by what they say, so that every send and every plan can cite the one it went by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from bot.domain.policy import CannedReplies, Checklist, ContactPack, Ladder, ProductPolicy, Routing, ScoreCard


@dataclass(frozen=True, slots=True)
class Versioned:
    """A policy's content and the name under which offers and sends cite it."""

    kind: str
    name: str
    version: str
    content: dict[str, Any]


class _Same:
    """A policy as the one object it is: to compare two by what they say takes longer than to name one."""

    __slots__ = ("policy",)

    def __init__(self, policy: BaseModel) -> None:
        self.policy = policy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.policy is self.policy

    def __hash__(self) -> int:
        return id(self.policy)


def versioned(policy: BaseModel) -> Versioned:
    """Name a policy by its own version number and the hash of its content."""
    return _named(_Same(policy))


@lru_cache(maxsize=256)
def _named(same: _Same) -> Versioned:
    policy = same.policy
    content: dict[str, Any] = policy.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
    if isinstance(policy, ProductPolicy):
        kind, name = "product", policy.product
    elif isinstance(policy, ContactPack):
        kind, name = "contact", policy.pack
    elif isinstance(policy, Ladder):
        kind, name = "ladder", policy.ladder
    elif isinstance(policy, ScoreCard):
        kind, name = "tiers", policy.score_card
    elif isinstance(policy, Routing):
        kind, name = "routing", policy.routing
    elif isinstance(policy, CannedReplies):
        kind, name = "canned", policy.canned
    elif isinstance(policy, Checklist):
        kind, name = "checklist", policy.checklist
    else:
        # Whatever else has a version of its own names itself first.
        kind, name = next(iter(content.items()))
    return Versioned(kind, name, f"{name}@{content['version']}-{digest}", content)
