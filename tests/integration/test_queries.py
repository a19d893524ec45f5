"""Rows turned into facts: which loan, which address, which contacts count, which extensions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.bootstrap import Grace
from bot.domain.plans import Wish
from bot.services.kit import MovableClock
from bot.services.records import record
from bot.storage.queries import (
    address_snapshot,
    best_address,
    circumstances,
    current_loan,
    moves_of,
    recent_contacts,
    zone_before,
    zone_of,
)
from bot.storage.tables import AddressRow, Borrower, LoanRow
from tests.factory import make_borrower
from tests.integration.support import add_loan, chat, only, out, pay, send, tick, wait

TODAY = date(2026, 3, 2)


@pytest.fixture
def borrower(grace: Grace, ref: str) -> int:
    return only(grace, Borrower, ref=ref).id


class TestCurrentLoan:
    def current(self, grace: Grace, borrower: int) -> str | None:
        with grace.kit.db.begin() as session:
            row = current_loan(session, borrower)
            return None if row is None else row.ref

    def test_it_is_the_one_with_the_oldest_open_item(self, grace: Grace, ref: str, borrower: int) -> None:
        add_loan(grace, ref, amount="50", due_on=TODAY - timedelta(days=60), name="older")
        add_loan(grace, ref, amount="50", due_on=TODAY + timedelta(days=60), name="newer")
        assert self.current(grace, borrower) == "older"

    def test_a_paid_one_stands_back_behind_any_open_one(self, grace: Grace, ref: str, borrower: int) -> None:
        add_loan(grace, ref, amount="50", due_on=TODAY + timedelta(days=60), name="newer")
        pay(grace, ref)
        assert self.current(grace, borrower) == "newer"

    def test_when_all_is_paid_there_is_still_one_to_speak_of(
        self, grace: Grace, ref: str, borrower: int
    ) -> None:
        pay(grace, ref)
        assert self.current(grace, borrower) == f"L{ref}"

    def test_who_has_no_loan_has_no_current_one(self, grace: Grace) -> None:
        assert self.current(grace, 4711) is None


class TestContacts:
    def count(self, grace: Grace, borrower: int, days: int = 7, besides: int | None = None) -> int:
        since = grace.kit.clock.now() - timedelta(days=days)
        with grace.kit.db.begin() as session:
            return len(recent_contacts(session, borrower, since, besides=besides))

    @pytest.mark.parametrize(
        ("outcome", "counts"), [("sent", 1), ("uncertain", 1), ("failed", 0), ("dead", 0)]
    )
    def test_what_may_have_arrived_counts_and_what_surely_did_not_does_not(
        self, grace: Grace, borrower: int, outcome: str, counts: int
    ) -> None:
        assert len(tick(grace)) == 1
        assert self.count(grace, borrower) == 1, "what is about to go out counts already"
        send(grace, outcome)
        assert self.count(grace, borrower) == counts

    def test_answers_do_not_count_and_neither_does_the_message_that_is_decided_on(
        self, grace: Grace, ref: str, borrower: int
    ) -> None:
        (reminder,) = tick(grace)
        grace.conversations.say(chat(grace, ref), "utter_sticker", turn="1")
        assert self.count(grace, borrower) == 1
        assert self.count(grace, borrower, besides=reminder) == 0

    def test_it_counts_from_when_it_left_and_not_from_when_it_was_written(
        self, grace: Grace, borrower: int, clock: MovableClock
    ) -> None:
        tick(grace)
        wait(clock, hours=6)
        send(grace)
        wait(clock, days=6, hours=20)
        assert self.count(grace, borrower) == 1
        wait(clock, hours=6)
        assert self.count(grace, borrower) == 0

    def test_it_keeps_the_zone_in_which_the_borrower_lived_then(
        self, grace: Grace, borrower: int, clock: MovableClock
    ) -> None:
        tick(grace)
        send(grace)
        wait(clock, hours=1)
        with grace.kit.db.begin() as session:
            was, now = "Asia/Shanghai", "America/Los_Angeles"
            record(
                session,
                clock.now(),
                "timezone_changed",
                cause="file",
                actor="loan book",
                borrower_id=borrower,
                was=was,
                now=now,
            )
        with grace.kit.db.begin() as session:
            (contact,) = recent_contacts(session, borrower, clock.now() - timedelta(days=1))
            moves = moves_of(session, [borrower])[borrower]
        assert contact.timezone == was
        assert zone_before(moves, clock.now()) is None, "what comes after the move is on the new wall"


class TestAddresses:
    def best(self, grace: Grace, ref: str, *channels: str) -> str | None:
        with grace.kit.db.begin() as session:
            found = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
            best = best_address([address_snapshot(row) for row in found.addresses], channels)
            return None if best is None else best.channel

    def test_the_order_of_the_rung_decides_among_those_that_live_and_agreed(
        self, grace: Grace, ref: str, borrower: int
    ) -> None:
        with grace.kit.db.begin() as session:
            session.add(AddressRow(borrower_id=borrower, channel="telegram", address="1", consent=True))
            session.add(AddressRow(borrower_id=borrower, channel="sms", address="2", consent=False))
        assert self.best(grace, ref, "telegram", "webchat") == "telegram"
        assert self.best(grace, ref, "sms", "webchat") == "webchat"
        assert self.best(grace, ref, "sms") == "sms", "to say why it cannot be used"
        assert self.best(grace, ref, "email") is None

    def test_a_stranger_s_wall_is_that_of_the_house(self, grace: Grace, ref: str) -> None:
        assert zone_of(None) == "Asia/Shanghai"
        assert zone_of(only(grace, Borrower, ref=make_borrower(grace, timezone="Europe/London"))) == (
            "Europe/London"
        )


def test_extensions_are_counted_for_a_year_and_plans_of_other_kinds_are_not(
    grace: Grace, ref: str, clock: MovableClock
) -> None:
    conversation, loan = chat(grace, ref), only(grace, LoanRow, ref=f"L{ref}")

    def used() -> int:
        with grace.kit.db.begin() as session:
            now = clock.now()
            return circumstances(session, loan.id, loan.borrower_id, now.date(), now).extensions_used

    assert used() == 0
    offer = grace.negotiation.propose(conversation, Wish(kind="extension", days=7), turn="1").options[0]
    assert offer.kind == "extension"
    grace.negotiation.agree(conversation, offer.id, turn="2")
    assert used() == 1
    wait(clock, days=364)
    assert used() == 1
    wait(clock, days=2)
    assert used() == 0
    assert out(grace, conversation) == []


def test_one_borrowers_contacts_are_found_by_their_chats_and_not_among_all_that_ever_went_out(
    grace: Grace, borrower: int
) -> None:
    if not grace.kit.db.is_sqlite:
        pytest.skip("PostgreSQL goes by its statistics, which an empty table has none of")
    asked: list[tuple[str, Any]] = []
    event.listen(
        grace.kit.db.engine, "before_cursor_execute", lambda *found: asked.append((found[2], found[3]))
    )
    with grace.kit.db.begin() as session:
        recent_contacts(session, borrower, grace.kit.clock.now() - timedelta(days=35))
        statement, values = next(one for one in asked if "messages" in one[0])
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert any("ix_messages_conversation" in row[3] or "conversation_id=?" in row[3] for row in plan)
    assert not any("ix_messages_state" in row[3] for row in plan)
