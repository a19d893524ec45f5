"""A nudge becomes a message: once, on fresh facts, with the rules it went under; or it says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.replies import open_conversation
from bot.storage.tables import (
    AddressRow,
    Borrower,
    Conversation,
    HandoffRow,
    Message,
    Nudge,
    PlanItem,
    PolicyVersion,
)
from tests.factory import make_borrower
from tests.integration.support import (
    add_loan,
    at_once,
    change,
    chat,
    conversation_row,
    events,
    only,
    pay,
    rows,
    say,
    send,
    slowly,
    tick,
    wait,
)

TODAY = date(2026, 3, 2)


def signal(act: str, **more: object) -> Callable[[Grace, str], None]:
    def happen(grace: Grace, ref: str) -> None:
        conversation = chat(grace, ref)
        grace.protection.honour(conversation, act, turn=act, locale="zh_CN", **more)  # type: ignore[arg-type]

    return happen


def promise(grace: Grace, ref: str) -> None:
    grace.promises.make(chat(grace, ref), Money.of("500", "CNY"), TODAY + timedelta(days=9), turn="p")


def agree(grace: Grace, ref: str) -> None:
    conversation = chat(grace, ref)
    offer = grace.negotiation.propose(conversation, Wish(count=3), turn="o").options[0]
    grace.negotiation.agree(conversation, offer.id, turn="a")


def stop_word(grace: Grace, ref: str) -> None:
    say(grace, ref, "退订")


def switch_off(grace: Grace, ref: str) -> None:
    grace.kit.settings.automatic_off = True


STOPPERS: dict[str, Callable[[Grace, str], object]] = {
    "paid": pay,
    "promise": promise,
    "plan": agree,
    "opt_out": stop_word,
    "dispute": signal("dispute_debt"),
    "complaint": signal("file_complaint"),
    "self_harm": signal("signal_self_harm"),
    "threat": signal("threaten_violence"),
    "death": signal("report_death"),
    "underage": signal("report_underage"),
    "represented": signal("report_legal_representation"),
    "bankrupt": signal("report_bankruptcy"),
    "data_rights": signal("request_data_rights"),
    "wrong_person": signal("wrong_person"),
    "third_party": signal("third_party"),
    "contact_window": signal("set_contact_time", until=datetime(2026, 3, 9, tzinfo=UTC)),
    "hardship": lambda grace, ref: grace.negotiation.report_hardship(chat(grace, ref), "h"),
    "paid_claim": lambda grace, ref: grace.accounts.claim_paid(chat(grace, ref), "c"),
    "handoff": lambda grace, ref: grace.handoffs.open(chat(grace, ref), HandoffReason.ASKED, cause="test"),
    "exempt": lambda grace, ref: change(grace, Borrower, {"ref": ref}, exempt=True),
    "kill_switch": switch_off,
    "address": lambda grace, ref: change(grace, AddressRow, {"address": ref}, dead_at=grace.kit.clock.now()),
    "consent": lambda grace, ref: change(grace, AddressRow, {"address": ref}, consent=False),
}
# These end by themselves, so that the nudge may wait for them as long as it is good for.
ENDING = {"promise", "contact_window", "hardship", "paid_claim"}


class TestStopping:
    @pytest.mark.parametrize("fact", STOPPERS)
    def test_what_happens_between_planning_and_writing_stops_it(
        self, grace: Grace, ref: str, fact: str
    ) -> None:
        grace.reminders.plan()
        STOPPERS[fact](grace, ref)
        nudge = only(grace, Nudge)
        assert grace.delivery.prepare(nudge.id) is None
        assert rows(grace, Message, nudge_id=nudge.id) == []
        after = only(grace, Nudge)
        assert after.state in ({"queued", "expired"} if fact in ENDING else {"cancelled"})
        assert fact in (after.reason or "")

    @pytest.mark.parametrize("fact", STOPPERS)
    def test_what_happens_between_writing_and_sending_stops_it_in_flight(
        self, grace: Grace, ref: str, fact: str
    ) -> None:
        (number,) = tick(grace)
        STOPPERS[fact](grace, ref)
        assert grace.outbox.claim(number) is None
        message, nudge = only(grace, Message, id=number), only(grace, Nudge)
        assert message.state == "cancelled"
        assert nudge.state in ({"queued", "expired"} if fact in ENDING else {"cancelled"})
        words = "people have the conversation" if conversation_human(grace, message) else fact
        assert words in (message.failure or "")
        assert words in (nudge.reason or "")

    def test_a_cancelled_nudge_is_on_record_with_its_reason(self, grace: Grace, ref: str) -> None:
        grace.reminders.plan()
        pay(grace, ref)
        tick(grace)
        (event,) = events(grace, "nudge_cancelled")
        assert (event.detail, event.actor) == ({"step": "D+7", "reason": "paid"}, "clock")

    def test_a_promise_reminder_does_not_outlive_its_promise(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        promise(grace, ref)
        clock.at = datetime(2026, 3, 10, 1, tzinfo=UTC)
        grace.reminders.plan()
        conversation = chat(grace, ref)
        grace.promises.make(conversation, Money.of("500", "CNY"), date(2026, 3, 20), turn="later")
        assert tick(grace) == []
        assert only(grace, Nudge).reason == "promise cancelled"

    def test_a_follow_up_of_a_missed_promise_stops_for_a_new_one(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        promise(grace, ref)
        clock.at = datetime(2026, 3, 13, 1, tzinfo=UTC)
        assert grace.plans.settle_promises() == 1
        # A rung of the ladder is due that day too, and waits: the kind follow-up comes first.
        (number,) = tick(grace)
        assert only(grace, Message, id=number).template == "utter_reminder_promise_missed"
        assert only(grace, Nudge, step="D+15").state == "queued"
        conversation = chat(grace, ref)
        grace.promises.make(conversation, Money.of("500", "CNY"), date(2026, 3, 20), turn="new")
        assert grace.outbox.claim(number) is None

    def test_a_follow_up_that_must_wait_a_day_is_not_lost(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        promise(grace, ref)
        clock.at = datetime(2026, 3, 13, 1, tzinfo=UTC)
        signal("set_contact_time", until=datetime(2026, 3, 14, 2, tzinfo=UTC))(grace, ref)
        grace.plans.settle_promises()
        assert tick(grace) == []
        clock.at = datetime(2026, 3, 14, 2, tzinfo=UTC)
        (number,) = tick(grace)
        assert only(grace, Message, id=number).template == "utter_reminder_promise_missed"

    def test_an_instalment_reminder_stops_in_flight_when_that_instalment_is_paid(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        agree(grace, ref)
        clock.at = datetime(2026, 3, 16, 1, tzinfo=UTC)
        (number,) = tick(grace)
        item = rows(grace, PlanItem)[0]
        change(grace, PlanItem, {"id": item.id}, paid_minor=item.amount_minor)
        assert grace.outbox.claim(number) is None
        assert only(grace, Nudge).reason == "paid"

    def test_a_hold_on_another_loan_or_channel_stops_nothing_in_flight(self, grace: Grace, ref: str) -> None:
        agree(grace, ref)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=7), name="second")
        conversation = chat(grace, ref)
        grace.protection.honour(
            conversation, "stop_contact", turn="1", locale="zh_CN", scope="channel", channel="sms"
        )
        (number,) = tick(grace)
        assert grace.outbox.claim(number) is not None


def conversation_human(grace: Grace, message: Message) -> bool:
    return conversation_row(grace, message.conversation_id).mode == "human"


class TestAgreed:
    def test_the_day_before_a_promise_its_own_words_go_out_though_the_ladder_rests(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        promise(grace, ref)
        clock.at = datetime(2026, 3, 10, 1, tzinfo=UTC)
        (number,) = tick(grace)
        message = only(grace, Message, id=number)
        assert (message.template, message.purpose) == ("utter_reminder_promise", "instalment")
        assert "500元" in message.text
        assert len(send(grace)) == 1

    def test_the_day_before_an_instalment_its_number_and_amount_are_told(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        agree(grace, ref)
        grace.negotiation.report_hardship(chat(grace, ref), "h")
        clock.at = datetime(2026, 3, 16, 1, tzinfo=UTC)
        (number,) = tick(grace)
        message = only(grace, Message, id=number)
        assert message.template == "utter_reminder_instalment"
        assert "1,200元" in message.text
        assert len(send(grace)) == 1

    def test_an_opt_out_stops_the_reminders_of_what_was_agreed_too(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        agree(grace, ref)
        stop_word(grace, ref)
        clock.at = datetime(2026, 3, 16, 1, tzinfo=UTC)
        assert tick(grace) == []
        assert "opt_out" in (only(grace, Nudge).reason or "")


class TestWriting:
    def test_a_nudge_becomes_one_message_with_the_rules_it_goes_under(self, grace: Grace, ref: str) -> None:
        chat(grace, ref)
        (number,) = tick(grace)
        message = only(grace, Message)
        assert (message.id, message.state, message.initiator) == (number, "queued", "bot")
        assert message.template == "utter_reminder_options"
        assert "3,000元" in message.text
        assert "/request_instalment" in {button["payload"] for button in message.buttons}
        assert message.rule_ids[:3] == ["CN1", "CN4", "CN40"]
        stored = only(grace, PolicyVersion, kind="contact")
        assert message.pack_version == stored.version
        assert stored.content["pack"] == "cn"

    def test_of_many_threads_one_writes_it(self, grace: Grace, ref: str) -> None:
        grace.reminders.plan()
        nudge = only(grace, Nudge)
        written = at_once(*[lambda: grace.delivery.prepare(nudge.id)] * 5)
        assert sum(one is not None for one in written) == 1
        assert len(rows(grace, Message)) == 1

    def test_it_is_written_though_the_borrower_opens_the_chat_at_that_moment(
        self, grace: Grace, ref: str
    ) -> None:
        grace.reminders.plan()
        nudge, now = only(grace, Nudge), grace.kit.clock.now()
        written = slowly(
            grace,
            lambda session: open_conversation(session, grace.kit, "webchat", ref, now),
            lambda: grace.delivery.prepare(nudge.id),
        )
        assert only(grace, Message).id == written

    def test_the_first_message_says_who_is_writing_and_how_to_check_complain_and_stop(
        self, grace: Grace, ref: str
    ) -> None:
        tick(grace)
        text = only(grace, Message).text
        settings = grace.kit.settings
        for words in (settings.lender_name, settings.lender_phone, "智能助手", "人工", "投诉", "停止"):
            assert words in text

    def test_later_ones_do_not_repeat_it(self, grace: Grace, ref: str, clock: MovableClock) -> None:
        tick(grace)
        send(grace)
        clock.at = datetime(2026, 3, 10, 1, tzinfo=UTC)
        tick(grace)
        send(grace)
        first, second = rows(grace, Message)
        assert "智能助手" in first.text
        assert "智能助手" not in second.text

    @pytest.mark.parametrize("how", ["cancelled", "failed"])
    def test_it_is_said_again_when_the_first_message_never_left(
        self, grace: Grace, ref: str, clock: MovableClock, how: str
    ) -> None:
        (number,) = tick(grace)
        if how == "cancelled":
            promise(grace, ref)
            assert grace.outbox.claim(number) is None
        else:
            send(grace, "failed")
        clock.at = datetime(2026, 3, 10, 1, tzinfo=UTC)
        tick(grace)
        assert "智能助手" in rows(grace, Message)[-1].text

    def test_a_chat_that_was_never_verified_learns_nothing_of_the_debt(self, grace: Grace, ref: str) -> None:
        chat(grace, ref, verified=False)
        tick(grace)
        assert only(grace, Message).template == "utter_reminder_unverified"

    def test_an_unverified_address_learns_nothing_of_the_debt(self, grace: Grace) -> None:
        make_borrower(grace, verified=False)
        tick(grace)
        message = only(grace, Message)
        assert message.template == "utter_reminder_unverified"
        assert message.buttons == []
        for fact in ("3,000", "3000", "元", "张伟", "LT", "还款", "逾期", "欠"):
            assert fact not in message.text

    def test_it_is_written_in_the_language_of_the_conversation(self, grace: Grace, ref: str) -> None:
        grace.conversations.set_locale(chat(grace, ref), "en")
        tick(grace)
        message = only(grace, Message)
        assert message.locale == "en"
        assert "CNY\xa03,000" in message.text

    def test_the_first_living_channel_of_the_rung_is_used(self, grace: Grace, ref: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        tick(grace)
        assert conversation_row(grace, only(grace, Message).conversation_id).channel == "telegram"

    def test_a_dead_channel_is_passed_over_for_the_next(self, grace: Grace, ref: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        change(grace, AddressRow, {"channel": "telegram"}, dead_at=grace.kit.clock.now())
        tick(grace)
        assert conversation_row(grace, only(grace, Message).conversation_id).channel == "webchat"


class TestWaiting:
    def test_at_night_it_waits_for_the_morning_and_then_goes_once(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        grace.reminders.plan()
        clock.at = datetime(2026, 3, 2, 15, tzinfo=UTC)
        assert tick(grace) == []
        nudge = only(grace, Nudge)
        assert (nudge.state, nudge.send_at) == ("queued", datetime(2026, 3, 3, 0, tzinfo=UTC))
        assert "CN1" in (nudge.reason or "")
        assert grace.delivery.due() == []
        clock.at = nudge.send_at
        assert len(tick(grace)) == 1
        assert tick(grace) == []

    def test_two_loans_whose_words_go_apart_make_one_message_a_day(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=30), name="second")
        assert len(tick(grace)) == 1
        assert len(send(grace)) == 1
        waiting = only(grace, Nudge, state="queued")
        assert waiting.send_at == datetime(2026, 3, 3, 0, tzinfo=UTC)
        assert "CN4" in (waiting.reason or "")
        clock.at = waiting.send_at
        assert len(tick(grace)) == 1

    def test_three_texts_in_seven_days_are_the_most_whatever_is_due(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        for number in range(6):
            add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=30), name=f"L{number}")
        sent = []
        for _ in range(10 * 6):
            tick(grace)
            sent += [clock.now()] * len(send(grace))
            wait(clock, hours=4)
        days = [(one + timedelta(hours=8)).date() for one in sent]
        assert len(days) == len(set(days))
        for first in days:
            assert sum(first <= day < first + timedelta(days=7) for day in days) <= 3
        assert len(sent) >= 3

    def test_what_can_no_longer_help_expires_and_is_listed(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        grace.reminders.plan()
        wait(clock, days=4)
        assert tick(grace) == []
        assert (only(grace, Nudge).state, only(grace, Nudge).reason) == ("expired", "its time has passed")
        assert len(events(grace, "nudge_expired")) == 1

    def test_a_hold_longer_than_the_rung_is_good_for_lets_it_expire(self, grace: Grace, ref: str) -> None:
        grace.reminders.plan()
        grace.negotiation.report_hardship(chat(grace, ref), "h")
        assert tick(grace) == []
        nudge = only(grace, Nudge)
        assert nudge.state == "expired"
        assert "hardship" in (nudge.reason or "")

    def test_who_named_a_time_is_written_to_from_then_on(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        named = datetime(2026, 3, 3, 12, tzinfo=UTC)
        signal("set_contact_time", until=named)(grace, ref)
        assert tick(grace) == []
        assert only(grace, Nudge).send_at == named
        clock.at = named
        assert len(tick(grace)) == 1


class TestTasks:
    def test_a_rung_for_people_opens_a_hand_off_and_writes_nothing(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=60)
        assert tick(grace) == []
        opened = only(grace, HandoffRow)
        assert (opened.reason, opened.state, opened.priority) == ("ladder", "waiting", 6)
        assert only(grace, Conversation, address=ref).mode == "human"
        assert rows(grace, Message) == []
        assert only(grace, Nudge).state == "sent"

    @pytest.mark.parametrize("fact", sorted(set(STOPPERS) - {"consent", "address", "handoff", "promise"}))
    def test_what_stops_reminders_stops_the_task_as_well(self, grace: Grace, fact: str) -> None:
        ref = make_borrower(grace, days_past_due=60)
        grace.reminders.plan()
        STOPPERS[fact](grace, ref)
        before = len(rows(grace, HandoffRow))
        tick(grace)
        nudge = only(grace, Nudge)
        if fact in ("wrong_person", "third_party"):
            assert (nudge.state, nudge.reason) == ("cancelled", "no reachable address")
        else:
            assert nudge.state != "sent"
            assert fact in (nudge.reason or "")
        assert len(rows(grace, HandoffRow)) == before

    def test_the_night_and_the_caps_do_not_bind_a_task(self, grace: Grace, clock: MovableClock) -> None:
        make_borrower(grace, days_past_due=60)
        grace.reminders.plan()
        wait(clock, hours=14)
        tick(grace)
        assert only(grace, Nudge).state == "sent"

    def test_who_is_given_to_people_gets_no_reminder_of_another_debt_at_the_same_instant(
        self, grace: Grace
    ) -> None:
        ref = make_borrower(grace, days_past_due=60)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=7), name="second")
        tick(grace)
        assert rows(grace, Message) == []
        (stopped,) = (one for one in rows(grace, Nudge) if one.state != "sent")
        assert "handoff" in (stopped.reason or "")

    def test_a_second_task_finds_the_hand_off_that_is_open(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=60)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=60), name="second")
        tick(grace)
        assert len(rows(grace, HandoffRow)) == 1
