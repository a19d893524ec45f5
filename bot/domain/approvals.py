"""Approvals: what may become of a request beyond somebody's authority, and who may decide it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.model import Refusal
from bot.domain.policy import AUTHORITIES, Authority

Verdict = Literal["approve", "change", "refuse"]


class ApprovalState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    CHANGED = "changed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def is_granted(self) -> bool:
        """True when terms were granted, those asked for or others."""
        return self in (ApprovalState.APPROVED, ApprovalState.CHANGED)


TRANSITIONS: dict[ApprovalState, frozenset[ApprovalState]] = {
    state: frozenset(ApprovalState) if state is ApprovalState.WAITING else frozenset()
    for state in ApprovalState
}
"""A request may wait on, as it does after the first of two votes; whatever else became of it is final."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A request as a vote finds it; `first_by` gave the first of the two votes that it needs."""

    state: ApprovalState
    level: Authority
    expires_at: datetime
    asked_by: int | None = None
    first_by: int | None = None
    needs_two: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's decision."""

    by: int
    level: Authority
    verdict: Verdict


def may_move(state: ApprovalState, to: ApprovalState) -> bool:
    """Tell whether a request may go from `state` to `to`."""
    return to in TRANSITIONS[state]


def may_decide(own: Authority, needed: Authority) -> bool:
    """Tell whether a level is high enough."""
    return AUTHORITIES.index(own) >= AUTHORITIES.index(needed)


def objections(pending: Pending, vote: Vote, now: datetime) -> tuple[Refusal, ...]:
    """Return every rule that a vote at instant `now` breaks; none when it counts."""
    return tuple(_objections(pending, vote, now))


def _objections(pending: Pending, vote: Vote, now: datetime) -> Iterator[Refusal]:
    if pending.state is not ApprovalState.WAITING:
        yield Refusal("approval.state", ApprovalState.WAITING.value, pending.state.value)
    if pending.expires_at <= now:
        yield Refusal("approval.expiry", pending.expires_at.isoformat(), now.isoformat())
    if not may_decide(vote.level, pending.level):
        yield Refusal("approval.level", pending.level, vote.level)
    if vote.by == pending.asked_by:
        yield Refusal("approval.own", "another person", str(vote.by))
    if vote.by == pending.first_by and vote.verdict != "refuse":
        yield Refusal("approval.two_person", "2", "1")


def outcome(pending: Pending, verdict: Verdict, *, as_asked: bool) -> ApprovalState:
    """Return where a vote that counts leaves the request; `as_asked`: the terms are those asked for.

    A refusal needs one person. Of two that granting may need, whoever changes the terms is the first again.
    """
    if verdict == "refuse":
        return ApprovalState.REFUSED
    if pending.needs_two and (pending.first_by is None or verdict == "change"):
        return ApprovalState.WAITING
    return ApprovalState.APPROVED if as_asked else ApprovalState.CHANGED
