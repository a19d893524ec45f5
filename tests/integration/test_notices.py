"""Notices in people's hands: no yes, no message; the law's own pass the caps, never the night."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.domain.policy import Consent, Ladder
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.storage.tables import Borrower, HandoffRow, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import change, chat, events, make_agent, only, pay, rows, send, tick, wait

NIGHT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def with_consent(grace: Grace, monkeypatch: pytest.MonkeyPatch, consent: Consent) -> None:
    """Have the rung of the seventh day need a yes."""
    policies = grace.kit.policies

    def changed(ladder: Ladder) -> Ladder:
        steps = tuple(
            step.model_copy(update={"approval": consent}) if step.id == "D+7" else step
            for step in ladder.steps
        )
        return ladder.model_copy(update={"steps": steps})

    known = {name: changed(ladder) for name, ladder in policies._ladders.items()}
    monkeypatch.setattr(policies, "_ladders", known)


class TestRungs:
    @pytest.fixture
    def notice(self, grace: Grace, monkeypatch: pytest.MonkeyPatch) -> int:
        """A rung that needs two people of the level `senior`."""
        with_consent(grace, monkeypatch, Consent(level="senior", two_person=True))
        chat(grace, make_borrower(grace))
        assert tick(grace) == []
        (waiting,) = grace.notices.waiting("operator")
        return waiting.id

    def test_it_waits_with_its_words_until_two_people_agree(self, grace: Grace, notice: int) -> None:
        assert "3,000" in grace.notices.of(notice).text
        first, second = make_agent(grace, role="senior"), make_agent(grace, role="supervisor")
        assert grace.notices.vote(notice, first, approves=True, reason="ok").state == "approval"
        assert tick(grace) == []
        assert grace.notices.vote(notice, second, approves=True, reason="ok").state == "queued"
        assert len(tick(grace)) == 1
        assert len(send(grace)) == 1
        assert [one.detail["approves"] for one in events(grace, "notice_voted")] == [True, True]

    def test_one_no_ends_it(self, grace: Grace, notice: int) -> None:
        grace.notices.vote(notice, make_agent(grace, role="senior"), approves=True, reason="ok")
        became = grace.notices.vote(
            notice, make_agent(grace, role="senior"), approves=False, reason="too early"
        )
        assert (became.state, became.reason) == ("cancelled", "refused: too early")
        assert tick(grace) == []

    def test_nobody_agrees_twice_below_the_level_or_without_a_reason(self, grace: Grace, notice: int) -> None:
        senior = make_agent(grace, role="senior")
        grace.notices.vote(notice, senior, approves=True, reason="ok")
        for agent, code, reason in (
            (senior, "two_person", "ok"),
            (make_agent(grace, role="agent"), "level", "ok"),
            (make_agent(grace, role="senior"), "reason", " "),
        ):
            with pytest.raises(NotAllowed) as refused:
                grace.notices.vote(notice, agent, approves=True, reason=reason)
            assert refused.value.code == code

    def test_what_is_decided_stays_decided(self, grace: Grace, notice: int) -> None:
        grace.notices.vote(notice, make_agent(grace, role="senior"), approves=False, reason="no")
        with pytest.raises(NotAllowed) as refused:
            grace.notices.vote(notice, make_agent(grace, role="senior"), approves=True, reason="yes")
        assert refused.value.code == "decided"

    def test_unapproved_it_expires_and_is_listed(
        self, grace: Grace, notice: int, clock: MovableClock
    ) -> None:
        wait(clock, days=6)
        assert grace.notices.tend() == 1
        nudge = only(grace, Nudge, id=notice)
        assert (nudge.state, nudge.reason) == ("expired", "nobody approved it in time")

    def test_a_payment_ends_it(self, grace: Grace, notice: int) -> None:
        pay(grace, only(grace, Borrower).ref)
        grace.notices.tend()
        assert only(grace, Nudge, id=notice).state == "cancelled"

    def test_the_preview_says_that_it_waits_for_a_yes(self, grace: Grace, notice: int) -> None:
        (one,) = grace.reminders.preview(grace.kit.clock.now().date())
        assert one.verdict == "approval"


class TestGrounds:
    @pytest.fixture
    def ref(self, grace: Grace) -> str:
        ref = make_borrower(grace)
        chat(grace, ref)
        return ref

    def ask(self, grace: Grace, ref: str, ground: str = "agency_takeover") -> int:
        made = grace.notices.request(f"L{ref}", ground, make_agent(grace, role="agent"), "due")
        return grace.notices.vote(made.id, make_agent(grace, role="senior"), approves=True, reason="ok").id

    def test_it_goes_though_the_messages_of_the_day_are_used_up_and_cites_its_ground(
        self, grace: Grace, ref: str
    ) -> None:
        tick(grace)
        send(grace)
        notice = self.ask(grace, ref)
        assert len(tick(grace)) == 1
        message = only(grace, Message, nudge_id=notice)
        assert "CN13:agency_takeover" in message.rule_ids
        assert send(grace) == [message.text]

    def test_the_night_holds_it_all_the_same(self, grace: Grace, ref: str, clock: MovableClock) -> None:
        clock.at = NIGHT
        notice = self.ask(grace, ref)
        assert tick(grace) == []
        held = only(grace, Nudge, id=notice)
        assert held.send_at == datetime(2026, 3, 3, 0, tzinfo=UTC)
        assert "CN1" in (held.reason or "")

    def test_it_counts_for_what_comes_after_it(self, grace: Grace, ref: str) -> None:
        self.ask(grace, ref)
        tick(grace)
        send(grace)
        assert "CN4" in (only(grace, Nudge, step="D+7").reason or "")

    def test_an_exemption_from_reminders_does_not_stop_it(self, grace: Grace, ref: str) -> None:
        change(grace, Borrower, {"ref": ref}, exempt=True)
        self.ask(grace, ref)
        assert len(tick(grace)) == 1

    def test_nobody_approves_their_own(self, grace: Grace, ref: str) -> None:
        senior = make_agent(grace, role="senior")
        made = grace.notices.request(f"L{ref}", "agency_takeover", senior, "due")
        with pytest.raises(NotAllowed) as refused:
            grace.notices.vote(made.id, senior, approves=True, reason="ok")
        assert refused.value.code == "own"

    @pytest.mark.parametrize(
        ("ground", "code"),
        [("because", "ground"), ("remedy_possible", "ground"), ("agency_takeover", "paid")],
    )
    def test_what_the_pack_does_not_know_or_nobody_owes_is_refused(
        self, grace: Grace, ref: str, ground: str, code: str
    ) -> None:
        if code == "paid":
            pay(grace, ref)
        with pytest.raises(NotAllowed) as refused:
            grace.notices.request(f"L{ref}", ground, make_agent(grace, role="agent"), "due")
        assert refused.value.code == code

    def test_it_is_asked_for_once_in_a_cycle(self, grace: Grace, ref: str) -> None:
        self.ask(grace, ref)
        with pytest.raises(NotAllowed):
            grace.notices.request(f"L{ref}", "agency_takeover", make_agent(grace, role="agent"), "again")

    def test_to_somebody_who_is_not_verified_people_send_it_in_time(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        ref = make_borrower(grace, verified=False)
        notice = self.ask(grace, ref)
        assert all("agency" not in (one.template or "") for one in rows(grace, Message))
        for _ in range(14):
            tick(grace)
            send(grace)
            wait(clock, days=1)
        nudge = only(grace, Nudge, id=notice)
        assert (nudge.purpose, nudge.state) == ("task", "sent")
        assert only(grace, HandoffRow).reason == HandoffReason.LADDER.value
        assert rows(grace, Message, nudge_id=notice) == []

    def test_a_cease_request_lets_the_three_notices_of_the_law_pass(self, grace: Grace) -> None:
        ref = make_borrower(
            grace, locale="en", product="loan-us", currency="USD", timezone="America/New_York"
        )
        conversation = chat(grace, ref)
        grace.kit.clock.at = datetime(2026, 3, 2, 16, tzinfo=UTC)  # type: ignore[attr-defined]
        grace.protection.honour(conversation, "stop_contact", turn="stop", locale="en")
        notice = self.ask(grace, ref, "collection_ends")
        tick(grace)
        assert "US5:collection_ends" in only(grace, Message, nudge_id=notice).rule_ids


class TestValidation:
    @pytest.fixture
    def ref(self, grace: Grace, clock: MovableClock) -> str:
        clock.at = datetime(2026, 3, 2, 16, tzinfo=UTC)
        return make_borrower(
            grace, locale="en", product="loan-us", currency="USD", timezone="America/New_York"
        )

    def test_the_first_contact_about_a_debt_brings_the_validation_notice_within_five_days(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        chat(grace, ref)
        tick(grace)
        send(grace)
        notice = only(grace, Nudge, ground="validation_notice")
        assert notice.expires_at == datetime(2026, 3, 8, 5, tzinfo=UTC)
        wait(clock, days=1)
        tick(grace)
        message = only(grace, Message, nudge_id=notice.id)
        assert message.template == "utter_notice_validation"
        assert "dispute" in message.text
        assert "US8:validation_notice" in message.rule_ids
        send(grace)
        wait(clock, days=40)
        tick(grace)
        assert len(rows(grace, Nudge, ground="validation_notice")) == 1

    def test_a_message_that_tells_nothing_of_the_debt_is_no_such_contact(
        self, grace: Grace, ref: str
    ) -> None:
        tick(grace)
        send(grace)
        assert rows(grace, Nudge, ground="validation_notice") == []

    @pytest.mark.parametrize(("outcome", "count"), [("answered", 1), ("unanswered", 0)])
    def test_a_conversation_on_the_phone_is_one_too(
        self, grace: Grace, ref: str, outcome: str, count: int
    ) -> None:
        grace.calls.record(f"L{ref}", make_agent(grace, role="agent"), outcome)  # type: ignore[arg-type]
        assert len(rows(grace, Nudge, ground="validation_notice")) == count


def test_where_no_law_asks_for_it_nothing_follows_the_first_contact(grace: Grace) -> None:
    chat(grace, make_borrower(grace))
    tick(grace)
    send(grace)
    assert [nudge.ground for nudge in rows(grace, Nudge)] == [None]


def test_of_a_loan_that_is_none_nothing_is_said(grace: Grace) -> None:
    with pytest.raises(LookupError):
        grace.notices.grounds("L-none")
    with pytest.raises(LookupError):
        grace.notices.of(77)
