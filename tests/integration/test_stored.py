"""Where storing an answer is sending it: it goes with its turn, and is asked what any message is asked."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.kit import MovableClock
from bot.services.turns import Turn
from bot.storage.tables import HandoffRow, WebhookCall
from tests.factory import make_borrower
from tests.integration.support import answered, chat, claimed, events, make_agent, only, out, rows, say, send


@pytest.fixture
def ref(grace: Grace) -> str:
    return make_borrower(grace)


@pytest.fixture
def turn(grace: Grace, ref: str) -> Turn:
    conversation = chat(grace, ref)
    say(grace, ref, "你好")
    return claimed(grace, conversation)


def test_an_answer_is_sent_with_its_turn_and_told_once(grace: Grace, turn: Turn, clock: MovableClock) -> None:
    grace.webhooks.add("https://example.org/hook", ["message.out"])
    left = answered(grace, turn, stored=True)
    (message,) = out(grace, turn.conversation_id)
    assert (message.state, message.done_at) == ("sent", clock.now())
    assert (left.sent, left.more, left.waiting) == (True, False, ())
    assert send(grace) == []
    (call,) = rows(grace, WebhookCall, event="message.out")
    assert f'"message": {message.id}' in call.body


def test_elsewhere_it_waits_for_its_channel_and_is_named(grace: Grace, turn: Turn) -> None:
    left = answered(grace, turn)
    (message,) = out(grace, turn.conversation_id, "queued")
    assert (left.sent, left.waiting) == (False, (message.id,))


@pytest.mark.parametrize("on_its_way", [False, True])
def test_an_answer_stays_behind_the_one_before_it(
    grace: Grace, ref: str, turn: Turn, on_its_way: bool
) -> None:
    answered(grace, turn, "一")
    (first,) = out(grace, turn.conversation_id)
    if on_its_way:
        assert grace.outbox.claim(first.id) is not None
    say(grace, ref, "还有")
    left = answered(grace, claimed(grace, turn.conversation_id), "二", stored=True)
    second = out(grace, turn.conversation_id)[-1]
    assert second.state == "queued"
    assert left.waiting == ((second.id,) if on_its_way else (first.id, second.id))


def test_what_was_written_meanwhile_is_left_to_the_next_turn(grace: Grace, ref: str, turn: Turn) -> None:
    say(grace, ref, "还有")
    assert answered(grace, turn, stored=True).more
    assert not answered(grace, claimed(grace, turn.conversation_id), stored=True).more


@pytest.mark.parametrize("handed_back", [False, True])
def test_the_bot_is_silent_once_people_took_over(
    grace: Grace, turn: Turn, clock: MovableClock, handed_back: bool
) -> None:
    clock.at += type(grace.kit.settings.identity_for)(seconds=1)
    number = grace.handoffs.open(turn.conversation_id, HandoffReason.ASKED, cause="test")
    if handed_back:
        agent = make_agent(grace)
        grace.handoffs.claim(number, agent)
        grace.handoffs.close(number, agent, Outcome.RESOLVED, to_bot=True)
    answered(grace, turn, "还有一个办法。", stored=True)
    (message,) = [one for one in out(grace, turn.conversation_id) if one.text.endswith("还有一个办法。")]
    assert message.state == "cancelled"


def test_what_breaks_a_rule_on_wording_is_held_and_a_person_told(grace: Grace, turn: Turn) -> None:
    left = answered(grace, turn, "不还的话，我们会派人上门。", stored=True)
    (message,) = [one for one in out(grace, turn.conversation_id) if "上门" in one.text]
    assert (message.state, message.failure) == ("held", "wording: zh-threat")
    assert not left.sent
    assert message.id not in left.waiting
    (event,) = events(grace, "message_held")
    assert event.cause == f"message {message.id}"
    assert only(grace, HandoffRow).reason == HandoffReason.WORDING.value
    (waiting,) = [one for one in out(grace, turn.conversation_id) if one.template == "utter_handoff_failure"]
    assert left.waiting == (waiting.id,)
