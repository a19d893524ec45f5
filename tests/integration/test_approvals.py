"""Requests beyond an authority: asked once, decided by who may, told by the bot, accepted like any offer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.bootstrap import Grace, build
from bot.domain.approvals import ApprovalState
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.accounts import IdentityNeeded
from bot.services.approval_rows import ApprovalView
from bot.services.kit import MovableClock
from bot.services.rights import Beyond, NotAllowed
from bot.settings import Settings
from bot.storage.tables import Agent, Approval, Conversation, LoanRow, OfferRow, PlanItem
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import (
    at_once,
    change,
    chat,
    conversation_row,
    events,
    handoff,
    make_agent,
    only,
    out,
    pay,
    rows,
    send,
    wait,
)

TODAY = date(2026, 3, 2)
LONG = Wish(kind="instalment", count=18)
WHY = "Income is back from April, long good record"


@pytest.fixture
def ref(grace: Grace) -> str:
    return make_borrower(grace, amount="9000.00")


@pytest.fixture
def agent(grace: Grace) -> int:
    return make_agent(grace)


@pytest.fixture
def two(settings: Settings, clock: MovableClock, tmp_path: Path) -> Grace:
    """Grace under a policy by which two people grant whatever needs an agent."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("domain.yml", "locales", "policies", "config.yml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
    file = home / "policies/consumer-cn.yml"
    text = re.sub(r"(?m)^two_person:.*\n(  .*\n)*", "", file.read_text("utf-8"))
    file.write_text(text + "two_person: {instalment: [agent]}\n", "utf-8")
    return build(settings.model_copy(update={"home": home}), clock, migrate=False)


def ask(
    grace: Grace,
    conversation: str,
    wish: Wish = LONG,
    *,
    level: str = "agent",
    turn: str = "1",
    **more: object,
) -> ApprovalView:
    made = grace.approvals.request(conversation, wish, level=level, turn=turn, **more)  # type: ignore[arg-type]
    assert isinstance(made, ApprovalView), made
    return made


def refusals(
    grace: Grace, conversation: str, wish: Wish = LONG, turn: str = "2", **more: object
) -> list[str]:
    made = grace.approvals.request(conversation, wish, level="agent", turn=turn, **more)  # type: ignore[arg-type]
    assert not isinstance(made, ApprovalView)
    return [one.limit for one in made]


def decide(
    grace: Grace, view: ApprovalView, agent: int, verdict: str = "approve", **more: object
) -> ApprovalView:
    return grace.approvals.decide(view.id, agent_id=agent, verdict=verdict, reason=WHY, **more)  # type: ignore[arg-type]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as refusal:
        call()
    return refusal.value.code


def told(grace: Grace, conversation: str) -> list[str | None]:
    return [one.template for one in out(grace, conversation)]


class TestAsking:
    def test_a_request_holds_the_wish_its_terms_the_limits_and_who_has_to_decide(
        self, grace: Grace, conversation: str
    ) -> None:
        wish = replace(LONG, ability=Money.of("1500", "CNY"), first_on=TODAY + timedelta(days=9))
        view = ask(grace, conversation, wish, note="月底发工资")
        assert grace.approvals.get(view.id) == view
        assert (view.wish, view.terms, view.state) == (wish, wish, ApprovalState.WAITING)
        assert view.option.count == 18
        assert sum(item.amount.minor for item in view.option.schedule) == view.option.total.minor
        assert [(one.limit, one.allowed, one.asked) for one in view.limits] == [
            ("instalment.count", "2-12", "18")
        ]
        assert (view.level, view.asked_by, view.note) == ("agent", None, "月底发工资")
        assert view.expires_at == grace.kit.clock.now() + timedelta(days=2)
        (event,) = events(grace, "approval_requested")
        assert event.detail["policy_version"] == view.policy_version
        assert (event.cause, event.actor) == ("message 1", "bot")

    def test_a_turn_that_comes_again_asks_nothing_new(self, grace: Grace, conversation: str) -> None:
        assert ask(grace, conversation) == ask(grace, conversation)
        assert len(rows(grace, Approval)) == len(events(grace, "approval_requested")) == 1

    def test_threads_that_ask_in_one_turn_make_one_request(self, grace: Grace, conversation: str) -> None:
        made = at_once(*[lambda: ask(grace, conversation)] * 4)
        assert all(one == made[0] for one in made)
        assert len(rows(grace, Approval)) == 1

    def test_one_request_waits_for_a_loan_at_a_time(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        first = ask(grace, conversation)
        assert refusals(grace, conversation) == ["approval.waiting"]
        decide(grace, first, agent, "refuse")
        assert ask(grace, conversation, turn="3").id != first.id

    def test_beside_an_active_plan_nothing_is_asked(self, grace: Grace, conversation: str) -> None:
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="1").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="2")
        assert "approval.plan_active" in refusals(grace, conversation, turn="3")

    def test_what_one_may_grant_oneself_is_not_asked(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        assert refusals(grace, conversation, Wish(count=6)) == ["approval.not_needed"]
        assert refusals(grace, conversation, LONG, by=agent) == ["approval.not_needed"]

    def test_what_the_level_asked_may_not_grant_is_refused_with_its_limits(
        self, grace: Grace, conversation: str
    ) -> None:
        assert refusals(grace, conversation, Wish(kind="instalment", count=36)) == ["instalment.count"]
        assert rows(grace, Approval) == []

    def test_nothing_is_asked_before_identity(self, grace: Grace, ref: str) -> None:
        with pytest.raises(IdentityNeeded):
            ask(grace, chat(grace, ref, verified=False))


class TestDeciding:
    def test_approved_terms_are_an_offer_that_the_borrower_accepts_like_any_other(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = decide(grace, ask(grace, conversation), agent)
        assert (view.state, view.decided_by, view.reason) == (ApprovalState.APPROVED, agent, WHY)
        offer = only(grace, OfferRow)
        assert (offer.authority, offer.approval_id, offer.agent_id) == ("agent", view.id, agent)
        assert [one.id for one in grace.negotiation.shown(conversation)] == [offer.id]
        done = grace.negotiation.agree(conversation, offer.id, turn="2")
        assert done.plan_id is not None
        assert len(rows(grace, PlanItem, plan_id=done.plan_id)) == 18

    def test_the_borrower_is_told_once_in_their_language_with_a_button(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = decide(grace, ask(grace, conversation), agent)
        for _ in range(2):
            grace.approvals.tend()
        (message,) = out(grace, conversation)
        assert message.template == "utter_approval_granted"
        assert "同事同意了" in message.text
        assert "18" in message.text
        assert "9,000" in message.text
        offer = only(grace, OfferRow)
        assert message.buttons[0]["payload"] == f'/choose_option{{"offer": {offer.id}}}'
        assert view.told_at is not None
        assert len(send(grace)) == 1

    def test_changed_terms_are_offered_instead(self, grace: Grace, conversation: str, agent: int) -> None:
        view = decide(
            grace, ask(grace, conversation), agent, "change", terms=Wish(kind="instalment", count=15)
        )
        assert (view.state, view.wish.count, view.terms.count) == (ApprovalState.CHANGED, 18, 15)
        assert len(only(grace, OfferRow).schedule) == 15
        assert told(grace, conversation) == ["utter_approval_changed"]

    def test_a_refusal_leaves_other_ways_open(self, grace: Grace, conversation: str, agent: int) -> None:
        view = decide(grace, ask(grace, conversation), agent, "refuse")
        assert view.state is ApprovalState.REFUSED
        assert rows(grace, OfferRow) == []
        (message,) = out(grace, conversation)
        assert message.template == "utter_approval_refused"
        assert [one["payload"] for one in message.buttons] == [
            "/request_instalment",
            "/ask_human",
            "/file_complaint",
        ]
        assert len(send(grace)) == 1

    def test_every_decision_is_on_record_with_cause_reason_and_policy(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = decide(grace, ask(grace, conversation), agent)
        (event,) = events(grace, "approval_decided")
        assert (event.cause, event.actor) == (f"approval {view.id}", f"agent {agent}")
        assert (event.detail["state"], event.detail["reason"]) == ("approved", WHY)
        assert event.detail["policy_version"] == view.policy_version
        offered = events(grace, "plan_offered")[-1]
        assert (offered.cause, offered.detail["authority"]) == (f"approval {view.id}", "agent")

    def test_a_decision_needs_a_reason(self, grace: Grace, conversation: str, agent: int) -> None:
        view = ask(grace, conversation)
        call = lambda: grace.approvals.decide(view.id, agent_id=agent, verdict="approve", reason=" ")  # noqa: E731
        assert refused(call) == "reason"

    def test_a_lower_level_decides_nothing(self, grace: Grace, conversation: str, agent: int) -> None:
        view = ask(grace, conversation, Wish(kind="instalment", count=30), level="senior")
        for verdict in ("approve", "refuse"):
            assert refused(lambda given=verdict: decide(grace, view, agent, given)) == "level"  # type: ignore[misc]
        assert [one.id for one in grace.approvals.waiting("operator", "senior")] == [view.id]
        assert grace.approvals.waiting("operator", "agent") == ()
        assert decide(grace, view, make_agent(grace, role="senior")).state is ApprovalState.APPROVED

    def test_nobody_decides_their_own_request(self, grace: Grace, conversation: str) -> None:
        senior = make_agent(grace, role="senior")
        view = ask(grace, conversation, Wish(count=48, kind="instalment"), level="supervisor", by=senior)
        change(grace, Agent, {"id": senior}, role="supervisor")
        assert refused(lambda: decide(grace, view, senior)) == "own"
        assert grace.approvals.withdraw(view.id, agent_id=senior, reason="typo").state == "withdrawn"

    def test_terms_beyond_ones_level_are_not_granted_and_the_limits_are_named(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = ask(grace, conversation)
        with pytest.raises(Beyond) as beyond:
            decide(grace, view, agent, "change", terms=Wish(kind="instalment", count=30))
        assert [(one.limit, one.allowed) for one in beyond.value.limits] == [("instalment.count", "2-24")]
        assert only(grace, Approval).state == "waiting"

    def test_two_who_decide_at_once_make_one_outcome(self, grace: Grace, conversation: str) -> None:
        view = ask(grace, conversation)
        people = [make_agent(grace) for _ in range(4)]

        def vote(who: int, verdict: str) -> str:
            try:
                return decide(grace, view, who, verdict).state.value
            except NotAllowed as refusal:
                return refusal.code

        verdicts = ("approve", "refuse", "approve", "refuse")
        ended = at_once(
            *(
                lambda who=who, verdict=verdict: vote(who, verdict)
                for who, verdict in zip(people, verdicts, strict=True)
            )
        )
        assert ended.count("decided") == 3
        assert len(events(grace, "approval_decided")) == 1
        assert len(out(grace, conversation)) == 1
        assert len(rows(grace, OfferRow)) == (1 if only(grace, Approval).state == "approved" else 0)

    def test_a_payment_meanwhile_withdraws_the_request(
        self, grace: Grace, ref: str, conversation: str, agent: int
    ) -> None:
        view = ask(grace, conversation)
        pay(grace, ref, "100")
        assert decide(grace, view, agent).state is ApprovalState.WITHDRAWN
        assert rows(grace, OfferRow) == []
        assert told(grace, conversation) == ["utter_approval_overtaken"]

    def test_a_plan_agreed_meanwhile_withdraws_the_request(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = ask(grace, conversation)
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="2").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="3")
        assert only(grace, Approval).state == "withdrawn"
        assert refused(lambda: decide(grace, view, agent)) == "decided"
        assert out(grace, conversation) == []

    def test_a_new_wish_leaves_what_people_granted_open(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        decide(grace, ask(grace, conversation), agent)
        granted = only(grace, OfferRow).id
        options = grace.negotiation.propose(conversation, Wish(count=3), turn="2").options
        shown = grace.negotiation.shown(conversation)
        assert [one.id for one in shown] == [*(one.id for one in options), granted]
        assert [one.position for one in shown] == [1, 2, 3, 4]
        assert grace.negotiation.agree(conversation, granted, turn="3").plan_id is not None
        assert {row.state for row in rows(grace, OfferRow)} == {"accepted", "superseded"}


class TestTwoPeople:
    def test_one_alone_grants_nothing(self, two: Grace, ref_two: str) -> None:
        conversation = chat(two, ref_two)
        first, second = make_agent(two), make_agent(two)
        view = decide(two, ask(two, conversation), first)
        assert (view.state, view.decided_by) == (ApprovalState.WAITING, first)
        assert rows(two, OfferRow) == []
        assert out(two, conversation) == []
        assert refused(lambda: decide(two, view, first)) == "two_person"
        done = decide(two, view, second)
        assert (done.state, done.decided_by, done.second_by) == (ApprovalState.APPROVED, first, second)
        assert len(events(two, "approval_voted")) == len(events(two, "approval_decided")) == 1

    def test_changed_terms_need_another_who_agrees_to_them(self, two: Grace, ref_two: str) -> None:
        conversation = chat(two, ref_two)
        first, second = make_agent(two), make_agent(two)
        view = decide(two, ask(two, conversation), first)
        fewer = Wish(kind="instalment", count=14)
        view = decide(two, view, second, "change", terms=fewer)
        assert (view.state, view.terms, view.decided_by) == (ApprovalState.WAITING, fewer, second)
        done = decide(two, view, first)
        assert (done.state, done.terms) == (ApprovalState.CHANGED, fewer)
        assert len(only(two, OfferRow).schedule) == 14

    def test_one_is_enough_to_refuse(self, two: Grace, ref_two: str) -> None:
        conversation = chat(two, ref_two)
        view = decide(two, ask(two, conversation), make_agent(two))
        assert decide(two, view, make_agent(two), "refuse").state is ApprovalState.REFUSED

    def test_two_who_approve_at_once_grant_it_together(self, two: Grace, ref_two: str) -> None:
        conversation = chat(two, ref_two)
        view = ask(two, conversation)
        people = make_agent(two), make_agent(two)
        at_once(*(lambda who=who: decide(two, view, who) for who in people))
        row = only(two, Approval)
        assert (row.state, {row.decided_by, row.second_by}) == ("approved", set(people))
        assert len(rows(two, OfferRow)) == 1


@pytest.fixture
def ref_two(two: Grace) -> str:
    return make_borrower(two, amount="9000.00")


class TestTelling:
    def test_while_people_have_the_conversation_the_bot_is_silent_and_tells_it_afterwards(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = ask(grace, conversation)
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert decide(grace, view, agent).told_at is None
        grace.approvals.tend()
        assert out(grace, conversation) == []
        grace.handoffs.claim(number, agent)
        grace.handoffs.close(number, agent, Outcome.RESOLVED)
        assert grace.approvals.tend() == 1
        assert told(grace, conversation)[-1] == "utter_approval_granted"

    def test_before_identity_nothing_but_that_there_is_an_answer_is_told(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        view = ask(grace, conversation)
        change(grace, Conversation, {"id": conversation}, verified_at=None)
        decide(grace, view, agent)
        for _ in range(2):
            grace.approvals.tend()
        (message,) = out(grace, conversation)
        assert message.template == "utter_approval_answered"
        assert not any(digit in message.text.split("\n\n")[-1] for digit in "0123456789")
        grace.identity.vouch(conversation, "test")
        grace.approvals.tend()
        assert told(grace, conversation)[-1] == "utter_approval_granted"

    def test_what_was_paid_or_replaced_before_it_could_be_told_is_not_told(
        self, grace: Grace, conversation: str, agent: int, clock: MovableClock
    ) -> None:
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        decide(grace, ask(grace, conversation), agent)
        wait(clock, days=4)
        change(grace, Conversation, {"id": conversation}, mode="bot", verified_at=clock.now())
        assert grace.approvals.tend() == 1
        assert out(grace, conversation) == []

    def test_nobody_deciding_in_time_gives_it_to_a_person_and_says_so(
        self, grace: Grace, conversation: str, agent: int, clock: MovableClock
    ) -> None:
        view = ask(grace, conversation)
        wait(clock, days=2, seconds=-1)
        assert grace.approvals.tend() == 0
        wait(clock, seconds=1)
        assert refused(lambda: decide(grace, view, agent)) == "expired"
        for _ in range(2):
            grace.approvals.tend()
        assert only(grace, Approval).state == "expired"
        assert handoff(grace, conversation).reason == "beyond_policy"
        assert told(grace, conversation) == ["utter_approval_expired"]
        assert conversation_row(grace, conversation).mode == "human"
        assert len(send(grace)) == 1

    def test_two_clocks_at_once_tell_it_once(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        ask(grace, conversation)
        wait(clock, days=2)
        at_once(*[grace.approvals.tend] * 4)
        assert len(events(grace, "approval_expired")) == len(out(grace, conversation)) == 1


def test_requests_of_a_loan_are_listed_newest_first(grace: Grace, conversation: str, agent: int) -> None:
    first = decide(grace, ask(grace, conversation), agent, "refuse")
    second = ask(grace, conversation, turn="2")
    loan = only(grace, LoanRow).id
    assert [one.id for one in grace.approvals.of_loan(loan, "operator")] == [second.id, first.id]
    assert [one.id for one in grace.approvals.decided("operator")] == [first.id]
    with pytest.raises(LookupError):
        grace.approvals.decide(99, agent_id=agent, verdict="approve", reason=WHY)
