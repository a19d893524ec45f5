"""Wording at run time: what breaks a rule is held or refused, on record, and never sent."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.services.wording import Unfit
from bot.storage.tables import Borrower, Conversation, HandoffRow, Message, Nudge
from tests.integration.support import (
    answered,
    change,
    chat,
    claimed,
    conversation_row,
    events,
    handoff,
    make_agent,
    only,
    out,
    rows,
    say,
    send,
    tick,
)


def bot_says(grace: Grace, ref: str, conversation: str, text: str, **more: object) -> Message:
    say(grace, ref, "你好")
    answered(grace, claimed(grace, conversation), text, **more)
    return out(grace, conversation)[-1]


class TestTheAssistantsAnswers:
    def test_a_threat_is_held_put_on_record_and_given_to_people(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        held = bot_says(grace, ref, conversation, "不还的话，我们会派人上门。")
        assert send(grace) == []
        row = only(grace, Message, id=held.id)
        assert (row.state, row.failure) == ("held", "wording: zh-threat")
        (event,) = events(grace, "message_held")
        assert event.borrower_id is not None
        assert event.cause == f"message {held.id}"
        assert event.detail["rules"] == ["zh-threat"]
        assert event.detail["version"] == grace.kit.lexicon.version
        assert "上门" not in str(event.detail)
        assert handoff(grace, conversation).reason == "wording"
        assert conversation_row(grace, conversation).mode == "human"

    def test_the_borrower_is_told_that_a_person_answers_and_who_writes(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        bot_says(grace, ref, conversation, "把验证码发给我。")
        send(grace)
        (told,) = send(grace)
        assert "同事" in told
        assert "明达消费金融" in told
        assert "验证码" not in told

    def test_what_was_held_is_shown_to_staff_and_not_to_the_borrower(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        held = bot_says(grace, ref, conversation, "你这个老赖")
        send(grace)
        assert held.id not in {line.seq for line in grace.threads.lines(conversation)}
        (line,) = [line for line in grace.threads.tail(conversation) if line.seq == held.id]
        assert line.state == "held"

    def test_a_button_is_read_like_a_text(self, grace: Grace, ref: str, conversation: str) -> None:
        bot_says(grace, ref, conversation, "您好", buttons=[{"title": "最后一次机会", "payload": "/affirm"}])
        assert send(grace) == []

    def test_words_of_a_hand_off_that_are_held_call_for_no_more_of_them(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        bot_says(grace, ref, conversation, "同事会上门。", purpose="handoff")
        assert send(grace) == []
        assert send(grace) == []
        assert handoff(grace, conversation).reason == "wording"

    def test_nothing_of_the_debt_reaches_a_chat_whose_identity_was_withdrawn_meanwhile(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        bot_says(grace, ref, conversation, "您的借款还有300元未还。")
        change(grace, Conversation, {"id": conversation}, verified_at=None)
        assert send(grace) == []
        assert events(grace, "message_held")[0].detail["rules"] == ["amount", "zh-debt"]

    def test_a_held_message_is_never_claimed_again(self, grace: Grace, ref: str, conversation: str) -> None:
        held = bot_says(grace, ref, conversation, "后果自负")
        send(grace)
        assert grace.outbox.claim(held.id) is None
        grace.outbox.settle(held.id, "sent")
        grace.outbox.recover(("webchat",))
        assert only(grace, Message, id=held.id).state == "held"
        assert len(events(grace, "message_held")) == 1

    def test_what_is_well_said_goes_out(self, grace: Grace, ref: str, conversation: str) -> None:
        bot_says(grace, ref, conversation, "我们不会索要验证码。")
        (sent,) = send(grace)
        assert sent.endswith("我们不会索要验证码。")
        assert events(grace, "message_held") == []


class TestReminders:
    def test_a_reminder_that_breaks_a_rule_is_held_its_nudge_ends_and_a_person_is_told(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        change(grace, Borrower, {"ref": ref}, name="{name}")
        (written,) = tick(grace)
        assert send(grace) == []
        assert only(grace, Message, id=written).state == "held"
        nudge = only(grace, Nudge)
        assert (nudge.state, nudge.reason) == ("cancelled", "wording: variable")
        assert handoff(grace, conversation).reason == "wording"
        assert tick(grace) == []
        assert [one.id for one in out(grace, conversation)] == [written]

    def test_every_reminder_that_keeps_the_rules_goes_out(self, grace: Grace, ref: str) -> None:
        chat(grace, ref)
        tick(grace)
        assert len(send(grace)) == 1

    def test_a_reminder_to_an_unverified_chat_goes_out_without_a_word_of_the_debt(
        self, grace: Grace, ref: str
    ) -> None:
        chat(grace, ref, verified=False)
        tick(grace)
        assert len(send(grace)) == 1


class TestAgents:
    @pytest.fixture
    def opened(self, grace: Grace, conversation: str) -> int:
        return grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("我们会通知您的家人", ("shame", "通知您的家人")),
            ("把驗證碼發給我", ("credentials", "驗證碼")),
            ("You will be arrested", ("threats", "arrested")),
            ("请看 https://evil.com/a", ("link", "https://evil.com/a")),
        ],
    )
    def test_a_message_that_breaks_a_rule_is_refused_with_its_reason_and_on_record(
        self, grace: Grace, conversation: str, opened: int, text: str, fault: tuple[str, str]
    ) -> None:
        agent = make_agent(grace)
        with pytest.raises(Unfit) as refusal:
            grace.handoffs.reply(opened, agent, text, key="k")
        assert refusal.value.code == "wording"
        assert refusal.value.faults == (fault,)
        assert out(grace, conversation) == []
        (event,) = events(grace, "message_refused")
        assert event.actor == f"agent {agent}"
        assert fault[1] not in str(event.detail)
        assert only(grace, HandoffRow).state == "waiting"

    def test_reworded_under_the_same_key_it_goes_out(
        self, grace: Grace, conversation: str, opened: int
    ) -> None:
        agent = make_agent(grace)
        with pytest.raises(Unfit):
            grace.handoffs.reply(opened, agent, "后果自负", key="k")
        grace.handoffs.reply(opened, agent, "请告诉我哪天方便。", key="k")
        assert send(grace) == ["请告诉我哪天方便。"]

    def test_the_debt_is_spoken_of_only_where_identity_is_verified(
        self, grace: Grace, ref: str, conversation: str, opened: int
    ) -> None:
        agent = make_agent(grace)
        grace.handoffs.reply(opened, agent, "您的借款还有300元未还。")
        change(grace, Conversation, {"id": conversation}, verified_at=None)
        with pytest.raises(Unfit) as refusal:
            grace.handoffs.reply(opened, agent, "您的借款还有300元未还。")
        assert {category for category, _ in refusal.value.faults} == {"debt"}

    def test_a_link_to_a_host_that_is_set_goes_out(self, grace: Grace, opened: int) -> None:
        grace.kit.settings.link_hosts = "pay.example, lender.example"
        grace.handoffs.reply(opened, make_agent(grace), "https://www.lender.example/app")
        assert len(rows(grace, Message, initiator="agent")) == 1
