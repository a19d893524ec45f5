"""A hardship on record: consent before facts, a no that keeps nothing, files, and forgetting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.accounts import IdentityNeeded
from bot.services.conversation import Incoming
from bot.services.hardship import Told
from bot.services.kit import MovableClock
from bot.storage.tables import Borrower, HandoffRow, HardshipRow
from tests.integration.support import (
    at_once,
    change,
    chat,
    conversation_row,
    events,
    handoff,
    holds,
    make_agent,
    message,
    only,
    out,
    rows,
)

TOLD = Told("illness", 60, Money.of("500", "CNY"), 15)


@pytest.fixture
def conversation(grace: Grace, ref: str) -> str:
    found = chat(grace, ref)
    grace.identity.vouch(found, "test")
    return found


def facts(grace: Grace) -> list[tuple[object, ...]]:
    return [
        (row.consent, row.reason, row.lasts_days, row.ability_minor, row.currency, row.payday)
        for row in rows(grace, HardshipRow)
    ]


class TestConsent:
    def test_with_a_yes_what_was_told_is_kept_until_the_review_of_the_policy(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        review = grace.hardship.consent(conversation, True, TOLD, turn="1")
        assert review == clock.at.date() + timedelta(days=30)
        assert facts(grace) == [(True, "illness", 60, 50_000, "CNY", 15)]

    def test_the_record_says_that_it_was_given_and_nothing_of_the_facts(
        self, grace: Grace, conversation: str
    ) -> None:
        grace.hardship.consent(conversation, True, TOLD, turn="1")
        (event,) = events(grace, "sensitive_consent")
        assert (event.detail["purpose"], event.detail["given"]) == ("hardship", True)
        assert "illness" not in str(event.detail)

    def test_after_a_no_nothing_that_is_told_is_kept(self, grace: Grace, conversation: str) -> None:
        grace.hardship.consent(conversation, False, TOLD, turn="1")
        grace.hardship.tell(conversation, TOLD)
        assert facts(grace) == [(False, None, None, None, None, None)]

    def test_a_later_no_erases_what_an_earlier_yes_kept(self, grace: Grace, conversation: str) -> None:
        grace.hardship.consent(conversation, True, TOLD, turn="1")
        grace.hardship.consent(conversation, False, Told(), turn="2")
        assert facts(grace) == [(yes, None, None, None, None, None) for yes in (True, False)]

    def test_without_any_answer_nothing_is_kept(self, grace: Grace, conversation: str) -> None:
        grace.hardship.tell(conversation, TOLD)
        assert facts(grace) == []

    def test_what_is_told_later_is_added_and_takes_nothing_away(
        self, grace: Grace, conversation: str
    ) -> None:
        grace.hardship.consent(conversation, True, Told("illness"), turn="1")
        grace.hardship.tell(conversation, Told(lasts_days=60))
        grace.hardship.tell(conversation, Told(payday=15))
        assert facts(grace) == [(True, "illness", 60, None, None, 15)]

    def test_a_repeated_turn_and_two_threads_make_one_answer(self, grace: Grace, conversation: str) -> None:
        at_once(*[lambda: grace.hardship.consent(conversation, True, TOLD, turn="1")] * 2)
        assert len(facts(grace)) == len(events(grace, "sensitive_consent")) == 1

    def test_before_identity_nothing_is_asked_or_kept(self, grace: Grace, ref: str) -> None:
        with pytest.raises(IdentityNeeded):
            grace.hardship.consent(grace.conversations.ensure("webchat", ref), True, TOLD, turn="1")
        assert facts(grace) == []


class TestForgetting:
    def test_facts_are_erased_after_their_time_and_the_consent_stays(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        grace.hardship.consent(conversation, True, TOLD, turn="1")
        clock.move(timedelta(days=30 + grace.kit.settings.hardship_days))
        assert grace.hardship.forget_old() == 0
        clock.move(timedelta(days=2))
        assert grace.hardship.forget_old() == 1
        assert facts(grace) == [(True, None, None, None, None, None)]
        assert grace.hardship.forget_old() == 0


class TestFiles:
    @staticmethod
    def send(grace: Grace, ref: str, key: str = "f:1") -> int:
        attachment = {"kind": "photo", "file_id": key}
        incoming: Incoming = message("", address=ref, key=key, kind="photo", attachment=attachment)
        return grace.conversations.receive(incoming).message_id

    def test_a_file_opens_one_case_and_the_assistant_goes_on(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        self.send(grace, ref, "f:1")
        self.send(grace, ref, "f:2")
        row = only(grace, HandoffRow)
        assert (row.reason, row.state) == ("evidence", "waiting")
        assert conversation_row(grace, conversation).mode == "bot"
        assert [one.template for one in out(grace, conversation)] == ["utter_file_kept"] * 2

    def test_under_a_consent_it_belongs_to_the_hardship_and_staff_see_both(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.hardship.consent(conversation, True, TOLD, turn="1")
        sent = self.send(grace, ref)
        agent = make_agent(grace, "李敏")
        view = grace.cases.view(only(grace, HandoffRow).id, agent)
        assert view is not None
        assert view.hardship is not None
        assert (view.hardship.told, view.hardship.files) == (TOLD, (sent,))

    @pytest.mark.parametrize("given", [False, None])
    def test_without_a_consent_it_goes_to_the_case_alone(
        self, grace: Grace, ref: str, conversation: str, given: bool | None
    ) -> None:
        if given is not None:
            grace.hardship.consent(conversation, given, Told(), turn="1")
        self.send(grace, ref)
        assert all(row.evidence == [] for row in rows(grace, HardshipRow))
        assert len(rows(grace, HandoffRow)) == 1


class TestBeside:
    def opened(self, grace: Grace, conversation: str) -> int:
        return grace.handoffs.open(conversation, HandoffReason.DOCUMENT, cause="test", beside=True)

    def test_it_stops_reminders_and_leaves_the_talk_to_the_assistant(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        self.opened(grace, conversation)
        assert conversation_row(grace, conversation).mode == "bot"
        assert "handoff" in holds(grace, ref)

    def test_who_takes_it_takes_the_talk(self, grace: Grace, conversation: str) -> None:
        case = self.opened(grace, conversation)
        assert grace.handoffs.claim(case, make_agent(grace, "李敏")).won
        assert conversation_row(grace, conversation).mode == "human"

    def test_a_hand_off_that_follows_takes_the_talk_in_the_same_case(
        self, grace: Grace, conversation: str
    ) -> None:
        case = self.opened(grace, conversation)
        assert grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test") == case
        assert handoff(grace, conversation).reason == "asked"
        assert conversation_row(grace, conversation).mode == "human"

    def test_closed_without_having_been_taken_it_is_not_announced(
        self, grace: Grace, conversation: str
    ) -> None:
        case = self.opened(grace, conversation)
        grace.handoffs.close(case, make_agent(grace, "李敏"), Outcome.RESOLVED)
        assert conversation_row(grace, conversation).mode == "bot"
        assert out(grace, conversation) == []


class TestSharedContact:
    def test_too_few_facts_on_file_lead_to_a_person(self, grace: Grace, ref: str) -> None:
        change_borrower(grace, ref, birth_date=None, id_last4=None)
        assert grace.identity.barred(chat(grace, ref)) == "short"
        grace.conversations.answer(
            message("", address=ref), "utter_identity_short", handing=HandoffReason.IDENTITY
        )
        row = only(grace, HandoffRow)
        assert row.reason == "identity"
        assert [one.template for one in out(grace, row.conversation_id)] == ["utter_identity_short"]

    def test_who_can_still_be_verified_is_not_barred(self, grace: Grace, ref: str) -> None:
        assert grace.identity.barred(chat(grace, ref)) is None


def change_borrower(grace: Grace, ref: str, **values: object) -> None:
    change(grace, Borrower, {"ref": ref}, **values)


class TestReview:
    """The pause ends with a person who looks at it again, never in silence."""

    @pytest.fixture
    def paused(self, grace: Grace, conversation: str, clock: MovableClock) -> str:
        grace.negotiation.report_hardship(conversation, "1")
        return conversation

    def test_on_the_day_of_the_review_a_case_is_opened_once_and_reminders_stay_away(
        self, grace: Grace, ref: str, paused: str, clock: MovableClock
    ) -> None:
        clock.at += timedelta(days=29)
        assert grace.reviews.open_due() == 0
        clock.at += timedelta(days=1)
        found = at_once(*[grace.reviews.open_due] * 3)
        assert sorted(found) == [0, 0, 1]
        (case,) = rows(grace, HandoffRow)
        assert (case.reason, case.state) == ("review", "waiting")
        assert set(holds(grace, ref, clock.at)) == {"handoff"}
        assert conversation_row(grace, paused).mode == "bot"
        assert events(grace, "hardship_reviewed") == []

    def test_a_person_who_closes_the_case_has_reviewed_it(
        self, grace: Grace, ref: str, paused: str, clock: MovableClock
    ) -> None:
        clock.at += timedelta(days=31)
        grace.settle()
        (case,) = rows(grace, HandoffRow)
        agent = make_agent(grace)
        grace.handoffs.claim(case.id, agent)
        grace.handoffs.close(case.id, agent, Outcome.RESOLVED, "spoke about it")
        assert [event.actor for event in events(grace, "hardship_reviewed")] == [f"agent {agent}"]
        assert holds(grace, ref, clock.at) == {}

    def test_told_once_more_it_is_reviewed_when_that_pause_ends(
        self, grace: Grace, paused: str, clock: MovableClock
    ) -> None:
        clock.at += timedelta(days=20)
        grace.identity.vouch(paused, "test")
        grace.negotiation.report_hardship(paused, "2")
        clock.at += timedelta(days=15)
        assert grace.reviews.open_due() == 0
        clock.at += timedelta(days=20)
        assert grace.reviews.open_due() == 1

    def test_where_a_plan_was_agreed_since_nobody_is_troubled(
        self, grace: Grace, paused: str, clock: MovableClock
    ) -> None:
        offers = grace.negotiation.propose(paused, Wish(count=6), turn="2").options
        assert grace.negotiation.agree(paused, offers[0].id, turn="3").plan_id is not None
        clock.at += timedelta(days=31)
        assert grace.reviews.open_due() == 0
        assert [event.detail["why"] for event in events(grace, "hardship_reviewed")] == ["plan"]
        assert rows(grace, HandoffRow) == []
