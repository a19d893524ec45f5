"""Agents at work: who gets the next case, what is kept for them, what time does to what nobody takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.services.desk.views import Filters
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.services.wording import MissingVariables, Unfit
from bot.storage.tables import Draft, HandoffRow, Message, PaidMark, ScheduledMessage
from tests.factory import make_borrower
from tests.integration.support import (
    at_once,
    chat,
    conversation_row,
    events,
    holds,
    make_agent,
    only,
    out,
    rows,
    say,
    send,
    wait,
)

MONDAY_EVENING = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
"""21:00 in China, an hour after the team has gone."""


@pytest.fixture
def case(grace: Grace, conversation: str) -> int:
    return grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")


@pytest.fixture
def agent(grace: Grace) -> int:
    return online(grace, "李敏")


@pytest.fixture
def other(grace: Grace) -> int:
    return online(grace, "王强")


@pytest.fixture
def boss(grace: Grace) -> int:
    return make_agent(grace, "周主管", "supervisor")


def online(grace: Grace, name: str) -> int:
    number = make_agent(grace, name)
    grace.presence.say(number, "online")
    return number


def code(call: Callable[[], object]) -> str:
    """Return the code of the refusal that must come."""
    with pytest.raises(NotAllowed) as refusal:
        call()
    return refusal.value.code


def opened(grace: Grace, reason: HandoffReason = HandoffReason.ASKED, **borrower: str) -> int:
    where = chat(grace, make_borrower(grace, **borrower))  # type: ignore[arg-type]
    return grace.handoffs.open(where, reason, cause="test")


class TestNext:
    def test_the_most_urgent_then_the_one_that_waits_longest(
        self, grace: Grace, clock: MovableClock, agent: int
    ) -> None:
        first = opened(grace)
        wait(clock, minutes=1)
        second = opened(grace)
        urgent = opened(grace, HandoffReason.SELF_HARM)
        assert [grace.assignments.next(agent) for _ in range(4)] == [urgent, first, second, None]

    def test_two_who_ask_at_once_get_different_cases(self, grace: Grace, agent: int, other: int) -> None:
        cases = {opened(grace), opened(grace)}
        got = at_once(lambda: grace.assignments.next(agent), lambda: grace.assignments.next(other))
        assert set(got) == cases

    def test_only_ones_own_teams_and_languages(self, grace: Grace, agent: int, boss: int) -> None:
        english = opened(grace, locale="en")
        grace.presence.place(boss, agent, teams=["disputes"], languages=["zh"])
        assert grace.assignments.next(agent) is None
        grace.presence.place(boss, agent, teams=["desk"])
        assert grace.assignments.next(agent) is None
        grace.presence.place(boss, agent, languages=["zh", "en"])
        assert grace.assignments.next(agent) == english

    def test_no_more_than_ones_capacity(self, grace: Grace, agent: int, boss: int) -> None:
        grace.presence.place(boss, agent, capacity=1)
        first, _ = opened(grace), opened(grace)
        assert grace.assignments.next(agent) == first
        assert grace.assignments.next(agent) is None
        grace.assignments.snooze(first, agent, grace.kit.clock.now() + timedelta(hours=1))
        assert grace.assignments.next(agent) is not None

    @pytest.mark.parametrize("presence", ["busy", "away"])
    def test_none_for_who_is_busy_or_away(self, grace: Grace, agent: int, presence: str) -> None:
        opened(grace)
        grace.presence.say(agent, presence)  # type: ignore[arg-type]
        assert grace.assignments.next(agent) is None

    def test_resolved_the_next_one_comes(self, grace: Grace, agent: int) -> None:
        first, second = opened(grace), opened(grace)
        grace.assignments.next(agent)
        assert grace.assignments.resolve_and_next(first, agent, Outcome.RESOLVED) == second


class TestPassingOn:
    def test_to_a_colleague_who_then_speaks(self, grace: Grace, case: int, agent: int, other: int) -> None:
        grace.handoffs.claim(case, agent)
        assert code(lambda: grace.assignments.transfer(case, agent, " ", to_agent=other)) == "reason"
        grace.assignments.transfer(case, agent, "English", to_agent=other)
        assert code(lambda: grace.handoffs.reply(case, agent, "您好")) == "taken"
        grace.handoffs.reply(case, other, "您好")

    def test_to_a_team_where_it_waits_again(self, grace: Grace, case: int, agent: int) -> None:
        grace.handoffs.claim(case, agent)
        assert code(lambda: grace.assignments.transfer(case, agent, "x", to_team="sales")) == "team"
        grace.assignments.transfer(case, agent, "a dispute", to_team="disputes")
        row = only(grace, HandoffRow)
        assert (row.state, row.team, row.agent_id) == ("waiting", "disputes", None)

    def test_a_colleague_asked_in_reads_and_notes_and_sends_nothing(
        self, grace: Grace, case: int, agent: int, other: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        grace.assignments.add_colleague(case, agent, other)
        assert grace.queue.entries()[0].colleagues == (other,)
        grace.notes.add(case, other, "看过了", key="n")
        assert code(lambda: grace.handoffs.reply(case, other, "您好")) == "taken"

    def test_a_supervisor_assigns_whoever_has_it(
        self, grace: Grace, case: int, agent: int, other: int, boss: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        assert code(lambda: grace.assignments.assign(case, agent, other, "x")) == "role"
        grace.assignments.assign(case, boss, other, "shift ends")
        assert only(grace, HandoffRow).agent_id == other

    def test_another_debt_is_linked_and_somebody_elses_is_not(
        self, grace: Grace, ref: str, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        stranger = make_borrower(grace)
        assert code(lambda: grace.assignments.link_loan(case, agent, f"L{stranger}")) == "loan"
        grace.assignments.link_loan(case, agent, f"L{ref}")
        assert grace.assignments.loans(case) == ((f"L{ref}", True),)


class TestSnoozing:
    def test_it_comes_back_at_its_time(
        self, grace: Grace, clock: MovableClock, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        grace.assignments.snooze(case, agent, clock.now() + timedelta(minutes=2))
        grace.sweeps.run()
        assert only(grace, HandoffRow).state == "snoozed"
        wait(clock, minutes=2)
        grace.presence.beat(agent)
        grace.sweeps.run()
        row = only(grace, HandoffRow)
        assert (row.state, row.agent_id) == ("claimed", agent)

    def test_the_borrowers_word_wakes_it_for_the_queue_when_its_agent_has_gone(
        self, grace: Grace, clock: MovableClock, ref: str, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        grace.assignments.snooze(case, agent, clock.now() + timedelta(hours=5))
        wait(clock, minutes=30)
        say(grace, ref, "在吗")
        assert only(grace, HandoffRow).state == "waiting"
        assert len(send(grace)) == 1

    def test_nor_past_nor_for_ever(self, grace: Grace, clock: MovableClock, case: int, agent: int) -> None:
        grace.handoffs.claim(case, agent)
        for days in (0, 15):
            until = clock.now() + timedelta(days=days)
            assert code(partial(grace.assignments.snooze, case, agent, until)) == "until"


class TestWhatNobodyTakes:
    def test_it_is_told_of_then_escalated_then_handed_back_with_honest_words(
        self, grace: Grace, clock: MovableClock, conversation: str, ref: str, case: int
    ) -> None:
        wait(clock, minutes=5)
        grace.sweeps.run()
        grace.sweeps.run()
        assert [event.detail["alerts"] for event in events(grace, "handoff_alerted")] == [1]
        wait(clock, minutes=15)
        grace.sweeps.run()
        row = only(grace, HandoffRow)
        assert (row.team, row.level, row.priority) == ("leads", 1, 3)
        wait(clock, minutes=220)
        grace.sweeps.run()
        row = only(grace, HandoffRow)
        assert (row.state, row.outcome, row.agent_id) == ("returned", None, None)
        assert conversation_row(grace, conversation).mode == "bot"
        assert [one.template for one in out(grace, conversation)] == ["utter_handoff_unserved"]
        assert holds(grace, ref) == {}

    def test_the_night_does_not_count(self, grace: Grace, clock: MovableClock, conversation: str) -> None:
        clock.at = MONDAY_EVENING
        grace.handoffs.open(conversation, HandoffReason.MISUNDERSTOOD, cause="test")
        wait(clock, hours=11)
        grace.sweeps.run()
        assert events(grace, "handoff_alerted") == []

    @pytest.mark.parametrize("reason", [one for one in HandoffReason if one.protects])
    def test_what_protects_a_borrower_never_goes_back_by_itself(
        self, grace: Grace, clock: MovableClock, conversation: str, reason: HandoffReason
    ) -> None:
        grace.handoffs.open(conversation, reason, cause="test")
        for _ in range(10):
            wait(clock, days=1)
            grace.sweeps.run()
        assert only(grace, HandoffRow).state == "waiting"

    def test_nor_does_anything_of_a_borrower_in_danger(
        self, grace: Grace, clock: MovableClock, conversation: str, case: int
    ) -> None:
        grace.protection.honour(conversation, "signal_self_harm", turn="1", locale="zh_CN")
        with grace.kit.db.begin() as session:
            session.scalars(select(HandoffRow)).one().reason = "asked"
        wait(clock, days=3)
        grace.sweeps.run()
        assert only(grace, HandoffRow).state == "waiting"

    def test_the_cases_of_who_has_gone_go_back_into_the_queue(
        self, grace: Grace, clock: MovableClock, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        wait(clock, minutes=2)
        grace.presence.beat(agent)
        wait(clock, minutes=2)
        grace.sweeps.run()
        assert only(grace, HandoffRow).state == "claimed"
        wait(clock, minutes=2)
        grace.sweeps.run()
        assert only(grace, HandoffRow).state == "waiting"
        assert len(events(grace, "handoff_rerouted")) == 1

    def test_agents_are_warned_before_the_first_reply_is_late(
        self, grace: Grace, clock: MovableClock, case: int
    ) -> None:
        wait(clock, minutes=11)
        grace.sweeps.run()
        assert events(grace, "handoff_late") == []
        wait(clock, minutes=1)
        grace.sweeps.run()
        assert len(events(grace, "handoff_late")) == 1
        assert grace.queue.entries()[0].warned

    def test_two_clocks_that_sweep_at_once_do_each_thing_once(
        self, grace: Grace, clock: MovableClock, case: int, conversation: str
    ) -> None:
        wait(clock, minutes=240)
        at_once(grace.sweeps.run, grace.sweeps.run)
        assert len(out(grace, conversation)) == 1


class TestOutOfHours:
    def test_it_becomes_a_call_to_make_with_a_time_to_expect(
        self, grace: Grace, clock: MovableClock, conversation: str, agent: int
    ) -> None:
        clock.at = MONDAY_EVENING
        case = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        row = only(grace, HandoffRow)
        assert row.callback_at == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
        assert row.respond_by == datetime(2026, 3, 3, 1, 15, tzinfo=UTC)
        words = grace.handoffs.waiting_words(conversation, "zh_CN")
        assert "09:00" in words
        assert "09:15" in words
        assert [call.handoff_id for call in grace.call_list.list("operator")] == [case]
        grace.presence.beat(agent)
        assert grace.assignments.next(agent) is None
        clock.at = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
        grace.presence.beat(agent)
        assert grace.assignments.next(agent) == case


class TestTheGroup:
    def test_an_alert_is_handed_out_once_and_again_until_somebody_takes_it(
        self, grace: Grace, clock: MovableClock, case: int, agent: int
    ) -> None:
        got = at_once(grace.alerts.take, grace.alerts.take)
        assert [alert.handoff_id for alerts in got for alert in alerts] == [case]
        assert grace.alerts.take() == []
        wait(clock, minutes=5)
        (again,) = grace.alerts.take()
        assert again.is_repeated
        grace.alerts.put_back(again)
        assert len(grace.alerts.take()) == 1
        grace.handoffs.claim(case, agent)
        wait(clock, minutes=5)
        assert grace.alerts.take() == []


class TestDrafts:
    def test_a_draft_is_each_agents_own_and_goes_with_the_message(
        self, grace: Grace, case: int, agent: int, other: int
    ) -> None:
        grace.drafts.save(case, agent, "您好，")
        grace.drafts.save(case, agent, "您好，我查一下")
        grace.drafts.save(case, other, "我来")
        found = grace.drafts.get(case, agent)
        assert found is not None
        assert found.text == "您好，我查一下"
        grace.handoffs.reply(case, agent, "您好，我查一下", key="k")
        assert grace.drafts.get(case, agent) is None
        assert [row.agent_id for row in rows(grace, Draft)] == [other]

    def test_a_reply_that_is_refused_leaves_the_draft(self, grace: Grace, case: int, agent: int) -> None:
        grace.drafts.save(case, agent, "后果自负")
        with pytest.raises(Unfit):
            grace.handoffs.reply(case, agent, "后果自负")
        assert grace.drafts.get(case, agent) is not None

    def test_saved_at_once_one_draft_is_left(self, grace: Grace, case: int, agent: int) -> None:
        at_once(*[lambda n=n: grace.drafts.save(case, agent, f"第{n}稿") for n in range(4)])
        assert len(rows(grace, Draft)) == 1

    def test_a_note_is_written_once_for_its_key(self, grace: Grace, case: int, agent: int) -> None:
        grace.drafts.save(case, agent, "要点", "note")
        numbers = at_once(*[lambda: grace.notes.add(case, agent, "要点", key="k")] * 3)
        assert len(set(numbers)) == 1
        assert [note.text for note in grace.notes.of(case)] == ["要点"]
        assert grace.drafts.get(case, agent, "note") is None


class TestSendingLater:
    def later(self, grace: Grace, case: int, agent: int, at: datetime, key: str = "k") -> str:
        return grace.scheduled.schedule(case, agent, "您好，资料收到了吗？", at, key=key).state

    def test_it_leaves_at_its_time_once(
        self, grace: Grace, clock: MovableClock, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        for _ in range(2):
            self.later(grace, case, agent, clock.now() + timedelta(hours=2))
        assert grace.scheduled.send_due() == 0
        wait(clock, hours=2)
        assert sum(at_once(grace.scheduled.send_due, grace.scheduled.send_due)) == 1
        assert send(grace) == ["您好，资料收到了吗？"]
        assert only(grace, Message, initiator="agent").rule_ids

    def test_quiet_hours_put_it_off_to_their_end(
        self, grace: Grace, clock: MovableClock, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        made = grace.scheduled.schedule(case, agent, "晚安", datetime(2026, 3, 2, 15, 0, tzinfo=UTC), key="k")
        assert made.send_at == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
        assert made.reason

    def test_a_stop_meanwhile_keeps_it_back(
        self, grace: Grace, clock: MovableClock, conversation: str, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        self.later(grace, case, agent, clock.now() + timedelta(hours=2))
        grace.protection.honour(conversation, "stop_contact", turn="1", locale="zh_CN")
        wait(clock, hours=2)
        assert grace.scheduled.send_due() == 0
        assert only(grace, ScheduledMessage).state == "refused"

    def test_it_is_cancelled_by_its_writer_and_by_the_close(
        self, grace: Grace, clock: MovableClock, case: int, agent: int, other: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        for key in ("a", "b"):
            self.later(grace, case, agent, clock.now() + timedelta(hours=2), key)
        first, _ = grace.scheduled.of(case)
        assert code(lambda: grace.scheduled.cancel(first.id, other)) == "taken"
        grace.scheduled.cancel(first.id, agent)
        grace.handoffs.close(case, agent, Outcome.RESOLVED)
        assert {one.state for one in grace.scheduled.of(case)} == {"cancelled"}


class TestRepliesToPick:
    def test_they_are_filled_from_the_case(self, grace: Grace, case: int, agent: int) -> None:
        assert "3,000" in grace.canned.fill(case, agent, "balance").replace("3000", "3,000")
        assert "李敏" in grace.canned.fill(case, agent, "hello")

    def test_a_variable_without_a_value_blocks_it_by_name(self, grace: Grace, case: int, agent: int) -> None:
        with pytest.raises(MissingVariables) as refusal:
            grace.canned.fill(case, agent, "promise")
        assert refusal.value.names == ("promise_date", "promise_amount")

    def test_nothing_of_the_debt_before_identity_is_verified(self, grace: Grace, agent: int) -> None:
        where = chat(grace, make_borrower(grace), verified=False)
        case = grace.handoffs.open(where, HandoffReason.ASKED, cause="test")
        with pytest.raises(MissingVariables) as refusal:
            grace.canned.fill(case, agent, "balance")
        assert refusal.value.names == ("name", "outstanding", "overdue")

    def test_what_is_suggested_fits_what_was_read(
        self, grace: Grace, ref: str, case: int, agent: int
    ) -> None:
        assert grace.suggestions.suggest(case, agent) is None
        say(grace, ref, "我还欠多少")
        found = grace.suggestions.suggest(case, agent, ["ask_balance"])
        assert found is not None
        assert (found.source, found.missing) == ("intent", ())
        unread = grace.suggestions.unread(case)
        assert unread is not None
        assert unread.text == "我还欠多少"


class TestMarkedPaid:
    def mark(self, grace: Grace, case: int, agent: int, amount: str = "300", **more: object) -> str:
        given = {"key": "k", "reference": "2026030200012345", **more}
        return grace.paid.mark(case, agent, Money.of(amount, "CNY"), date(2026, 3, 1), **given).state  # type: ignore[arg-type]

    def test_without_evidence_there_is_no_payment(self, grace: Grace, case: int, agent: int) -> None:
        grace.handoffs.claim(case, agent)
        assert code(lambda: self.mark(grace, case, agent, reference=" ")) == "evidence"
        assert code(lambda: self.mark(grace, case, agent, evidence_id=1, reference=None)) == "evidence"

    def test_it_keeps_reminders_back_and_lets_the_case_close_as_paid(
        self, grace: Grace, ref: str, case: int, agent: int
    ) -> None:
        grace.handoffs.claim(case, agent)
        assert self.mark(grace, case, agent) == self.mark(grace, case, agent) == "confirmed"
        assert "paid_claim" in holds(grace, ref)
        grace.handoffs.close(case, agent, Outcome.PAID)

    def test_a_large_one_needs_a_second_person(self, grace: Grace, agent: int, boss: int) -> None:
        case = opened(grace, amount="9000.00")
        grace.handoffs.claim(case, agent)
        assert self.mark(grace, case, agent, "8000") == "waiting"
        mark = only(grace, PaidMark).id
        assert code(lambda: grace.paid.decide(mark, agent, True, "x")) == "role"
        assert grace.paid.decide(mark, boss, True, "seen in the bank").state == "confirmed"
        assert code(lambda: grace.paid.decide(mark, boss, False, "x")) == "decided"


class TestViewsAndWatchers:
    def test_a_view_is_kept_and_shows_what_it_says(self, grace: Grace, case: int, agent: int) -> None:
        grace.views.save(agent, "Mine, late", Filters(mine=True, late=True))
        grace.views.save(agent, "All asked", Filters(reasons=("asked",)))
        views = grace.views.of(agent)
        (entry,) = grace.queue.entries()
        assert [view.filters.match(entry, agent) for view in views] == [False, True]
        assert code(lambda: grace.views.save(agent, "x", Filters(reasons=("anger",)))) == "unknown"

    def test_who_looks_and_types_is_seen_and_fades(
        self, grace: Grace, clock: MovableClock, case: int, agent: int, other: int
    ) -> None:
        grace.watching.look(case, agent, typing=True)
        grace.watching.look(case, other)
        assert {(one.name, one.typing) for one in grace.watching.viewers()[case]} == {
            ("李敏", True),
            ("王强", False),
        }
        wait(clock, seconds=7)
        assert not any(one.typing for one in grace.watching.viewers(case)[case])
        wait(clock, seconds=20)
        assert grace.watching.viewers() == {}


class TestReviews:
    def test_closed_cases_are_drawn_scored_and_reckoned(
        self, grace: Grace, clock: MovableClock, case: int, agent: int, boss: int
    ) -> None:
        wait(clock, minutes=4)
        grace.handoffs.reply(case, agent, "您好")
        grace.handoffs.close(case, agent, Outcome.RESOLVED)
        since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
        (drawn,) = grace.quality.sample(boss, since, until)
        assert drawn.handoff_id == case
        marks: dict[str, bool | None] = {item.id: True for item in grace.kit.policies.desk.checklist.items}
        assert code(lambda: grace.quality.review(case, agent, marks)) == "role"
        assert code(lambda: grace.quality.review(case, boss, {})) == "marks"
        assert grace.quality.review(case, boss, {**marks, "identity": False}).failed
        (figures,) = grace.figures.of(boss, since, until)
        assert figures.first_reply == timedelta(minutes=4)
        assert (figures.in_time, figures.outcomes, figures.failed) == (100, {"resolved": 1}, 1)
