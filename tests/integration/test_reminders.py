"""Planning: which rung is due for which loan, once, in the borrower's own time; and what a preview says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.domain.ladder import Who, steps_for
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.reminders import Preview
from bot.storage.tables import AddressRow, Borrower, HandoffRow, LoanRow, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import (
    add_loan,
    at_once,
    change,
    chat,
    only,
    pay,
    rows,
    send,
    tick,
    wait,
)

TODAY = date(2026, 3, 2)


def steps(grace: Grace) -> list[str]:
    return [nudge.step for nudge in rows(grace, Nudge)]


def promised(grace: Grace, ref: str, days: int) -> None:
    day = grace.kit.clock.now().date() + timedelta(days=days)
    grace.promises.make(chat(grace, ref), Money.of("500", "CNY"), day, turn=f"promise {ref} {day}")


def agreed(grace: Grace, ref: str, wish: Wish) -> None:
    conversation = chat(grace, ref)
    offer = grace.negotiation.propose(conversation, wish, turn=f"offer {ref}").options[0]
    assert grace.negotiation.agree(conversation, offer.id, turn=f"yes {ref}").plan_id is not None


class TestPlanning:
    def test_a_rung_that_is_due_is_planned_once(self, grace: Grace) -> None:
        make_borrower(grace)
        assert [grace.reminders.plan() for _ in range(3)] == [1, 0, 0]
        nudge = only(grace, Nudge)
        assert (nudge.step, nudge.cycle, nudge.state) == ("D+7", 1, "queued")
        assert (nudge.purpose, nudge.template) == ("reminder", "utter_reminder_options")
        assert nudge.send_at == grace.kit.clock.now()
        # The rung is good for its own day and three more, in China.
        assert nudge.expires_at == datetime(2026, 3, 5, 16, tzinfo=UTC)

    def test_planners_that_run_in_parallel_plan_each_rung_once(self, grace: Grace) -> None:
        for _ in range(5):
            make_borrower(grace)
        assert sum(at_once(*[grace.reminders.plan] * 4)) == 5
        assert len(rows(grace, Nudge)) == 5

    def test_nothing_is_planned_before_the_hour_of_sending(self, grace: Grace, clock: MovableClock) -> None:
        make_borrower(grace)
        wait(clock, seconds=-1)
        assert grace.reminders.plan() == 0
        wait(clock, seconds=1)
        assert grace.reminders.plan() == 1

    @pytest.mark.parametrize(
        ("timezone", "day", "hour_utc"),
        [
            ("America/New_York", date(2026, 3, 7), 14),
            ("America/New_York", date(2026, 3, 8), 13),
            ("America/New_York", date(2026, 10, 31), 13),
            ("America/New_York", date(2026, 11, 1), 14),
            ("Asia/Shanghai", date(2026, 3, 8), 1),
        ],
    )
    def test_nine_stays_nine_when_the_clocks_change_and_comes_once(
        self, grace: Grace, clock: MovableClock, timezone: str, day: date, hour_utc: int
    ) -> None:
        clock.at = datetime(day.year, day.month, day.day, 0, tzinfo=UTC)
        make_borrower(grace, timezone=timezone, days_past_due=0)
        for _ in range(48):
            grace.reminders.plan()
            wait(clock, minutes=30)
        nudge = only(grace, Nudge, step="D0")
        assert nudge.send_at == datetime(day.year, day.month, day.day, hour_utc, tzinfo=UTC)
        assert nudge.send_at.astimezone(ZoneInfo(timezone)).hour == 9

    def test_days_past_due_are_counted_on_the_borrowers_own_calendar(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        # At 20:00 UTC it is the next morning in Kiritimati, and still this morning in Pago Pago.
        clock.at = datetime(2026, 3, 2, 20, tzinfo=UTC)
        east = make_borrower(grace, timezone="Pacific/Kiritimati", days_past_due=0)
        west = make_borrower(grace, timezone="Pacific/Pago_Pago", days_past_due=0)
        grace.reminders.plan()
        assert {nudge.loan_id: nudge.step for nudge in rows(grace, Nudge)} == {
            only(grace, LoanRow, ref=f"L{east}").id: "D+1",
            only(grace, LoanRow, ref=f"L{west}").id: "D0",
        }

    def test_after_an_outage_the_rung_of_the_day_goes_and_stale_ones_do_not(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        make_borrower(grace, days_past_due=-3)
        grace.reminders.plan()
        wait(clock, days=13)
        grace.reminders.plan()
        assert steps(grace) == ["D-3", "D+7"]
        wait(clock, days=2)
        grace.reminders.plan()
        assert steps(grace) == ["D-3", "D+7"]

    def test_a_whole_ladder_runs_rung_by_rung(self, grace: Grace, clock: MovableClock) -> None:
        make_borrower(grace, days_past_due=-4)
        for _ in range(100):
            grace.reminders.plan()
            wait(clock, days=1)
        ladder = grace.kit.policies.ladders()[0]
        assert steps(grace) == [step.id for step in steps_for(ladder, Who())]

    def test_a_paid_loan_plans_nothing_and_the_next_due_item_begins_a_new_cycle(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        pay(grace, ref)
        assert grace.reminders.plan() == 0

    def test_the_kill_switch_plans_nothing(self, grace: Grace) -> None:
        make_borrower(grace)
        grace.kit.settings.automatic_off = True
        assert grace.reminders.plan() == 0

    def test_a_task_for_people_has_no_words(self, grace: Grace) -> None:
        make_borrower(grace, days_past_due=60)
        grace.reminders.plan()
        nudge = only(grace, Nudge)
        assert (nudge.step, nudge.purpose, nudge.template) == ("D+60", "task", "negotiator_call")

    def test_progress_counts_what_went_and_what_is_still_due(self, grace: Grace, clock: MovableClock) -> None:
        make_borrower(grace)
        grace.reminders.plan()
        assert grace.reminders.progress() == (0, 1)
        tick(grace)
        assert grace.reminders.progress() == (0, 1)
        send(grace)
        assert grace.reminders.progress() == (1, 0)


class TestPromises:
    def test_an_open_promise_takes_the_place_of_the_ladder_with_one_reminder_the_day_before(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, days_past_due=5)
        promised(grace, ref, days=5)
        for _ in range(6):
            grace.reminders.plan()
            wait(clock, days=1)
        nudge = only(grace, Nudge)
        assert (nudge.step.split(":")[0], nudge.purpose) == ("promise", "instalment")
        assert nudge.send_at == datetime(2026, 3, 6, 1, tzinfo=UTC)
        assert nudge.expires_at == datetime(2026, 3, 6, 16, tzinfo=UTC)

    def test_a_promise_for_tomorrow_is_not_reminded_of_on_the_day_it_was_made(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        promised(grace, make_borrower(grace), days=1)
        wait(clock, hours=3)
        assert grace.reminders.plan() == 0

    def test_a_missed_promise_is_followed_up_once_and_the_ladder_resumes(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, days_past_due=4)
        promised(grace, ref, days=1)
        for _ in range(6):
            grace.plans.settle_promises()
            grace.reminders.plan()
            wait(clock, days=1)
        assert [step.split(":")[0] for step in steps(grace)] == ["missed", "D+7"]


class TestPlans:
    def test_instalment_reminders_take_the_place_of_the_ladder(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        agreed(grace, ref, Wish(count=3))
        for _ in range(80):
            wait(clock, days=1)
            grace.reminders.plan()
        planned = rows(grace, Nudge)
        assert {nudge.purpose for nudge in planned} == {"instalment"}
        assert [(nudge.step.replace(":1:", " "), nudge.send_at.date()) for nudge in planned] == [
            (f"{kind} {number}", date(2026, 2 + number, day))
            for number in (1, 2, 3)
            for kind, day in (("plan3", 14), ("plan", 16), ("plan0", 17))
        ]
        assert [nudge.template for nudge in planned[1:3]] == [
            "utter_reminder_instalment",
            "utter_reminder_instalment_today",
        ]


class Town:
    """Borrowers in every state that a preview must tell apart; days past due on the day of the preview: 7."""

    def __init__(self, grace: Grace) -> None:
        self.grace = grace
        self.plain = self.due()
        self.english = self.due(locale="en")
        self.stranger = self.due(verified=False)
        self.exempt = self.due()
        change(grace, Borrower, {"ref": self.exempt}, exempt=True)
        self.dead = self.due()
        change(grace, AddressRow, {"address": self.dead}, dead_at=grace.kit.clock.now())
        self.silent = self.due()
        change(grace, AddressRow, {"address": self.silent}, consent=False)
        self.stopped = self.due()
        self.signal(self.stopped, "stop_contact")
        self.disputing = self.due()
        self.signal(self.disputing, "dispute_debt")
        self.later = self.due()
        self.signal(self.later, "set_contact_time", until=grace.kit.clock.now() + timedelta(hours=30))
        self.poor = self.due()
        grace.negotiation.report_hardship(chat(grace, self.poor), "hard")
        self.claiming = self.due()
        grace.accounts.claim_paid(chat(grace, self.claiming), "paid")
        self.talking = self.due()
        grace.handoffs.open(chat(grace, self.talking), HandoffReason.ASKED, cause="test")
        self.promising = self.due()
        promised(grace, self.promising, days=2)
        self.planning = self.due()
        agreed(grace, self.planning, Wish(count=3, first_on=TODAY + timedelta(days=2)))
        self.extending = self.due()
        agreed(grace, self.extending, Wish(kind="extension", days=10))
        self.quiet_day = self.due(days=6)
        self.task = self.due(days=60)
        self.stopped_task = self.due(days=60)
        self.signal(self.stopped_task, "report_death")
        self.far = self.due(timezone="America/New_York")
        self.two = self.due()
        add_loan(
            grace,
            self.two,
            amount="700",
            due_on=grace.kit.clock.now().date() + timedelta(days=1 - 15),
            name="second",
        )
        self.apart = self.due()
        due_on = grace.kit.clock.now().date() + timedelta(days=1 - 30)
        add_loan(grace, self.apart, amount="90", due_on=due_on, name="formal")

    def due(self, days: int = 7, **more: object) -> str:
        return make_borrower(self.grace, days_past_due=days - 1, **more)  # type: ignore[arg-type]

    def signal(self, ref: str, act: str, **more: object) -> None:
        conversation = chat(self.grace, ref)
        self.grace.protection.honour(
            conversation,
            act,
            turn=f"{act} {ref}",
            locale="zh_CN",
            **more,  # type: ignore[arg-type]
        )


class TestPreview:
    @pytest.mark.parametrize("automatic_off", [False, True])
    def test_the_preview_of_tomorrow_is_what_tomorrow_brings(
        self, grace: Grace, clock: MovableClock, automatic_off: bool
    ) -> None:
        Town(grace)
        tomorrow = TODAY + timedelta(days=1)
        grace.kit.settings.automatic_off = automatic_off
        foretold = grace.reminders.preview(tomorrow)
        # The settings of a lender that has switched off plan nothing at all, and so nothing can happen.
        happened = self.live(grace, clock, tomorrow)
        for one in foretold:
            key = (one.loan, one.step)
            assert happened.pop(key, "nothing") == self.expected(one, automatic_off), one
        assert happened == {}

    def expected(self, one: Preview, automatic_off: bool) -> str:
        if one.step is None or automatic_off:
            return "nothing"
        if one.verdict in ("blocked", "task"):
            return {"blocked": "cancelled", "task": "task"}[one.verdict]
        assert one.at is not None
        return f"message at {one.at.isoformat()}" if one.at.date() == self.day else "not that day"

    def live(self, grace: Grace, clock: MovableClock, day: date) -> dict[tuple[str, str | None], str]:
        """Let the clock tick through one day, and say what became of every nudge."""
        self.day = day
        written: dict[int, datetime] = {}
        clock.at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
        # From midnight in China to the afternoon in New York, which is before the next morning in China.
        for _ in range(24 + 5):
            for message in tick(grace):
                written[message] = clock.now()
            send(grace)
            wait(clock, hours=1)
        loans = {loan.id: loan.ref for loan in rows(grace, LoanRow)}
        messages = {one.nudge_id: one for one in _messages(grace)}
        messages |= {
            one.id: messages[one.leader_id] for one in rows(grace, Nudge) if one.leader_id in messages
        }
        happened: dict[tuple[str, str | None], str] = {}
        for nudge in rows(grace, Nudge):
            told = nudge.state
            if nudge.id in messages:
                told = f"message at {written[messages[nudge.id].id].isoformat()}"
            elif nudge.reason == "task for a person":
                told = "task"
            elif nudge.state in ("queued", "expired"):
                told = "not that day"
            happened[loans[nudge.loan_id], nudge.step] = told
        return happened

    def test_it_says_for_every_open_loan_who_what_when_and_why(self, grace: Grace) -> None:
        town = Town(grace)
        found = {(one.borrower, one.loan): one for one in grace.reminders.preview(TODAY + timedelta(days=1))}
        by_ref = {
            borrower: one for (borrower, loan), one in found.items() if loan not in ("second", "formal")
        }
        plain = by_ref[town.plain]
        assert (plain.verdict, plain.step, plain.channel) == ("allowed", "D+7", "webchat")
        assert plain.at == datetime(2026, 3, 3, 1, tzinfo=UTC)
        assert plain.rule_ids[:2] == ("CN1", "CN4")
        verdicts = {
            town.exempt: ("blocked", {"exempt"}),
            town.dead: ("blocked", {"address"}),
            town.silent: ("blocked", {"consent"}),
            town.stopped: ("blocked", {"opt_out"}),
            town.disputing: ("blocked", {"dispute", "handoff"}),
            town.talking: ("blocked", {"handoff"}),
            town.later: ("held", {"contact_window"}),
            town.poor: ("held", {"hardship"}),
            town.claiming: ("held", {"paid_claim"}),
            town.promising: ("allowed", set()),
            town.planning: ("allowed", set()),
            town.extending: ("none", {"plan", "ladder"}),
            town.quiet_day: ("none", {"ladder"}),
            town.task: ("task", {"ladder"}),
            town.stopped_task: ("blocked", {"death", "handoff"}),
        }
        for ref, (verdict, reasons) in verdicts.items():
            one = by_ref[ref]
            assert (one.verdict, {reason.rule for reason in one.reasons}) == (verdict, reasons)

    def test_of_two_loans_in_one_message_both_are_reminded_of(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=6)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=14), name="second")
        first, second = grace.reminders.preview(TODAY + timedelta(days=1))
        assert (first.verdict, second.verdict, second.shared) == ("allowed", "allowed", f"L{ref}")
        assert first.at == second.at

    def test_of_two_loans_one_is_reminded_of_and_the_other_waits_its_turn(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, days_past_due=6)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=29), name="second")
        first, second = grace.reminders.preview(TODAY + timedelta(days=1))
        assert (first.verdict, second.verdict) == ("allowed", "held")
        assert {reason.rule for reason in second.reasons} == {"CN4"}
        assert second.at == datetime(2026, 3, 4, 0, tzinfo=UTC)

    def test_what_is_held_over_from_an_earlier_day_is_foretold(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=30), name="second")
        tick(grace)
        send(grace)
        foretold = {one.loan: one for one in grace.reminders.preview(TODAY + timedelta(days=1))}
        assert (foretold["second"].step, foretold["second"].verdict) == ("D+30", "allowed")
        assert foretold["second"].at == datetime(2026, 3, 3, 0, tzinfo=UTC)
        assert foretold[f"L{ref}"].verdict == "none"

    def test_a_rung_that_is_late_is_foretold_for_now_and_not_for_tomorrow(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        make_borrower(grace, days_past_due=8)
        now = wait(clock, hours=2)
        (one,) = grace.reminders.preview(TODAY)
        assert (one.step, one.verdict, one.at) == ("D+7", "allowed", now)
        assert [one.verdict for one in grace.reminders.preview(TODAY + timedelta(days=1))] == ["none"]

    def test_what_has_gone_today_is_not_foretold_again(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=3)
        promised(grace, ref, days=2)
        tick(grace)
        send(grace)
        (one,) = grace.reminders.preview(TODAY)
        assert one.verdict == "none"

    def test_a_preview_changes_nothing(self, grace: Grace) -> None:
        make_borrower(grace)
        grace.reminders.preview(TODAY)
        assert rows(grace, Nudge) == []
        assert rows(grace, HandoffRow) == []


def _messages(grace: Grace) -> list[Message]:
    return [one for one in rows(grace, Message) if one.nudge_id is not None]
