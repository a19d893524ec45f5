"""Conversations in people's hands: opened once, claimed by one, answered by one, closed with an outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, HandoffState, Outcome
from bot.services.handoffs import Claim
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.storage.tables import Agent, Conversation, HandoffRow, Message
from tests.factory import make_borrower
from tests.integration.support import (
    answered,
    at_once,
    change,
    chat,
    conversation_row,
    events,
    handoff,
    holds,
    make_agent,
    only,
    out,
    pay,
    rows,
    say,
    send,
    tick,
    wait,
)


@pytest.fixture
def opened(grace: Grace, conversation: str) -> int:
    return grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")


@pytest.fixture
def agent(grace: Grace) -> int:
    return make_agent(grace, "李敏")


@pytest.fixture
def other(grace: Grace) -> int:
    return make_agent(grace, "王强")


def refused(call: Callable[[], object]) -> tuple[str, str]:
    """Return the code and the words of the refusal that must come."""
    with pytest.raises(NotAllowed) as refusal:
        call()
    return refusal.value.code, str(refusal.value)


class TestOpening:
    def test_it_turns_the_conversation_over_freezes_reminders_and_is_on_record(
        self, grace: Grace, ref: str, conversation: str, opened: int
    ) -> None:
        row = only(grace, HandoffRow)
        assert (row.id, row.state, row.reason, row.priority) == (opened, "waiting", "asked", 4)
        assert conversation_row(grace, conversation).mode == "human"
        assert set(holds(grace, ref)) == {"handoff"}
        (event,) = events(grace, "handoff_opened")
        assert event.detail == {"reason": "asked", "conversation": conversation}
        assert tick(grace) == []

    def test_opened_again_it_is_the_same_one(self, grace: Grace, conversation: str, opened: int) -> None:
        assert grace.handoffs.open(conversation, HandoffReason.ASKED, cause="again") == opened
        assert len(events(grace, "handoff_opened")) == 1

    def test_threads_that_open_at_once_open_one(self, grace: Grace, conversation: str) -> None:
        numbers = at_once(*[lambda: grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")] * 5)
        assert set(numbers) == {only(grace, HandoffRow).id}

    def test_a_graver_reason_raises_the_urgency_and_a_lesser_one_does_not_lower_it(
        self, grace: Grace, conversation: str, opened: int
    ) -> None:
        for reason, expected in (
            (HandoffReason.LADDER, "asked"),
            (HandoffReason.SELF_HARM, "self_harm"),
            (HandoffReason.COMPLAINT, "self_harm"),
        ):
            grace.handoffs.open(conversation, reason, cause="test")
            assert only(grace, HandoffRow).reason == expected
        assert only(grace, HandoffRow).priority == 0
        (raised,) = events(grace, "handoff_raised")
        assert raised.detail == {"reason": "self_harm", "before": "asked", "conversation": conversation}
        assert raised.borrower_id is not None

    def test_a_chat_of_nobody_can_be_handed_over_too(self, grace: Grace) -> None:
        conversation = grace.conversations.ensure("telegram", "stranger")
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert only(grace, HandoffRow, id=number).borrower_id is None
        grace.handoffs.close(number, make_agent(grace), Outcome.RESOLVED)
        assert conversation_row(grace, conversation).mode == "bot"

    def test_the_queue_is_the_most_urgent_first_then_the_longest_waiting(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        numbers = {}
        for reason in (
            HandoffReason.ASKED,
            HandoffReason.LADDER,
            HandoffReason.CALLBACK,
            HandoffReason.DEATH,
        ):
            conversation = chat(grace, make_borrower(grace))
            numbers[reason] = grace.handoffs.open(conversation, reason, cause="test")
            wait(clock, minutes=1)
        assert [row.id for row in grace.handoffs.queue()] == [
            numbers[HandoffReason.DEATH],
            numbers[HandoffReason.ASKED],
            numbers[HandoffReason.CALLBACK],
            numbers[HandoffReason.LADDER],
        ]


class TestClaiming:
    def test_of_agents_who_claim_at_once_one_wins_and_the_others_learn_who(
        self, grace: Grace, opened: int
    ) -> None:
        agents = {make_agent(grace, f"同事{n}"): f"同事{n}" for n in range(5)}
        claims = at_once(*[lambda a=one: grace.handoffs.claim(opened, a) for one in agents])
        row = only(grace, HandoffRow)
        assert row.agent_id is not None
        assert [claim.won for claim in claims].count(True) == 1
        assert claims[list(agents).index(row.agent_id)].won
        assert {claim.holder for claim in claims} == {agents[row.agent_id]}
        assert len(events(grace, "handoff_claimed")) == 1

    def test_who_has_it_may_claim_it_again(self, grace: Grace, opened: int, agent: int) -> None:
        assert [grace.handoffs.claim(opened, agent) for _ in range(2)] == [Claim(True, "李敏")] * 2
        assert len(events(grace, "handoff_claimed")) == 1

    def test_a_closed_one_cannot_be_claimed(self, grace: Grace, opened: int, agent: int, other: int) -> None:
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        assert not grace.handoffs.claim(opened, other).won
        assert not grace.handoffs.claim(opened, agent).won

    def test_an_agent_may_step_into_a_conversation_that_nobody_handed_over(
        self, grace: Grace, conversation: str, agent: int
    ) -> None:
        number = grace.handoffs.take_over(conversation, agent)
        row = only(grace, HandoffRow)
        assert (row.id, row.reason, row.state, row.agent_id) == (number, "operator", "claimed", agent)

    def test_stepping_in_takes_nothing_from_a_colleague(
        self, grace: Grace, conversation: str, opened: int, agent: int, other: int
    ) -> None:
        grace.handoffs.claim(opened, agent)
        assert grace.handoffs.take_over(conversation, other) == opened
        assert only(grace, HandoffRow).agent_id == agent


class TestReplying:
    def test_the_first_reply_claims_and_goes_out_as_it_is(
        self, grace: Grace, conversation: str, opened: int, agent: int
    ) -> None:
        number = grace.handoffs.reply(opened, agent, "  您好，我是李敏。 ")
        message = only(grace, Message, id=number)
        assert (message.initiator, message.agent_id, message.purpose) == ("agent", agent, "reply")
        assert only(grace, HandoffRow).state == "claimed"
        assert send(grace) == ["您好，我是李敏。"]

    def test_only_who_has_it_may_reply(self, grace: Grace, opened: int, agent: int, other: int) -> None:
        grace.handoffs.reply(opened, agent, "您好")
        code, words = refused(lambda: grace.handoffs.reply(opened, other, "我也在"))
        assert code == "taken"
        assert "李敏" in words
        assert len(rows(grace, Message)) == 1

    def test_of_two_who_reply_at_once_one_is_heard(
        self, grace: Grace, opened: int, agent: int, other: int
    ) -> None:
        def reply(who: int) -> str:
            try:
                grace.handoffs.reply(opened, who, "您好")
            except NotAllowed:
                return "refused"
            return "sent"

        assert sorted(at_once(lambda: reply(agent), lambda: reply(other))) == ["refused", "sent"]
        assert len(rows(grace, Message)) == 1

    def test_a_key_makes_a_reply_once(self, grace: Grace, opened: int, agent: int) -> None:
        numbers = at_once(*[lambda: grace.handoffs.reply(opened, agent, "您好", key="k1")] * 4)
        assert set(numbers) == {only(grace, Message).id}
        assert grace.handoffs.reply(opened, agent, "您好", key="k2") not in numbers

    def test_without_a_key_every_reply_is_its_own(self, grace: Grace, opened: int, agent: int) -> None:
        assert grace.handoffs.reply(opened, agent, "您好") != grace.handoffs.reply(opened, agent, "您好")

    @pytest.mark.parametrize("text", ["", "   ", "\n\t"])
    def test_an_empty_reply_is_refused_and_claims_nothing(
        self, grace: Grace, opened: int, agent: int, text: str
    ) -> None:
        assert refused(lambda: grace.handoffs.reply(opened, agent, text))[0] == "empty"
        assert only(grace, HandoffRow).state == "waiting"

    def test_after_the_close_nothing_more_is_said(self, grace: Grace, opened: int, agent: int) -> None:
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        assert refused(lambda: grace.handoffs.reply(opened, agent, "还有"))[0] == "closed"


class TestClosing:
    @pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.PAID])
    def test_it_closes_with_its_outcome_and_goes_back_to_the_bot(
        self, grace: Grace, ref: str, conversation: str, opened: int, agent: int, outcome: Outcome
    ) -> None:
        change(grace, Conversation, {"id": conversation}, misunderstood=2)
        grace.handoffs.close(opened, agent, outcome, "谈妥了")
        row = only(grace, HandoffRow)
        assert (row.state, row.outcome, row.note) == ("returned", outcome.value, "谈妥了")
        assert row.closed_at == grace.kit.clock.now()
        after = conversation_row(grace, conversation)
        assert (after.mode, after.misunderstood) == ("bot", 0)
        assert holds(grace, ref) == {}
        assert [one.template for one in out(grace, conversation)] == ["utter_handoff_returned"]
        (event,) = events(grace, "handoff_closed")
        assert event.detail == {"outcome": outcome.value, "returned": True}

    def test_it_closes_as_paid_when_the_book_or_a_marked_payment_shows_it_and_not_on_a_mere_word(
        self, grace: Grace, ref: str, opened: int, agent: int
    ) -> None:
        code, _ = refused(lambda: grace.handoffs.close(opened, agent, Outcome.PAID))
        assert code == "evidence"
        assert only(grace, HandoffRow).state == "waiting"
        pay(grace, ref)
        grace.handoffs.close(opened, agent, Outcome.PAID)
        assert only(grace, HandoffRow).outcome == "paid"

    def test_after_it_the_bot_answers_again(
        self, grace: Grace, ref: str, conversation: str, opened: int, agent: int
    ) -> None:
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        assert say(grace, ref, "你好").needs_turn
        assert len(send(grace)) == 1

    def test_closed_without_return_the_bot_stays_silent(
        self, grace: Grace, conversation: str, opened: int, agent: int
    ) -> None:
        grace.handoffs.close(opened, agent, Outcome.NO_CONTACT, to_bot=False)
        assert only(grace, HandoffRow).state == "closed"
        assert conversation_row(grace, conversation).mode == "human"
        assert out(grace, conversation) == []

    def test_what_protects_the_borrower_outlasts_the_close(
        self, grace: Grace, ref: str, conversation: str, agent: int
    ) -> None:
        for act in ("signal_self_harm", "dispute_debt", "stop_contact"):
            grace.protection.honour(conversation, act, turn=act, locale="zh_CN")
        grace.handoffs.close(handoff(grace, conversation).id, agent, Outcome.RESOLVED)
        assert set(holds(grace, ref)) == {"self_harm", "dispute", "opt_out"}
        assert tick(grace) == []

    def test_the_freeze_lasts_until_the_last_hand_off_of_a_borrower_is_closed(
        self, grace: Grace, ref: str, opened: int, agent: int
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        second = grace.handoffs.open(
            chat(grace, "4711", channel="telegram"), HandoffReason.ASKED, cause="test"
        )
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        assert set(holds(grace, ref)) == {"handoff"}
        grace.handoffs.close(second, agent, Outcome.RESOLVED)
        assert holds(grace, ref) == {}

    def test_a_waiting_one_may_be_closed_by_anyone_and_is_theirs(
        self, grace: Grace, opened: int, agent: int
    ) -> None:
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        assert only(grace, HandoffRow).agent_id == agent

    def test_a_colleagues_one_may_not(self, grace: Grace, opened: int, agent: int, other: int) -> None:
        grace.handoffs.claim(opened, agent)
        assert refused(lambda: grace.handoffs.close(opened, other, Outcome.RESOLVED))[0] == "taken"
        assert only(grace, HandoffRow).state == "claimed"

    def test_it_closes_once(self, grace: Grace, conversation: str, opened: int, agent: int) -> None:
        def close() -> str:
            try:
                grace.handoffs.close(opened, agent, Outcome.RESOLVED)
            except NotAllowed as error:
                return error.code
            return "done"

        assert sorted(at_once(close, close, close)) == ["closed", "closed", "done"]
        assert len(out(grace, conversation)) == len(events(grace, "handoff_closed")) == 1

    def test_a_case_can_be_handed_over_again_after_the_close(
        self, grace: Grace, conversation: str, opened: int, agent: int
    ) -> None:
        grace.handoffs.close(opened, agent, Outcome.RESOLVED)
        again = grace.handoffs.open(conversation, HandoffReason.COMPLAINT, cause="test")
        assert again != opened
        grace.handoffs.close(again, agent, Outcome.RESOLVED)
        assert len(out(grace, conversation)) == 2


class TestWhoHasLeft:
    def test_an_account_that_was_switched_off_can_do_nothing_with_a_case(
        self, grace: Grace, conversation: str, opened: int, agent: int
    ) -> None:
        change(grace, Agent, {"id": agent}, active=False)
        for act in (
            lambda: grace.handoffs.claim(opened, agent),
            lambda: grace.handoffs.reply(opened, agent, "您好"),
            lambda: grace.handoffs.close(opened, agent, Outcome.RESOLVED),
            lambda: grace.handoffs.take_over(conversation, agent),
        ):
            assert refused(act)[0] == "role"
        assert only(grace, HandoffRow).state == "waiting"
        assert rows(grace, Message) == []


class TestWaitingWords:
    @pytest.mark.parametrize(
        ("china", "open_now"),
        [("08:59", False), ("09:00", True), ("19:59", True), ("20:00", False), ("03:00", False)],
    )
    def test_outside_the_hours_of_the_team_they_say_when_it_is_back(
        self, grace: Grace, conversation: str, opened: int, clock: MovableClock, china: str, open_now: bool
    ) -> None:
        hour, minute = (int(part) for part in china.split(":"))
        clock.at = datetime(2026, 3, 3, (hour - 8) % 24, minute, tzinfo=UTC)
        words = grace.handoffs.waiting_words(conversation, "zh_CN")
        assert ("09:00" in words) is not open_now
        assert ("20:00" in words) is not open_now

    def test_they_are_the_borrowers_own_hours(self, grace: Grace) -> None:
        conversation = chat(grace, make_borrower(grace, timezone="America/New_York"))
        assert "09:00" in grace.handoffs.waiting_words(conversation, "en")

    def test_they_say_how_many_are_served_before(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        for reason in (
            HandoffReason.ASKED,
            HandoffReason.SELF_HARM,
            HandoffReason.LADDER,
            HandoffReason.ASKED,
        ):
            grace.handoffs.open(chat(grace, make_borrower(grace)), reason, cause="test")
        taken = grace.handoffs.queue()[1].id
        grace.handoffs.claim(taken, make_agent(grace))
        wait(clock, minutes=1)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        wait(clock, minutes=1)
        grace.handoffs.open(chat(grace, make_borrower(grace)), HandoffReason.ASKED, cause="test")
        assert "2" in grace.handoffs.waiting_words(conversation, "zh_CN")
        assert "2" in grace.handoffs.waiting_words(conversation, "en")

    def test_who_is_next_is_told_no_number(self, grace: Grace, conversation: str, opened: int) -> None:
        words = grace.handoffs.waiting_words(conversation, "zh_CN")
        assert not any(one.isdigit() for one in words)


REASONS = [HandoffReason.ASKED, HandoffReason.LADDER, HandoffReason.SELF_HARM]
ACTIONS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(REASONS)),
    st.tuples(st.sampled_from(["claim", "reply", "close", "silence"]), st.sampled_from([0, 1])),
    st.tuples(st.sampled_from(["say", "answer", "send"]), st.none()),
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(ACTIONS, max_size=14))
def test_whatever_people_and_the_bot_do_at_most_one_of_them_speaks(
    fresh_grace: Callable[[], Grace], actions: list[tuple[str, Any]]
) -> None:
    grace = fresh_grace()
    ref = make_borrower(grace)
    conversation = chat(grace, ref)
    agents = [make_agent(grace, "李敏"), make_agent(grace, "王强")]
    for action, subject in actions:
        current = rows(grace, HandoffRow, conversation_id=conversation)[-1:]
        with contextlib.suppress(NotAllowed):
            if action == "open":
                grace.handoffs.open(conversation, subject, cause="test")
            elif action == "say":
                say(grace, ref, "你好")
            elif action == "answer" and (turn := grace.turns.claim(conversation)) is not None:
                answered(grace, turn, "机器人")
            elif action == "send":
                silent = conversation_row(grace, conversation).mode == "human"
                texts = send(grace)
                assert not (silent and any(text.endswith("机器人") for text in texts))
            elif current and action == "claim":
                grace.handoffs.claim(current[0].id, agents[subject])
            elif current and action == "reply":
                grace.handoffs.reply(current[0].id, agents[subject], "同事")
                assert handoff(grace, conversation).agent_id == agents[subject]
            elif current and action in ("close", "silence"):
                to_bot = action == "close"
                grace.handoffs.close(current[0].id, agents[subject], Outcome.RESOLVED, to_bot=to_bot)
        open_now = [row for row in rows(grace, HandoffRow) if HandoffState(row.state).is_open]
        assert len(open_now) <= 1
        assert ("handoff" in holds(grace, ref)) is bool(open_now)
        if open_now:
            assert conversation_row(grace, conversation).mode == "human"
            assert (open_now[0].agent_id is not None) is (open_now[0].state == "claimed")
    grace.close()
