"""Several debts of one borrower share a message: each is named, none is lost when one falls away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.services.kit import MovableClock
from bot.services.ledger.contacts import contacts, unrecorded
from bot.services.records import place_hold
from bot.storage.tables import AddressRow, Borrower, LoanRow, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import add_loan, change, chat, only, pay, rows, send, tick

TODAY = date(2026, 3, 2)


@pytest.fixture
def ref(grace: Grace) -> str:
    """Somebody with two debts on rungs that may share a message."""
    ref = make_borrower(grace, locale="en")
    chat(grace, ref)
    add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=15), name="second")
    return ref


def of_loan(grace: Grace, ref: str) -> Nudge:
    return only(grace, Nudge, loan_id=only(grace, LoanRow, ref=ref).id)


def states(grace: Grace, ref: str) -> tuple[str, str]:
    return of_loan(grace, f"L{ref}").state, of_loan(grace, "second").state


def hold_second(grace: Grace, ref: str, until: datetime | None = None) -> None:
    with grace.kit.db.begin() as session:
        borrower, loan = only(grace, Borrower, ref=ref).id, only(grace, LoanRow, ref="second").id
        now = grace.kit.clock.now()
        place_hold(session, now, borrower, HoldKind.DISPUTE, cause="test", loan_id=loan, until=until)


def test_two_debts_make_one_message_that_names_both_and_their_sum(grace: Grace, ref: str) -> None:
    assert len(tick(grace)) == 1
    message = only(grace, Message, direction="out")
    assert message.template == "utter_reminder_several_open"
    assert "second" in message.text
    assert f"L{ref}" in message.text
    assert "3,700" in message.text
    assert send(grace) == [message.text]
    assert states(grace, ref) == ("sent", "sent")


def test_the_record_names_every_debt_and_its_rung_the_longest_overdue_first(grace: Grace, ref: str) -> None:
    tick(grace)
    send(grace)
    with grace.kit.db.begin() as session:
        ((_, _, record),) = contacts(session, unrecorded(session, 9), "secret")
    assert (record["loans"], record["step"], record["cycle"]) == (["second", f"L{ref}"], "D+15,D+7", 1)


def test_the_longest_overdue_sets_the_tone_in_chinese_too(grace: Grace) -> None:
    ref = make_borrower(grace, days_past_due=-1)
    chat(grace, ref)
    add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=3), name="second")
    tick(grace)
    message = only(grace, Message, direction="out")
    assert message.template == "utter_reminder_several_open"
    assert "3,700" in message.text


def test_who_is_not_verified_is_told_nothing_and_only_once(grace: Grace) -> None:
    ref = make_borrower(grace, verified=False)
    add_loan(grace, ref, amount="700", due_on=TODAY - timedelta(days=15), name="second")
    tick(grace)
    (text,) = send(grace)
    assert "700" not in text
    assert states(grace, ref) == ("sent", "sent")


def test_a_formal_notice_goes_alone(grace: Grace, ref: str) -> None:
    add_loan(grace, ref, amount="90", due_on=TODAY - timedelta(days=30), name="formal")
    tick(grace)
    assert "formal" not in only(grace, Message, direction="out").text
    waiting = of_loan(grace, "formal")
    assert waiting.state == "queued"
    assert "CN4" in (waiting.reason or "")


def test_a_debt_that_a_fact_holds_stays_out_of_the_message(grace: Grace, ref: str) -> None:
    grace.reminders.plan()
    hold_second(grace, ref)
    tick(grace)
    message = only(grace, Message, direction="out")
    assert "second" not in message.text
    assert states(grace, ref) == ("sending", "cancelled")


def test_a_debt_whose_rung_does_not_use_the_channel_stays_out(grace: Grace, ref: str) -> None:
    grace.reminders.plan()
    change(grace, Nudge, {"id": of_loan(grace, f"L{ref}").id}, channels=["telegram"])
    tick(grace)
    assert "second" in only(grace, Message, direction="out").text
    assert states(grace, ref)[1] == "sending"
    assert of_loan(grace, f"L{ref}").state == "cancelled"


@pytest.mark.parametrize("happening", ["paid", "held"])
def test_when_one_debt_falls_away_in_flight_the_other_is_written_anew_alone(
    grace: Grace, ref: str, happening: str
) -> None:
    (number,) = tick(grace)
    if happening == "paid":
        pay(grace, ref)
    else:
        hold_second(grace, ref)
    assert grace.outbox.claim(number) is None
    assert only(grace, Message, id=number).state == "cancelled"
    left = "second" if happening == "paid" else f"L{ref}"
    assert of_loan(grace, left).state == "queued"
    tick(grace)
    (text,) = send(grace)
    assert left in text
    gone = f"L{ref}" if happening == "paid" else "second"
    assert f"Loan {gone}" not in text
    assert of_loan(grace, gone).state == "cancelled"
    assert of_loan(grace, left).state == "sent"


@pytest.mark.parametrize(("outcome", "state"), [("failed", "failed"), ("uncertain", "uncertain")])
def test_what_becomes_of_the_message_becomes_of_every_debt(
    grace: Grace, ref: str, outcome: str, state: str
) -> None:
    tick(grace)
    send(grace, outcome)
    assert states(grace, ref) == (state, state)


def test_a_dead_chat_sends_all_of_them_another_way(grace: Grace, ref: str) -> None:
    with grace.kit.db.begin() as session:
        borrower = only(grace, Borrower, ref=ref).id
        session.add(AddressRow(borrower_id=borrower, channel="telegram", address="77", verified=True))
    grace.reminders.plan()
    for nudge in rows(grace, Nudge):
        change(grace, Nudge, {"id": nudge.id}, channels=["webchat", "telegram"])
    tick(grace)
    send(grace, "dead")
    assert states(grace, ref) == ("queued", "queued")
    tick(grace)
    assert len(send(grace)) == 1
    assert states(grace, ref) == ("sent", "sent")


@pytest.mark.parametrize("went", [True, False])
def test_what_people_settle_of_a_doubt_holds_for_every_debt(grace: Grace, ref: str, went: bool) -> None:
    tick(grace)
    send(grace, "uncertain")
    (doubt,) = grace.uncertain.doubts()
    grace.uncertain.resolve(doubt.message, sent=went, evidence="the log", actor="test")
    assert states(grace, ref) == (("sent", "sent") if went else ("queued", "queued"))
    if not went:
        tick(grace)
        assert len(send(grace)) == 1
        assert states(grace, ref) == ("sent", "sent")


def test_a_crash_between_hand_over_and_record_leaves_every_debt_in_doubt(
    grace: Grace, ref: str, clock: MovableClock
) -> None:
    (number,) = tick(grace)
    assert grace.outbox.claim(number) is not None
    clock.at = datetime(2026, 3, 2, 5, tzinfo=UTC)
    grace.outbox.recover(())
    assert states(grace, ref) == ("uncertain", "uncertain")
