"""Whatever happens to a loan, in whatever order, the events alone tell what is stored."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from bot.bootstrap import Grace
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.domain.replay import HistoryError, plan_from, promise_from
from bot.storage.tables import DueItem, LoanRow, OfferRow, Payment, Plan, PlanItem, Promise
from tests.factory import make_borrower
from tests.integration.support import chat, holds, rows

ACCEPTED = {
    "plan": 1,
    "items": [[1, "2026-03-17", 100], [2, "2026-04-17", 100]],
    "policy_version": "p@1",
}


def told(state: str, *paid: int, since: str | None = None) -> dict[str, object]:
    return {
        "plan": 1,
        "state": state,
        "paid": list(paid),
        "missed": [],
        "since": since,
        "policy_version": "p@1",
    }


class Life(RuleBasedStateMachine):
    """A borrower with one loan, who agrees, pays, misses, ends and begins anew, while the clock runs."""

    make: Callable[[], Grace]
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.grace = type(self).make()
        self.ref = make_borrower(self.grace)
        self.numbers = itertools.count(1)
        self.standing: list[tuple[str, str]] = []

    def teardown(self) -> None:
        self.grace.close()

    @property
    def today(self) -> date:
        return self.grace.kit.clock.now().date()

    def land(self, name: str, amount: str, on: date, reverses: str = "") -> None:
        path = type(self).folder / "payments.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["payment_ref", "loan_ref", "amount", "currency", "paid_at", "reverses"])
            writer.writerow([name, f"L{self.ref}", amount, "CNY", on.isoformat(), reverses])
        assert self.grace.loanbook.import_payments(path).added == 1

    @rule(count=st.integers(2, 6), replacing=st.booleans())
    def agree(self, count: int, replacing: bool) -> None:
        conversation = chat(self.grace, self.ref)
        turn = f"t{next(self.numbers)}"
        made = self.grace.negotiation.propose(conversation, Wish(count=count), turn=turn, replacing=replacing)
        if made.options:
            self.grace.negotiation.agree(
                conversation, made.options[0].id, turn=f"{turn} yes", replacing=replacing
            )

    @rule(percent=st.sampled_from((10, 50, 100)), days=st.integers(0, 20))
    def promise(self, percent: int, days: int) -> None:
        conversation = chat(self.grace, self.ref)
        open_minor = self.grace.accounts.standing(conversation).loan.outstanding.minor
        amount = Money(open_minor * percent // 100, "CNY")
        day = self.today + timedelta(days=days)
        self.grace.promises.make(conversation, amount, day, turn=f"t{next(self.numbers)}")

    @rule(minor=st.sampled_from((1, 9_500, 47_500, 90_000, 120_000, 300_000)), ago=st.integers(0, 40))
    def pay(self, minor: int, ago: int) -> None:
        name, amount = f"P{next(self.numbers)}", str(Money(minor, "CNY").amount)
        self.land(name, amount, self.today - timedelta(days=ago))
        self.standing.append((name, amount))

    @precondition(lambda self: self.standing)
    @rule(luck=st.randoms())
    def give_back(self, luck: object) -> None:
        name, amount = self.standing.pop(luck.randrange(len(self.standing)))  # type: ignore[attr-defined]
        self.land(f"R{next(self.numbers)}", amount, self.today, name)

    @rule()
    def end(self) -> None:
        for plan in rows(self.grace, Plan):
            self.grace.plans.cancel(plan.id, "test", "borrower")

    @rule()
    def end_promise(self) -> None:
        for promise in rows(self.grace, Promise):
            self.grace.plans.cancel_promise(promise.id, "test", "borrower")

    @rule(days=st.sampled_from((1, 4, 16, 45)))
    def wait(self, days: int) -> None:
        self.grace.kit.clock.move(timedelta(days=days))  # type: ignore[attr-defined]
        self.grace.plans.settle_promises()
        self.grace.plans.settle_plans()
        assert self.grace.plans.settle_promises() == self.grace.plans.settle_plans() == 0

    @invariant()
    def the_events_tell_what_is_stored(self) -> None:
        items = rows(self.grace, PlanItem)
        for plan in rows(self.grace, Plan):
            record = self.grace.plans.rebuilt(plan.id)
            mine = tuple(
                (one.number, one.due_on, one.amount_minor, one.paid_minor)
                for one in items
                if one.plan_id == plan.id
            )
            assert (record.state, record.items) == (plan.life, mine)
            assert (list(record.missed), record.since) == (plan.missed, plan.since)
            assert record.policy_version == plan.policy_version
        for promise in rows(self.grace, Promise):
            kept = self.grace.plans.rebuilt_promise(promise.id)
            assert (kept.state, kept.due_on) == (promise.state, promise.due_on)
            assert kept.amount == str(Money(promise.amount_minor, "CNY"))

    @invariant()
    def no_money_is_lost(self) -> None:
        with self.grace.kit.db.begin() as session:
            came = session.scalar(select(func.sum(Payment.amount_minor)).where(Payment.returned_at.is_(None)))
            dues = session.scalar(select(func.sum(DueItem.paid_minor)))
            costs = session.scalar(select(func.sum(OfferRow.cost_minor)))
        assert not costs
        assert (came or 0) == (dues or 0) + self.grace.plans.balance(f"L{self.ref}").credit.minor

    @invariant()
    def the_holds_are_those_of_what_runs(self) -> None:
        found = set(holds(self.grace, self.ref))
        assert ("plan" in found) == any(plan.life.is_running for plan in rows(self.grace, Plan))
        assert "promise" not in found or any(one.state == "open" for one in rows(self.grace, Promise))
        assert len(rows(self.grace, LoanRow)) == 1


def test_the_events_alone_rebuild_every_plan_and_promise(
    fresh_grace: Callable[[], Grace], tmp_path: Path
) -> None:
    class Here(Life):
        make = staticmethod(fresh_grace)
        folder = tmp_path

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


class TestHistory:
    def test_no_event_at_all_tells_nothing(self) -> None:
        with pytest.raises(HistoryError, match="no event"):
            plan_from([])
        with pytest.raises(HistoryError, match="no event"):
            promise_from([])

    @pytest.mark.parametrize(
        ("kind", "detail", "says"),
        [
            ("plan_broken", told("broken", 0, 0), "broken is not one of"),
            ("plan_completed", told("late", 0, 0), "does not fit"),
            ("plan_paid", told("completed", 100, 100), "does not fit"),
            ("promise_kept", told("active", 0, 0), "is no event of a plan"),
        ],
    )
    def test_an_illegal_life_of_a_plan_is_refused(
        self, kind: str, detail: dict[str, object], says: str
    ) -> None:
        with pytest.raises(HistoryError, match=says):
            plan_from([("plan_accepted", ACCEPTED), (kind, detail)])

    def test_a_legal_life_is_told(self) -> None:
        record = plan_from(
            [
                ("plan_accepted", ACCEPTED),
                ("plan_paid", told("active", 50, 0)),
                ("plan_late", told("late", 50, 0, since="2026-03-21")),
                ("plan_completed", told("completed", 100, 100)),
            ]
        )
        assert (record.state, record.since) == ("completed", None)
        assert [item[3] for item in record.items] == [100, 100]

    def test_a_promise_is_not_broken_twice(self) -> None:
        first = {"promise": 1, "amount": "5.00 CNY", "due_on": "2026-03-05", "policy_version": "p@1"}
        with pytest.raises(HistoryError, match="broken is not one of kept, part_kept"):
            promise_from([("promise", first), ("promise_broken", first), ("promise_broken", first)])
