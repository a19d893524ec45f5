"""What stops messages on purpose: the switch, an exemption, a pause, the hours of a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.storage.tables import AuditEvent, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import chat, make_agent, only, rows, send, tick, wait


class TestSwitch:
    def test_thrown_by_hand_no_automatic_message_goes_and_people_go_on(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        (number,) = tick(grace)
        grace.switch.throw(make_agent(grace, role="senior"), "wrong texts", off=True)
        assert grace.outbox.claim(number) is None
        assert "kill_switch" in (only(grace, Message, id=number).failure or "")
        make_borrower(grace)
        assert tick(grace) == []
        assert grace.calls.may_call(f"L{ref}").allowed
        state = grace.switch.state()
        assert (state.off, state.by_settings, state.reason) == (True, False, "wrong texts")

    def test_thrown_back_the_next_tick_plans_again_and_both_are_on_record(self, grace: Grace) -> None:
        boss = make_agent(grace, role="supervisor")
        make_borrower(grace)
        grace.switch.throw(boss, "wrong texts", off=True)
        assert tick(grace) == []
        grace.switch.note()
        grace.switch.throw(boss, "corrected", off=False)
        grace.switch.note()
        assert len(tick(grace)) == 1
        assert [one.detail["on"] for one in rows(grace, AuditEvent, kind="kill_switch")] == [True, False]

    def test_an_agent_may_not_and_nobody_undoes_the_settings(self, grace: Grace) -> None:
        with pytest.raises(NotAllowed):
            grace.switch.throw(make_agent(grace, role="agent"), "because", off=True)
        grace.kit.settings.automatic_off = True
        state = grace.switch.throw(make_agent(grace, role="senior"), "on again", off=False)
        assert (state.off, state.by_settings) == (True, True)


class TestExemption:
    def test_it_stops_reminders_until_it_is_ended_and_is_on_record(self, grace: Grace) -> None:
        ref, boss = make_borrower(grace), make_agent(grace, role="senior")
        grace.holds.exempt(ref, boss, "a court case", exempt=True)
        grace.holds.exempt(ref, boss, "a court case", exempt=True)
        assert tick(grace) == []
        assert "exempt" in (only(grace, Nudge).reason or "")
        grace.holds.exempt(f"L{ref}", boss, "it is over", exempt=False)
        assert [one.detail["given"] for one in rows(grace, AuditEvent, kind="exempt")] == [True, False]


class TestCallWindow:
    @pytest.mark.parametrize(("hour", "allowed"), [(0, False), (2, True), (10, True), (11, False)])
    def test_a_call_of_the_ladder_keeps_the_hours_that_it_sets(
        self, grace: Grace, clock: MovableClock, hour: int, allowed: bool
    ) -> None:
        chat(grace, make_borrower(grace, days_past_due=60))
        tick(grace)
        clock.at = datetime(2026, 3, 3, hour, tzinfo=UTC)
        (call,) = grace.call_list.list("operator")
        assert call.verdict.allowed is allowed
        if not allowed:
            assert [one.rule for one in call.verdict.reasons] == ["GR2"]
            assert call.verdict.until is not None
            with pytest.raises(NotAllowed) as refused:
                grace.call_list.done(call.handoff_id, make_agent(grace, role="agent"), "no_answer")
            assert refused.value.code == "call_held"

    def test_a_call_that_was_made_all_the_same_is_recorded_and_flagged(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        clock.at = datetime(2026, 3, 2, 16, tzinfo=UTC)
        verdict = grace.calls.record(f"L{ref}", make_agent(grace, role="agent"), "unanswered")
        assert verdict.status == "held"
        flagged = only(grace, AuditEvent, kind="call_outside_rules")
        assert flagged.detail["rules"] == ["CN1"]


class TestPauses:
    def test_a_rung_of_a_pause_is_not_made_up_for_when_it_ends(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, days_past_due=6)
        now = clock.now()
        grace.holds.place(
            f"L{ref}",
            HoldKind.PAUSE,
            make_agent(grace, role="senior"),
            "travelling",
            until=now + timedelta(days=2),
        )
        sent = []
        for _ in range(10):
            wait(clock, days=1)
            tick(grace)
            sent += send(grace)
        assert [nudge.step for nudge in rows(grace, Nudge)] == ["D+15"]
        assert len(sent) == 1

    def test_told_of_afterwards_it_takes_back_what_still_waits(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        clock.at = datetime(2026, 3, 2, 15, tzinfo=UTC)
        tick(grace)
        assert only(grace, Nudge).state == "queued"
        grace.holds.place(
            f"L{ref}",
            HoldKind.PAUSE,
            make_agent(grace, role="senior"),
            "told us on Sunday",
            since=clock.now() - timedelta(days=1),
            until=clock.now() + timedelta(hours=2),
        )
        nudge = only(grace, Nudge)
        assert (nudge.state, nudge.reason) == ("cancelled", "pause: the loan was paused on its day")

    def test_the_preview_tells_of_the_rung_that_a_pause_has_taken(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace)
        grace.holds.place(f"L{ref}", HoldKind.PAUSE, make_agent(grace, role="senior"), "travelling")
        (one,) = grace.reminders.preview(clock.now().date(), f"L{ref}")
        assert (one.verdict, one.step) == ("none", None)
        skipped = {passed.step: passed.reason for passed in one.skipped}
        assert skipped["D+7"] == "pause: the loan was paused on its day"
