"""Every protection signal is honoured at once: what freezes, who takes over, what is said and recorded."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.plans import Wish
from bot.domain.protection import PROTECTIONS
from bot.services.kit import MovableClock
from bot.services.protection import Answer
from bot.storage.tables import AddressRow, AuditEvent, Complaint, HandoffRow, HoldRow, LoanRow, Message
from tests.factory import make_borrower
from tests.integration.support import (
    at_once,
    change,
    chat,
    conversation_row,
    events,
    holds,
    make_agent,
    only,
    rows,
    send,
    tick,
    wait,
)


def honour(grace: Grace, conversation: str, act: str, turn: str = "1", **more: object) -> Answer:
    return grace.protection.honour(
        conversation,
        act,
        turn=turn,
        locale="zh_CN",
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("act", sorted(PROTECTIONS))
def test_a_signal_freezes_hands_over_and_is_answered_as_the_table_says(
    grace: Grace, ref: str, conversation: str, act: str
) -> None:
    answer, table = honour(grace, conversation, act), PROTECTIONS[act]
    assert answer.response == table.response
    assert answer.handed_over is (table.handoff is not None)
    placed = {row.kind for row in rows(grace, HoldRow)}
    assert (table.hold is None) or table.hold.value in placed
    assert [(row.reason, row.priority) for row in rows(grace, HandoffRow)] == (
        [(table.handoff.value, grace.kit.policies.routing.route(table.handoff).priority)]
        if table.handoff
        else []
    )
    assert conversation_row(grace, conversation).mode == ("human" if table.handoff else "bot")
    assert len(events(grace, table.event)) == 1
    assert grace.kit.texts.render(answer.response, "zh_CN", answer.values).text
    assert tick(grace) == []


@pytest.mark.parametrize("act", sorted(PROTECTIONS))
def test_a_signal_served_twice_in_one_turn_has_its_effect_once(
    grace: Grace, conversation: str, act: str
) -> None:
    first = honour(grace, conversation, act)
    tables = (HoldRow, HandoffRow, Complaint, AuditEvent)
    before = [len(rows(grace, table)) for table in tables]
    second = honour(grace, conversation, act)
    assert [len(rows(grace, table)) for table in tables] == before
    assert first == second


@pytest.mark.parametrize("act", sorted(PROTECTIONS))
def test_a_stranger_is_heard_too(grace: Grace, act: str) -> None:
    conversation = grace.conversations.ensure("telegram", "stranger")
    answer = honour(grace, conversation, act)
    assert grace.kit.texts.render(answer.response, "zh_CN", answer.values).text
    assert rows(grace, HoldRow) == []


class TestSelfHarm:
    def test_the_crisis_lines_are_named_and_a_person_is_paged_first(
        self, grace: Grace, conversation: str
    ) -> None:
        answer = honour(grace, conversation, "signal_self_harm")
        assert answer.values["lines"] == "12356、120或110"
        assert only(grace, HandoffRow).priority == 0

    def test_nothing_but_a_person_lifts_the_freeze(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        honour(grace, conversation, "signal_self_harm")
        wait(clock, days=365)
        assert holds(grace, ref)["self_harm"].until is None


class TestStop:
    def test_everywhere_by_default(self, grace: Grace, ref: str, conversation: str) -> None:
        assert honour(grace, conversation, "stop_contact").response == "utter_protect_stop"
        assert holds(grace, ref)["opt_out"].channel is None
        (event,) = events(grace, "opt_out")
        assert event.detail == {"scope": "all", "channel": "webchat"}

    def test_on_one_channel_the_others_go_on(self, grace: Grace, ref: str, conversation: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        answer = honour(grace, conversation, "stop_contact", scope="channel", channel="telegram")
        assert answer.response == "utter_protect_stop_channel"
        assert holds(grace, ref)["opt_out"].channel == "telegram"

    def test_the_channel_is_the_one_it_was_said_on_unless_named(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        honour(grace, conversation, "stop_contact", scope="channel")
        assert holds(grace, ref)["opt_out"].channel == "webchat"

    def test_who_wants_only_their_family_left_alone_has_not_opted_out(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        answer = honour(grace, conversation, "stop_contact", scope="third_party")
        assert answer.response == "utter_protect_stop_third_party"
        assert holds(grace, ref) == {}
        assert events(grace, "opt_out")[0].detail["scope"] == "third_party"


class TestStrangers:
    @pytest.mark.parametrize("act", ["wrong_person", "third_party"])
    def test_the_address_is_given_up_and_the_identity_withdrawn_for_good(
        self, grace: Grace, ref: str, conversation: str, act: str
    ) -> None:
        honour(grace, conversation, act)
        row = only(grace, AddressRow, address=ref)
        assert (row.consent, row.verified, row.dead_reason) == (False, False, act)
        assert row.dead_at == grace.kit.clock.now()
        assert not grace.conversations.verified(conversation)
        assert grace.identity.present(conversation, "1990-05-12 5678", turn="2").status == "locked"

    @pytest.mark.parametrize("act", ["wrong_person", "third_party"])
    def test_the_borrower_is_still_reached_where_they_are(
        self, grace: Grace, ref: str, conversation: str, act: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        honour(grace, conversation, act)
        assert holds(grace, ref)[act].channel == "webchat"
        assert len(tick(grace)) == 1

    @pytest.mark.parametrize("act", ["wrong_person", "third_party"])
    def test_not_one_fact_is_in_the_answer(self, grace: Grace, conversation: str, act: str) -> None:
        answer = honour(grace, conversation, act)
        assert answer.values == {}
        text = grace.kit.texts.render(answer.response, "zh_CN", {}).text
        for fact in ("张伟", "3,000", "元", "贷", "欠", "逾期"):
            assert fact not in text


class TestComplaints:
    def test_it_gets_a_number_and_a_day_and_its_words_are_kept(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        answer = honour(grace, conversation, "file_complaint", text="你们太过分了")
        row = only(grace, Complaint)
        assert (row.number, row.text, row.state) == (answer.values["number"], "你们太过分了", "open")
        assert row.number.startswith("C260302-")
        assert row.due_on.isoformat() == "2026-03-17"
        assert answer.values["due"].startswith("3月17日")

    def test_complaints_that_come_at_once_get_numbers_of_their_own(self, grace: Grace) -> None:
        chats = [chat(grace, make_borrower(grace)) for _ in range(6)]
        answers = at_once(
            *[lambda c=one: honour(grace, c, "file_complaint", turn=f"turn {c}") for one in chats]
        )
        assert len({answer.values["number"] for answer in answers}) == 6
        assert len(rows(grace, Complaint)) == 6

    def test_a_second_complaint_is_a_second_number(self, grace: Grace, conversation: str) -> None:
        numbers = {honour(grace, conversation, "file_complaint", turn=turn).values["number"] for turn in "12"}
        assert len(numbers) == 2


class TestContactTime:
    def test_a_named_instant_is_kept_to_and_read_back(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        until = datetime(2026, 3, 3, 12, tzinfo=UTC)
        answer = honour(grace, conversation, "set_contact_time", until=until)
        assert answer == Answer("utter_protect_contact_time", {"until": "3月3日 20:00"})
        assert holds(grace, ref)["contact_window"].until == until

    @pytest.mark.parametrize("until", [None, datetime(2026, 3, 1, tzinfo=UTC)], ids=["none", "past"])
    def test_without_an_instant_it_is_quiet_for_half_a_day_and_asked(
        self, grace: Grace, ref: str, conversation: str, until: datetime | None
    ) -> None:
        answer = honour(grace, conversation, "set_contact_time", until=until)
        assert answer == Answer("utter_protect_contact_time_ask")
        assert holds(grace, ref)["contact_window"].until == grace.kit.clock.now() + timedelta(hours=12)

    def test_a_day_at_the_end_of_the_calendar_breaks_no_clock(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        honour(grace, conversation, "set_contact_time", until=datetime(9999, 12, 31, 15, tzinfo=UTC))
        other = make_borrower(grace)
        written = tick(grace)
        assert len(written) == 1
        assert {row.borrower_id for row in rows(grace, AddressRow, address=other)}
        assert holds(grace, ref)["contact_window"].until is not None


class TestHolds:
    def test_a_hold_without_end_is_not_shortened_by_one_with(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        honour(grace, conversation, "dispute_debt")
        honour(grace, conversation, "dispute_debt", turn="2")
        assert only(grace, HoldRow, kind="dispute").until is None
        assert only(grace, HoldRow, kind="dispute").cause == "message 1"

    def test_threads_that_signal_at_once_place_one_hold(self, grace: Grace, conversation: str) -> None:
        at_once(*[lambda n=n: honour(grace, conversation, "dispute_debt", turn=str(n)) for n in range(4)])
        assert len(rows(grace, HoldRow, kind="dispute")) == 1
        assert len(rows(grace, HandoffRow)) == 1


class TestWhatStops:
    @pytest.mark.parametrize("act", [act for act, one in PROTECTIONS.items() if one.hold])
    def test_the_reminders_of_an_agreed_plan_stop_too(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock, act: str
    ) -> None:
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="o").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="a")
        honour(grace, conversation, act)
        clock.at = datetime.combine(offer.schedule[0].due_on, time(1, 30), UTC) - timedelta(days=1)
        assert tick(grace) == []

    def test_without_a_signal_the_same_day_brings_the_reminder(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn="o").options[0]
        grace.negotiation.agree(conversation, offer.id, turn="a")
        clock.at = datetime.combine(offer.schedule[0].due_on, time(1, 30), UTC) - timedelta(days=1)
        assert len(tick(grace)) == 1

    def test_a_stop_on_one_channel_leaves_the_reminders_of_another(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        assert "telegram" in grace.kit.policies.ladders()[0].steps[0].channels
        honour(grace, conversation, "stop_contact", scope="channel", channel="telegram")
        (written,) = tick(grace)
        assert only(grace, Message, id=written).conversation_id == conversation

    def test_stops_on_every_channel_one_by_one_leave_none(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        for turn, channel in (("1", "telegram"), ("2", "webchat")):
            honour(grace, conversation, "stop_contact", turn, scope="channel", channel=channel)
        assert tick(grace) == []

    def test_what_was_queued_before_the_signal_does_not_leave_after_it(
        self, grace: Grace, conversation: str
    ) -> None:
        assert len(tick(grace)) == 1
        honour(grace, conversation, "report_death")
        assert [text for text in send(grace) if "3,000" in text] == []

    def test_it_holds_for_a_loan_whose_product_has_no_policy_any_more(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        change(grace, LoanRow, {"ref": f"L{ref}"}, product="sold long ago")
        assert honour(grace, conversation, "signal_self_harm").values["lines"] == "12356、120或110"
        assert "self_harm" in holds(grace, ref)


class TestUrgency:
    def test_a_graver_signal_raises_a_case_that_is_open_and_says_so_on_record(
        self, grace: Grace, conversation: str
    ) -> None:
        honour(grace, conversation, "ask_human")
        honour(grace, conversation, "signal_self_harm", "2")
        assert (only(grace, HandoffRow).reason, only(grace, HandoffRow).priority) == ("self_harm", 0)
        (raised,) = events(grace, "handoff_raised")
        assert (raised.cause, raised.detail["before"]) == ("message 2", "asked")

    def test_a_signal_while_an_agent_has_the_case_leaves_it_with_them(
        self, grace: Grace, conversation: str
    ) -> None:
        honour(grace, conversation, "ask_human")
        agent = make_agent(grace)
        grace.handoffs.claim(only(grace, HandoffRow).id, agent)
        honour(grace, conversation, "report_bankruptcy", "2")
        row = only(grace, HandoffRow)
        assert (row.agent_id, row.state, row.reason) == (agent, "claimed", "bankrupt")


class TestLocalDays:
    def test_a_complaint_is_counted_from_the_borrower_s_own_day(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        # 01:00 UTC on the 2nd: still the 1st in New York.
        there = chat(grace, make_borrower(grace, timezone="America/New_York"))
        honour(grace, there, "file_complaint")
        row = only(grace, Complaint)
        assert row.number.startswith("C260301-")
        assert row.due_on.isoformat() == "2026-03-16"

    def test_a_time_for_contact_is_recorded_once_a_turn(self, grace: Grace, conversation: str) -> None:
        for _ in range(3):
            honour(grace, conversation, "set_contact_time", until=datetime(2026, 3, 3, 12, tzinfo=UTC))
        assert len(events(grace, "contact_window")) == len(rows(grace, HoldRow)) == 1
