"""Hand-offs: why, which steps are legal, and how long one is likely to wait."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal


class HandoffState(StrEnum):
    """Where a hand-off stands.

    A snoozed one stays with its agent, who has put it aside until an instant or the borrower's next message.
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    RETURNED = "returned"

    @property
    def is_open(self) -> bool:
        """True while the conversation belongs to people."""
        return self in OPEN_STATES

    @property
    def is_held(self) -> bool:
        """True while an agent has it."""
        return self in (HandoffState.CLAIMED, HandoffState.SNOOZED)


OPEN_STATES = (HandoffState.WAITING, HandoffState.CLAIMED, HandoffState.SNOOZED)


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
    BROKEN = "broken"
    REVIEW = "review"
    OPERATOR = "operator"

    @property
    def protects(self) -> bool:
        """True for what a borrower must never be handed back to a machine over without a person's word."""
        return self in _PROTECTING


_PROTECTING = frozenset(
    {
        HandoffReason.SELF_HARM,
        HandoffReason.THREAT,
        HandoffReason.DEATH,
        HandoffReason.UNDERAGE,
        HandoffReason.REPRESENTED,
        HandoffReason.BANKRUPT,
    }
)


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


_S = HandoffState
TRANSITIONS: dict[HandoffState, frozenset[HandoffState]] = {
    _S.WAITING: frozenset({_S.CLAIMED, _S.RETURNED, _S.CLOSED}),
    _S.CLAIMED: frozenset({_S.WAITING, _S.SNOOZED, _S.RETURNED, _S.CLOSED}),
    _S.SNOOZED: frozenset({_S.WAITING, _S.CLAIMED, _S.RETURNED, _S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.RETURNED: frozenset(),
}


def may_move(state: HandoffState, to: HandoffState) -> bool:
    """Tell whether a hand-off may go from `state` to `to`."""
    return to in TRANSITIONS[state]


ENOUGH_TO_ESTIMATE = 5
_ROUNDED_TO = timedelta(minutes=5)


def expected_wait(services: Sequence[timedelta], ahead: int) -> timedelta | None:
    """Return how long who comes after `ahead` others is likely to wait; None when too little is known.

    `services` says of the newest hand-offs how long each stood at the head of the queue before it was taken.
    Three in four took no longer than what each place is reckoned with; the sum is rounded up to five
    minutes, so that the words promise rather too much time than too little.
    """
    if len(services) < ENOUGH_TO_ESTIMATE:
        return None
    slow = sorted(services)[math.ceil(len(services) * 0.75) - 1]
    return max(math.ceil(slow * (ahead + 1) / _ROUNDED_TO), 1) * _ROUNDED_TO


Step = Literal["alert", "escalate", "return"]


@dataclass(frozen=True, slots=True)
class Patience:
    """What a waiting hand-off may come to, in business minutes since it began to wait.

    `return_after` None means that it is never given back to the assistant by itself.
    """

    alert_every: float
    escalate_every: float | None
    return_after: float | None


def next_step(
    patience: Patience, waited: float, *, alerts: int, level: int, can_rise: bool, protects: bool
) -> Step | None:
    """Return what is due now for a hand-off that has waited so many business minutes; the gravest first.

    `alerts` and `level` say how often it was told of and escalated already, `can_rise` that somebody is above
    whoever has it. What protects a borrower is never returned.
    """
    if patience.return_after is not None and not protects and waited >= patience.return_after:
        return "return"
    if patience.escalate_every is not None and can_rise and waited >= patience.escalate_every * (level + 1):
        return "escalate"
    return "alert" if waited >= patience.alert_every * (alerts + 1) else None
