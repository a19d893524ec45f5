"""A rung that was left unread goes on to its next channel: once, after its hours, never on doubt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.policy import Ladder
from bot.services.kit import MovableClock
from bot.storage.tables import AddressRow, Borrower, Conversation, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import add_loan, chat, only, pay, rows, say, send, tick, wait


def use(grace: Grace, monkeypatch: pytest.MonkeyPatch, *channels: str, **more: object) -> None:
    """Have every rung that waits to be read go these ways."""
    policies = grace.kit.policies

    def changed(ladder: Ladder) -> Ladder:
        steps = tuple(
            step.model_copy(update={"channels": channels}) if step.unread_hours else step
            for step in ladder.steps
        )
        return ladder.model_copy(update={"steps": steps, **more})

    known = {name: changed(ladder) for name, ladder in policies._ladders.items()}
    monkeypatch.setattr(policies, "_ladders", known)


@pytest.fixture
def ref(grace: Grace, monkeypatch: pytest.MonkeyPatch) -> str:
    """Somebody seven days past due, reached in the web chat first and in Telegram after that."""
    use(grace, monkeypatch, "webchat", "telegram")
    return reachable(grace, "77")


def reachable(grace: Grace, telegram: str, **more: object) -> str:
    ref = make_borrower(grace, **more)  # type: ignore[arg-type]
    with grace.kit.db.begin() as session:
        borrower = only(grace, Borrower, ref=ref).id
        session.add(AddressRow(borrower_id=borrower, channel="telegram", address=telegram, verified=True))
    return ref


def sent(grace: Grace) -> list[str]:
    channels = {row.id: row.channel for row in rows(grace, Conversation)}
    gone = [one for one in rows(grace, Message, direction="out") if one.nudge_id and one.done_at]
    return [channels[one.conversation_id] for one in gone]


def later(grace: Grace, clock: MovableClock, hours: float = 25) -> None:
    wait(clock, hours=hours)
    tick(grace)
    send(grace)


def test_left_unread_it_goes_on_to_the_next_channel_once(grace: Grace, ref: str, clock: MovableClock) -> None:
    tick(grace)
    send(grace)
    later(grace, clock, 23)
    assert sent(grace) == ["webchat"]
    later(grace, clock, 2)
    assert sent(grace) == ["webchat", "telegram"]
    for _ in range(30):
        later(grace, clock, 2)
    assert sent(grace) == ["webchat", "telegram"]
    assert [nudge.step for nudge in rows(grace, Nudge)] == ["D+7", "D+7~2"]


def test_what_was_read_stays_where_it_is(grace: Grace, ref: str, clock: MovableClock) -> None:
    tick(grace)
    send(grace)
    conversation = chat(grace, ref, verified=False)
    grace.threads.read(conversation, max(one.id for one in rows(grace, Message)))
    assert {one.state for one in rows(grace, Message, conversation_id=conversation)} == {"read"}
    later(grace, clock)
    assert sent(grace) == ["webchat"]


def test_a_page_may_show_it_before_it_is_on_record_as_sent(
    grace: Grace, ref: str, clock: MovableClock
) -> None:
    (number,) = tick(grace)
    grace.threads.read(chat(grace, ref, verified=False), number)
    send(grace)
    assert only(grace, Message, id=number).state == "read"
    later(grace, clock)
    assert sent(grace) == ["webchat"]


def test_whoever_has_written_since_has_read_it(grace: Grace, ref: str, clock: MovableClock) -> None:
    tick(grace)
    send(grace)
    wait(clock, hours=1)
    say(grace, "77", "在的", channel="telegram")
    later(grace, clock)
    assert sent(grace) == ["webchat"]


def test_a_payment_meanwhile_ends_it(grace: Grace, ref: str, clock: MovableClock) -> None:
    tick(grace)
    send(grace)
    pay(grace, ref)
    later(grace, clock)
    assert sent(grace) == ["webchat"]
    assert only(grace, Nudge, step="D+7~2").state == "cancelled"


def test_without_another_living_channel_nothing_is_planned(
    grace: Grace, ref: str, clock: MovableClock
) -> None:
    with grace.kit.db.begin() as session:
        row = session.get_one(AddressRow, only(grace, AddressRow, channel="telegram").id)
        row.dead_at = clock.now()
    tick(grace)
    send(grace)
    later(grace, clock)
    assert [nudge.step for nudge in rows(grace, Nudge)] == ["D+7"]


@pytest.mark.parametrize(("rule", "goes"), [("stay", ["telegram"]), ("next", ["telegram", "webchat"])])
def test_of_a_channel_that_tells_nothing_the_ladder_says_what_to_think(
    grace: Grace, monkeypatch: pytest.MonkeyPatch, clock: MovableClock, rule: str, goes: list[str]
) -> None:
    use(grace, monkeypatch, "telegram", "webchat", without_receipt=rule)
    reachable(grace, "78")
    tick(grace)
    send(grace)
    later(grace, clock)
    assert sent(grace) == goes


def test_the_third_channel_comes_after_the_second(
    grace: Grace, monkeypatch: pytest.MonkeyPatch, clock: MovableClock
) -> None:
    use(grace, monkeypatch, "webchat", "telegram", "sms", receipts=("webchat", "telegram"))
    ref = reachable(grace, "79")
    with grace.kit.db.begin() as session:
        borrower = only(grace, Borrower, ref=ref).id
        session.add(AddressRow(borrower_id=borrower, channel="sms", address="19900000000", verified=True))
    for _ in range(5):
        later(grace, clock, 24.5)
    assert sent(grace) == ["webchat", "telegram", "sms"]


def test_several_debts_go_on_together(grace: Grace, ref: str, clock: MovableClock) -> None:
    add_loan(grace, ref, amount="700", due_on=clock.now().date() - timedelta(days=15), name="second")
    tick(grace)
    send(grace)
    later(grace, clock)
    assert sent(grace) == ["webchat", "telegram"]
    assert sorted(nudge.step for nudge in rows(grace, Nudge, state="sent")) == [
        "D+15",
        "D+15~2",
        "D+7",
        "D+7~2",
    ]
