"""Handed over at any instant, the bot is silent from then on, whatever it had ready."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from bench.handoffs import Trial
from bot.bootstrap import Grace, build
from bot.channels.assistant import Answer
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.kit import MovableClock, SystemClock
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.settings import Settings
from bot.storage.tables import Message
from tests.factory import make_borrower
from tests.integration.support import (
    answered,
    chat,
    claimed,
    conversation_row,
    make_agent,
    only,
    out,
    say,
    send,
    slowly,
    wait,
)

HANDED_OVER = 60


class Thinker:
    """An assistant that takes its time."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    async def turn(self, turn: Turn) -> Answer:
        """Answer after a while."""
        await asyncio.sleep(self._rng.uniform(0, 0.05))
        return Answer(Reply(f"heard: {turn.text}"), None, True)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sixty_conversations_handed_over_at_random_in_the_midst_of_turns(
    settings: Settings, clock: MovableClock
) -> None:
    rng = random.Random(6)
    real = SystemClock(clock.now() - SystemClock().now())
    grace = build(settings.model_copy(update={"burst": 0.0}), real, migrate=False)
    try:
        found = asyncio.run(Trial(grace, Thinker(rng), rng, 0.08).run(HANDED_OVER // 2, HANDED_OVER // 2))
    finally:
        grace.close()
    assert found.handoffs == HANDED_OVER
    assert found.in_a_turn > HANDED_OVER // 3
    assert found.kept_back > 0
    assert found.said_after == []


@pytest.fixture
def conversation(grace: Grace) -> str:
    return chat(grace, make_borrower(grace))


class TestWhatWasReady:
    def test_an_answer_that_waits_for_its_channel_is_not_handed_over_and_not_shown(
        self, grace: Grace, conversation: str
    ) -> None:
        grace.conversations.say(conversation, "utter_sticker", turn="1")
        grace.handoffs.take_over(conversation, make_agent(grace))
        assert grace.threads.lines(conversation) == []
        assert send(grace) == []
        assert only(grace, Message).state == "cancelled"

    def test_nor_after_the_return(self, grace: Grace, conversation: str, clock: MovableClock) -> None:
        grace.conversations.say(conversation, "utter_sticker", turn="1")
        wait(clock, seconds=1)
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        wait(clock, seconds=1)
        grace.handoffs.close(number, make_agent(grace), Outcome.RESOLVED)
        wait(clock, seconds=1)
        send(grace)
        assert [one.template for one in out(grace, conversation, "sent")] == ["utter_handoff_returned"]

    def test_an_answer_thought_of_meanwhile_is_not_said_after_the_return(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, conversation_row(grace, conversation).address, "你好")
        turn = claimed(grace, conversation)
        wait(clock, seconds=1)
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        wait(clock, seconds=1)
        grace.handoffs.close(number, make_agent(grace), Outcome.RESOLVED)
        answered(grace, turn, "太晚了")
        assert all("太晚了" not in text for text in send(grace))

    def test_whoever_hands_over_waits_for_a_hand_off_that_is_being_written(
        self, grace: Grace, conversation: str
    ) -> None:
        if grace.kit.db.is_sqlite:
            pytest.skip("there every transaction waits for the other")
        grace.conversations.say(conversation, "utter_sticker", turn="1")
        queued = only(grace, Message).id

        def hand_over(session: object) -> None:
            row = session.get_one(type(conversation_row(grace, conversation)), conversation)  # type: ignore[attr-defined]
            grace.handoffs.open_in(session, row, HandoffReason.ASKED, cause="test", actor="bot")  # type: ignore[arg-type]

        assert slowly(grace, hand_over, lambda: grace.outbox.claim(queued)) is None
        assert only(grace, Message).state == "cancelled"

    def test_handing_over_waits_for_a_message_that_a_channel_has_in_its_hands(
        self, grace: Grace, conversation: str
    ) -> None:
        grace.kit.settings.handover_wait = 0.2
        grace.conversations.say(conversation, "utter_sticker", turn="1")
        queued = only(grace, Message).id
        assert grace.outbox.claim(queued) is not None
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.outbox.settle(queued, "sent")
        sent = only(grace, Message)
        assert sent.state == "sent"
        assert sent.done_at is not None
        assert sent.done_at <= conversation_row(grace, conversation).human_since + timedelta(0)  # type: ignore[operator]
