"""Erasing: nothing of a person is left, what happened stays, and the chains hold and tell of tampering."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.bootstrap import Grace, build
from bot.domain.chain import ERASED, canonical
from bot.domain.handoff import HandoffReason
from bot.services.erasing import Erased
from bot.services.kit import MovableClock
from bot.services.ledger import CHAINS
from bot.services.records import record
from bot.storage.sealed import Findable
from bot.storage.tables import (
    AuditEvent,
    Base,
    Borrower,
    CaseNote,
    Complaint,
    Draft,
    HandoffRow,
    HoldRow,
    LedgerEntry,
    Message,
    Paper,
    PolicyVersion,
    QualityReview,
    ScheduledMessage,
)
from tests.factory import make_borrower, make_plan
from tests.integration.support import answered, change, chat, claimed, make_agent, pay, rows, say, send

MARK = "欧阳雪梅"
PHONE = "13812345678"
WORDS = f"我是{MARK}，电话{PHONE}，我病了"


def tracker(folder: Path, *conversations: str, at: float = 1e9) -> Path:
    """Rasa's store with one event and one session of each conversation."""
    path = folder / "rasa.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS events (sender_id text, timestamp float, data text)")
        connection.execute("CREATE TABLE IF NOT EXISTS sessions (sender_id text, events text)")
        for one in conversations:
            connection.execute("INSERT INTO events VALUES (?, ?, ?)", (one, at, WORDS))
            connection.execute("INSERT INTO sessions VALUES (?, ?)", (one, WORDS))
    connection.close()
    return path


@pytest.fixture
def grace(settings: object, clock: MovableClock, tmp_path: Path) -> Grace:
    """All services, with a state folder and a tracker store of their own."""
    tracker(tmp_path, "another")
    own = {"state": tmp_path, "tracker_url": f"sqlite:///{tmp_path}/rasa.db"}
    return build(settings.model_copy(update=own), clock, migrate=False)  # type: ignore[attr-defined]


def lived(grace: Grace, tmp_path: Path) -> tuple[str, str]:
    """A borrower of whom every place that can hold words holds some; all debts are paid."""
    ref = make_borrower(grace)
    change(grace, Borrower, {"ref": ref}, name=MARK, phone=PHONE, country="CN")
    conversation = chat(grace, ref)
    say(grace, ref, WORDS)
    answered(
        grace, claimed(grace, conversation), f"{MARK}您好", buttons=[{"title": MARK, "payload": "/affirm"}]
    )
    make_plan(grace, conversation)
    send(grace)
    now, agent = grace.kit.clock.now(), make_agent(grace)
    grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test", actor="test")
    kept = grace.files.keep(conversation, f"{MARK}.png", b"\x89PNG\r\n\x1a\n" + WORDS.encode())
    assert not isinstance(kept, str)
    with grace.kit.db.begin() as session:
        case = session.scalars(select(HandoffRow).where(HandoffRow.conversation_id == conversation)).one()
        borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
        case.summary, case.note, case.state, case.closed_at = WORDS, WORDS, "closed", now
        who = {"conversation_id": conversation, "borrower_id": borrower.id}
        session.add_all(
            [
                CaseNote(handoff_id=case.id, agent_id=agent, text=WORDS, created_at=now, **who),
                Draft(handoff_id=case.id, agent_id=agent, kind="reply", text=WORDS, saved_at=now),
                ScheduledMessage(
                    handoff_id=case.id,
                    conversation_id=conversation,
                    agent_id=agent,
                    key="k",
                    text=WORDS,
                    state="waiting",
                    wanted_at=now,
                    send_at=now,
                    created_at=now,
                ),
                QualityReview(
                    handoff_id=case.id,
                    agent_id=agent,
                    reviewer_id=agent,
                    checklist="c",
                    marks={},
                    failed=False,
                    note=WORDS,
                    reviewed_at=now,
                ),
                Complaint(
                    number="C1",
                    text=WORDS,
                    answer=WORDS,
                    state="closed",
                    opened_at=now,
                    closed_at=now,
                    due_on=date(2026, 3, 9),
                    **who,
                ),
                HoldRow(borrower_id=borrower.id, kind="pause", cause="test", reason=WORDS, created_at=now),
            ]
        )
        record(
            session,
            now,
            "hold_lifted",
            cause="test",
            actor="agent 1",
            borrower_id=borrower.id,
            reason=WORDS,
            until="2026-03-09",
            nested={"more": [WORDS, 3]},
        )
    say(grace, ref, WORDS, attachment=kept.attachment())
    with grace.kit.db.begin() as session:
        for one in session.scalars(select(HandoffRow)):
            one.state, one.closed_at = "closed", now
    send(grace)
    grace.ledger.append()
    pay(grace, ref)
    tracker(tmp_path, conversation)
    return ref, conversation


def left_of(grace: Grace) -> list[str]:
    """The tables in which anything personal still stands."""
    found = []
    with grace.kit.db.begin() as session:
        for table in Base.metadata.sorted_tables:
            if table.name == PolicyVersion.__tablename__:
                continue
            for row in session.execute(select(table)):
                said = " ".join(str(value) for value in row)
                if MARK in said or PHONE in said or "病了" in said or "1990-05-12" in said:
                    found.append(table.name)
    return sorted(set(found))


def test_nothing_of_the_person_is_left_and_the_chains_hold(grace: Grace, tmp_path: Path) -> None:
    ref, conversation = lived(grace, tmp_path)
    assert {"audit_events", "borrowers", "case_notes", "ledger_entries", "messages"} <= set(left_of(grace))
    records = {chain: grace.ledger.verify(chain).count for chain in CHAINS}
    done = grace.erasure.erase(ref, actor="agent 1")
    assert isinstance(done, Erased)
    assert left_of(grace) == []
    assert rows(grace, Paper) == []
    assert not (tmp_path / "files" / conversation).exists()
    assert (done.files, done.memory) == (1, 2)
    for chain in CHAINS:
        verdict = grace.ledger.verify(chain)
        assert verdict.broken is None
        assert verdict.erased
        assert verdict.count >= records[chain]
    (event,) = rows(grace, AuditEvent, kind="borrower_erased")
    assert event.detail["forced"] is False
    lifted = rows(grace, AuditEvent, kind="hold_lifted")[0].detail
    assert lifted == {"reason": ERASED, "until": "2026-03-09", "nested": {"more": [ERASED, 3]}}


def test_the_words_are_gone_from_the_file_itself(grace: Grace, tmp_path: Path) -> None:
    ref, _ = lived(grace, tmp_path)
    grace.erasure.erase(ref, actor="agent 1")
    with sqlite3.connect(tmp_path / "rasa.db") as connection:
        assert connection.execute("SELECT sender_id FROM events").fetchall() == [("another",)]
    if grace.kit.db.is_sqlite:
        for path in tmp_path.glob("grace.db*"):
            assert MARK.encode() not in path.read_bytes()
            assert PHONE.encode() not in path.read_bytes()


def test_a_second_time_does_what_the_first_left_undone(grace: Grace, tmp_path: Path) -> None:
    ref, conversation = lived(grace, tmp_path)
    grace.erasure.erase(ref, actor="agent 1")
    tracker(tmp_path, conversation)
    done = grace.erasure.erase(ref, actor="agent 1")
    assert isinstance(done, Erased)
    assert (done.messages, done.records, done.memory) == (0, 0, 2)
    assert grace.ledger.verify("contacts").broken is None


def test_an_open_debt_complaint_or_case_stands_against_it(grace: Grace, tmp_path: Path) -> None:
    ref = make_borrower(grace)
    conversation = chat(grace, ref)
    grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test", actor="test")
    say(grace, ref, WORDS)
    refused = grace.erasure.erase(ref, actor="agent 1")
    assert isinstance(refused, tuple)
    assert [one.limit for one in refused] == ["erasure.debt", "erasure.case"]
    with pytest.raises(ValueError, match="needs a reason"):
        grace.erasure.erase(ref, actor="agent 1", force=True, reason=" ")
    assert WORDS in [one.text for one in rows(grace, Message)]
    assert isinstance(grace.erasure.erase(ref, actor="agent 1", force=True, reason="court order 7"), Erased)
    (event,) = rows(grace, AuditEvent, kind="borrower_erased")
    assert (event.detail["forced"], event.detail["reason"]) == (True, "court order 7")
    assert "erasure.debt" in event.detail["against"]


def test_nobody_unknown_is_erased(grace: Grace) -> None:
    with pytest.raises(LookupError, match="X9"):
        grace.erasure.erase("X9", actor="agent 1")


def test_while_rasas_store_is_away_nothing_is_erased(grace: Grace, tmp_path: Path) -> None:
    ref, _ = lived(grace, tmp_path)
    (tmp_path / "rasa.db").write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(Exception, match="does not answer"):
        grace.erasure.erase(ref, actor="agent 1")
    assert "messages" in left_of(grace)


def tampered(grace: Grace, number: int, **fields: object) -> None:
    """Rewrite a record of the contacts' chain."""
    with grace.kit.db.begin() as session:
        entry = session.get_one(LedgerEntry, ("contacts", number))
        entry.record = canonical({**json.loads(entry.record), **fields})


def test_what_else_is_changed_in_an_erased_record_is_found(grace: Grace, tmp_path: Path) -> None:
    ref, _ = lived(grace, tmp_path)
    grace.erasure.erase(ref, actor="agent 1")
    number = grace.ledger.verify("contacts").erased[0]
    tampered(grace, number, purpose="campaign")
    broken = grace.ledger.verify("contacts").broken
    assert broken is not None
    assert "after its words were erased" in broken.reason


def test_words_that_no_erasure_took_are_found_missing(grace: Grace, tmp_path: Path) -> None:
    lived(grace, tmp_path)
    with grace.kit.db.begin() as session:
        message = session.scalars(
            select(Message).where(Message.direction == "in").order_by(Message.id)
        ).first()
        assert message is not None
        message.text = ERASED
    tampered(grace, 1, text=ERASED)
    broken = grace.ledger.verify("contacts").broken
    assert broken is not None
    assert "no erasure names it" in broken.reason


def test_an_erased_borrower_does_not_come_back_with_a_loan_book(grace: Grace, tmp_path: Path) -> None:
    ref, _ = lived(grace, tmp_path)
    grace.erasure.erase(ref, actor="agent 1")
    book = tmp_path / "loans.csv"
    head = (Path(__file__).parents[2] / "examples/loans.csv").read_text("utf-8").splitlines()[:2]
    book.write_text(f"{head[0]}\n{head[1].replace('B0001', ref)}\n", "utf-8")
    report = grace.loanbook.import_loans(book)
    assert report.rejected == 1
    assert "was erased on" in report.errors[0].reason
    assert rows(grace, Borrower, ref=ref)[0].name == ERASED


def test_every_sealed_column_has_its_place_in_erasure_or_a_reason_to_stay() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Findable) or type(column.type).__module__.endswith("sealed")
    }
    erased = {
        "api_answers.body",
        "addresses.address approvals.note approvals.reason approvals.second_reason borrowers.birth_date",
        "borrowers.id_last4 borrowers.name borrowers.phone case_notes.text complaints.answer complaints.text",
        "conversations.address drafts.text handoffs.note handoffs.summary hardships.reason holds.reason",
        "ledger_entries.record messages.buttons messages.payload messages.text paid_marks.reason",
        "paid_marks.reference quality_reviews.note scheduled_messages.text",
    }
    of_staff = {"saved_views.filters", "second_factors.secret", "webhooks.secret"}
    assert sealed == {name for line in erased for name in line.split()} | of_staff


class TestRetention:
    @pytest.fixture
    def kept(self, grace: Grace) -> Grace:
        """Services that keep words for thirty days."""
        settings = grace.kit.settings.model_copy(update={"message_days": 30, "tracker_days": 30})
        return build(settings, grace.kit.clock, migrate=False)

    def test_words_go_in_time_and_those_of_open_cases_stay(
        self, kept: Grace, clock: MovableClock, tmp_path: Path
    ) -> None:
        lived(kept, tmp_path)
        ref = make_borrower(kept)
        conversation = chat(kept, ref)
        say(kept, ref, "开着的")
        answered(kept, claimed(kept, conversation))
        kept.handoffs.open(conversation, HandoffReason.ASKED, cause="test", actor="test")
        assert kept.retention.sweep(dry_run=True).messages == 0
        clock.move(timedelta(days=31))
        counted = kept.retention.sweep(dry_run=True)
        assert counted.messages > 0
        assert counted.drafts == 1
        assert counted.memory == 2
        assert "messages" in left_of(kept)
        assert kept.retention.sweep() == counted
        assert "messages" not in left_of(kept)
        assert "开着的" in [one.text for one in rows(kept, Message)]
        assert rows(kept, Draft) == []
        kept.ledger.append()
        assert [kept.ledger.verify(chain).broken for chain in CHAINS] == [None, None]
        assert kept.retention.sweep().messages == 0

    def test_rasas_memory_of_late_stays(self, kept: Grace, tmp_path: Path) -> None:
        tracker(tmp_path, "late", at=datetime.now(UTC).timestamp())
        assert kept.retention.sweep().memory == 1
        with sqlite3.connect(tmp_path / "rasa.db") as connection:
            left = connection.execute("SELECT sender_id FROM sessions").fetchall()
        assert left == [("late",)]

    def test_by_default_words_stay_for_ever(self, grace: Grace, clock: MovableClock, tmp_path: Path) -> None:
        lived(grace, tmp_path)
        clock.move(timedelta(days=3650))
        assert grace.retention.sweep().messages == 0
