"""What staff may do: rights by role, checked where the act happens, and refusals that have a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.orm import Session

from bot.domain.model import Refusal
from bot.services.staff import ROLES, Role
from bot.storage.tables import Agent

Right = Literal[
    "read",
    "speak",
    "vouch",
    "approve",
    "correct",
    "lift",
    "lift_protection",
    "undo_wish",
    "assign",
    "review",
    "book",
    "export",
]
_WORKING: frozenset[Role] = frozenset({"agent", "senior", "supervisor"})
RIGHTS: Mapping[Right, frozenset[Role]] = {
    "read": frozenset(ROLES),
    "speak": _WORKING,
    "vouch": _WORKING,
    # How far is said by the level that a request needs.
    "approve": _WORKING,
    "correct": _WORKING,
    "book": frozenset({"supervisor"}),
    "export": frozenset({"supervisor", "auditor"}),
    "lift": frozenset({"senior", "supervisor"}),
    "lift_protection": frozenset({"supervisor"}),
    "undo_wish": frozenset({"supervisor"}),
    "assign": frozenset({"supervisor"}),
    "review": frozenset({"supervisor"}),
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
    "decided",
    "expired",
    "level",
    "own",
    "two_person",
    "terms",
    "unverified",
    "changed",
    "plan_active",
    "request_waits",
    "no_answer",
    "unanswered",
    "complaint_closed",
    "call_held",
    "contact_held",
    "presence",
    "team",
    "capacity",
    "until",
    "loan",
    "variable",
    "unknown",
    "name",
    "evidence",
    "marks",
    "mark_waits",
    "yours",
    "code",
    "enrolled",
    "ground",
    "paid",
    "oneself",
    "file_large",
    "file_type",
    "file_many",
]


Reader = int | Literal["operator"]
"""Who reads a list: a member of staff by id, or whoever runs the commands on the server itself."""


class NotAllowed(Exception):
    """Staff tried what their role or the state of things does not allow: `code` says which, the text why."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why)
        self.code: Code = code


class Beyond(NotAllowed):
    """Terms that somebody's level may not grant; `limits` holds every limit that they break."""

    def __init__(self, limits: tuple[Refusal, ...]) -> None:
        self.limits = limits
        words = (f"{one.limit}: {one.asked}, allowed {one.allowed}" for one in limits)
        super().__init__("terms", "; ".join(words))


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


def require_reader(session: Session, reader: Reader, right: Right) -> None:
    """Raises NotAllowed when a list is not for who asks; whoever has the command line has the database."""
    if reader != "operator":
        require(session, reader, right)


def reason_of(text: str) -> str:
    """Return a stated reason without what stands around it. Raises NotAllowed when there is none."""
    reason = text.strip()
    if not reason:
        raise NotAllowed("reason", "a reason is needed")
    return reason[:500]
