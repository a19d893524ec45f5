"""What pages see of a case: the thread in order, the account in figures, and a record of who read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.records import BOOK, record
from bot.storage.tables import Borrower, HoldRow, Message
from bot.web.feed import Feed
from tests.factory import make_borrower
from tests.integration.support import (
    add_loan,
    answered,
    change,
    chat,
    claimed,
    events,
    make_agent,
    only,
    out,
    pay,
    say,
    send,
    tick,
    wait,
)

TODAY = date(2026, 3, 2)


class TestThread:
    def test_it_shows_who_said_what_in_order(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "我想找人工", key="web:abc")
        turn = claimed(grace, conversation)
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, "好的。", purpose="handoff")
        grace.handoffs.reply(number, make_agent(grace, "李敏"), "您好")
        lines = grace.threads.lines(conversation)
        assert [(line.sender, line.name, line.client_id) for line in lines] == [
            ("borrower", None, "abc"),
            ("bot", None, None),
            ("agent", "李敏", None),
        ]
        assert [line.seq for line in lines] == sorted(line.seq for line in lines)
        assert grace.threads.tail(conversation) == [replace(line, channel="webchat") for line in lines]

    def test_what_was_cancelled_unsent_is_not_in_it(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "你好")
        turn = claimed(grace, conversation)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, "太晚了")
        assert [line.text for line in grace.threads.lines(conversation)] == ["你好"]

    @pytest.mark.parametrize("outcome", ["sent", "failed", "uncertain"])
    def test_what_may_have_arrived_is_in_it_with_what_became_of_it(
        self, grace: Grace, conversation: str, outcome: str
    ) -> None:
        grace.conversations.say(conversation, "utter_sticker", turn="1")
        send(grace, outcome)
        assert [line.state for line in grace.threads.lines(conversation)] == [outcome]

    def test_it_can_be_read_on_from_a_line_and_from_its_end(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        for number in range(5):
            say(grace, ref, f"第{number}句")
        lines = grace.threads.lines(conversation)
        assert grace.threads.lines(conversation, after=lines[2].seq) == lines[3:]
        assert grace.threads.lines(conversation, limit=2) == lines[:2]
        ends = [replace(line, channel="webchat") for line in lines[3:]]
        assert grace.threads.tail(conversation, limit=2) == ends

    def test_it_shows_which_button_was_used(self, grace: Grace, ref: str, conversation: str) -> None:
        say(grace, ref, "你好")
        buttons = [{"title": "是", "payload": "/affirm"}, {"title": "否", "payload": "/deny"}]
        answered(grace, claimed(grace, conversation), "可以吗？", buttons=buttons)
        shown = out(grace, conversation)[-1]
        tap = grace.conversations.tapped("webchat", ref, shown.id, 1)
        assert tap is not None
        grace.conversations.receive(tap)
        lines = grace.threads.lines(conversation)
        assert [line.used for line in lines] == [None, 1, None]
        assert lines[-1].kind == "payload"

    def test_one_thread_shows_nothing_of_another(self, grace: Grace, ref: str, conversation: str) -> None:
        other = make_borrower(grace)
        say(grace, other, "别人的话")
        say(grace, ref, "我的话")
        assert [line.text for line in grace.threads.lines(conversation)] == ["我的话"]


class TestWatching:
    def test_the_counters_move_with_every_change_that_a_page_shows(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        seen = [grace.threads.newest()]

        def moved() -> bool:
            seen.append(grace.threads.newest())
            return seen[-1] not in seen[:-1]

        say(grace, ref, "你好")
        assert moved()
        answered(grace, claimed(grace, conversation))
        assert moved()
        send(grace)
        assert moved()
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert moved()
        grace.handoffs.claim(number, make_agent(grace))
        assert moved()
        assert not moved()

    def test_only_conversations_with_news_are_named(self, grace: Grace, ref: str, conversation: str) -> None:
        other = make_borrower(grace)
        say(grace, other, "你好")
        last, event = grace.threads.newest()
        say(grace, ref, "你好")
        assert {one.conversation for one in grace.threads.changed(last, event)} == {conversation}
        assert len({one.conversation for one in grace.threads.changed(0, event)}) == 2

    async def test_a_page_is_woken_once_by_what_it_has_not_shown(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        feed, shown = Feed(grace.threads, 60.0), set[int]()
        async with (
            feed.subscribe(conversation, shown) as page,
            feed.subscribe(conversation) as case,
            feed.subscribe(chat(grace, make_borrower(grace))) as other,
        ):

            async def woken() -> tuple[bool, bool, bool]:
                await feed.look()
                found = page.is_set(), case.is_set(), other.is_set()
                for event in (page, case, other):
                    event.clear()
                return found

            assert await woken() == (True, True, True)
            say(grace, ref, "你好")
            assert await woken() == (True, True, False)
            assert await woken() == (False, False, False)
            turn = claimed(grace, conversation)
            answered(grace, turn)
            shown.update(line.seq for line in grace.threads.lines(conversation))
            assert await woken() == (False, True, False)
            send(grace)
            assert await woken() == (False, True, False)
            grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
            assert await woken() == (True, True, False)
            feed.told(conversation)
            assert (page.is_set(), case.is_set(), other.is_set()) == (True, True, False)

    def test_the_mode_says_who_speaks(self, grace: Grace, conversation: str) -> None:
        assert grace.threads.mode(conversation) == ("bot", "zh_CN")
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        assert grace.threads.mode(conversation) == ("human", "zh_CN")


class TestCase:
    def test_it_shows_the_loan_the_plan_the_promise_the_holds_and_what_happened(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.promises.make(conversation, Money.of("500", "CNY"), TODAY + timedelta(days=3), turn="p")
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="o").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="a")
        grace.protection.honour(conversation, "file_complaint", turn="c", locale="zh_CN", text="x")
        number = grace.handoffs.queue()[0].id
        case = grace.cases.view(number, make_agent(grace))
        assert case is not None
        assert (case.borrower_ref, case.borrower_name, case.reason) == (ref, "张伟", "complaint")
        assert (case.verified, case.mode, case.channel) == (True, "human", "webchat")
        assert case.loan is not None
        assert (case.loan.outstanding, case.loan.overdue) == (
            Money.of("3000", "CNY"),
            Money.of("3000", "CNY"),
        )
        assert (case.loan.days_past_due, case.loan.next_due_on) == (7, TODAY - timedelta(days=7))
        (plan,) = case.plans
        assert [item[:3] for item in plan.items] == [
            (item.number, item.due_on, item.amount) for item in offer.schedule
        ]
        assert case.promises == ((Money.of("500", "CNY"), TODAY + timedelta(days=3), "cancelled"),)
        assert {hold.kind for hold in case.holds} == {"plan", "complaint", "handoff"}
        kinds = [event.kind for event in case.events]
        assert kinds[0] == "handoff_opened"
        assert {"promise", "plan_offered", "plan_accepted", "complaint", "identity_verified"} <= set(kinds)

    def test_what_one_file_brought_is_one_line_of_a_kind_and_hides_nothing_else(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        now, borrower = grace.kit.clock.now(), only(grace, Borrower, ref=ref).id
        with grace.kit.db.begin() as session:
            for file, kind, count in (("a.csv", "due", 40), ("a.csv", "consent", 1), ("b.csv", "due", 3)):
                for _ in range(count):
                    record(session, now, kind, cause=f"file {file}", actor=BOOK, borrower_id=borrower)
        case = grace.cases.peek(number)
        assert case is not None
        told = [(event.kind, event.count) for event in case.events]
        assert told == [
            ("due", 3),
            ("consent", 1),
            ("due", 40),
            ("handoff_opened", 1),
            ("identity_verified", 1),
        ]

    def test_reading_it_is_recorded_once_and_looking_again_is_not(
        self, grace: Grace, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        agent = make_agent(grace)
        viewed = grace.cases.view(number, agent)
        assert grace.cases.peek(number) == viewed
        assert [event.actor for event in events(grace, "case_read")] == [f"agent {agent}"]

    def test_only_the_newest_thirty_events_are_shown_and_no_reading(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        now, borrower = grace.kit.clock.now(), only(grace, Borrower, ref=ref).id
        with grace.kit.db.begin() as session:
            for place in range(40):
                record(session, now, "pause", cause=f"test {place}", actor="staff", borrower_id=borrower)
                record(session, now, "file_read", cause="test", actor="agent 1", borrower_id=borrower)
        case = grace.cases.view(number, make_agent(grace))
        assert case is not None
        assert [event.kind for event in case.events] == ["pause"] * 30

    def test_it_is_in_the_hands_of_who_claimed_it_until_it_is_closed(
        self, grace: Grace, conversation: str
    ) -> None:
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        agent, other = make_agent(grace), make_agent(grace, "王强")

        def held() -> list[bool]:
            case = grace.cases.peek(number)
            assert case is not None
            return [case.is_held_by(one) for one in (agent, other)]

        assert held() == [False, False]
        grace.handoffs.claim(number, agent)
        assert held() == [True, False]
        grace.handoffs.close(number, agent, Outcome.RESOLVED)
        assert held() == [False, False]

    def test_a_hold_is_shown_with_its_channel_and_its_number(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.protection.honour(
            conversation, "stop_contact", turn="1", locale="zh_CN", scope="channel", channel="telegram"
        )
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        case = grace.cases.peek(number)
        assert case is not None
        first = case.holds[0]
        assert (first.kind, first.channel, first.until) == ("opt_out", "telegram", None)
        assert first.id == only(grace, HoldRow, kind="opt_out").id

    def test_a_case_that_is_not_there_is_not_read(self, grace: Grace) -> None:
        assert grace.cases.view(4711, make_agent(grace)) is None
        assert grace.cases.peek(4711) is None
        assert events(grace, "case_read") == []

    def test_a_stranger_has_a_case_without_an_account(self, grace: Grace) -> None:
        conversation = grace.conversations.ensure("telegram", "stranger")
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        case = grace.cases.peek(number)
        assert case is not None
        assert (case.borrower_ref, case.loan, case.plans, case.holds) == (None, None, (), ())

    def test_a_hold_that_ended_and_an_identity_that_ran_out_are_not_shown(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        grace.negotiation.report_hardship(conversation, "h")
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        wait(clock, days=31)
        case = grace.cases.peek(number)
        assert case is not None
        assert {hold.kind for hold in case.holds} == {"handoff"}
        assert not case.verified

    def test_of_several_loans_the_one_with_the_oldest_open_item_is_shown(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=90), name="older")
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        case = grace.cases.peek(number)
        assert case is not None
        assert case.loan is not None
        assert case.loan.ref == "older"
        pay(grace, ref)
        change(grace, Message, {"id": say(grace, ref, "x").message_id}, text="y")
        assert tick(grace) == []
