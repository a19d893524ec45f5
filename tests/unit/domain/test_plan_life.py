"""The lives of plans and promises: legal steps, lateness, breaking, and no matter in what order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import plan_life, promises
from bot.domain.allocation import allocate
from bot.domain.model import Due
from bot.domain.money import Money
from bot.domain.plan_life import PlanFacts, PlanRules, PlanState, decide, path, standing
from bot.domain.policy import Part, PromisePolicy
from bot.domain.promises import PromiseFacts, PromiseState, second_break
from bot.domain.receipts import Receipt, received, spread
from bot.domain.schedules import Instalment

START = date(2026, 3, 2)
RULES = PlanRules(3, Decimal(95), 14)
PROMISE = PromisePolicy(days_ahead=30, kept_percent=Decimal(95), grace_days=1, minimum=Decimal(50))


def day(number: int) -> date:
    return START + timedelta(days=number)


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


def receipt(number: int, minor: int, paid: int, returned: int | None = None) -> Receipt:
    at = datetime.combine(day(paid), time(9), UTC)
    return Receipt(number, minor, at, at, day(paid), None if returned is None else day(returned))


def plan(*amounts: int, every: int = 30) -> tuple[Instalment, ...]:
    """Payments of these minor units, the first 15 days after the start."""
    return tuple(
        Instalment(number, day(15 + every * (number - 1)), cny(minor))
        for number, minor in enumerate(amounts, 1)
    )


THREE = plan(10_000, 10_000, 10_000)


class TestSteps:
    @pytest.mark.parametrize("state", PlanState)
    @pytest.mark.parametrize("to", PlanState)
    def test_a_plan_goes_only_where_the_table_says_and_the_refusal_names_what_is_allowed(
        self, state: PlanState, to: PlanState
    ) -> None:
        refusal = plan_life.move(state, to)
        assert (refusal is None) == (to in plan_life.TRANSITIONS[state])
        if refusal is not None:
            assert (refusal.limit, refusal.asked) == ("plan.state", to)
            assert refusal.allowed == (", ".join(sorted(plan_life.TRANSITIONS[state])) or "none")

    def test_what_a_person_ended_goes_nowhere(self) -> None:
        ended = (PlanState.CANCELLED, PlanState.SUPERSEDED)
        assert all(not plan_life.TRANSITIONS[state] for state in ended)
        assert not promises.TRANSITIONS[PromiseState.CANCELLED]

    def test_a_plan_is_late_before_it_is_broken(self) -> None:
        assert path(PlanState.ACTIVE, PlanState.BROKEN) == (PlanState.LATE, PlanState.BROKEN)
        assert plan_life.move(PlanState.ACTIVE, PlanState.BROKEN) is not None

    @pytest.mark.parametrize("state", PromiseState)
    @pytest.mark.parametrize("to", PromiseState)
    def test_a_promise_goes_only_where_the_table_says(self, state: PromiseState, to: PromiseState) -> None:
        assert (promises.move(state, to) is None) == (to in promises.TRANSITIONS[state])


class TestPlan:
    def test_within_its_grace_a_payment_is_not_missed(self) -> None:
        assert standing(THREE, (), RULES, day(18)).state is PlanState.ACTIVE
        late = standing(THREE, (), RULES, day(19))
        assert (late.state, late.missed, late.since) == (PlanState.LATE, (1,), day(19))

    def test_a_late_plan_that_is_caught_up_runs_on_and_remembers_what_was_missed(self) -> None:
        found = standing(THREE, [receipt(1, 10_000, 19)], RULES, day(19))
        assert (found.state, found.missed, found.since) == (PlanState.ACTIVE, (1,), None)
        assert found.paid == (10_000, 0, 0)

    def test_a_plan_that_stays_late_for_as_long_as_the_policy_says_is_broken(self) -> None:
        assert standing(THREE, (), RULES, day(32)).state is PlanState.LATE
        found = standing(THREE, (), RULES, day(33))
        assert (found.state, found.since) == (PlanState.BROKEN, day(33))

    def test_a_second_payment_missed_while_it_is_late_breaks_it_at_once(self) -> None:
        weekly = plan(10_000, 10_000, 10_000, every=7)
        assert standing(weekly, (), RULES, day(25)).state is PlanState.LATE
        assert standing(weekly, (), RULES, day(26)).state is PlanState.BROKEN

    def test_what_comes_after_a_plan_broke_no_longer_goes_to_it(self) -> None:
        found = standing(THREE, [receipt(1, 30_000, 33)], RULES, day(40))
        assert (found.state, found.paid) == (PlanState.BROKEN, (0, 0, 0))

    def test_a_payment_booked_late_that_was_paid_in_time_means_that_nothing_was_missed(self) -> None:
        found = standing(THREE, [receipt(1, 10_000, 18)], RULES, day(40))
        assert (found.state, found.missed) == (PlanState.ACTIVE, ())

    def test_ninety_five_percent_of_what_was_due_so_far_keeps_it(self) -> None:
        assert standing(THREE, [receipt(1, 9_500, 15)], RULES, day(20)).state is PlanState.ACTIVE
        assert standing(THREE, [receipt(1, 9_499, 15)], RULES, day(20)).state is PlanState.LATE

    def test_what_is_short_is_due_with_the_last_payment_in_full(self) -> None:
        paid = [receipt(n, 9_500, 15 + 30 * (n - 1)) for n in (1, 2, 3)]
        found = standing(THREE, paid, RULES, day(80))
        assert (found.state, found.paid) == (PlanState.LATE, (10_000, 10_000, 8_500))
        assert standing(THREE, [*paid, receipt(4, 1_500, 80)], RULES, day(80)).state is PlanState.COMPLETED

    def test_paid_early_and_too_much_it_is_completed_and_takes_no_more_than_its_total(self) -> None:
        found = standing(THREE, [receipt(1, 99_999, 1)], RULES, day(1))
        assert (found.state, found.paid) == (PlanState.COMPLETED, (10_000, 10_000, 10_000))

    def test_a_payment_that_is_returned_makes_it_late_from_then_and_not_in_hindsight(self) -> None:
        back = [receipt(1, 10_000, 10, returned=40)]
        found = standing(THREE, back, RULES, day(41))
        assert (found.state, found.missed, found.since) == (PlanState.LATE, (), day(41))
        assert standing(THREE, back, RULES, day(49)).state is PlanState.BROKEN

    def test_what_another_agreement_followed_stays_as_it_closed(self) -> None:
        facts = PlanFacts(PlanState.COMPLETED, THREE, (), (2,), None, is_followed=True)
        decision = decide(facts, RULES, day(100))
        assert (decision.moves, decision.standing.state) == ((), PlanState.COMPLETED)
        assert decision.standing.missed == (2,)

    @pytest.mark.parametrize("state", [PlanState.CANCELLED, PlanState.SUPERSEDED])
    def test_time_changes_nothing_of_what_a_person_ended(self, state: PlanState) -> None:
        assert decide(PlanFacts(state, THREE, ()), RULES, day(400)).moves == ()


receipts = st.lists(
    st.builds(
        lambda minor, paid, back: (minor, paid, None if back is None else paid + back),
        st.integers(1, 30_000),
        st.integers(0, 120),
        st.none() | st.integers(0, 40),
    ),
    max_size=6,
).map(lambda rows: [receipt(number, *row) for number, row in enumerate(rows, 1)])
plans = st.builds(
    lambda amounts, every: plan(*amounts, every=every),
    st.lists(st.integers(100, 20_000), min_size=1, max_size=6),
    st.sampled_from((7, 14, 30)),
)
rules = st.builds(
    PlanRules,
    st.integers(0, 10),
    st.decimals(min_value=1, max_value=100, places=1),
    st.integers(1, 30),
)


@settings(max_examples=3000, deadline=None)
@given(plans, receipts, rules, st.integers(0, 400), st.randoms())
def test_the_order_of_recording_makes_no_difference(
    items: tuple[Instalment, ...], paid: list[Receipt], how: PlanRules, today: int, luck: random.Random
) -> None:
    here = [one for one in paid if one.paid_on <= day(today)]
    shuffled = here[:]
    luck.shuffle(shuffled)
    assert standing(items, here, how, day(today)) == standing(items, shuffled, how, day(today))


@settings(max_examples=3000, deadline=None)
@given(plans, receipts, rules, st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_however_often_the_clock_looks_the_plan_stands_where_it_would_after_one_look(
    items: tuple[Instalment, ...], paid: list[Receipt], how: PlanRules, looks: list[int]
) -> None:
    """Each look takes legal steps alone (`path` asserts it), and misses nothing that an earlier one saw."""
    state = PlanState.ACTIVE
    missed: tuple[int, ...] = ()
    for today in sorted(looks):
        known = tuple(
            one if one.returned_on is None or one.returned_on <= day(today) else receipt_there(one)
            for one in paid
            if one.paid_on <= day(today)
        )
        decision = decide(PlanFacts(state, items, known), how, day(today))
        found = decision.standing
        assert found == standing(items, known, how, day(today))
        assert set(missed) <= set(found.missed)
        assert all(0 <= part <= item.amount.minor for part, item in zip(found.paid, items, strict=True))
        state, missed = found.state, found.missed
        for step in decision.moves:
            assert step in PlanState


def receipt_there(one: Receipt) -> Receipt:
    """The receipt before anybody knew that it would be returned."""
    return Receipt(one.number, one.minor, one.paid_at, one.recorded_at, one.paid_on)


@settings(max_examples=2000, deadline=None)
@given(plans, receipts, rules, st.integers(0, 300))
def test_until_the_day_of_review_time_alone_changes_nothing(
    items: tuple[Instalment, ...], paid: list[Receipt], how: PlanRules, today: int
) -> None:
    known = [one for one in paid if one.paid_on < day(today) and (one.returned_on or START) < day(today)]
    now = standing(items, known, how, day(today))
    if now.review_on is None:
        assert not now.state.is_running
        return
    assert now.review_on > day(today)
    for later in range(today, min((now.review_on - START).days, today + 60)):
        assert standing(items, known, how, day(later)).state is now.state


class TestPromise:
    def decide(self, *paid: Receipt, today: int, state: PromiseState = PromiseState.OPEN) -> PromiseState:
        made = datetime.combine(START, time(8), UTC)
        facts = PromiseFacts(state, cny(10_000), day(5), made, paid)
        return promises.decide(facts, PROMISE, day(today)).state

    def test_it_is_open_through_its_grace_then_broken(self) -> None:
        assert self.decide(today=6) is PromiseState.OPEN
        assert self.decide(today=7) is PromiseState.BROKEN

    @pytest.mark.parametrize(
        ("minor", "state"),
        [(9_500, PromiseState.KEPT), (9_499, PromiseState.PART_KEPT), (1, PromiseState.PART_KEPT)],
    )
    def test_it_is_kept_at_95_percent_and_part_kept_below(self, minor: int, state: PromiseState) -> None:
        assert self.decide(receipt(1, minor, 6), today=7) is state

    def test_what_comes_after_its_grace_does_not_keep_it(self) -> None:
        assert self.decide(receipt(1, 10_000, 7), today=8) is PromiseState.BROKEN

    def test_a_payment_booked_late_that_was_paid_in_time_keeps_it(self) -> None:
        assert self.decide(receipt(1, 10_000, 6), today=20, state=PromiseState.BROKEN) is PromiseState.KEPT

    def test_a_returned_payment_undoes_it(self) -> None:
        back = receipt(1, 10_000, 3, returned=4)
        assert self.decide(back, today=4, state=PromiseState.KEPT) is PromiseState.OPEN
        assert self.decide(back, today=9, state=PromiseState.KEPT) is PromiseState.BROKEN

    def test_the_second_thing_missed_within_a_year_is_for_a_person(self) -> None:
        assert not second_break([day(400)], day(400))
        assert second_break([day(36), day(400)], day(400))
        assert not second_break([day(35), day(400)], day(400))


@given(
    st.integers(0, 5_000), st.integers(0, 5_000), st.integers(0, 5_000), st.integers(0, 20_000), st.randoms()
)
def test_parts_are_settled_in_the_order_of_the_policy_and_lose_nothing(
    fee: int, interest: int, principal: int, paid: int, luck: random.Random
) -> None:
    asked: dict[Part, int] = {"fees": fee, "interest": interest, "principal": principal}
    order = luck.sample(sorted(asked), 3)
    settled = allocate(paid, asked, order)
    assert sum(settled.values()) == min(paid, fee + interest + principal)
    for earlier, later in pairwise(order):
        assert settled[later] == 0 or settled[earlier] == asked[earlier]


def test_returned_money_is_not_received() -> None:
    assert received([receipt(1, 5, 1), receipt(2, 7, 1, returned=9)]) == 5
    assert spread(5, [3, 3]) == ((3, 2), 0)
    assert Due(1, START, cny(1), cny(1), cny(1), cny(0)).amount == cny(3)
