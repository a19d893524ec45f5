"""A borrower's turn: stored once, gathered, answered once, whoever dies or takes over on the way."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.services import leases
from bot.services.kit import MovableClock
from bot.services.stopwords import STOP_WORDS
from bot.services.turns import Turn
from bot.storage.tables import Borrower, Conversation, HandoffRow, Message
from tests.factory import make_borrower
from tests.integration.support import (
    answered,
    at_once,
    change,
    chat,
    claimed,
    conversation_row,
    events,
    handoff,
    holds,
    make_agent,
    message,
    only,
    out,
    rows,
    say,
    wait,
)


class TestReceiving:
    def test_a_message_received_twice_is_stored_once(self, grace: Grace, ref: str) -> None:
        first, second = (say(grace, ref, "你好", key="web:1") for _ in range(2))
        assert (first.duplicate, second.duplicate) == (False, True)
        assert first.message_id == second.message_id
        assert first.needs_turn
        assert second.needs_turn
        assert only(grace, Message, direction="in").text == "你好"

    def test_two_threads_that_receive_the_same_message_at_once_store_it_once(
        self, grace: Grace, ref: str
    ) -> None:
        def receive() -> bool:
            return say(grace, ref, "你好", key="web:1").duplicate

        assert sorted(at_once(*[receive] * 6)) == [False] + [True] * 5
        assert len(rows(grace, Message)) == 1
        assert len(rows(grace, Conversation)) == 1

    def test_two_threads_that_receive_two_messages_of_a_new_chat_share_one_conversation(
        self, grace: Grace, ref: str
    ) -> None:
        found = at_once(*[lambda: say(grace, ref, "你好").conversation_id] * 4)
        assert len(set(found)) == 1
        assert len(rows(grace, Message)) == 4

    def test_the_same_id_in_another_chat_is_another_message(self, grace: Grace, ref: str) -> None:
        other = make_borrower(grace)
        assert not say(grace, ref, "你好", key="web:1").duplicate
        assert not say(grace, other, "你好", key="web:1").duplicate

    def test_an_answered_message_that_comes_again_needs_no_turn(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好", key="web:1")
        answered(grace, claimed(grace, conversation))
        again = say(grace, ref, "你好", key="web:1")
        assert (again.duplicate, again.needs_turn) == (True, False)

    def test_a_chat_that_belongs_to_nobody_is_kept_without_a_borrower(self, grace: Grace) -> None:
        received = say(grace, "stranger", "hello there my friend", language="en-GB")
        found = conversation_row(grace, received.conversation_id)
        assert (found.borrower_id, found.locale) == (None, "en")
        turn = claimed(grace, received.conversation_id)
        assert (turn.context["known"], turn.context["verified"]) == (False, False)

    def test_nul_and_lone_surrogates_do_no_harm(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "还\x00款\ud83d吗", attachment={"name": "a\x00b"})
        assert claimed(grace, conversation).text == "还款?吗"

    def test_a_very_long_message_is_cut_and_the_turn_knows_it(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "钱" * 25_000)
        turn = claimed(grace, conversation)
        assert turn.text == "钱" * grace.kit.settings.max_text
        assert turn.context["cut"]
        assert only(grace, Message, direction="in").payload == {"kind": "text", "cut_from": 25_000}

    def test_a_message_of_just_the_greatest_length_is_not_cut(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "钱" * grace.kit.settings.max_text)
        assert not claimed(grace, conversation).context["cut"]

    @pytest.mark.parametrize("text", ["/affirm", "  /affirm", "／affirm", "//affirm"])
    def test_typed_text_never_reads_as_a_tapped_command(
        self, grace: Grace, ref: str, conversation: str, text: str
    ) -> None:
        say(grace, ref, text)
        assert claimed(grace, conversation).text == "affirm"

    @pytest.mark.parametrize(
        ("kind", "key"),
        [
            ("photo", "utter_file_kept"),
            ("sticker", "utter_sticker"),
            ("edit", "utter_edited"),
            ("stale", "utter_button_old"),
        ],
    )
    def test_what_needs_no_reading_is_answered_at_once_without_the_assistant(
        self, grace: Grace, ref: str, conversation: str, kind: str, key: str
    ) -> None:
        received = grace.conversations.receive(message("", address=ref, kind=kind))  # type: ignore[arg-type]
        assert not received.needs_turn
        assert grace.turns.claim(conversation) is None
        assert [one.template for one in out(grace, conversation)] == [key]

    def test_an_answer_without_a_turn_is_given_once_and_to_strangers_only_when_asked(
        self, grace: Grace, ref: str
    ) -> None:
        known = message("/start", address=ref, key="web:1")
        assert grace.conversations.answer(known, "utter_sticker", strangers=True) is None
        assert rows(grace, Message) == []
        stranger = message("/start", address="nobody", key="web:1")
        for _ in range(2):
            received = grace.conversations.answer(stranger, "utter_sticker", strangers=True)
        assert received is not None
        assert received.duplicate
        assert len(out(grace, received.conversation_id)) == 1


class TestTurns:
    def test_a_burst_becomes_one_turn(self, grace: Grace, ref: str, conversation: str) -> None:
        for text in ("我失业了", "能分三期吗", "谢谢"):
            say(grace, ref, text)
        turn = claimed(grace, conversation)
        assert turn.text == "我失业了\n能分三期吗\n谢谢"
        answered(grace, turn)
        assert {one.state for one in rows(grace, Message, direction="in")} == {"handled"}
        assert [one.text.splitlines()[-1] for one in out(grace, conversation)] == ["好的。"]
        assert grace.turns.waiting() == []

    def test_a_tapped_button_is_a_turn_of_its_own_between_the_texts_around_it(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "第一")
        say(grace, ref, "是的", kind="payload", payload="/affirm")
        say(grace, ref, "第二")
        turns = []
        while turn := grace.turns.claim(conversation):
            turns.append(turn.text)
            answered(grace, turn)
        assert turns == ["第一", "/affirm", "第二"]

    def test_what_comes_while_a_turn_is_read_waits_for_the_next(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "第一")
        turn = claimed(grace, conversation)
        say(grace, ref, "第二")
        assert grace.turns.claim(conversation) is None
        answered(grace, turn)
        following = claimed(grace, conversation)
        assert following.text == "第二"
        assert following.id != turn.id

    def test_of_many_threads_one_claims_the_turn(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "你好")
        turns = at_once(*[lambda: grace.turns.claim(conversation)] * 6)
        assert sum(turn is not None for turn in turns) == 1

    def test_there_is_no_turn_without_a_message(self, grace: Grace, conversation: str) -> None:
        assert grace.turns.claim(conversation) is None
        assert conversation_row(grace, conversation).lease_owner is None

    def test_a_lease_that_ran_out_is_taken_over_with_the_same_turn(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, ref, "你好")
        dead = claimed(grace, conversation)
        wait(clock, seconds=grace.kit.settings.lease - 1)
        assert grace.turns.claim(conversation) is None
        say(grace, ref, "还在吗")
        wait(clock, seconds=1)
        heir = claimed(grace, conversation)
        assert (heir.id, heir.text) == (dead.id, dead.text)
        assert heir.owner != dead.owner

    def test_who_lost_a_turn_can_neither_finish_nor_fail_it(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, ref, "你好")
        loser = claimed(grace, conversation)
        wait(clock, seconds=grace.kit.settings.lease)
        winner = claimed(grace, conversation)
        answered(grace, loser, "来自过去")
        grace.turns.fail(loser)
        grace.turns.abandon(loser)
        assert out(grace, conversation) == []
        answered(grace, winner, "现在")
        answered(grace, loser, "来自过去")
        assert [one.text.splitlines()[-1] for one in out(grace, conversation)] == ["现在"]
        assert conversation_row(grace, conversation).mode == "bot"

    def test_a_turn_finished_twice_is_answered_once(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "你好")
        turn = claimed(grace, conversation)
        at_once(*[lambda: answered(grace, turn)] * 4)
        assert len(out(grace, conversation)) == 1

    def test_a_process_that_starts_frees_what_its_dead_forerunner_held(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        turn = claimed(grace, conversation)
        machine = leases.new_owner().split(":")[0]
        change(grace, Conversation, {"id": conversation}, lease_owner=f"{machine}:999999999:x")
        grace.turns.release_dead()
        assert claimed(grace, conversation).id == turn.id

    def test_what_a_living_process_or_another_machine_holds_is_left_alone(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        claimed(grace, conversation)
        machine = leases.new_owner().split(":")[0]
        for owner in ("elsewhere:1:x", f"{machine}:1:x"):
            change(grace, Conversation, {"id": conversation}, lease_owner=owner)
            grace.turns.release_dead()
            assert conversation_row(grace, conversation).lease_owner == owner

    def test_the_turn_carries_what_the_assistant_may_know(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        context = claimed(grace, conversation).context
        assert (context["verified"], context["outstanding"], context["currency"]) == (True, "3000.00", "CNY")
        assert (context["locale"], context["timezone"]) == ("zh_CN", "Asia/Shanghai")

    def test_before_identity_the_turn_carries_no_debt_fact(self, grace: Grace, ref: str) -> None:
        conversation = chat(grace, ref, verified=False)
        say(grace, ref, "你好")
        context = claimed(grace, conversation).context
        assert (context["known"], context["verified"], context["outstanding"]) == (True, False, None)

    def test_a_borrower_without_a_loan_is_answered_all_the_same(self, grace: Grace) -> None:
        with grace.kit.db.begin() as session:
            now = grace.kit.clock.now()
            borrower = Borrower(
                ref="T0", name="王芳", locale="zh_CN", timezone="Asia/Shanghai", created_at=now
            )
            session.add(borrower)
            session.flush()
            known = borrower.id
        conversation = grace.conversations.ensure("webchat", "T0")
        change(grace, Conversation, {"id": conversation}, borrower_id=known, verified_at=now)
        say(grace, "T0", "你好")
        assert claimed(grace, conversation).context["outstanding"] is None

    def test_the_first_answer_tells_who_is_writing_and_later_ones_do_not(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        for text in ("你好", "在吗"):
            say(grace, ref, text)
            answered(grace, claimed(grace, conversation), "在的。")
        first, second = (one.text for one in out(grace, conversation))
        assert grace.kit.settings.lender_name in first
        assert first.endswith("在的。")
        assert second == "在的。"


class TestPeople:
    def test_an_answer_is_kept_unsent_when_people_took_over_meanwhile(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        turn = claimed(grace, conversation)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, "太晚了")
        assert [(one.text, one.state) for one in out(grace, conversation)] == [("太晚了", "cancelled")]
        assert not conversation_row(grace, conversation).disclosed

    def test_the_words_of_the_hand_over_itself_still_go_out(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "转人工")
        turn = claimed(grace, conversation)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, "好的，同事会来。", purpose="handoff")
        assert [one.state for one in out(grace, conversation)] == ["queued"]

    def test_in_peoples_hands_a_message_needs_no_turn_and_is_acknowledged_once(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        for text in ("在吗", "有人吗"):
            assert not say(grace, ref, text).needs_turn
        assert grace.turns.claim(conversation) is None
        assert [one.template for one in out(grace, conversation)] == ["utter_handoff_waiting"]
        assert {one.state for one in rows(grace, Message, direction="in")} == {"handled"}

    def test_once_an_agent_has_it_nothing_is_said_in_between(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.handoffs.claim(number, make_agent(grace))
        say(grace, ref, "在吗")
        assert out(grace, conversation) == []

    def test_what_waited_for_the_bot_goes_to_people_when_they_take_over(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert grace.turns.claim(conversation) is None
        assert only(grace, Message, direction="in").state == "handled"
        assert conversation_row(grace, conversation).lease_owner is None

    def test_after_a_silent_close_a_new_message_comes_back_into_the_queue(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.handoffs.close(number, make_agent(grace), Outcome.RESOLVED, to_bot=False)
        assert not say(grace, ref, "还有一个问题").needs_turn
        assert (handoff(grace, conversation).state, handoff(grace, conversation).id != number) == (
            "waiting",
            True,
        )

    def test_at_night_the_acknowledgement_says_when_people_are_there(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        wait(clock, hours=14)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        say(grace, ref, "在吗")
        (told,) = out(grace, conversation)
        assert "09:00" in told.text
        assert "20:00" in told.text

    def test_a_turn_that_cannot_be_served_goes_to_people_and_the_borrower_is_told(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        grace.turns.abandon(claimed(grace, conversation))
        assert handoff(grace, conversation).reason == "failure"
        assert [(one.template, one.state) for one in out(grace, conversation)] == [
            ("utter_handoff_failure", "queued")
        ]
        assert grace.turns.waiting() == []


class TestOutage:
    def test_an_outage_is_told_once_and_the_message_is_answered_later_once(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        for _ in range(3):
            grace.turns.fail(claimed(grace, conversation))
            assert grace.turns.waiting() == [conversation]
        assert [one.template for one in out(grace, conversation)] == ["utter_outage"]
        assert len(events(grace, "assistant_down")) == 1
        turn = claimed(grace, conversation)
        assert turn.text == "你好"
        answered(grace, turn)
        assert grace.turns.claim(conversation) is None
        assert len(out(grace, conversation)) == 2

    def test_the_next_outage_is_told_again(self, grace: Grace, ref: str, conversation: str) -> None:
        for text in ("第一", "第二"):
            say(grace, ref, text)
            grace.turns.fail(claimed(grace, conversation))
            answered(grace, claimed(grace, conversation))
        told = [one for one in out(grace, conversation) if one.template == "utter_outage"]
        assert len(told) == 2

    def test_a_turn_that_fails_by_its_own_fault_goes_to_people_at_the_third_time(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        given_up = [grace.turns.fail(claimed(grace, conversation), own_fault=True) for _ in range(3)]
        assert given_up == [False, False, True]
        assert handoff(grace, conversation).reason == "failure"
        assert [one.template for one in out(grace, conversation)] == ["utter_outage", "utter_handoff_failure"]
        assert grace.turns.waiting() == []

    def test_an_outage_however_long_gives_no_turn_to_people(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "你好")
        assert not any(grace.turns.fail(claimed(grace, conversation)) for _ in range(20))
        assert grace.turns.waiting() == [conversation]

    def test_every_turn_has_its_own_tries(self, grace: Grace, ref: str, conversation: str) -> None:
        for text in ("第一", "第二", "第三"):
            say(grace, ref, text)
            for _ in range(2):
                assert not grace.turns.fail(claimed(grace, conversation), own_fault=True)
            answered(grace, claimed(grace, conversation))
        assert rows(grace, HandoffRow) == []

    def test_in_peoples_hands_an_outage_is_not_told(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "你好")
        turn = claimed(grace, conversation)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.turns.fail(turn)
        assert out(grace, conversation) == []


class TestStopWords:
    def test_the_words_that_the_law_names_are_among_them(self) -> None:
        assert {"stop", "unsubscribe", "end", "quit", "cancel", "退订", "td", "t"} <= STOP_WORDS

    @pytest.mark.parametrize("word", ["STOP", "Unsubscribe", "退订", " Stop! ", "退订。", "ＴＤ", "“退订”"])
    def test_a_stop_word_is_honoured_in_the_same_turn_without_any_assistant(
        self, grace: Grace, ref: str, conversation: str, word: str
    ) -> None:
        received = say(grace, ref, word)
        assert not received.needs_turn
        assert "opt_out" in holds(grace, ref)
        assert [(one.template, one.purpose) for one in out(grace, conversation)] == [
            ("utter_protect_stop", "confirmation")
        ]
        assert grace.turns.claim(conversation) is None

    @pytest.mark.parametrize(
        "text", ["别停", "when does my plan stop", "stop by tomorrow?", "什么时候停止计息"]
    )
    def test_the_word_within_a_sentence_is_left_to_the_assistant(
        self, grace: Grace, ref: str, text: str
    ) -> None:
        assert say(grace, ref, text).needs_turn
        assert holds(grace, ref) == {}

    def test_a_stop_word_said_twice_is_confirmed_once_for_each_message(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "退订", key="web:1")
        say(grace, ref, "退订", key="web:1")
        assert len(out(grace, conversation)) == 1

    def test_in_peoples_hands_a_stop_word_counts_and_the_bot_stays_silent(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        grace.handoffs.claim(number, make_agent(grace))
        say(grace, ref, "退订")
        assert "opt_out" in holds(grace, ref)
        assert out(grace, conversation) == []

    def test_a_stranger_is_confirmed_too(self, grace: Grace) -> None:
        received = say(grace, "stranger", "stop", language="en")
        assert [one.template for one in out(grace, received.conversation_id)] == ["utter_protect_stop"]


class TestLanguage:
    def test_a_plain_sentence_in_another_language_switches_the_conversation(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "could you please write in English")
        assert claimed(grace, conversation).context["locale"] == "en"

    @pytest.mark.parametrize("text", ["ok", "800", "👍", "yes"])
    def test_a_word_that_may_be_either_switches_nothing(
        self, grace: Grace, ref: str, conversation: str, text: str
    ) -> None:
        say(grace, ref, text)
        assert claimed(grace, conversation).context["locale"] == "zh_CN"

    def test_a_stop_in_another_language_is_confirmed_in_that_of_the_conversation(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "stop")
        (told,) = out(grace, conversation)
        assert told.locale == "zh_CN"

    def test_a_language_can_be_set_by_its_tag_and_an_unknown_one_is_refused(
        self, grace: Grace, conversation: str
    ) -> None:
        assert grace.conversations.set_locale(conversation, "en-GB") == "en"
        assert grace.conversations.set_locale(conversation, "zh") == "zh_CN"
        assert grace.conversations.set_locale(conversation, "fr") is None
        assert conversation_row(grace, conversation).locale == "zh_CN"


BUTTONS = [{"title": "是的", "payload": "/affirm"}, {"title": "看看方案", "payload": "/request_instalment"}]


class TestButtons:
    def asked(self, grace: Grace, ref: str, conversation: str) -> Message:
        say(grace, ref, "你好")
        answered(grace, claimed(grace, conversation), "可以吗？", buttons=BUTTONS)
        return out(grace, conversation)[-1]

    def tapped(self, grace: Grace, ref: str, shown: Message, index: int) -> Turn | None:
        incoming = grace.conversations.tapped("webchat", ref, shown.id, index)
        assert incoming is not None
        return (
            claimed(grace, shown.conversation_id)
            if grace.conversations.receive(incoming).needs_turn
            else None
        )

    def test_a_tap_says_what_stands_on_the_button(self, grace: Grace, ref: str, conversation: str) -> None:
        turn = self.tapped(grace, ref, self.asked(grace, ref, conversation), 0)
        assert turn is not None
        assert turn.text == "/affirm"
        assert rows(grace, Message, direction="in")[-1].text == "是的"

    def test_a_button_tapped_twice_acts_once(self, grace: Grace, ref: str, conversation: str) -> None:
        shown = self.asked(grace, ref, conversation)

        def tap() -> bool:
            incoming = grace.conversations.tapped("webchat", ref, shown.id, 0)
            assert incoming is not None
            return grace.conversations.receive(incoming).duplicate

        assert sorted(at_once(tap, tap, tap)) == [False, True, True]

    def test_an_old_yes_confirms_nothing_new(self, grace: Grace, ref: str, conversation: str) -> None:
        shown = self.asked(grace, ref, conversation)
        self.asked(grace, ref, conversation)
        assert self.tapped(grace, ref, shown, 0) is None
        assert out(grace, conversation)[-1].template == "utter_button_old"

    def test_an_old_button_that_is_no_answer_still_works(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        shown = self.asked(grace, ref, conversation)
        self.asked(grace, ref, conversation)
        turn = self.tapped(grace, ref, shown, 1)
        assert turn is not None
        assert turn.text == "/request_instalment"

    def test_a_button_of_another_chat_or_none_at_all_does_nothing(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        other = make_borrower(grace)
        chat(grace, other)
        shown = self.asked(grace, ref, conversation)
        incoming = rows(grace, Message, direction="in")[0]
        for address, number, index in (
            (other, shown.id, 0),
            ("stranger", shown.id, 0),
            (ref, shown.id, 2),
            (ref, shown.id, -1),
            (ref, 10**6, 0),
            (ref, incoming.id, 0),
        ):
            assert grace.conversations.tapped("webchat", address, number, index) is None
        assert grace.conversations.tapped("telegram", ref, shown.id, 0) is None


class TestMore:
    def test_a_greeting_is_queued_once(self, grace: Grace, conversation: str) -> None:
        for _ in range(2):
            grace.conversations.say(conversation, "utter_sticker", turn="hello")
        assert len(out(grace, conversation)) == 1

    def test_misunderstood_turns_in_a_row_are_counted_until_one_is_understood(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        assert [grace.conversations.misunderstood(conversation, turn=turn) for turn in "12"] == [1, 2]
        say(grace, ref, "嗯")
        answered(grace, claimed(grace, conversation), understood=False)
        assert grace.conversations.misunderstood(conversation, turn="3") == 3
        say(grace, ref, "分期")
        answered(grace, claimed(grace, conversation), understood=True)
        assert grace.conversations.misunderstood(conversation, turn="4") == 1

    def test_a_misunderstood_turn_that_is_asked_again_is_counted_once(
        self, grace: Grace, conversation: str
    ) -> None:
        counts = [grace.conversations.misunderstood(conversation, turn=turn) for turn in ("1", "1", "2", "2")]
        assert counts == [1, 1, 2, 2]

    def test_one_address_has_one_conversation_though_many_ask_for_it_at_once(
        self, grace: Grace, ref: str
    ) -> None:
        assert len(set(at_once(*[lambda: grace.conversations.ensure("webchat", ref)] * 5))) == 1
