"""Hand-offs: why, how urgent, and which steps are legal."""

from __future__ import annotations

from enum import StrEnum


class HandoffState(StrEnum):
    """Where a hand-off stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"
    RETURNED = "returned"

    @property
    def is_open(self) -> bool:
        """True while the conversation belongs to people."""
        return self in (HandoffState.WAITING, HandoffState.CLAIMED)


class HandoffReason(StrEnum):
    """Why a person takes over."""

    SELF_HARM = "self_harm"
    THREAT = "threat"
    DEATH = "death"
    UNDERAGE = "underage"
    REPRESENTED = "represented"
    BANKRUPT = "bankrupt"
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    DATA_RIGHTS = "data_rights"
    ASKED = "asked"
    CALLBACK = "callback"
    IDENTITY = "identity"
    BEYOND_POLICY = "beyond_policy"
    DOCUMENT = "document"
    EVIDENCE = "evidence"
    MISUNDERSTOOD = "misunderstood"
    FAILURE = "failure"
    WORDING = "wording"
    LADDER = "ladder"
    OPERATOR = "operator"


class Outcome(StrEnum):
    """How an agent closes a case."""

    RESOLVED = "resolved"
    PLAN_AGREED = "plan_agreed"
    PROMISE = "promise"
    PAID = "paid"
    DISPUTE_UPHELD = "dispute_upheld"
    DISPUTE_REJECTED = "dispute_rejected"
    NO_CONTACT = "no_contact"
    REFERRED = "referred"


PRIORITY: dict[HandoffReason, int] = {
    HandoffReason.SELF_HARM: 0,
    HandoffReason.THREAT: 1,
    HandoffReason.DEATH: 2,
    HandoffReason.UNDERAGE: 2,
    HandoffReason.REPRESENTED: 2,
    HandoffReason.BANKRUPT: 2,
    HandoffReason.COMPLAINT: 3,
    HandoffReason.DISPUTE: 3,
    HandoffReason.DATA_RIGHTS: 4,
    HandoffReason.ASKED: 4,
    HandoffReason.CALLBACK: 4,
    HandoffReason.BEYOND_POLICY: 4,
    HandoffReason.IDENTITY: 5,
    HandoffReason.DOCUMENT: 5,
    HandoffReason.EVIDENCE: 5,
    HandoffReason.MISUNDERSTOOD: 5,
    HandoffReason.FAILURE: 5,
    HandoffReason.WORDING: 5,
    HandoffReason.LADDER: 6,
    HandoffReason.OPERATOR: 4,
}
"""0 is the most urgent."""

TRANSITIONS: dict[HandoffState, frozenset[HandoffState]] = {
    HandoffState.WAITING: frozenset({HandoffState.CLAIMED, HandoffState.RETURNED, HandoffState.CLOSED}),
    HandoffState.CLAIMED: frozenset({HandoffState.WAITING, HandoffState.RETURNED, HandoffState.CLOSED}),
    HandoffState.CLOSED: frozenset(),
    HandoffState.RETURNED: frozenset(),
}


def may_move(state: HandoffState, to: HandoffState) -> bool:
    """Tell whether a hand-off may go from `state` to `to`."""
    return to in TRANSITIONS[state]
