"""Approvals as a state machine: legal steps only, who may vote, and when two people are needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.approvals import (
    ApprovalState,
    Pending,
    Verdict,
    Vote,
    may_decide,
    may_move,
    objections,
    outcome,
)
from bot.domain.policy import AUTHORITIES, Authority

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LEVELS = st.sampled_from(AUTHORITIES)
PEOPLE = AUTHORITIES[1:]
VERDICTS = st.sampled_from(get_args(Verdict))


def pending(**more: object) -> Pending:
    waiting = Pending(ApprovalState.WAITING, "senior", NOW + timedelta(days=2), asked_by=1)
    return replace(waiting, **more)  # type: ignore[arg-type]


def broken(found: Pending, vote: Vote, now: datetime = NOW) -> list[str]:
    return [one.limit for one in objections(found, vote, now)]


@given(st.sampled_from(ApprovalState), st.sampled_from(ApprovalState))
def test_only_what_waits_may_become_something_else(state: ApprovalState, to: ApprovalState) -> None:
    assert may_move(state, to) is (state is ApprovalState.WAITING)


@given(LEVELS, LEVELS)
def test_a_level_decides_what_needs_it_or_less(own: Authority, needed: Authority) -> None:
    assert may_decide(own, needed) is (AUTHORITIES.index(own) >= AUTHORITIES.index(needed))


class TestObjections:
    def test_a_vote_of_the_level_that_is_needed_counts(self) -> None:
        for level in ("senior", "supervisor"):
            assert broken(pending(), Vote(2, level, "approve")) == []

    def test_every_rule_that_is_broken_is_named_with_its_number(self) -> None:
        found = objections(
            pending(state=ApprovalState.REFUSED, expires_at=NOW, first_by=1), Vote(1, "agent", "approve"), NOW
        )
        assert [(one.limit, one.allowed, one.asked) for one in found] == [
            ("approval.state", "waiting", "refused"),
            ("approval.expiry", NOW.isoformat(), NOW.isoformat()),
            ("approval.level", "senior", "agent"),
            ("approval.own", "another person", "1"),
            ("approval.two_person", "2", "1"),
        ]

    def test_nobody_decides_their_own_request(self) -> None:
        for verdict in get_args(Verdict):
            assert broken(pending(), Vote(1, "supervisor", verdict)) == ["approval.own"]

    def test_the_first_of_two_may_think_better_of_it_but_not_vote_twice(self) -> None:
        waits = pending(needs_two=True, first_by=2)
        assert broken(waits, Vote(2, "senior", "approve")) == ["approval.two_person"]
        assert broken(waits, Vote(2, "senior", "refuse")) == []
        assert broken(waits, Vote(3, "senior", "approve")) == []

    def test_a_request_may_be_decided_until_its_last_instant(self) -> None:
        vote = Vote(2, "senior", "approve")
        end = pending().expires_at
        assert broken(pending(), vote, end - timedelta(microseconds=1)) == []
        assert broken(pending(), vote, end) == ["approval.expiry"]


class TestOutcome:
    @given(VERDICTS, st.booleans())
    def test_one_person_is_enough_where_the_policy_does_not_ask_for_two(
        self, verdict: Verdict, as_asked: bool
    ) -> None:
        assert outcome(pending(), verdict, as_asked=as_asked) is not ApprovalState.WAITING

    @given(st.booleans(), st.none() | st.integers(2, 9), st.booleans())
    def test_a_refusal_needs_one_person(self, two: bool, first: int | None, as_asked: bool) -> None:
        found = pending(needs_two=two, first_by=first)
        assert outcome(found, "refuse", as_asked=as_asked) is ApprovalState.REFUSED

    def test_whoever_changes_terms_that_two_have_to_grant_is_the_first_again(self) -> None:
        waits = pending(needs_two=True, first_by=2)
        assert outcome(waits, "change", as_asked=False) is ApprovalState.WAITING
        assert outcome(waits, "approve", as_asked=False) is ApprovalState.CHANGED
        assert outcome(waits, "approve", as_asked=True) is ApprovalState.APPROVED


class Requests(RuleBasedStateMachine):
    """Anybody votes anything at any time: what is granted was agreed by enough people who may."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.agreed: list[Vote] = []
        self.final: ApprovalState | None = None

    @initialize(two=st.booleans(), level=st.sampled_from(PEOPLE), asked=st.none() | st.integers(1, 3))
    def ask(self, two: bool, level: Authority, asked: int | None) -> None:
        self.found = Pending(
            ApprovalState.WAITING, level, NOW + timedelta(hours=48), asked_by=asked, needs_two=two
        )

    @rule(by=st.integers(1, 4), level=st.sampled_from(PEOPLE), verdict=VERDICTS)
    def vote(self, by: int, level: Authority, verdict: Verdict) -> None:
        one = Vote(by, level, verdict)
        if objections(self.found, one, self.now):
            return
        state = outcome(self.found, verdict, as_asked=verdict == "approve")
        assert may_move(self.found.state, state)
        self.agreed = [one] if verdict == "change" or not self.agreed else [*self.agreed, one]
        self.found = replace(self.found, state=state, first_by=by)
        if state is not ApprovalState.WAITING:
            assert self.final is None
            self.final = state

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.found.state is ApprovalState.WAITING)
    @rule()
    def expire(self) -> None:
        if self.now >= self.found.expires_at:
            self.found = replace(self.found, state=ApprovalState.EXPIRED)

    @invariant()
    def what_is_granted_has_the_people_it_needs(self) -> None:
        if not self.found.state.is_granted:
            return
        people = {vote.by for vote in self.agreed}
        assert len(people) >= (2 if self.found.needs_two else 1)
        assert self.found.asked_by not in people
        assert all(may_decide(vote.level, self.found.level) for vote in self.agreed)

    @invariant()
    def what_is_final_stays(self) -> None:
        if self.final is not None:
            assert self.found.state is self.final


TestRequests = Requests.TestCase
TestRequests.settings = settings(max_examples=300, stateful_step_count=12, deadline=None)
