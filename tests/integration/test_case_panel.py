"""What stands beside a case: private details on asking, what may be started now, every debt and channel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.services.cases import CaseView
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from tests.factory import make_borrower
from tests.integration.support import add_loan, chat, events, make_agent, say


def opened(grace: Grace, ref: str) -> tuple[int, CaseView]:
    number = grace.handoffs.open(chat(grace, ref), HandoffReason.ASKED, cause="test")
    view = grace.cases.view(number, make_agent(grace))
    assert view is not None
    return number, view


def test_private_details_are_masked_until_asked_for_and_that_goes_on_record(grace: Grace) -> None:
    number, view = opened(grace, make_borrower(grace))
    assert view.details is not None
    assert view.details.masked
    assert (view.details.phone, view.details.birth_date) == ("•••• 5678", "••••")
    assert "1990" not in repr(view)
    assert "301X" not in repr(view)
    agent = make_agent(grace)
    shown = grace.private.reveal(number, agent)
    assert (shown.phone, shown.birth_date, shown.id_last4) == ("19900005678", "1990-05-12", "301X")
    (event,) = events(grace, "details_read")
    assert (event.actor, event.cause) == (f"agent {agent}", f"handoff {number}")
    assert "1990" not in str(event.detail)


def test_who_has_left_is_shown_nothing(grace: Grace) -> None:
    number, _ = opened(grace, make_borrower(grace))
    with pytest.raises(NotAllowed):
        grace.private.reveal(number, 999)
    assert events(grace, "details_read") == []


def test_what_may_be_started_now_is_said_for_each_channel_with_the_rule(
    grace: Grace, clock: MovableClock
) -> None:
    number, view = opened(grace, make_borrower(grace))
    assert {one.channel: one.status for one in view.allowances} == {"webchat": "allowed", "call": "allowed"}
    clock.move(timedelta(hours=13, minutes=30))
    late = grace.cases.peek(number)
    assert late is not None
    for one in late.allowances:
        assert (one.status, one.until is not None) == ("held", True)
        (why,) = [why for why in one.why if why.code == "quiet_hours"]
        assert (why.rule, dict(why.values)) == ("CN1", {"start": "22:00", "end": "08:00"})


def test_every_debt_and_every_channel_of_a_borrower_stand_in_one_case(grace: Grace) -> None:
    ref = make_borrower(grace)
    add_loan(grace, ref, amount="500", due_on=grace.kit.clock.now().date(), name="second")
    _number, view = opened(grace, ref)
    assert [one.ref for one in view.debts] == [f"L{ref}", "second"]
    say(grace, ref, "在吗")
    grace.calls.record(f"L{ref}", make_agent(grace), "unanswered", note="nobody there")
    lines = grace.threads.tail(view.conversation_id)
    found = [(one.text, one.channel, one.state) for one in lines if one.sender != "bot"]
    assert found == [("在吗", "webchat", found[0][2]), ("nobody there", "call", "unanswered")]
