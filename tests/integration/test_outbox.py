"""The one way out: claimed once, checked once more, settled; what a crash leaves is never blindly resent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.services.kit import MovableClock
from bot.services.outbox import Outcome
from bot.storage.tables import AddressRow, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import (
    answered,
    at_once,
    chat,
    claimed,
    conversation_row,
    make_agent,
    only,
    out,
    rows,
    say,
    send,
    tick,
    wait,
)

CHANNELS = ("webchat", "telegram", "sms", "email")


@pytest.fixture
def reply(grace: Grace, ref: str, conversation: str) -> int:
    """The id of an answer that waits to be handed over."""
    say(grace, ref, "你好")
    answered(grace, claimed(grace, conversation), "您好。")
    return out(grace, conversation)[-1].id


class TestClaiming:
    def test_of_many_threads_one_hands_a_message_over(self, grace: Grace, reply: int) -> None:
        taken = at_once(*[lambda: grace.outbox.claim(reply)] * 6)
        assert sum(one is not None for one in taken) == 1

    def test_what_is_handed_over_is_the_whole_message(
        self, grace: Grace, ref: str, conversation: str, reply: int
    ) -> None:
        outgoing = grace.outbox.claim(reply)
        assert outgoing is not None
        assert (outgoing.id, outgoing.conversation_id) == (reply, conversation)
        assert (outgoing.channel, outgoing.address, outgoing.initiator) == ("webchat", ref, "bot")
        assert outgoing.text.endswith("您好。")
        assert not outgoing.asks_identity

    def test_only_the_channels_that_run_here_are_listed_oldest_first(
        self, grace: Grace, ref: str, conversation: str, reply: int
    ) -> None:
        say(grace, ref, "还在吗")
        answered(grace, claimed(grace, conversation), "在。")
        queued = [number for number, _ in grace.outbox.queued(CHANNELS)]
        assert queued == sorted(queued)
        assert len(queued) == 2
        assert grace.outbox.queued(("telegram",)) == []
        assert grace.outbox.queued(CHANNELS, limit=1) == [(reply, conversation)]

    def test_an_answer_goes_before_all_reminders_however_many_wait(
        self, grace: Grace, conversation: str
    ) -> None:
        for _ in range(3):
            make_borrower(grace)
        reminders = tick(grace)
        grace.conversations.say(conversation, "utter_sticker", turn="late")
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answer = out(grace, conversation)[-1].id
        assert answer > max(reminders)
        assert [number for number, _ in grace.outbox.queued(CHANNELS)] == [answer, *reminders]
        assert grace.outbox.queued(CHANNELS, limit=1) == [(answer, conversation)]

    def test_what_the_lender_starts_is_handed_over_as_bulk_and_an_answer_is_not(
        self, grace: Grace, conversation: str
    ) -> None:
        (reminder,) = tick(grace)
        grace.conversations.say(conversation, "utter_sticker", turn="late")
        found = [grace.outbox.claim(one) for one in (reminder, out(grace, conversation)[-1].id)]
        assert [one and one.in_bulk for one in found] == [True, False]

    def test_a_claimed_message_is_listed_no_more(self, grace: Grace, reply: int) -> None:
        grace.outbox.claim(reply)
        assert grace.outbox.queued(CHANNELS) == []
        assert grace.outbox.claim(reply) is None


class TestPeople:
    def test_not_one_bot_message_leaves_after_the_hand_off(
        self, grace: Grace, conversation: str, reply: int
    ) -> None:
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert grace.outbox.claim(reply) is None
        message = only(grace, Message, id=reply)
        assert (message.state, message.failure) == ("cancelled", "people have the conversation")

    def test_the_words_of_the_hand_over_and_the_agents_own_pass(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "转人工")
        turn = claimed(grace, conversation)
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, "好的，同事会来。", purpose="handoff")
        grace.handoffs.reply(number, make_agent(grace), "您好，我是李敏。")
        texts = send(grace)
        assert texts[0].endswith("好的，同事会来。")
        assert texts[1] == "您好，我是李敏。"

    def test_a_hand_over_message_that_was_cancelled_first_leaves_the_disclosure_to_the_next(
        self, grace: Grace, conversation: str, reply: int
    ) -> None:
        assert conversation_row(grace, conversation).disclosed
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.outbox.claim(reply)
        assert not conversation_row(grace, conversation).disclosed


class TestSettling:
    @pytest.mark.parametrize(
        ("outcome", "state"),
        [
            ("sent", "sent"),
            ("failed", "failed"),
            ("uncertain", "uncertain"),
            ("dead", "failed"),
            ("later", "queued"),
        ],
    )
    def test_what_became_of_a_message_is_recorded(
        self, grace: Grace, reply: int, outcome: Outcome, state: str
    ) -> None:
        grace.outbox.claim(reply)
        grace.outbox.settle(reply, outcome, "x" * 500)
        message = only(grace, Message, id=reply)
        assert (message.state, message.failure) == (state, "x" * 200)

    def test_a_message_that_is_not_on_its_way_is_settled_by_nothing(self, grace: Grace, reply: int) -> None:
        grace.outbox.settle(reply, "failed")
        assert only(grace, Message, id=reply).state == "queued"
        grace.outbox.claim(reply)
        grace.outbox.settle(reply, "sent")
        grace.outbox.settle(reply, "failed")
        assert only(grace, Message, id=reply).state == "sent"

    def test_later_means_that_it_is_tried_again(self, grace: Grace, reply: int) -> None:
        grace.outbox.claim(reply)
        grace.outbox.settle(reply, "later", "429")
        assert grace.outbox.claim(reply) is not None

    @pytest.mark.parametrize(
        ("outcome", "state"),
        [("sent", "sent"), ("failed", "failed"), ("uncertain", "uncertain"), ("dead", "failed")],
    )
    def test_a_nudge_ends_as_its_message_does(
        self, grace: Grace, ref: str, outcome: Outcome, state: str
    ) -> None:
        tick(grace)
        send(grace, outcome)
        assert only(grace, Nudge).state == state

    def test_a_dead_address_is_marked_and_nothing_goes_there_any_more(
        self, grace: Grace, ref: str, conversation: str, reply: int
    ) -> None:
        grace.outbox.claim(reply)
        grace.outbox.settle(reply, "dead", "blocked by the user")
        address = only(grace, AddressRow, address=ref)
        assert address.dead_at == grace.kit.clock.now()
        assert address.dead_reason == "undelivered: blocked by the user"
        grace.conversations.say(conversation, "utter_sticker", turn="later")
        assert send(grace) == []
        assert out(grace, conversation)[-1].failure == "no reachable address"

    def test_who_writes_from_a_dead_address_is_answered_there_again(
        self, grace: Grace, ref: str, conversation: str, reply: int
    ) -> None:
        grace.outbox.claim(reply)
        grace.outbox.settle(reply, "dead", "blocked by the user")
        say(grace, ref, "我回来了")
        answered(grace, claimed(grace, conversation))
        assert len(send(grace)) == 1
        assert only(grace, AddressRow, address=ref).dead_at is None

    def test_a_reminder_that_met_a_dead_channel_goes_to_the_next_once(self, grace: Grace, ref: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        tick(grace)
        send(grace, "dead")
        assert only(grace, Nudge).state == "queued"
        tick(grace)
        assert len(send(grace)) == 1
        first, second = rows(grace, Message)
        assert [conversation_row(grace, one.conversation_id).channel for one in (first, second)] == [
            "telegram",
            "webchat",
        ]
        assert [first.state, second.state, only(grace, Nudge).state] == ["failed", "sent", "sent"]

    def test_a_stranger_who_left_the_list_is_still_answered_when_they_write(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "打错了")
        turn = claimed(grace, conversation)
        grace.protection.honour(conversation, "wrong_person", turn=turn.id, locale="zh_CN")
        answered(grace, turn, "抱歉打扰了。", purpose="confirmation")
        assert len(send(grace)) == 1


class TestReminders:
    def test_a_reminder_that_could_not_leave_by_day_does_not_leave_at_night(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        (number,) = tick(grace)
        grace.outbox.claim(number)
        grace.outbox.settle(number, "later", "down")
        clock.at = datetime(2026, 3, 2, 14, tzinfo=UTC)
        assert grace.outbox.claim(number) is None
        nudge = only(grace, Nudge)
        assert (nudge.state, nudge.send_at) == ("queued", datetime(2026, 3, 3, 0, tzinfo=UTC))
        assert tick(grace) == []
        clock.at = nudge.send_at
        (again,) = tick(grace)
        assert len(send(grace)) == 1
        assert [(one.id, one.state) for one in rows(grace, Message)] == [
            (number, "cancelled"),
            (again, "sent"),
        ]
        assert "智能助手" in only(grace, Message, id=again).text

    def test_a_reminder_whose_time_has_passed_is_not_sent_after_an_outage(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        (number,) = tick(grace)
        wait(clock, days=4)
        assert grace.outbox.claim(number) is None
        assert only(grace, Nudge).state == "expired"
        assert only(grace, Message).failure == "its time has passed"

    def test_an_answer_leaves_at_any_hour(self, grace: Grace, reply: int, clock: MovableClock) -> None:
        clock.at = datetime(2026, 3, 2, 19, tzinfo=UTC)
        assert grace.outbox.claim(reply) is not None

    def test_its_own_row_does_not_count_against_it_but_anothers_does(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        (number,) = tick(grace)
        with grace.kit.db.begin() as session:
            session.add(
                Message(
                    conversation_id=conversation,
                    direction="out",
                    initiator="agency",
                    purpose="notice",
                    state="sent",
                    text="x",
                    locale="zh_CN",
                    created_at=clock.now(),
                )
            )
        assert grace.outbox.claim(number) is None
        assert "CN4" in (only(grace, Nudge).reason or "")


class TestRecovering:
    def left(self, grace: Grace, number: int, clock: MovableClock) -> None:
        """Crash between handing over and recording, and start again after the lease."""
        assert grace.outbox.claim(number) is not None
        wait(clock, seconds=grace.kit.settings.lease)

    def test_on_a_channel_that_shows_nothing_twice_it_is_handed_over_again(
        self, grace: Grace, reply: int, clock: MovableClock
    ) -> None:
        self.left(grace, reply, clock)
        assert grace.outbox.recover(("webchat",)) == 1
        assert only(grace, Message, id=reply).state == "queued"
        assert grace.outbox.claim(reply) is not None

    def test_elsewhere_it_is_uncertain_and_never_resent(
        self, grace: Grace, reply: int, clock: MovableClock
    ) -> None:
        self.left(grace, reply, clock)
        assert grace.outbox.recover(()) == 1
        assert only(grace, Message, id=reply).state == "uncertain"
        assert grace.outbox.queued(CHANNELS) == []
        assert grace.outbox.recover(()) == 0

    def test_an_uncertain_reminder_makes_its_nudge_uncertain_and_counts_as_a_contact(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        (number,) = tick(grace)
        self.left(grace, number, clock)
        grace.outbox.recover(())
        assert only(grace, Nudge).state == "uncertain"
        assert tick(grace) == []

    def test_what_is_on_its_way_right_now_is_left_alone(
        self, grace: Grace, reply: int, clock: MovableClock
    ) -> None:
        grace.outbox.claim(reply)
        wait(clock, seconds=grace.kit.settings.lease - 1)
        assert grace.outbox.recover(()) == 0
        assert only(grace, Message, id=reply).state == "sending"

    def test_two_that_recover_at_once_recover_once(
        self, grace: Grace, reply: int, clock: MovableClock
    ) -> None:
        self.left(grace, reply, clock)
        assert sorted(at_once(*[lambda: grace.outbox.recover(())] * 3)) in ([0, 0, 1], [0, 1, 1], [1, 1, 1])
        assert only(grace, Message, id=reply).state == "uncertain"


def test_a_reply_asks_for_identity_only_while_the_form_waits_for_it(grace: Grace, ref: str) -> None:
    conversation = chat(grace, ref, verified=False)
    say(grace, ref, "我欠多少")
    answered(grace, claimed(grace, conversation), "请告诉我", expected="identity_confirmed")
    outgoing = grace.outbox.claim(out(grace, conversation)[-1].id)
    assert outgoing is not None
    assert outgoing.asks_identity


def test_a_message_waits_in_the_order_of_its_conversation(grace: Grace, clock: MovableClock) -> None:
    ref = make_borrower(grace)
    conversation = chat(grace, ref)
    for text in ("一", "二", "三"):
        grace.conversations.say(conversation, "utter_sticker", turn=text)
        wait(clock, seconds=-1)
    assert [number for number, _ in grace.outbox.queued(CHANNELS)] == [
        one.id for one in sorted(out(grace, conversation), key=lambda one: one.id)
    ]
    assert timedelta(0) < datetime(2026, 3, 2, 1, tzinfo=UTC) - clock.now()
