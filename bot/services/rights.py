"""What staff may do: rights by role, checked where the act happens, and refusals that have a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.orm import Session

from bot.services.staff import ROLES, Role
from bot.storage.tables import Agent

Right = Literal["speak", "vouch", "lift", "lift_protection", "undo_wish"]
RIGHTS: Mapping[Right, frozenset[Role]] = {
    "speak": frozenset(ROLES),
    "vouch": frozenset(ROLES),
    "lift": frozenset({"senior", "supervisor"}),
    "lift_protection": frozenset({"supervisor"}),
    "undo_wish": frozenset({"supervisor"}),
}
"""Which roles have a right."""

Code = Literal[
    "role",
    "empty",
    "taken",
    "closed",
    "reason",
    "not_asked",
    "follows",
    "no_hold",
    "stranger",
    "nobody",
    "wording",
    "statutory",
    "window",
    "no_number",
]


class NotAllowed(Exception):
    """Staff tried what their role or the state of things does not allow: `code` says which, the text why."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why)
        self.code: Code = code


def has_right(role: str, right: Right) -> bool:
    """Tell whether a role has a right."""
    return role in RIGHTS[right]


def require(session: Session, agent_id: int, right: Right) -> Agent:
    """Return who acts. Raises NotAllowed when they have left, or when their role lacks the right."""
    agent = session.get(Agent, agent_id)
    if agent is None or not agent.active:
        raise NotAllowed("role", "this account is not active")
    if not has_right(agent.role, right):
        raise NotAllowed("role", f"a role of {', '.join(sorted(RIGHTS[right]))} is needed for this")
    return agent


def reason_of(text: str) -> str:
    """Return a stated reason without what stands around it. Raises NotAllowed when there is none."""
    reason = text.strip()
    if not reason:
        raise NotAllowed("reason", "a reason is needed")
    return reason[:500]
