"""The audit trail and the holds: once for a turn, once for a scope, lifted and never deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.services.records import (
    Note,
    lift_holds,
    place_hold,
    policy_version,
    record,
    record_all,
    record_once,
    recorded,
)
from bot.storage.tables import AuditEvent, Borrower, Conversation, HoldRow, LoanRow, PolicyVersion
from tests.factory import make_borrower
from tests.integration.support import at_once, chat, only, rows


@pytest.fixture
def borrower(grace: Grace) -> int:
    return only(grace, Borrower, ref=make_borrower(grace)).id


def place(grace: Grace, borrower: int, kind: HoldKind = HoldKind.PAUSE, **more: Any) -> None:
    with grace.kit.db.begin() as session:
        place_hold(session, grace.kit.clock.now(), borrower, kind, cause="test", **more)


def lift(grace: Grace, borrower: int, *kinds: HoldKind, **more: Any) -> int:
    with grace.kit.db.begin() as session:
        return lift_holds(session, grace.kit.clock.now(), borrower, *kinds, **more)


class TestManyAtOnce:
    def test_they_stand_in_their_order_behind_what_was_told_before(self, grace: Grace, borrower: int) -> None:
        now = grace.kit.clock.now()
        with grace.kit.db.begin() as session:
            record(session, now, "first", cause="test", actor="bot", borrower_id=borrower)
            notes = [Note(kind, f"cause of {kind}", borrower, None, {"why": kind}) for kind in "cab"]
            record_all(session, now, notes, actor="clock")
            record(session, now, "last", cause="test", actor="bot", borrower_id=borrower)
        found = rows(grace, AuditEvent)
        assert [one.kind for one in found] == ["first", "c", "a", "b", "last"]
        assert [(one.cause, one.actor, one.detail, one.at, one.recorded) for one in found[1:4]] == [
            (f"cause of {kind}", "clock", {"why": kind}, now, False) for kind in "cab"
        ]

    def test_what_programs_are_told_of_is_refused(self, grace: Grace, borrower: int) -> None:
        notes = [Note(kind, "test", borrower, None, {}) for kind in ("a", "complaint")]
        with pytest.raises(ValueError, match="complaint"), grace.kit.db.begin() as session:
            record_all(session, grace.kit.clock.now(), notes, actor="clock")
        assert rows(grace, AuditEvent) == []


class TestOnceForATurn:
    def test_the_same_kind_of_the_same_turn_is_written_once(self, grace: Grace, borrower: int) -> None:
        now = grace.kit.clock.now()
        for turn, kind in (("1", "a"), ("1", "a"), ("1", "b"), ("2", "a"), ("1:act2", "a")):
            with grace.kit.db.begin() as session:
                record_once(session, now, kind, turn=turn, actor="bot", borrower_id=borrower)
        assert [(one.cause, one.kind) for one in rows(grace, AuditEvent)] == [
            ("message 1", "a"),
            ("message 1", "b"),
            ("message 2", "a"),
            ("message 1:act2", "a"),
        ]

    def test_what_has_another_cause_is_no_repetition(self, grace: Grace, borrower: int) -> None:
        now = grace.kit.clock.now()
        with grace.kit.db.begin() as session:
            record(session, now, "a", cause="handoff 1", actor="agent 1", borrower_id=borrower)
            assert recorded(session, "1", "a") is None

    def test_two_that_repeat_a_turn_at_once_under_its_lock_write_one_event(
        self, grace: Grace, borrower: int
    ) -> None:
        conversation = chat(grace, only(grace, Borrower).ref)

        def repeat() -> None:
            with grace.kit.db.begin() as session:
                session.get_one(Conversation, conversation, with_for_update=True)
                record_once(session, grace.kit.clock.now(), "a", turn="1", actor="bot")

        at_once(*[repeat] * 6)
        assert len(rows(grace, AuditEvent, kind="a")) == 1


class TestHolds:
    def test_each_scope_has_its_own(self, grace: Grace, borrower: int) -> None:
        loan = only(grace, LoanRow, borrower_id=borrower).id
        for scope in ({}, {"channel": "telegram"}, {"channel": "webchat"}, {"loan_id": loan}):
            for _ in range(2):
                place(grace, borrower, **scope)
        assert len(rows(grace, HoldRow)) == 4

    def test_one_that_was_lifted_is_not_taken_up_again(self, grace: Grace, borrower: int) -> None:
        place(grace, borrower)
        assert lift(grace, borrower, HoldKind.PAUSE) == 1
        place(grace, borrower)
        first, second = rows(grace, HoldRow)
        assert first.lifted_at == grace.kit.clock.now()
        assert second.lifted_at is None
        assert lift(grace, borrower, HoldKind.PAUSE) == 1
        assert lift(grace, borrower, HoldKind.PAUSE) == 0

    def test_lifting_for_a_loan_takes_that_loan_s_and_the_general_one(
        self, grace: Grace, borrower: int
    ) -> None:
        mine = only(grace, LoanRow, borrower_id=borrower).id
        make_borrower(grace)
        (other,) = [one.id for one in rows(grace, LoanRow) if one.id != mine]
        for loan in (mine, other, None):
            place(grace, borrower, HoldKind.PROMISE, loan_id=loan)
        assert lift(grace, borrower, HoldKind.PROMISE, loan_id=mine) == 2
        (left,) = [one for one in rows(grace, HoldRow) if one.lifted_at is None]
        assert left.loan_id == other

    def test_lifting_one_borrower_s_leaves_everybody_else_s(self, grace: Grace, borrower: int) -> None:
        other = only(grace, Borrower, ref=make_borrower(grace)).id
        for one in (borrower, other):
            place(grace, one)
        lift(grace, borrower, HoldKind.PAUSE)
        assert [one.lifted_at is None for one in rows(grace, HoldRow)] == [False, True]

    def test_a_hold_with_an_end_becomes_one_without_and_stays_it(self, grace: Grace, borrower: int) -> None:
        end = grace.kit.clock.now() + timedelta(days=3)
        for until in (end, None, end):
            place(grace, borrower, until=until)
        assert only(grace, HoldRow).until is None


def test_threads_that_cite_a_policy_first_all_at_once_store_it_once(grace: Grace) -> None:
    make_borrower(grace)
    policy = grace.kit.policies.product("consumer-cn", grace.kit.clock.now().date())

    def cite() -> str:
        with grace.kit.db.begin() as session:
            return policy_version(session, policy, grace.kit.clock.now())

    versions = at_once(*[cite] * 8)
    assert set(versions) == {only(grace, PolicyVersion).version}
    with grace.kit.db.begin() as session:
        assert session.scalars(select(PolicyVersion.content)).one()["product"] == "consumer-cn"
