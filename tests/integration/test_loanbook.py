"""The loan book: what lands, what is refused and why, and what follows from a payment."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.domain.receipts import spread
from bot.services.kit import MovableClock
from bot.services.loanbook import BookError, ImportReport, service
from bot.storage.queries import holds_of
from bot.storage.tables import (
    AddressRow,
    AuditEvent,
    Base,
    Borrower,
    Conversation,
    DueItem,
    LoanRow,
    Nudge,
    Payment,
    Plan,
    Promise,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 3, 2)
RARELY = hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Row = dict[str, str]


def due(**cells: str) -> Row:
    """One sound row of a loans file, but for what `cells` says."""
    row = {
        "borrower_ref": "B1",
        "name": "陈立",
        "phone": "199-0000-5678",
        "birth_date": "1990-05-12",
        "id_last4": "301x",
        "locale": "zh_CN",
        "loan_ref": "L1",
        "product": "consumer-cn",
        "opened_on": "2025-11-23",
        "principal": "3000",
        "due_number": "1",
        "due_on": "2026-02-23",
        "due_principal": "980.00",
        "due_interest": "20.00",
        "due_fee": "",
        "webchat": "yes",
    }
    return row | cells


def three_dues() -> list[Row]:
    """A loan of three items of 1000.00: one overdue, two to come."""
    days = ("2026-02-23", "2026-03-23", "2026-04-23")
    return [due(due_number=str(number), due_on=day) for number, day in enumerate(days, 1)]


def paid(ref: str, amount: str, at: str = "2026-03-02T09:00:00+08:00", **cells: str) -> Row:
    """One row of a payments file."""
    return {"payment_ref": ref, "loan_ref": "L1", "amount": amount, "currency": "CNY", "paid_at": at} | cells


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as CSV, all columns that any of them names in the header."""

    def write(*rows: Row, name: str = "book.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def lent(grace: Grace, book: Callable[..., Path]) -> Grace:
    """Services with the loan of three items on file."""
    assert grace.loanbook.import_loans(book(*three_dues())).added == 3
    return grace


def pay(grace: Grace, book: Callable[..., Path], *rows: Row) -> ImportReport:
    """Import payments that are all sound."""
    report = grace.loanbook.import_payments(book(*rows, name="payments.csv"))
    assert not report.errors
    return report


def stored(grace: Grace) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database."""
    with grace.kit.db.begin() as session:
        return {
            table.name: [tuple(row) for row in session.execute(table.select().order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def rows_of(grace: Grace, model: type[Base], *where: Any) -> Sequence[Any]:
    """All rows of a table, oldest first."""
    with grace.kit.db.begin() as session:
        return session.scalars(select(model).where(*where).order_by(*model.__table__.primary_key)).all()


def events(grace: Grace, kind: str) -> list[dict[str, Any]]:
    return [row.detail for row in rows_of(grace, AuditEvent, AuditEvent.kind == kind)]


def paid_minor(grace: Grace) -> list[int]:
    return [row.paid_minor for row in rows_of(grace, DueItem)]


def holds(grace: Grace) -> set[HoldKind]:
    with grace.kit.db.begin() as session:
        return {hold.kind for hold in holds_of(session, 1, grace.kit.clock.now())}


def chat(grace: Grace) -> str:
    """The verified conversation of the first borrower."""
    now = grace.kit.clock.now()
    with grace.kit.db.begin() as session:
        session.add(
            Conversation(
                id="c1",
                borrower_id=1,
                channel="webchat",
                address="B1",
                locale="zh_CN",
                verified_at=now,
                created_at=now,
            )
        )
    return "c1"


def problems(report: ImportReport) -> list[tuple[int, str]]:
    return [(error.line, error.field) for error in report.errors]


# --- What lands -------------------------------------------------------------------------------------------


def test_the_sample_book_is_what_its_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, EXAMPLES / "make_book.py", tmp_path], check=True)
    for name in ("loans.csv", "payments.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes()


def test_the_sample_book_lands_and_stands_on_every_rung_from_3_before_to_60_after(grace: Grace) -> None:
    loans = grace.loanbook.import_loans(EXAMPLES / "loans.csv", strict=True)
    payments = grace.loanbook.import_payments(EXAMPLES / "payments.csv", strict=True)
    assert (loans.rejected, payments.rejected) == (0, 0)
    assert len(rows_of(grace, Borrower)) == 200
    previews = grace.reminders.preview(TODAY)
    steps = {preview.step for preview in previews}
    assert steps >= {"D-3", "D-1", "D0", "D+1", "D+3", "D+7", "D+15", "D+30", "D+60"}
    five = {preview.borrower: preview.days_past_due for preview in previews if preview.borrower <= "B0005"}
    assert five == {"B0001": 7, "B0002": 3, "B0003": 15, "B0004": 1, "B0005": 0}
    assert set(events(grace, "payment")[0]) == {"payment", "amount", "paid_at", "overpaid"}


def test_a_row_lands_with_all_it_says(lent: Grace) -> None:
    [borrower] = rows_of(lent, Borrower)
    assert (borrower.phone, borrower.id_last4, borrower.timezone) == ("19900005678", "301X", "Asia/Shanghai")
    assert (borrower.exempt, borrower.night_consent) == (False, False)
    [address] = rows_of(lent, AddressRow)
    assert (address.channel, address.address, address.verified, address.consent) == (
        "webchat",
        "B1",
        True,
        True,
    )
    [loan] = rows_of(lent, LoanRow)
    assert (loan.currency, loan.principal_minor) == ("CNY", 300_000)
    assert events(lent, "due")[0] == {
        "number": 1,
        "due_on": "2026-02-23",
        "principal": "980.00 CNY",
        "interest": "20.00 CNY",
        "fee": "0.00 CNY",
    }


@pytest.mark.parametrize("shape", ["bom", "array", "lines", "pretty array without a suffix"])
def test_csv_and_both_kinds_of_json_land_alike(
    shape: str, grace: Grace, fresh_grace: Callable[[], Grace], book: Callable[..., Path], tmp_path: Path
) -> None:
    rows = three_dues()
    plain = fresh_grace()
    plain.loanbook.import_loans(book(*rows))
    if shape == "bom":
        path = book(*rows, name="with-bom.csv", encoding="utf-8-sig")
    else:
        path = tmp_path / {"array": "book.json", "lines": "book.jsonl"}.get(shape, "book")
        typed = [
            row | {"webchat": True, "due_number": int(row["due_number"]), "due_fee": None} for row in rows
        ]
        written = {
            "array": json.dumps(typed, ensure_ascii=False),
            "lines": "\n".join(json.dumps(row) for row in typed) + "\n",
        }
        path.write_text(written.get(shape) or json.dumps(typed, indent=2), "utf-8")
    assert grace.loanbook.import_loans(path) == ImportReport(added=3)
    ours, theirs = stored(grace), stored(plain)
    plain.close()
    for table in ("borrowers", "addresses", "loans", "due_items"):
        assert ours[table] == theirs[table]


def test_importing_twice_changes_nothing(lent: Grace, book: Callable[..., Path]) -> None:
    pay(lent, book, paid("P1", "400"), paid("P2", "2700", "2026-03-01"))
    before = stored(lent)
    assert lent.loanbook.import_loans(book(*three_dues())) == ImportReport(unchanged=3)
    again = lent.loanbook.import_payments(book(paid("P1", "400"), paid("P2", "2700", "2026-03-01")))
    assert again == ImportReport(unchanged=2)
    assert stored(lent) == before


def test_two_imports_of_one_file_at_once_land_each_row_once(
    grace: Grace, book: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    path = book(*(due(loan_ref=f"L{n}", due_number=str(k)) for n in range(10) for k in (1, 2)))
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: grace.loanbook.import_loans(path), range(2)))
    assert sum(report.added for report in reports) == len(rows_of(grace, DueItem)) == 20
    assert sum(report.unchanged for report in reports) == 20
    payments = book(*(paid(f"P{n}", "10", loan_ref=f"L{n % 10}") for n in range(20)), name="payments.csv")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: grace.loanbook.import_payments(payments), range(2)))
    assert sum(paid_minor(grace)) == 20 * 1000
    assert len(events(grace, "payment")) == 20


def test_progress_is_told_batch_by_batch(
    grace: Grace, book: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    told: list[tuple[int, int]] = []
    rows = [due(due_number=str(number)) for number in range(1, 6)]
    grace.loanbook.import_loans(book(*rows), progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]


# --- What is refused --------------------------------------------------------------------------------------

BAD_CELLS = {
    "name": "",
    "phone": "call me",
    "birth_date": "12/05/1990",
    "id_last4": "30",
    "locale": "fr",
    "timezone": "Asia/Peking",
    "night_consent": "maybe",
    "product": "unknown-loan",
    "opened_on": "2025-02-30",
    "principal": "-3000",
    "due_number": "0",
    "due_on": "",
    "due_principal": "980.001",
    "due_interest": "ten",
    "due_fee": "-1",
    "telegram_chat": "@someone",
    "email": "nobody",
    "sms": "12",
    "loan_ref": "L" * 65,
}


def test_every_bad_row_is_named_with_line_field_and_reason(grace: Grace, book: Callable[..., Path]) -> None:
    spare = dict.fromkeys(("timezone", "night_consent", "telegram_chat", "email", "sms"), "")
    bad = [
        due(**{"borrower_ref": f"X{n}", "loan_ref": f"X{n}", **spare, field: value})
        for n, (field, value) in enumerate(BAD_CELLS.items())
    ]
    report = grace.loanbook.import_loans(book(due(**spare), *bad, due(due_number="2", **spare)))
    assert problems(report) == [(line, field) for line, field in enumerate(BAD_CELLS, 3)]
    assert (report.added, report.rejected) == (2, len(bad))
    assert all(error.reason and str(error) for error in report.errors)


def test_every_fault_of_a_row_is_told_at_once(grace: Grace, book: Callable[..., Path]) -> None:
    report = grace.loanbook.import_loans(book(due(birth_date="x", due_on="y", principal="z")))
    assert problems(report) == [(2, "birth_date"), (2, "principal"), (2, "due_on")]
    assert report.rejected == 1


def test_rows_with_too_few_or_too_many_cells_are_named(
    grace: Grace, book: Callable[..., Path], tmp_path: Path
) -> None:
    lines = book(due(), name="sound.csv").read_text("utf-8").splitlines()
    path = tmp_path / "ragged.csv"
    # The quoted line break shows that the line is counted in the file, not in rows.
    note = lines[1].replace("陈立", '"陈\n立"')
    path.write_text("\n".join((*lines, "B2,李娜,", note, lines[1] + ",more", "")), "utf-8")
    report = grace.loanbook.import_loans(path)
    assert problems(report) == [(3, "birth_date"), (4, "name"), (6, "(row)")]
    assert report.added == 1


def test_bad_objects_of_json_lines_are_named(grace: Grace, tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    nested = json.dumps(due() | {"name": ["陈立"]})
    without = json.dumps({key: value for key, value in due().items() if key != "due_on"})
    extra = json.dumps(due(colour="red"))
    # A first sign of “[” would make the file an array.
    path.write_text("\n".join(("{}", "[1]", "{", nested, without, extra, json.dumps(due()))), "utf-8")
    report = grace.loanbook.import_loans(path)
    lines = [line for line, _ in problems(report)]
    assert set(lines) == {1, 2, 3, 4, 5, 6}
    assert problems(report)[-4:] == [(3, "(row)"), (4, "name"), (5, "due_on"), (6, "colour")]
    assert (report.added, report.rejected) == (1, 6)


@pytest.mark.parametrize("written", ["{}", "[{}]"], ids=["lines", "array"])
def test_an_object_that_says_something_twice_is_refused_by_its_name(
    grace: Grace, tmp_path: Path, written: str
) -> None:
    path = tmp_path / ("book.jsonl" if written == "{}" else "book.json")
    twice = json.dumps(due())[:-1] + ', "principal": "9"}'
    path.write_text(written.replace("{}", twice), "utf-8")
    report = grace.loanbook.import_loans(path)
    assert problems(report) == [(1, "principal")]
    assert not rows_of(grace, LoanRow)


def test_what_one_file_describes_in_two_ways_is_refused(grace: Grace, book: Callable[..., Path]) -> None:
    report = grace.loanbook.import_loans(
        book(
            due(),
            due(due_number="2", name="陈丽"),
            due(due_number="3", principal="4000"),
            due(due_number="1"),
            due(borrower_ref="B2", due_number="4"),
            due(due_number="2"),
        )
    )
    assert problems(report) == [(3, "name"), (4, "principal"), (5, "due_number"), (6, "borrower_ref")]
    assert "line 2" in report.errors[0].reason
    assert report.added == 2


def test_a_loan_or_an_address_of_another_borrower_is_refused(lent: Grace, book: Callable[..., Path]) -> None:
    report = lent.loanbook.import_loans(
        book(
            due(borrower_ref="B2", due_number="4", email=""),
            due(borrower_ref="B3", loan_ref="L3", email="a@example.com"),
            due(borrower_ref="B4", loan_ref="L4", email="A@example.com"),
        )
    )
    assert problems(report) == [(2, "borrower_ref"), (4, "email")]


def test_strict_lands_nothing_when_any_row_is_bad(
    grace: Grace, book: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    before = stored(grace)
    report = grace.loanbook.import_loans(book(due(), due(due_number="2", due_on="soon")), strict=True)
    assert (report.added, report.rejected, problems(report)) == (0, 1, [(3, "due_on")])
    assert stored(grace) == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("book.csv", b"", "empty"),
        ("book.csv", b"borrower_ref,name,colour,name\n", "colour"),
        ("book.csv", b"borrower_ref;name\n", "lacks"),
        ("book.csv", "borrower_ref,name\n陈立".encode("gbk"), "UTF-8"),
        ("book.csv", b"\xff\xfeb\x00o\x00", "UTF-8"),
        ("book.csv", b'"never closed\n', "CSV"),
        ("book.json", b'[{"name": "x"}, {"name": ]', "JSON"),
        ("book.json", b'[{"name": "x"}', "end"),
        ("book.json", b'[{"name": "x"}] and more', "end"),
        ("book.json", b'[{"name": "\xff"}]', "UTF-8"),
    ],
)
def test_a_file_that_is_no_book_is_one_clear_error(
    name: str, content: bytes, says: str, grace: Grace, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BookError, match=says) as caught:
        grace.loanbook.import_loans(path)
    assert str(path) in str(caught.value)


def test_a_broken_file_is_found_before_its_good_part_lands(
    grace: Grace, book: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    path = book(*three_dues())
    path.write_bytes(path.read_bytes() + "陈".encode("gbk"))
    with pytest.raises(BookError, match="UTF-8"):
        grace.loanbook.import_loans(path)
    assert not rows_of(grace, Borrower)


def test_a_file_that_is_not_there_is_one_clear_error(grace: Grace, tmp_path: Path) -> None:
    with pytest.raises(BookError, match="cannot be read"):
        grace.loanbook.import_payments(tmp_path / "nowhere.csv")


# --- What a later file changes ----------------------------------------------------------------------------


def test_a_later_file_updates_people_and_addresses(lent: Grace, book: Callable[..., Path]) -> None:
    first = due(email="old@example.com", timezone="Asia/Shanghai", night_consent="", exempt="")
    lent.loanbook.import_loans(book(first))
    moved = first | {
        "email": "new@example.com",
        "timezone": "Europe/London",
        "night_consent": "yes",
        "exempt": "是",
    }
    assert lent.loanbook.import_loans(book(moved)) == ImportReport(updated=1)
    [borrower] = rows_of(lent, Borrower)
    assert (borrower.timezone, borrower.night_consent, borrower.exempt) == ("Europe/London", True, True)
    assert events(lent, "timezone_changed") == [{"was": "Asia/Shanghai", "now": "Europe/London"}]
    assert len(events(lent, "consent")) == len(events(lent, "exempt")) == 1
    alive = rows_of(lent, AddressRow, AddressRow.dead_at.is_(None))
    assert {row.address for row in alive} == {"B1", "new@example.com"}
    lent.loanbook.import_loans(book(first))
    alive = rows_of(lent, AddressRow, AddressRow.dead_at.is_(None))
    assert {row.address for row in alive} == {"B1", "old@example.com"}
    # An empty consent says nothing, so what was agreed stands.
    assert rows_of(lent, Borrower)[0].night_consent is True


def test_an_address_that_its_owner_closed_stays_closed(lent: Grace, book: Callable[..., Path]) -> None:
    with lent.kit.db.begin() as session:
        row = session.get_one(AddressRow, 1)
        row.dead_at, row.dead_reason, row.consent = lent.kit.clock.now(), "wrong_person", False
    assert lent.loanbook.import_loans(book(*three_dues())) == ImportReport(unchanged=3)
    [row] = rows_of(lent, AddressRow)
    assert (row.dead_reason, row.consent) == ("wrong_person", False)


def test_a_due_item_changes_only_while_nothing_is_paid_on_it(lent: Grace, book: Callable[..., Path]) -> None:
    pay(lent, book, paid("P1", "0.01"))
    report = lent.loanbook.import_loans(
        book(
            due(due_number="1", due_interest="21", due_on="2026-02-24"),
            due(due_number="2", due_interest="21", due_on="2026-03-24"),
        )
    )
    assert problems(report) == [(2, "due_on"), (2, "due_interest")]
    assert report.updated == 1
    assert events(lent, "due")[-1]["due_on"] == "2026-03-24"
    assert [row.interest_minor for row in rows_of(lent, DueItem)] == [2000, 2100, 2000]


def test_a_due_item_that_moves_takes_its_queued_reminder_back(lent: Grace, book: Callable[..., Path]) -> None:
    assert lent.reminders.plan() == 1
    lent.loanbook.import_loans(book(due(due_on="2026-03-20")))
    [nudge] = rows_of(lent, Nudge)
    assert (nudge.state, nudge.reason) == ("cancelled", "due date changed")


# --- Payments ---------------------------------------------------------------------------------------------


def test_every_bad_payment_is_named(lent: Grace, book: Callable[..., Path]) -> None:
    report = lent.loanbook.import_payments(
        book(
            paid("P1", "10"),
            paid("P1", "10"),
            paid("P2", "10", loan_ref="L9"),
            paid("P3", "10", currency="USD"),
            paid("P4", "0.001"),
            paid("P5", "-10"),
            paid("P6", "0"),
            paid("P7", "10", "2026-03-02T09:00:00"),
            paid("P8", "10", "yesterday"),
            paid("", "10"),
        )
    )
    assert problems(report) == [
        (3, "payment_ref"),
        (4, "loan_ref"),
        (5, "currency"),
        (6, "amount"),
        (7, "amount"),
        (8, "amount"),
        (9, "paid_at"),
        (10, "paid_at"),
        (11, "payment_ref"),
    ]
    assert report.added == 1
    assert paid_minor(lent) == [1000, 0, 0]


def test_a_payment_that_comes_again_with_another_amount_is_refused(
    lent: Grace, book: Callable[..., Path]
) -> None:
    pay(lent, book, paid("P1", "10"))
    report = lent.loanbook.import_payments(book(paid("P1", "11", "2026-03-01")))
    assert problems(report) == [(2, "amount"), (2, "paid_at")]
    assert paid_minor(lent) == [1000, 0, 0]


def test_payments_settle_the_oldest_item_first_and_never_more_than_it_asks(
    lent: Grace, book: Callable[..., Path]
) -> None:
    pay(lent, book, paid("P1", "400"), paid("P2", "700.50"))
    assert paid_minor(lent) == [100_000, 10_050, 0]
    pay(lent, book, paid("P3", "2000"))
    assert paid_minor(lent) == [100_000, 100_000, 100_000]
    assert [event["overpaid"] for event in events(lent, "payment")] == ["0.00 CNY", "0.00 CNY", "100.50 CNY"]
    assert [row.amount_minor for row in rows_of(lent, Payment)] == [40_000, 70_050, 200_000]


def test_what_was_overpaid_settles_due_items_that_come_later(lent: Grace, book: Callable[..., Path]) -> None:
    pay(lent, book, paid("P1", "3100"))
    lent.loanbook.import_loans(book(due(due_number="4", due_on="2026-05-23")))
    assert paid_minor(lent) == [100_000, 100_000, 100_000, 10_000]


def test_a_day_alone_means_by_its_end_where_the_borrower_lives(
    lent: Grace, book: Callable[..., Path]
) -> None:
    pay(lent, book, paid("P1", "1", "2026-03-01"))
    assert rows_of(lent, Payment)[0].paid_at.isoformat() == "2026-03-01T15:59:59+00:00"


def test_a_payment_takes_back_the_queued_reminder_of_its_cycle(
    lent: Grace, book: Callable[..., Path]
) -> None:
    assert lent.reminders.plan() == 1
    pay(lent, book, paid("P1", "999.99"))
    assert rows_of(lent, Nudge)[0].state == "queued"
    pay(lent, book, paid("P2", "0.01"))
    [nudge] = rows_of(lent, Nudge)
    assert (nudge.state, nudge.reason) == ("cancelled", "paid")
    assert len(events(lent, "nudge_cancelled")) == 1


def test_a_payment_lifts_the_claim_of_having_paid(lent: Grace, book: Callable[..., Path]) -> None:
    lent.accounts.claim_paid(chat(lent), "1")
    assert holds(lent) == {HoldKind.PAID_CLAIM}
    pay(lent, book, paid("P1", "5"))
    assert holds(lent) == set()


# --- Promises ---------------------------------------------------------------------------------------------


@pytest.fixture
def promised(lent: Grace, clock: MovableClock) -> Grace:
    """1000.00 promised for 2026-03-05, at nine on 2026-03-02."""
    assert lent.promises.make(chat(lent), Money(100_000, "CNY"), date(2026, 3, 5), turn="1") == ()
    clock.move(timedelta(hours=1))
    return lent


def test_a_promise_is_kept_at_95_percent(promised: Grace, book: Callable[..., Path]) -> None:
    pay(promised, book, paid("P1", "949.99"))
    assert rows_of(promised, Promise)[0].state == "open"
    pay(promised, book, paid("P2", "0.01"))
    [promise] = rows_of(promised, Promise)
    assert (promise.state, promise.closed_at) == ("kept", promised.kit.clock.now())
    assert holds(promised) == set()
    [event] = rows_of(promised, AuditEvent, AuditEvent.kind == "promise_kept")
    assert event.cause == "payment P2"
    assert event.detail["paid"] == "950.00 CNY"


def test_what_was_paid_before_a_promise_does_not_keep_it(promised: Grace, book: Callable[..., Path]) -> None:
    pay(promised, book, paid("P1", "1000", "2026-03-02T08:59:00+08:00"), paid("P2", "900"))
    assert rows_of(promised, Promise)[0].state == "open"
    pay(promised, book, paid("P3", "50", "2026-03-02"))
    assert rows_of(promised, Promise)[0].state == "kept"


def test_a_kept_promise_takes_back_its_own_reminder(
    promised: Grace, clock: MovableClock, book: Callable[..., Path]
) -> None:
    clock.move(timedelta(days=2))
    assert promised.reminders.plan() == 1
    pay(promised, book, paid("P1", "960"))
    assert [(nudge.step, nudge.state) for nudge in rows_of(promised, Nudge)] == [("promise:1", "cancelled")]


def test_a_promise_breaks_after_its_grace_in_the_borrowers_zone(promised: Grace, clock: MovableClock) -> None:
    # Due on the 5th, one day of grace: broken when the 7th begins in China, at 16:00 UTC on the 6th.
    clock.at = clock.at.replace(day=6, hour=15, minute=59)
    assert promised.plans.settle_promises() == 0
    assert holds(promised) == {HoldKind.PROMISE}
    clock.move(timedelta(minutes=1))
    assert promised.plans.settle_promises() == 1
    assert promised.plans.settle_promises() == 0
    assert rows_of(promised, Promise)[0].state == "broken"
    assert holds(promised) == set()
    [told] = events(promised, "promise_broken")
    assert told.items() >= {
        ("promise", 1),
        ("amount", "1000.00 CNY"),
        ("due_on", "2026-03-05"),
        ("paid", "0.00 CNY"),
    }


# --- Plans ------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(lent: Grace) -> Grace:
    """A plan of three payments over the 1000.00 that are overdue."""
    conversation = chat(lent)
    offered = lent.negotiation.propose(conversation, Wish(kind="instalment", count=3), turn="1")
    agreement = lent.negotiation.agree(conversation, offered.options[0].id, turn="2")
    assert agreement.plan_id == 1
    return lent


def plan_items(grace: Grace) -> list[tuple[int, int]]:
    with grace.kit.db.begin() as session:
        return [(item.amount_minor, item.paid_minor) for item in session.get_one(Plan, 1).items]


def test_payments_settle_a_plan_oldest_first_until_it_is_completed(
    planned: Grace, book: Callable[..., Path]
) -> None:
    amounts = [amount for amount, _ in plan_items(planned)]
    assert sum(amounts) == 100_000
    pay(planned, book, paid("P1", str(Money(amounts[0] + 1, "CNY").amount)))
    assert [settled for _, settled in plan_items(planned)] == [amounts[0], 1, 0]
    assert HoldKind.PLAN in holds(planned)
    pay(planned, book, paid("P2", str(Money(100_000 - amounts[0] - 1, "CNY").amount)))
    [plan] = rows_of(planned, Plan)
    assert (plan.state, plan.closed_at) == ("completed", planned.kit.clock.now())
    assert holds(planned) == set()
    [told] = events(planned, "plan_completed")
    assert (told["plan"], told["state"], told["paid"]) == (1, "completed", amounts)
    assert paid_minor(planned) == [100_000, 0, 0]


def test_a_paid_instalment_takes_back_its_own_reminder(
    planned: Grace, clock: MovableClock, book: Callable[..., Path]
) -> None:
    with planned.kit.db.begin() as session:
        first = session.get_one(Plan, 1).items[0]
    clock.move(timedelta(days=(first.due_on - TODAY).days - 1))
    assert planned.reminders.plan() == 1
    pay(planned, book, paid("P1", str(Money(first.amount_minor, "CNY").amount), "2026-03-03"))
    assert [(nudge.step, nudge.state) for nudge in rows_of(planned, Nudge)] == [("plan:1:1", "cancelled")]


# --- Whatever the sums ------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**10), max_size=12))
def test_spreading_loses_nothing_exceeds_nothing_and_fills_in_order(amount: int, opens: list[int]) -> None:
    shares, rest = spread(amount, opens)
    assert sum(shares) + rest == amount
    assert all(0 <= share <= wanted for share, wanted in zip(shares, opens, strict=True))
    assert rest == max(0, amount - sum(opens))
    filled = [share == wanted for share, wanted in zip(shares, opens, strict=True)]
    first_short = filled.index(False) if False in filled else len(filled)
    assert not any(shares[first_short + 1 :])


minor = st.integers(0, 500_000)


@RARELY
@given(
    asked=st.lists(st.tuples(minor, minor, minor), min_size=1, max_size=6),
    payments=st.lists(st.integers(1, 900_000), max_size=8),
    files=st.integers(1, 3),
)
def test_paid_is_what_came_in_up_to_what_was_asked_however_it_is_filed(
    asked: list[tuple[int, int, int]],
    payments: list[int],
    files: int,
    fresh_grace: Callable[[], Grace],
    book: Callable[..., Path],
) -> None:
    grace = fresh_grace()
    grace.loanbook.import_loans(book(*_dues(asked)))
    rows = [paid(f"P{n}", _major(amount)) for n, amount in enumerate(payments)]
    for part in range(files):
        if rows[part::files]:
            pay(grace, book, *rows[part::files])
    opens = [sum(parts) for parts in asked]
    shares, rest = spread(sum(payments), opens)
    assert paid_minor(grace) == list(shares)
    overpaid = sum(Money.of(event["overpaid"].split()[0], "CNY").minor for event in events(grace, "payment"))
    assert overpaid == rest
    grace.close()


@RARELY
@given(
    asked=st.lists(st.tuples(minor, minor, minor), min_size=1, max_size=5),
    payments=st.lists(st.integers(1, 900_000), max_size=5),
    name=st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text and text.isprintable()),
    strict=st.booleans(),
)
def test_whatever_is_imported_twice_changes_nothing(
    asked: list[tuple[int, int, int]],
    payments: list[int],
    name: str,
    strict: bool,
    fresh_grace: Callable[[], Grace],
    book: Callable[..., Path],
) -> None:
    grace = fresh_grace()
    loans = book(*_dues(asked, name=name))
    paying = book(*(paid(f"P{n}", _major(amount)) for n, amount in enumerate(payments)), name="payments.csv")
    if not payments:
        paying.write_text("payment_ref,loan_ref,amount,currency,paid_at\n", "utf-8")
    first = _both(grace, loans, paying, strict)
    before = stored(grace)
    assert [report.added for report in first] == [len(asked), len(payments)]
    assert [report.unchanged for report in _both(grace, loans, paying, strict)] == [len(asked), len(payments)]
    assert stored(grace) == before
    grace.close()


def _both(grace: Grace, loans: Path, payments: Path, strict: bool) -> tuple[ImportReport, ImportReport]:
    return (
        grace.loanbook.import_loans(loans, strict=strict),
        grace.loanbook.import_payments(payments, strict=strict),
    )


def _dues(asked: list[tuple[int, int, int]], **cells: str) -> Iterator[Row]:
    for number, parts in enumerate(asked, 1):
        principal, interest, fee = map(_major, parts)
        amounts = {"due_principal": principal, "due_interest": interest, "due_fee": fee}
        yield due(due_number=str(number), **amounts, **cells)


def _major(minor_units: int) -> str:
    return str(Money(minor_units, "CNY").amount)
