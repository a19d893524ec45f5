"""What becomes of plans and promises: by payments, by time, by people; once each, whoever does it at once."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot import clock as ticking
from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.loanbook import ImportReport
from bot.services.rights import NotAllowed
from bot.storage.tables import (
    DueItem,
    HandoffRow,
    LoanRow,
    Message,
    Nudge,
    OfferRow,
    Payment,
    Plan,
    PlanItem,
    Promise,
)
from tests.factory import make_borrower
from tests.integration.support import (
    at_once,
    change,
    chat,
    events,
    handoff,
    holds,
    make_agent,
    only,
    rows,
    send,
    tick,
    wait,
)

TODAY = date(2026, 3, 2)
_files = itertools.count(1)
Pay = Callable[..., ImportReport]


@pytest.fixture
def ref(grace: Grace) -> str:
    """A borrower who owes 3000.00 since a week."""
    return make_borrower(grace)


@pytest.fixture
def pay(grace: Grace, ref: str, tmp_path: Path) -> Pay:
    """Import one payment of the loan: its name, amount, day (today), and the payment that it takes back."""

    def land(name: str, amount: str, on: date | None = None, reverses: str = "") -> ImportReport:
        return paid(grace, tmp_path, f"L{ref}", (name, amount, on, reverses))

    return land


def paid(grace: Grace, folder: Path, loan: str, *lines: tuple[str, str, date | None, str]) -> ImportReport:
    path = folder / f"payments{next(_files)}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["payment_ref", "loan_ref", "amount", "currency", "paid_at", "reverses"])
        for name, amount, on, reverses in lines:
            at = (on or grace.kit.clock.now().date()).isoformat()
            writer.writerow([name, loan, amount, "CNY", at, reverses])
    return grace.loanbook.import_payments(path)


def agreed(
    grace: Grace, ref: str, wish: Wish | None = None, turn: str = "1", *, replacing: bool = False
) -> int:
    """Agree the first option for a wish; three payments of 1200.00, 900.00, 900.00 from 17 March if none."""
    conversation = chat(grace, ref)
    made = grace.negotiation.propose(
        conversation, wish or Wish(count=3), turn=f"offer {turn}", replacing=replacing
    )
    done = grace.negotiation.agree(conversation, made.options[0].id, turn=f"yes {turn}", replacing=replacing)
    assert done.plan_id is not None
    return done.plan_id


def promised(grace: Grace, ref: str, amount: str, days: int) -> int:
    conversation = chat(grace, ref)
    day = grace.kit.clock.now().date() + timedelta(days=days)
    assert grace.promises.make(conversation, Money.of(amount, "CNY"), day, turn=f"promise {day}") == ()
    return rows(grace, Promise)[-1].id


def later_due(grace: Grace) -> None:
    """Let the one loan ask 500.00 more on 20 March."""
    with grace.kit.db.begin() as session:
        session.add(
            DueItem(
                loan_id=only(grace, LoanRow).id,
                number=2,
                due_on=date(2026, 3, 20),
                principal_minor=50_000,
                interest_minor=0,
                fee_minor=0,
            )
        )


def day(clock: MovableClock, month: int, number: int) -> None:
    """Move to ten in the morning, in China, of a day in 2026."""
    clock.at = datetime(2026, month, number, 2, tzinfo=clock.at.tzinfo)


def work(grace: Grace) -> list[str]:
    """Let the clock tick; return what left."""
    ticking.work(grace)
    return send(grace)


def plan_of(grace: Grace) -> Plan:
    return rows(grace, Plan)[-1]


def lives(grace: Grace, plan: int) -> list[str]:
    return [one.kind for one in grace.plans.history(plan)]


def settled(grace: Grace) -> list[int]:
    return [item.paid_minor for item in rows(grace, PlanItem)]


class TestKeeping:
    def test_reminders_come_three_days_and_one_before_and_on_the_day_and_stop_when_it_is_paid(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        agreed(grace, ref)
        told = {}
        for number in range(3, 19):
            day(clock, 3, number)
            told[number] = work(grace)
        assert {number: len(texts) for number, texts in told.items() if texts} == {14: 1, 16: 1, 17: 1}
        assert "今天" in told[17][0]
        assert "1,200元" in told[17][0]
        pay("P1", "1200")
        day(clock, 4, 13)
        pay("P2", "900")
        for number in (14, 16, 17):
            day(clock, 4, number)
            assert work(grace) == []

    def test_completed_it_thanks_with_a_settlement_note_lifts_the_hold_and_the_ladder_resumes(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        work(grace)
        later_due(grace)
        day(clock, 3, 21)
        pay("P1", "3000", date(2026, 3, 17))
        assert (plan_of(grace).state, holds(grace, ref)) == ("completed", {})
        (note,) = work(grace)
        assert "结清" in note
        assert "3,000元" in note
        assert "500元" in note
        message = rows(grace, Message)[-1]
        assert (message.template, message.purpose) == ("utter_plan_settled", "notice")
        assert message.rule_ids
        # One day after its own due day the next item is at its first rung; one text a day is all there is.
        assert {(one.cycle, one.step) for one in rows(grace, Nudge)} >= {(0, f"settled:{plan}"), (2, "D+1")}
        day(clock, 3, 22)
        (rung,) = work(grace)
        assert "500元" in rung

    def test_the_settlement_note_goes_in_english_when_all_is_paid(self, grace: Grace, tmp_path: Path) -> None:
        ref = make_borrower(grace, locale="en")
        agreed(grace, ref)
        paid(grace, tmp_path, f"L{ref}", ("P1", "3000", None, ""))
        (note,) = work(grace)
        assert "was settled on" in note
        assert "{" not in note

    def test_the_cost_of_a_plan_settles_no_due_item_and_is_reminded_of_to_the_end(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        change(grace, OfferRow, {"state": "accepted"}, cost_minor=10_000)
        last = rows(grace, PlanItem)[-1]
        change(grace, PlanItem, {"id": last.id}, amount_minor=last.amount_minor + 10_000)
        day(clock, 5, 16)
        pay("P1", "3000", date(2026, 3, 10))
        assert (only(grace, DueItem).paid_minor, plan_of(grace).state) == (300_000, "active")
        (text,) = work(grace)
        assert "金额100元" in text
        pay("P2", "130")
        assert plan_of(grace).state == "completed"
        assert grace.plans.balance(f"L{ref}").credit == Money(3_000, "CNY")
        assert events(grace, "payment")[-1].detail["overpaid"] == "30.00 CNY"
        assert grace.plans.rebuilt(plan).items[-1][3] == 100_000

    def test_who_has_paid_all_that_the_book_asks_is_reminded_of_nothing(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        """The lender's book has no item for what a plan costs: it must not stay open on the last one."""
        agreed(grace, ref)
        change(grace, OfferRow, {"state": "accepted"}, cost_minor=10_000)
        last = rows(grace, PlanItem)[-1]
        change(grace, PlanItem, {"id": last.id}, amount_minor=last.amount_minor + 10_000)
        later_due(grace)
        pay("P1", "3400", date(2026, 3, 10))
        assert [one.paid_minor for one in rows(grace, DueItem)] == [300_000, 30_000]
        pay("P2", "100", date(2026, 3, 11))
        assert [one.paid_minor for one in rows(grace, DueItem)] == [300_000, 50_000]
        assert (plan_of(grace).state, grace.plans.balance(f"L{ref}").credit.minor) == ("completed", 0)
        work(grace)
        day(clock, 3, 22)
        assert work(grace) == []

    def test_paid_parts_are_told_in_the_order_of_the_policy(self, grace: Grace, ref: str, pay: Pay) -> None:
        item = only(grace, DueItem)
        change(
            grace,
            DueItem,
            {"id": item.id},
            fee_minor=1_000,
            interest_minor=2_000,
            principal_minor=297_000,
        )
        pay("P1", "25")
        assert {name: str(one) for name, one in grace.plans.balance(f"L{ref}").paid.items()} == {
            "fees": "10.00 CNY",
            "interest": "15.00 CNY",
            "principal": "0.00 CNY",
        }
        assert events(grace, "payment")[0].detail["paid"]["interest"] == "15.00 CNY"


class TestMissing:
    def test_one_missed_payment_is_followed_up_kindly_once_and_the_plan_runs_on(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        day(clock, 3, 20)
        assert grace.plans.settle_plans() == 0
        day(clock, 3, 21)
        assert grace.plans.settle_plans() == 1
        assert plan_of(grace).life == "late"
        (text,) = work(grace)
        assert "第1/3期" in text
        assert work(grace) == []
        assert "plan" in holds(grace, ref)
        pay("P1", "1200")
        assert plan_of(grace).life == "active"
        assert [one.kind for one in grace.plans.history(plan)] == [
            "plan_accepted",
            "plan_late",
            "plan_caught_up",
        ]
        assert rows(grace, HandoffRow) == []

    def test_a_follow_up_that_has_not_gone_is_taken_back_by_the_payment(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        agreed(grace, ref)
        day(clock, 3, 21)
        grace.plans.settle_plans()
        pay("P1", "1200")
        nudge = only(grace, Nudge, template="utter_reminder_instalment_missed")
        assert (nudge.state, nudge.reason) == ("cancelled", "plan active")
        assert work(grace) == []

    def test_late_for_too_long_it_ends_the_borrower_is_told_and_nothing_is_asked_at_once(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        agreed(grace, ref)
        day(clock, 3, 21)
        work(grace)
        day(clock, 4, 4)
        (text,) = work(grace)
        assert "已经结束" in text
        assert (plan_of(grace).state, holds(grace, ref)) == ("broken", {})
        assert only(grace, DueItem).principal_minor == 300_000
        assert rows(grace, HandoffRow) == []

    def test_after_an_outage_only_the_last_word_is_said(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        plan = agreed(grace, ref)
        day(clock, 4, 4)
        grace.plans.settle_plans()
        assert [one.kind for one in grace.plans.history(plan)] == [
            "plan_accepted",
            "plan_late",
            "plan_broken",
        ]
        assert [one.step for one in rows(grace, Nudge)] == [f"ended:{plan}"]

    def test_a_second_missed_agreement_within_a_year_goes_to_a_person_and_says_nothing(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        promised(grace, ref, "500", 3)
        day(clock, 3, 7)
        (first,) = work(grace)
        assert "500元" in first
        promised(grace, ref, "400", 3)
        day(clock, 3, 12)
        assert work(grace) == []
        row = handoff(grace, chat(grace, ref))
        assert (row.reason, row.state) == (HandoffReason.BROKEN, "waiting")
        assert [one.state for one in rows(grace, Promise)] == ["broken", "broken"]

    def test_a_promise_kept_in_part_is_thanked_for_and_asked_after(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        promise = promised(grace, ref, "500", 3)
        day(clock, 3, 5)
        pay("P1", "200")
        day(clock, 3, 7)
        (text,) = work(grace)
        assert "200元" in text
        assert "差300元" in text
        assert grace.plans.rebuilt_promise(promise).state == only(grace, Promise).state == "part_kept"
        assert holds(grace, ref) == {}

    @pytest.mark.parametrize("agreement", ["plan", "promise"])
    def test_two_clocks_at_once_miss_it_once(
        self, grace: Grace, ref: str, clock: MovableClock, agreement: str
    ) -> None:
        if agreement == "plan":
            agreed(grace, ref)
            day(clock, 3, 21)
            moved = at_once(*[grace.plans.settle_plans] * 4)
        else:
            promised(grace, ref, "500", 3)
            day(clock, 3, 7)
            moved = at_once(*[grace.plans.settle_promises] * 4)
        assert sorted(moved) == [0, 0, 0, 1]
        assert len(events(grace, {"plan": "plan_late", "promise": "promise_broken"}[agreement])) == 1
        assert len(rows(grace, Nudge)) == 1


class TestCorrecting:
    def test_a_payment_booked_late_mends_a_broken_plan(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        day(clock, 4, 4)
        grace.plans.settle_plans()
        pay("P1", "1200", date(2026, 3, 17))
        assert (plan_of(grace).life, plan_of(grace).missed, plan_of(grace).closed_at) == ("active", [], None)
        assert "plan" in holds(grace, ref)
        assert only(grace, Nudge).reason == "plan active"
        assert grace.plans.history(plan)[-1].kind == "plan_reopened"

    def test_a_payment_booked_late_mends_no_plan_that_another_one_followed(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        old = agreed(grace, ref)
        day(clock, 4, 4)
        grace.plans.settle_plans()
        new = agreed(grace, ref, turn="2")
        pay("P1", "1200", date(2026, 3, 17))
        assert [(one.id, one.state) for one in rows(grace, Plan)] == [(old, "broken"), (new, "active")]
        # It was booked after the new plan was agreed, whose balance did not know of it.
        assert [item[3] for item in grace.plans.rebuilt(new).items] == [120_000, 0, 0]
        assert [item[3] for item in grace.plans.rebuilt(old).items] == [0, 0, 0]

    def test_a_returned_payment_opens_what_it_had_settled(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        pay("P1", "3000")
        assert only(grace, DueItem).paid_minor == 300_000
        assert pay("R1", "3000", date(2026, 3, 2), "P1").added == 1
        assert (only(grace, DueItem).paid_minor, plan_of(grace).life, settled(grace)) == (
            0,
            "active",
            [0, 0, 0],
        )
        assert "plan" in holds(grace, ref)
        (told,) = events(grace, "payment_reversed")
        assert (told.detail["payment"], told.detail["reversal"]) == ("P1", "R1")
        assert [one.state for one in rows(grace, Nudge)] == ["cancelled"]
        assert pay("R1", "3000", date(2026, 3, 2), "P1") == ImportReport(unchanged=1)
        assert grace.plans.rebuilt(plan).state == "active"

    def test_a_returned_payment_breaks_the_promise_that_it_had_kept(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        promise = promised(grace, ref, "500", 3)
        day(clock, 3, 4)
        pay("P1", "500")
        assert (only(grace, Promise).state, holds(grace, ref)) == ("kept", {})
        pay("R1", "500", None, "P1")
        assert (only(grace, Promise).state, set(holds(grace, ref))) == ("open", {"promise"})
        day(clock, 3, 7)
        assert grace.plans.settle_promises() == 1
        kinds = [one.kind for one in grace.plans.promise_history(promise)]
        assert kinds == ["promise", "promise_kept", "promise_reopened", "promise_broken"]

    def test_every_bad_return_is_named_and_changes_nothing(self, grace: Grace, ref: str, pay: Pay) -> None:
        pay("P1", "100")
        pay("P2", "100")
        pay("R1", "100", None, "P1")

        def problem(*line: object) -> list[str]:
            report = pay(*line)
            assert (report.added, report.rejected) == (0, 1)
            return [error.field for error in report.errors]

        assert problem("R2", "100", None, "P1") == ["reverses"]
        assert problem("R2", "99", None, "P2") == ["amount"]
        assert problem("R2", "100", date(2026, 3, 1), "P2") == ["paid_at"]
        assert problem("R2", "100", None, "P9") == ["reverses"]
        assert problem("P2", "100", None, "P1") == ["payment_ref"]
        assert problem("R1", "100", None, "P2") == ["reverses"]
        assert problem("R1", "100") == ["payment_ref"]
        assert [one.return_ref for one in rows(grace, Payment)] == ["R1", None]

    def test_two_returns_at_once_take_a_payment_back_once(self, grace: Grace, ref: str, pay: Pay) -> None:
        pay("P1", "3000")
        same = at_once(*[lambda: pay("R1", "3000", None, "P1")] * 2)
        assert sorted((one.added, one.unchanged) for one in same) == [(0, 1), (1, 0)]
        pay("P2", "500")
        two = at_once(*[lambda n=n: pay(f"R{n}", "500", None, "P2") for n in (2, 3)])
        assert sorted((one.added, one.rejected) for one in two) == [(0, 1), (1, 0)]
        assert len(events(grace, "payment_reversed")) == 2
        assert only(grace, DueItem).paid_minor == 0

    def test_any_order_of_recording_gives_the_same_state(
        self, grace: Grace, clock: MovableClock, tmp_path: Path
    ) -> None:
        lines = [
            ("A", "1000", date(2026, 3, 10), ""),
            ("B", "150", date(2026, 3, 18), ""),
            ("C", "900", date(2026, 4, 16), ""),
            ("D", "20", date(2026, 4, 25), ""),
        ]
        orders = list(itertools.permutations(lines))[::4]
        people = [make_borrower(grace, prefix="O") for _ in orders]
        for number, ref in enumerate(people):
            agreed(grace, ref, turn=str(number))
        day(clock, 5, 1)
        for ref, order in zip(people, orders, strict=True):
            for name, *rest in order:
                paid(grace, tmp_path, f"L{ref}", (f"{name}{ref}", *rest))  # type: ignore[arg-type]
        told = {
            (one.life, tuple(one.missed), one.since, one.review_on, tuple(grace.plans.rebuilt(one.id).items))
            for one in rows(grace, Plan)
        }
        assert len(told) == 1
        assert len({item.paid_minor for item in rows(grace, DueItem)}) == 1


class TestEnding:
    def test_a_borrower_ends_a_plan_and_the_ladder_resumes(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        plan = agreed(grace, ref)
        day(clock, 3, 14)
        grace.reminders.plan()
        assert grace.plans.cancel(plan, "no longer fits", "borrower", cause="message 7") == ()
        assert (plan_of(grace).state, holds(grace, ref)) == ("cancelled", {})
        assert only(grace, Nudge).reason == "plan cancelled"
        (event,) = events(grace, "plan_cancelled")
        assert (event.actor, event.cause, event.detail["reason"]) == (
            "borrower",
            "message 7",
            "no longer fits",
        )
        assert event.detail["policy_version"] == plan_of(grace).policy_version
        day(clock, 3, 25)
        grace.plans.settle_plans()
        assert plan_of(grace).state == "cancelled"
        day(clock, 3, 26)
        assert len(work(grace)) == 1

    def test_what_is_over_cannot_be_ended_and_the_refusal_names_why(self, grace: Grace, ref: str) -> None:
        plan = agreed(grace, ref)
        grace.plans.cancel(plan, "changed my mind", "borrower")
        (refusal,) = grace.plans.cancel(plan, "again", "borrower")
        assert (refusal.limit, refusal.allowed, refusal.asked) == ("plan.state", "none", "cancelled")
        assert len(events(grace, "plan_cancelled")) == 1
        with pytest.raises(LookupError):
            grace.plans.cancel(10**6, "x", "borrower")

    def test_an_agent_needs_an_account_and_a_reason(self, grace: Grace, ref: str) -> None:
        plan, agent = agreed(grace, ref), make_agent(grace)
        with pytest.raises(NotAllowed):
            grace.plans.cancel(plan, "  ", f"agent {agent}")
        with pytest.raises(NotAllowed):
            grace.plans.cancel(plan, "asked by phone", f"agent {agent + 1}")
        assert grace.plans.cancel(plan, "asked by phone", f"agent {agent}") == ()
        assert grace.plans.history(plan)[-1].actor == f"agent {agent}"

    def test_a_promise_ends_on_wish(self, grace: Grace, ref: str) -> None:
        promise = promised(grace, ref, "500", 3)
        assert grace.plans.cancel_promise(promise, "cannot", "borrower") == ()
        assert grace.plans.rebuilt_promise(promise).state == only(grace, Promise).state == "cancelled"
        assert holds(grace, ref) == {}

    def test_a_new_plan_replaces_the_one_that_runs_when_it_is_meant_to(self, grace: Grace, ref: str) -> None:
        old = agreed(grace, ref)
        assert grace.negotiation.propose(chat(grace, ref), Wish(count=6), turn="x").options == ()
        new = agreed(grace, ref, Wish(count=6), turn="2", replacing=True)
        assert [(one.id, one.state) for one in rows(grace, Plan)] == [(old, "superseded"), (new, "active")]
        assert set(holds(grace, ref)) == {"plan"}
        assert grace.plans.rebuilt(old).state == "superseded"

    def test_a_third_extension_in_five_years_is_refused(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        for number in range(2):
            plan = agreed(grace, ref, Wish(kind="extension", days=7), turn=str(number))
            grace.plans.cancel(plan, "test", "borrower")
            wait(clock, days=400)
        made = grace.negotiation.propose(chat(grace, ref), Wish(kind="extension", days=7), turn="3")
        assert "extension" not in {one.kind for one in made.options}
        assert ("extension.per_5_years", "2", "3") in [
            (one.limit, one.allowed, one.asked) for one in made.refusals
        ]

    @pytest.mark.parametrize("revives", [False, True])
    def test_what_was_waived_is_owed_again_only_where_the_policy_says_so(
        self,
        grace: Grace,
        ref: str,
        clock: MovableClock,
        pay: Pay,
        revives: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        policy = grace.kit.policies.product("consumer-cn", TODAY)
        waiver = policy.waiver.model_copy(update={"revives": revives})
        changed = [policy.model_copy(update={"waiver": waiver})]
        monkeypatch.setitem(grace.kit.policies._products, "consumer-cn", changed)
        agreed(grace, ref)
        change(grace, OfferRow, {"state": "accepted"}, waived_minor=10_000)
        last = rows(grace, PlanItem)[-1]
        change(grace, PlanItem, {"id": last.id}, amount_minor=last.amount_minor - 10_000)
        day(clock, 4, 4)
        grace.plans.settle_plans()
        assert plan_of(grace).state == "broken"
        assert only(grace, DueItem).paid_minor == (0 if revives else 10_000)

    def test_a_completed_plan_settles_what_it_waived(self, grace: Grace, ref: str, pay: Pay) -> None:
        agreed(grace, ref)
        change(grace, OfferRow, {"state": "accepted"}, waived_minor=10_000)
        last = rows(grace, PlanItem)[-1]
        change(grace, PlanItem, {"id": last.id}, amount_minor=last.amount_minor - 10_000)
        pay("P1", "2900")
        assert (plan_of(grace).state, only(grace, DueItem).paid_minor) == ("completed", 300_000)
        assert grace.plans.balance(f"L{ref}").credit == Money(0, "CNY")


class TestAtOnce:
    def test_a_yes_and_a_payment_at_once_are_the_plan_on_the_old_balance_or_none(
        self, grace: Grace, ref: str, pay: Pay
    ) -> None:
        conversation = chat(grace, ref)
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="1").options[0]
        done, _ = at_once(
            lambda: grace.negotiation.agree(conversation, offer.id, turn="2"), lambda: pay("P1", "1000")
        )
        if done.plan_id is None:  # type: ignore[attr-defined]
            assert rows(grace, Plan) == []
        else:
            assert sum(settled(grace)) == 100_000
        assert only(grace, DueItem).paid_minor == 100_000

    def test_ending_and_agreeing_anew_at_once_leave_one_plan_at_most(self, grace: Grace, ref: str) -> None:
        old = agreed(grace, ref)
        conversation = chat(grace, ref)
        offer = grace.negotiation.propose(conversation, Wish(count=6), turn="n", replacing=True).options[0]
        at_once(
            lambda: grace.plans.cancel(old, "no", "borrower"),
            lambda: grace.negotiation.agree(conversation, offer.id, turn="a"),
            lambda: grace.negotiation.agree(conversation, offer.id, turn="b"),
        )
        states = [one.state for one in rows(grace, Plan)]
        assert states in (["cancelled"], ["cancelled", "active"])
        assert ("plan" in holds(grace, ref)) == ("active" in states)

    def test_ended_from_two_sides_at_once_it_ends_once(self, grace: Grace, ref: str) -> None:
        plan = agreed(grace, ref)
        said = at_once(*[lambda: grace.plans.cancel(plan, "no", "borrower")] * 4)
        assert sorted(len(one) for one in said) == [0, 1, 1, 1]
        assert len(events(grace, "plan_cancelled")) == 1

    def test_the_last_payment_and_the_end_of_patience_at_once_leave_a_legal_life(
        self, grace: Grace, ref: str, clock: MovableClock, pay: Pay
    ) -> None:
        plan = agreed(grace, ref)
        day(clock, 4, 4)
        at_once(lambda: pay("P1", "3000", date(2026, 3, 17)), grace.plans.settle_plans)
        assert plan_of(grace).state == grace.plans.rebuilt(plan).state == "completed"


def test_a_tick_writes_what_the_plan_needs(grace: Grace, ref: str, clock: MovableClock) -> None:
    agreed(grace, ref)
    day(clock, 3, 16)
    assert len(tick(grace)) == 1
