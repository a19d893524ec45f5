"""Addresses: dead when a channel says so or cannot deliver, used again when the borrower is back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bootstrap import Grace
from bot.services.kit import MovableClock
from bot.storage.tables import AddressRow, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import (
    at_once,
    chat,
    conversation_row,
    events,
    only,
    out,
    rows,
    say,
    send,
    tick,
)

WHY = "the bot was blocked"


@pytest.fixture
def ref(grace: Grace) -> str:
    return make_borrower(grace, channel="telegram")


@pytest.fixture
def conversation(grace: Grace, ref: str) -> str:
    return chat(grace, ref, channel="telegram")


def is_dead(grace: Grace, ref: str) -> bool:
    return only(grace, AddressRow, channel="telegram", address=ref).dead_at is not None


def test_a_lost_address_is_dead_and_on_record_once(grace: Grace, ref: str, conversation: str) -> None:
    for _ in range(2):
        grace.reach.lost("telegram", ref, WHY)
    assert is_dead(grace, ref)
    (event,) = events(grace, "address_dead")
    assert event.detail == {"channel": "telegram", "reason": f"undelivered: {WHY}"}
    assert tick(grace) == []


def test_what_was_queued_for_a_lost_address_fails_and_is_not_sent(
    grace: Grace, ref: str, conversation: str
) -> None:
    grace.conversations.say(conversation, "utter_sticker", turn="1")
    grace.reach.lost("telegram", ref, WHY)
    (message,) = out(grace, conversation)
    assert (message.state, message.failure) == ("failed", WHY)
    assert send(grace) == []
    assert not conversation_row(grace, conversation).disclosed


def test_a_reminder_takes_another_way_where_there_is_one(grace: Grace, ref: str, conversation: str) -> None:
    (reminder,) = tick(grace)
    with grace.kit.db.begin() as session:
        row = session.get_one(AddressRow, only(grace, AddressRow, address=ref).id)
        session.add(AddressRow(borrower_id=row.borrower_id, channel="webchat", address=ref, verified=True))
    grace.reach.lost("telegram", ref, WHY)
    assert only(grace, Message, id=reminder).state == "failed"
    (again,) = tick(grace)
    assert only(grace, Message, id=again).conversation_id != conversation
    assert only(grace, Nudge).state == "sending"


def test_without_another_way_the_nudge_has_failed(grace: Grace, ref: str, conversation: str) -> None:
    tick(grace)
    grace.reach.lost("telegram", ref, WHY)
    nudge = only(grace, Nudge)
    assert (nudge.state, nudge.reason) == ("failed", WHY)
    assert tick(grace) == []


def test_a_message_is_either_handed_over_or_taken_back(grace: Grace, ref: str, conversation: str) -> None:
    for turn in range(6):
        grace.conversations.say(conversation, "utter_sticker", turn=str(turn))
    queued = [number for number, _ in grace.outbox.queued(("telegram",))]

    def claim() -> list[int]:
        return [number for number in queued if grace.outbox.claim(number) is not None]

    def lose() -> list[int]:
        grace.reach.lost("telegram", ref, WHY)
        return []

    claimed, _ = at_once(claim, lose)
    states = {one.id: one.state for one in out(grace, conversation)}
    assert all(states[number] == "sending" for number in claimed)
    assert all(state in ("failed", "cancelled") for number, state in states.items() if number not in claimed)


def test_who_lets_us_in_again_is_reached_again(
    grace: Grace, ref: str, conversation: str, clock: MovableClock
) -> None:
    grace.reach.lost("telegram", ref, WHY)
    grace.reach.back("telegram", ref)
    grace.reach.back("telegram", ref)
    assert not is_dead(grace, ref)
    assert len(events(grace, "address_back")) == 1
    assert len(tick(grace)) == 1


def test_who_writes_again_is_reached_again(grace: Grace, ref: str, conversation: str) -> None:
    grace.reach.lost("telegram", ref, WHY)
    say(grace, ref, "在吗", channel="telegram")
    assert not is_dead(grace, ref)
    assert len(events(grace, "address_back")) == 1


def test_an_address_that_was_given_up_for_good_does_not_come_back(
    grace: Grace, ref: str, conversation: str, clock: MovableClock
) -> None:
    grace.protection.honour(conversation, "wrong_person", turn="1", locale="zh_CN")
    clock.move(timedelta(days=1))
    grace.reach.lost("telegram", ref, WHY)
    grace.reach.back("telegram", ref)
    row = only(grace, AddressRow, address=ref)
    assert (row.dead_reason, row.consent) == ("wrong_person", False)
    assert events(grace, "address_dead") == events(grace, "address_back") == []


def test_a_chat_of_nobody_may_close_and_open_too(grace: Grace) -> None:
    grace.reach.lost("telegram", "never seen", WHY)
    conversation = grace.conversations.ensure("telegram", "stranger")
    grace.conversations.say(conversation, "utter_sticker", turn="1")
    grace.reach.lost("telegram", "stranger", WHY)
    grace.reach.back("telegram", "stranger")
    assert [one.state for one in out(grace, conversation)] == ["failed"]
    assert rows(grace, AddressRow) == []
