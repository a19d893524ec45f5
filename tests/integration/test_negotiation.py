"""Offers, plans and promises: policy decides, and the database makes each happen once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.accounts import AccountService, IdentityNeeded
from bot.services.identity import IdentityService
from bot.services.kit import MovableClock
from bot.services.negotiation import NegotiationService, Proposal
from bot.storage.policies import Policies
from bot.storage.tables import (
    HoldRow,
    LoanRow,
    OfferRow,
    Plan,
    PlanItem,
    PolicyVersion,
    Promise,
)
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import (
    add_loan,
    at_once,
    chat,
    events,
    holds,
    only,
    pay,
    rows,
    slowly,
    wait,
)

TODAY = date(2026, 3, 2)


def propose(grace: Grace, conversation: str, wish: Wish | None = None, turn: str = "1") -> Proposal:
    return grace.negotiation.propose(conversation, wish or Wish(count=3), turn=turn)


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def with_policies(grace: Grace, folder: Path) -> NegotiationService:
    """Negotiation as it would be after a restart on other policies."""
    kit = replace(grace.kit, policies=Policies.load(folder))
    return NegotiationService(kit, AccountService(kit, IdentityService(kit)))


class TestProposing:
    def test_options_are_stored_with_their_terms_and_the_policy_version(
        self, grace: Grace, conversation: str
    ) -> None:
        made = propose(grace, conversation)
        stored = rows(grace, OfferRow)
        assert [one.id for one in made.options] == [row.id for row in stored]
        assert [row.position for row in stored] == [1, 2, 3]
        version = only(grace, PolicyVersion)
        assert {row.policy_version for row in stored} == {version.version}
        assert version.content["instalment"]["minimum"] == "100"
        first = made.options[0]
        assert sum(item.amount.minor for item in first.schedule) == first.total.minor == 300000
        assert stored[0].expires_at == grace.kit.clock.now() + timedelta(days=3)
        (event,) = events(grace, "plan_offered")
        assert event.detail["policy_version"] == version.version

    def test_a_turn_that_comes_again_proposes_nothing_new(self, grace: Grace, conversation: str) -> None:
        first, again = propose(grace, conversation), propose(grace, conversation)
        assert first == again
        assert len(rows(grace, OfferRow)) == 3
        assert len(events(grace, "plan_offered")) == 1

    def test_threads_that_propose_in_one_turn_make_one_list(self, grace: Grace, conversation: str) -> None:
        made = at_once(*[lambda: propose(grace, conversation)] * 4)
        assert all(one == made[0] for one in made)
        assert len(rows(grace, OfferRow)) == 3

    def test_new_options_replace_the_ones_before(self, grace: Grace, conversation: str) -> None:
        old = propose(grace, conversation)
        new = propose(grace, conversation, Wish(count=6), turn="2")
        assert grace.negotiation.shown(conversation) == new.options
        assert grace.negotiation.offer(conversation, old.options[0].id) is None
        assert grace.negotiation.offer(conversation, new.options[0].id) == new.options[0]

    def test_options_are_shown_until_they_expire(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        made = propose(grace, conversation)
        wait(clock, days=3, seconds=-1)
        assert grace.negotiation.shown(conversation) == made.options
        wait(clock, seconds=1)
        assert grace.negotiation.shown(conversation) == ()
        assert grace.negotiation.offer(conversation, made.options[0].id) is None

    def test_no_offer_is_seen_from_another_chat(self, grace: Grace, conversation: str) -> None:
        made = propose(grace, conversation)
        other = chat(grace, make_borrower(grace))
        assert grace.negotiation.offer(other, made.options[0].id) is None
        assert grace.negotiation.shown(other) == ()

    def test_what_is_refused_is_named_and_recorded(self, grace: Grace, conversation: str) -> None:
        made = propose(grace, conversation, Wish(count=20))
        assert [(one.limit, one.allowed, one.asked) for one in made.refusals] == [
            ("instalment.count", "2-12", "20")
        ]
        assert events(grace, "plan_offered")[0].detail["refusals"] == ["instalment.count"]

    def test_after_reported_hardship_there_is_no_down_payment(self, grace: Grace, conversation: str) -> None:
        grace.negotiation.report_hardship(conversation, "1")
        assert [str(item.amount.amount) for item in propose(grace, conversation).options[0].schedule] == [
            "1000.00"
        ] * 3

    def test_a_second_extension_in_a_year_is_refused(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        offer = propose(grace, conversation, Wish(kind="extension", days=7)).options[0]
        plan = grace.negotiation.agree(conversation, offer.id, turn="2").plan_id
        with grace.kit.db.begin() as session:
            session.get_one(Plan, plan).state = "broken"
        again = propose(grace, conversation, Wish(kind="extension", days=7), turn="3")
        assert "extension" not in {one.kind for one in again.options}
        assert [one.limit for one in again.refusals] == ["extension.per_12_months"]
        wait(clock, days=366)
        grace.identity.vouch(conversation, "test")
        later = propose(grace, conversation, Wish(kind="extension", days=7), turn="4")
        assert later.options[0].kind == "extension"


class TestAgreeing:
    def test_a_yes_makes_the_plan_that_was_shown_and_pauses_the_ladder(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        offer = propose(grace, conversation).options[0]
        done = grace.negotiation.agree(conversation, offer.id, turn="2")
        plan = only(grace, Plan)
        assert (done.plan_id, done.problem) == (plan.id, None)
        assert (plan.state, plan.policy_version) == ("active", rows(grace, OfferRow)[0].policy_version)
        assert [(item.due_on, item.amount_minor) for item in rows(grace, PlanItem)] == [
            (item.due_on, item.amount.minor) for item in offer.schedule
        ]
        assert set(holds(grace, ref)) == {"plan"}
        assert [row.state for row in rows(grace, OfferRow)] == ["accepted", "superseded", "superseded"]
        (event,) = events(grace, "plan_accepted")
        assert (event.detail["plan"], event.detail["offer"]) == (plan.id, offer.id)

    def test_a_second_yes_finds_the_plan_of_the_first(self, grace: Grace, conversation: str) -> None:
        offer = propose(grace, conversation).options[0]
        first, second = (grace.negotiation.agree(conversation, offer.id, turn=turn) for turn in "23")
        assert first == second
        assert len(rows(grace, Plan)) == len(events(grace, "plan_accepted")) == 1

    def test_a_yes_from_two_threads_at_once_makes_one_plan(self, grace: Grace, conversation: str) -> None:
        offer = propose(grace, conversation).options[0]
        agreed = at_once(
            *[lambda n=n: grace.negotiation.agree(conversation, offer.id, turn=str(n)) for n in range(4)]
        )
        assert {one.plan_id for one in agreed} == {only(grace, Plan).id}
        assert len(events(grace, "plan_accepted")) == 1

    def test_a_yes_to_two_offers_at_once_makes_one_plan(self, grace: Grace, conversation: str) -> None:
        options = propose(grace, conversation).options
        agreed = at_once(
            *[lambda o=one: grace.negotiation.agree(conversation, o.id, turn=str(o.id)) for one in options]
        )
        assert sorted(str(one.problem) for one in agreed) == ["None", "exists", "exists"]
        assert len(rows(grace, Plan)) == 1

    def test_an_expired_offer_is_refused(self, grace: Grace, conversation: str, clock: MovableClock) -> None:
        offer = propose(grace, conversation).options[0]
        wait(clock, days=3)
        assert grace.negotiation.agree(conversation, offer.id, turn="2").problem == "expired"
        assert rows(grace, Plan) == []

    def test_a_replaced_offer_is_refused(self, grace: Grace, conversation: str) -> None:
        offer = propose(grace, conversation).options[0]
        propose(grace, conversation, Wish(count=6), turn="2")
        assert grace.negotiation.agree(conversation, offer.id, turn="3").problem == "expired"
        assert rows(grace, Plan) == []

    def test_an_offer_replaced_from_the_borrowers_other_chat_is_refused(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        offer = propose(grace, conversation).options[0]
        propose(grace, chat(grace, "4711", channel="telegram"), turn="2")
        assert grace.negotiation.agree(conversation, offer.id, turn="3").problem == "expired"

    def test_another_balance_is_refused_and_the_offer_with_it(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        offer = propose(grace, conversation).options[0]
        pay(grace, ref, "0.01")
        assert grace.negotiation.agree(conversation, offer.id, turn="2").problem == "changed"
        assert grace.negotiation.agree(conversation, offer.id, turn="2").problem == "expired"
        assert rows(grace, Plan) == []

    def test_a_loan_that_is_paid_leaves_nothing_to_agree(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        offer = propose(grace, conversation).options[0]
        pay(grace, ref)
        assert grace.negotiation.agree(conversation, offer.id, turn="2").problem == "changed"
        assert [one.limit for one in propose(grace, conversation, turn="3").refusals] == ["nothing_due"]

    def test_another_loan_that_comes_first_is_refused(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        offer = propose(grace, conversation).options[0]
        add_loan(grace, ref, amount="3000", due_on=TODAY - timedelta(days=90), name="older")
        assert grace.negotiation.agree(conversation, offer.id, turn="2").problem == "changed"

    def test_a_policy_that_changed_since_is_refused(
        self, grace: Grace, conversation: str, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
        file = folder / "consumer-cn.yml"
        file.write_text(file.read_text("utf-8").replace("max: 12", "max: 24"), "utf-8")
        offer = propose(grace, conversation).options[0]
        later = with_policies(grace, folder)
        assert later.agree(conversation, offer.id, turn="2").problem == "changed"
        again = later.propose(conversation, Wish(count=3), turn="3").options[0]
        assert later.agree(conversation, again.id, turn="4").plan_id is not None

    def test_a_policy_change_leaves_an_agreed_plan_as_it_is(
        self, grace: Grace, conversation: str, tmp_path: Path
    ) -> None:
        offer = propose(grace, conversation).options[0]
        grace.negotiation.agree(conversation, offer.id, turn="2")
        folder = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
        file = folder / "consumer-cn.yml"
        file.write_text(file.read_text("utf-8").replace("minimum: 100", "minimum: 2000"), "utf-8")
        later = with_policies(grace, folder)
        existing = later.propose(conversation, Wish(count=3), turn="3").existing
        assert existing is not None
        assert (existing.count, existing.left, existing.next_amount) == (3, 3, offer.schedule[0].amount)
        assert later.agree(conversation, offer.id, turn="4").plan_id == existing.id

    def test_a_payment_that_is_being_booked_is_waited_for(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        offer = propose(grace, conversation).options[0]

        def book(session: Session) -> None:
            loan = session.scalars(select(LoanRow).where(LoanRow.ref == f"L{ref}").with_for_update()).one()
            loan.dues[0].paid_minor = 100000

        agreed = slowly(grace, book, lambda: grace.negotiation.agree(conversation, offer.id, turn="2"))
        assert agreed.problem == "changed"
        assert rows(grace, Plan) == []

    def test_an_unknown_offer_or_another_chats_is_refused(self, grace: Grace, conversation: str) -> None:
        offer = propose(grace, conversation).options[0]
        other = chat(grace, make_borrower(grace))
        assert grace.negotiation.agree(other, offer.id, turn="2").problem == "unknown"
        assert grace.negotiation.agree(conversation, 10**6, turn="2").problem == "unknown"

    def test_with_a_plan_there_is_nothing_to_offer_but_the_plan(
        self, grace: Grace, conversation: str
    ) -> None:
        options = propose(grace, conversation).options
        plan = grace.negotiation.agree(conversation, options[0].id, turn="2").plan_id
        again = propose(grace, conversation, turn="3")
        assert (again.options, again.refusals) == ((), ())
        assert again.existing is not None
        assert again.existing.id == plan
        assert grace.negotiation.agree(conversation, options[1].id, turn="4").problem == "exists"

    def test_a_plan_takes_the_place_of_an_open_promise(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.promises.make(conversation, cny("500"), TODAY + timedelta(days=3), turn="1")
        offer = propose(grace, conversation, turn="2").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="3")
        assert only(grace, Promise).state == "cancelled"
        assert set(holds(grace, ref)) == {"plan"}


class TestPromising:
    def test_a_promise_is_recorded_once_a_turn_and_pauses_until_the_day_after_its_grace(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        due_on = TODAY + timedelta(days=4)
        for _ in range(2):
            assert grace.promises.make(conversation, cny("500"), due_on, turn="1") == ()
        promise = only(grace, Promise)
        assert (promise.amount_minor, promise.due_on, promise.state) == (50000, due_on, "open")
        assert promise.policy_version == only(grace, PolicyVersion).version
        # Due on the sixth, a day of grace: broken with the first minute of the eighth, in China.
        assert holds(grace, ref)["promise"].until == datetime(2026, 3, 7, 16, tzinfo=UTC)
        assert len(events(grace, "promise")) == 1

    def test_threads_that_promise_in_one_turn_make_one_promise(self, grace: Grace, conversation: str) -> None:
        day = TODAY + timedelta(days=4)
        made = at_once(
            *[lambda: grace.promises.make(conversation, cny("500"), day, turn="1") for _ in range(4)]
        )
        assert made == [()] * 4
        assert len(rows(grace, Promise)) == 1

    def test_a_promise_that_comes_while_another_is_recorded_from_elsewhere_replaces_it(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        loan = only(grace, LoanRow).id
        now = grace.kit.clock.now()

        def elsewhere(session: Session) -> None:
            session.add(
                Promise(
                    loan_id=loan,
                    amount_minor=10000,
                    due_on=TODAY,
                    state="open",
                    policy_version="x",
                    created_at=now,
                )
            )

        day = TODAY + timedelta(days=3)
        assert (
            slowly(
                grace,
                elsewhere,
                lambda: grace.promises.make(conversation, cny("500"), day, turn="1"),
            )
            == ()
        )
        assert [(row.amount_minor, row.state) for row in rows(grace, Promise)] == [
            (10000, "cancelled"),
            (50000, "open"),
        ]

    def test_a_new_promise_replaces_the_open_one_and_its_pause(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        for turn, days in (("1", 20), ("2", 3)):
            grace.promises.make(conversation, cny("500"), TODAY + timedelta(days=days), turn=turn)
        assert [row.state for row in rows(grace, Promise)] == ["cancelled", "open"]
        assert [row.lifted_at is None for row in rows(grace, HoldRow, kind="promise")] == [False, True]
        assert holds(grace, ref)["promise"].until == datetime(2026, 3, 6, 16, tzinfo=UTC)

    def test_a_promise_beyond_the_limits_records_nothing(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        checked = grace.promises.check(conversation, cny("9999"), TODAY + timedelta(days=99))
        refused = grace.promises.make(conversation, cny("9999"), TODAY + timedelta(days=99), turn="1")
        assert {one.limit for one in refused} == {"promise.days_ahead", "promise.outstanding"}
        assert refused == checked
        assert rows(grace, Promise) == []
        assert holds(grace, ref) == {}

    def test_a_refused_promise_leaves_the_open_one_standing(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.promises.make(conversation, cny("500"), TODAY + timedelta(days=3), turn="1")
        grace.promises.make(conversation, cny("1"), TODAY + timedelta(days=3), turn="2")
        assert only(grace, Promise).state == "open"
        assert "promise" in holds(grace, ref)


class TestHardship:
    def test_it_pauses_for_the_days_of_the_policy_and_says_until_when(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        assert grace.negotiation.report_hardship(conversation, "1") == TODAY + timedelta(days=30)
        assert holds(grace, ref)["hardship"].until == grace.kit.clock.now() + timedelta(days=30)

    def test_reported_again_it_is_one_pause_and_a_later_end(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        grace.negotiation.report_hardship(conversation, "1")
        now = wait(clock, days=10)
        grace.negotiation.report_hardship(conversation, "2")
        assert only(grace, HoldRow, kind="hardship").until == now + timedelta(days=30)

    def test_a_turn_that_is_asked_again_reports_it_once(self, grace: Grace, conversation: str) -> None:
        for _ in range(3):
            grace.negotiation.report_hardship(conversation, "1")
            grace.accounts.claim_paid(conversation, "1")
        assert len(events(grace, "hardship")) == len(events(grace, "paid_claim")) == 1

    def test_the_cause_is_not_stored(self, grace: Grace, conversation: str) -> None:
        grace.negotiation.report_hardship(conversation, "1")
        (event,) = events(grace, "hardship")
        assert set(event.detail) == {"until"}


class TestStanding:
    @pytest.mark.parametrize(
        "ask",
        [
            lambda grace, chat: grace.negotiation.propose(chat, Wish(), turn="1"),
            lambda grace, chat: grace.promises.make(chat, cny("500"), TODAY, turn="1"),
            lambda grace, chat: grace.promises.check(chat, cny("500"), TODAY),
            lambda grace, chat: grace.negotiation.report_hardship(chat, "1"),
            lambda grace, chat: grace.accounts.standing(chat),
            lambda grace, chat: grace.accounts.recent_payment(chat),
            lambda grace, chat: grace.accounts.claim_paid(chat, "1"),
        ],
        ids=["propose", "promise", "check", "hardship", "standing", "payment", "claim"],
    )
    def test_nothing_of_the_account_is_known_before_identity(
        self, grace: Grace, ref: str, ask: Callable[[Grace, str], object]
    ) -> None:
        with pytest.raises(IdentityNeeded):
            ask(grace, chat(grace, ref, verified=False))

    def test_an_offer_cannot_be_agreed_when_identity_has_run_out(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        offer = propose(grace, conversation).options[0]
        wait(clock, days=30)
        with pytest.raises(IdentityNeeded):
            grace.negotiation.agree(conversation, offer.id, turn="2")

    def test_the_standing_is_the_loan_with_the_oldest_open_due_item(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        add_loan(grace, ref, amount="800", due_on=TODAY - timedelta(days=40), name="older")
        standing = grace.accounts.standing(conversation)
        assert (standing.loan.ref, standing.claimed) == ("older", cny("800"))
        assert (standing.today, standing.plan) == (TODAY, None)

    def test_a_claim_of_having_paid_rests_the_reminders_for_three_days(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        until = grace.accounts.claim_paid(conversation, "1")
        assert holds(grace, ref)["paid_claim"].until == until
        assert until == grace.kit.clock.now() + timedelta(days=3)
        assert HoldKind.PAID_CLAIM.value in {row.kind for row in rows(grace, HoldRow)}
