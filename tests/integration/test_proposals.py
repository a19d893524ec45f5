"""Terms in an agent's hands: tried without a trace, offered within authority, agreed on a written yes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.domain.plans import Wish
from bot.services.rights import Beyond, NotAllowed
from bot.storage.tables import OfferRow, PlanItem
from tests.factory import make_borrower
from tests.integration.support import at_once, chat, events, make_agent, only, out, rows, say, send

LONG = Wish(kind="instalment", count=18)


@pytest.fixture
def ref(grace: Grace) -> str:
    return make_borrower(grace, amount="9000.00")


@pytest.fixture
def case(grace: Grace, conversation: str) -> int:
    return grace.handoffs.open(conversation, HandoffReason.BEYOND_POLICY, cause="test")


@pytest.fixture
def agent(grace: Grace) -> int:
    return make_agent(grace)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as refusal:
        call()
    return refusal.value.code


class TestTrying:
    def test_terms_within_ones_level_are_ones_own(self, grace: Grace, conversation: str, agent: int) -> None:
        trial = grace.proposals.try_out(conversation, LONG, agent)
        assert (trial.own, trial.level, trial.is_own, trial.limits) == ("agent", "agent", True, ())
        assert trial.option is not None
        assert trial.option.count == 18
        assert trial.annual_rate == 0

    def test_above_it_the_limits_and_the_level_that_may_are_named(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        trial = grace.proposals.try_out(conversation, Wish(kind="instalment", count=30), agent)
        assert trial.level == "senior"
        assert [(one.limit, one.allowed, one.asked) for one in trial.limits] == [
            ("instalment.count", "2-24", "30")
        ]
        assert trial.option is not None
        assert trial.option.count == 30

    def test_what_nobody_may_grant_shows_the_nearest(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        trial = grace.proposals.try_out(conversation, Wish(kind="instalment", count=90), agent)
        assert trial.level is None
        assert trial.option is not None
        assert trial.option.count == 24

    def test_it_leaves_no_trace(self, grace: Grace, conversation: str, agent: int) -> None:
        before = len(events(grace, "plan_offered"))
        grace.proposals.try_out(conversation, LONG, agent)
        assert len(events(grace, "plan_offered")) == before
        assert rows(grace, OfferRow) == []


class TestOffering:
    def test_it_goes_out_in_the_agents_name_with_a_button_once(
        self, grace: Grace, conversation: str, case: int, agent: int
    ) -> None:
        made = at_once(*[lambda: grace.proposals.offer(case, agent, LONG, key="k")] * 3)
        assert len({one.id for one in made}) == 1
        (message,) = out(grace, conversation)
        assert (message.initiator, message.agent_id, message.template) == (
            "agent",
            agent,
            "utter_approval_offered",
        )
        assert message.buttons[0]["payload"] == f'/choose_option{{"offer": {made[0].id}}}'
        assert len(send(grace)) == 1
        assert only(grace, OfferRow).authority == "agent"

    def test_above_ones_level_nothing_is_offered(
        self, grace: Grace, conversation: str, case: int, agent: int
    ) -> None:
        with pytest.raises(Beyond) as beyond:
            grace.proposals.offer(case, agent, Wish(kind="instalment", count=30), key="k")
        assert [one.limit for one in beyond.value.limits] == ["instalment.count"]
        assert out(grace, conversation) == []

    def test_only_who_has_the_case_offers(self, grace: Grace, case: int, agent: int) -> None:
        grace.handoffs.claim(case, make_agent(grace))
        assert refused(lambda: grace.proposals.offer(case, agent, LONG, key="k")) == "taken"

    def test_before_identity_nothing_of_the_debt_is_offered(self, grace: Grace, agent: int) -> None:
        stranger = chat(grace, make_borrower(grace), verified=False)
        case = grace.handoffs.open(stranger, HandoffReason.ASKED, cause="test")
        assert refused(lambda: grace.proposals.offer(case, agent, LONG, key="k")) == "unverified"
        assert out(grace, stranger) == []


class TestAgreeing:
    def test_a_plan_needs_a_message_of_the_borrower_after_the_offer(
        self, grace: Grace, ref: str, conversation: str, case: int, agent: int
    ) -> None:
        say(grace, ref, "可以")
        offer = grace.proposals.offer(case, agent, LONG, key="k").id
        assert refused(lambda: grace.proposals.agree(case, agent, offer)) == "no_answer"
        send(grace)
        assert refused(lambda: grace.proposals.agree(case, agent, offer)) == "no_answer"
        evidence = say(grace, ref, "好的，就这样办").message_id
        plan = grace.proposals.agree(case, agent, offer)
        assert len(rows(grace, PlanItem, plan_id=plan)) == 18
        assert events(grace, "yes_recorded")[0].cause == f"message {evidence}"
        assert events(grace, "plan_accepted")[0].cause == f"message {evidence}"
        assert grace.proposals.agree(case, agent, offer) == plan
        written = out(grace, conversation)[-1]
        assert (written.initiator, written.template) == ("agent", "utter_plan_agreed")
        assert "第18期" in written.text
        assert len([one for one in out(grace, conversation) if one.template == "utter_plan_agreed"]) == 1
