"""What people put on file about contact, and how tiers, wordings and duties come of the records."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from bot import clock as ticking
from bot.bootstrap import Grace
from bot.domain.model import HoldKind, Initiator, Window
from bot.domain.variations import assigned
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.storage.tables import AuditEvent, Borrower, Complaint, HoldRow, LoanRow, Message
from tests.factory import make_borrower
from tests.integration.support import chat, make_agent, out, rows, say, send


def lives_in(grace: Grace, ref: str, country: str, product: str | None = None) -> None:
    with grace.kit.db.begin() as session:
        borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
        borrower.country = country
        if product is not None:
            for loan in session.scalars(select(LoanRow).where(LoanRow.borrower_id == borrower.id)):
                loan.product = product


class TestCalls:
    def test_a_fourth_conversation_of_a_day_is_held_and_still_recorded(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace)
        for _ in range(3):
            assert grace.calls.record(f"L{ref}", agent, "answered").allowed
        verdict = grace.calls.may_call(f"L{ref}")
        assert [reason.rule for reason in verdict.reasons] == ["CN2"]
        assert grace.calls.record(f"L{ref}", agent, "answered").status == "held"
        assert [one.state for one in rows(grace, Message)] == ["answered"] * 4

    def test_in_the_us_a_call_of_an_agency_counts_with_those_of_agents(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace)
        lives_in(grace, ref, "US")
        grace.calls.record(f"L{ref}", agent, "answered", initiator=Initiator.AGENCY)
        verdict = grace.calls.may_call(f"L{ref}", "13900000000")
        assert "US20" in [reason.rule for reason in verdict.reasons]

    def test_a_call_is_exported_with_its_loan_and_outcome(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace)
        grace.calls.record(f"L{ref}", agent, "unanswered")
        grace.ledger.append()
        (row,) = grace.ledger.read("contacts", grace.ledger.period("contacts"))
        assert (row["channel"], row["outcome"], row["loans"]) == ("call", "unanswered", [f"L{ref}"])

    def test_a_loan_that_is_none_is_said(self, grace: Grace) -> None:
        with pytest.raises(LookupError, match="nothing"):
            grace.calls.may_call("nothing")


class TestHolds:
    def test_a_pause_may_begin_in_the_past_and_says_why(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace, role="supervisor")
        now = grace.kit.clock.now()
        grace.holds.place(
            f"L{ref}",
            HoldKind.PAUSE,
            agent,
            "in hospital",
            since=now - timedelta(days=9),
            until=now + timedelta(days=9),
        )
        (hold,) = rows(grace, HoldRow)
        assert (hold.reason, hold.since) == ("in hospital", now - timedelta(days=9))
        assert hold.loan_id is not None
        ticking.work(grace)
        send(grace)
        assert rows(grace, Message) == []

    def test_a_breathing_space_lasts_the_days_of_the_law(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace, role="supervisor")
        lives_in(grace, ref, "GB")
        now = grace.kit.clock.now()
        found = grace.holds.place(ref, HoldKind.BREATHING_SPACE, agent, "registered")
        assert found.until == now + timedelta(days=60)
        with pytest.raises(NotAllowed, match="UK7"):
            grace.holds.place(ref, HoldKind.DEBT_ADVISER, agent, "an adviser", until=now + timedelta(days=61))

    def test_what_follows_from_something_else_is_not_placed_by_hand(self, grace: Grace) -> None:
        ref, agent = make_borrower(grace), make_agent(grace, role="supervisor")
        with pytest.raises(NotAllowed):
            grace.holds.place(ref, HoldKind.PROMISE, agent, "because")
        with pytest.raises(LookupError):
            grace.holds.place("nobody", HoldKind.PAUSE, agent, "because")

    def test_the_hours_that_a_borrower_named_are_kept(self, grace: Grace, clock: MovableClock) -> None:
        ref, agent = make_borrower(grace), make_agent(grace)
        grace.holds.wish(ref, agent, [Window(time(18), time(20))])
        verdict = grace.calls.may_call(f"L{ref}")
        assert [reason.rule for reason in verdict.reasons] == ["contact_window"]
        assert verdict.until is not None
        assert verdict.until.hour == 10  # 18:00 in China
        grace.holds.wish(ref, agent)
        assert grace.calls.may_call(f"L{ref}").allowed


class TestTiers:
    def test_a_change_of_tier_is_recorded_once_with_its_reasons(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=70)
        with grace.kit.db.begin() as session:
            session.scalars(select(LoanRow)).one().grade = "E"
        assert (grace.tiers.assess(), grace.tiers.assess()) == (1, 0)
        (found,) = grace.tiers.of(ref)
        assert found.assessment.tier == "support"
        assert {one.signal for one in found.assessment.points} == {"late_60", "grade_low"}
        (event,) = rows(grace, AuditEvent, kind="tier")
        assert (event.detail["tier"], event.detail["was"]) == ("support", None)
        assert event.detail["points"]

    def test_an_unknown_reference_has_no_tier(self, grace: Grace) -> None:
        with pytest.raises(LookupError):
            grace.tiers.of("nobody")


class TestWordings:
    def test_a_borrower_keeps_a_wording_and_the_wordings_are_spread(self) -> None:
        names = ("a", "b")
        first = [assigned(one, "utter_reminder_options", names) for one in range(2000)]
        assert first == [assigned(one, "utter_reminder_options", names) for one in range(2000)]
        assert 900 < first.count("a") < 1100
        assert first != [assigned(one, "utter_reminder_check_in", names) for one in range(2000)]
        assert assigned(1, "utter_reminder_facts", ("a",)) is None

    def test_what_came_of_a_wording_is_counted_once(self, grace: Grace, clock: MovableClock) -> None:
        ref = make_borrower(grace, days_past_due=7)
        conversation = chat(grace, ref)
        _tick(grace)
        (message,) = out(grace, conversation)
        assert message.variation in ("a", "b")
        clock.move(timedelta(hours=2))
        say(grace, ref, "在吗")
        say(grace, ref, "在吗？")
        (count,) = grace.variations.report()
        assert (count.variation, count.sent, count.replied, count.promised) == (message.variation, 1, 1, 0)
        with grace.kit.db.begin() as session:
            session.add(
                Complaint(
                    number="C1",
                    borrower_id=session.scalars(select(Borrower.id)).one(),
                    conversation_id=conversation,
                    text="",
                    state="open",
                    opened_at=clock.now(),
                    due_on=date(2027, 1, 1),
                )
            )
        assert grace.variations.report()[0].complained == 1


class TestDuties:
    def test_the_first_message_in_the_us_says_it_collects_a_debt_and_later_ones_who_writes(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, days_past_due=3, locale="en")
        lives_in(grace, ref, "US")
        conversation = chat(grace, ref)
        _tick(grace)
        clock.move(timedelta(days=4))
        _tick(grace)
        first, later = (one.text for one in out(grace, conversation))
        assert "attempt to collect a debt" in first
        assert "automated" in first
        assert "from a debt collector" in later
        assert "“stop”" in later
        assert "automated" not in later
        cited = out(grace, conversation)[0].rule_ids
        assert {"CN1", "US1", "US4", "US7"} <= set(cited)

    def test_before_identity_is_verified_no_duty_tells_of_a_debt(self, grace: Grace) -> None:
        ref = make_borrower(grace, days_past_due=3, locale="en")
        lives_in(grace, ref, "US")
        conversation = chat(grace, ref, verified=False)
        _tick(grace)
        (message,) = out(grace, conversation)
        assert "debt" not in message.text


def _tick(grace: Grace) -> None:
    ticking.work(grace)
    send(grace)
