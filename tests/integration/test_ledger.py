"""The records of contacts and events: appended once, chained, exported, and found out when changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner, Result

from bot.bootstrap import Grace
from bot.cli import app
from bot.services.kit import MovableClock
from bot.services.ledger import CHAINS, FIELDS, Chain
from bot.services.ledger.files import read, write
from bot.services.records import record
from bot.storage.tables import AuditEvent, Borrower, LedgerEntry, LedgerHead, Message
from tests.checker.files import breaks, load
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import at_once, change, chat, rows, say, send, tick, wait


@pytest.fixture
def ref(grace: Grace) -> str:
    """A borrower who was reminded and has stopped us since: two messages out, one in, and events."""
    ref = make_borrower(grace)
    chat(grace, ref)
    tick(grace)
    send(grace)
    say(grace, ref, "退订")
    send(grace)
    return ref


def records(grace: Grace, chain: Chain) -> list[dict[str, Any]]:
    grace.ledger.append()
    return list(grace.ledger.read(chain, grace.ledger.period(chain)))


class TestAppending:
    def test_every_message_and_every_event_is_recorded_once(self, grace: Grace, ref: str) -> None:
        assert grace.ledger.append() == len(rows(grace, Message)) + len(rows(grace, AuditEvent))
        assert grace.ledger.append() == 0

    def test_a_contact_record_says_what_was_said_under_which_rules(self, grace: Grace, ref: str) -> None:
        contact = records(grace, "contacts")[0]
        assert set(contact) == set(FIELDS["contacts"])
        assert contact["at_utc"] == "2026-03-02T01:00:00.000000+00:00"
        assert contact["at_local"] == "2026-03-02T09:00:00.000000+08:00"
        expected = {
            "borrower": ref,
            "loans": [f"L{ref}"],
            "channel": "webchat",
            "direction": "out",
            "initiator": "bot",
            "purpose": "reminder",
            "step": "D+7",
            "cycle": 1,
            "outcome": "sent",
            "pack": "cn",
        }
        assert {name: contact[name] for name in expected} == expected
        assert "CN1" in contact["rule_ids"]
        assert contact["policy_version"].startswith("consumer-cn@")
        assert contact["template_version"]
        assert "3,000" in contact["text"]

    def test_an_address_is_named_by_a_keyed_hash_alone(self, grace: Grace, ref: str) -> None:
        contacts = records(grace, "contacts")
        assert len({contact["address_hash"] for contact in contacts}) == 1
        assert len(contacts[0]["address_hash"]) == 64

    def test_what_waits_or_was_called_back_is_no_contact(self, grace: Grace) -> None:
        make_borrower(grace)
        tick(grace)
        assert records(grace, "contacts") == []
        change(grace, Message, {}, state="cancelled")
        assert records(grace, "contacts") == []

    def test_a_later_outcome_is_a_new_record_of_the_same_instant(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        make_borrower(grace)
        tick(grace)
        send(grace, "uncertain")
        grace.ledger.append()
        wait(clock, hours=1)
        change(grace, Message, {}, state="delivered", done_at=clock.now())
        first, second = records(grace, "contacts")
        assert (first["outcome"], second["outcome"]) == ("uncertain", "delivered")
        assert first["at_utc"] == second["at_utc"]

    def test_a_contact_keeps_the_time_zone_of_its_day(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        wait(clock, hours=1)
        with grace.kit.db.begin() as session:
            borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
            record(
                session,
                clock.now(),
                "timezone_changed",
                cause="test",
                actor="test",
                borrower_id=borrower.id,
                was=borrower.timezone,
                now="Europe/London",
            )
            borrower.timezone = "Europe/London"
        assert {contact["timezone"] for contact in records(grace, "contacts")} == {"Asia/Shanghai"}

    def test_many_who_append_at_once_make_one_chain(self, grace: Grace) -> None:
        for _ in range(20):
            say(grace, make_borrower(grace), "你好")
        assert sum(at_once(*[grace.ledger.append] * 6)) == len(rows(grace, Message)) + len(
            rows(grace, AuditEvent)
        )
        assert grace.ledger.verify("contacts").broken is None

    def test_a_switch_that_is_turned_is_an_event(self, grace: Grace) -> None:
        for on in (False, True, True, False):
            grace.kit.settings.automatic_off = on
            grace.switch.note()
        assert [event.detail["on"] for event in rows(grace, AuditEvent, kind="kill_switch")] == [True, False]


class TestChecking:
    def test_untouched_chains_hold(self, grace: Grace, ref: str) -> None:
        for chain in CHAINS:
            found = records(grace, chain)
            verdict = grace.ledger.verify(chain)
            assert (verdict.broken, verdict.count, verdict.head) == (None, len(found), found[-1]["hash"])

    def test_an_empty_chain_holds(self, grace: Grace) -> None:
        assert grace.ledger.verify("events").broken is None

    def test_a_changed_record_is_named(self, grace: Grace, ref: str) -> None:
        second = records(grace, "contacts")[1]
        forged = {name: value for name, value in second.items() if name not in ("prev_hash", "hash")}
        change(
            grace,
            LedgerEntry,
            {"chain": "contacts", "number": 2},
            record=json.dumps({**forged, "text": "好的"}, ensure_ascii=False),
        )
        broken = grace.ledger.verify("contacts").broken
        assert broken is not None
        assert (broken.number, "changed" in broken.reason) == (2, True)

    @pytest.mark.parametrize(("number", "named"), [(2, 2), (-1, -1)])
    def test_a_removed_record_is_missed_even_at_the_end(
        self, grace: Grace, ref: str, number: int, named: int
    ) -> None:
        count = len(records(grace, "contacts"))
        gone = number if number > 0 else count
        with grace.kit.db.begin() as session:
            session.execute(
                delete(LedgerEntry).where(LedgerEntry.chain == "contacts", LedgerEntry.number == gone)
            )
        broken = grace.ledger.verify("contacts").broken
        assert broken is not None
        assert broken.number == (named if named > 0 else count)

    def test_a_removed_head_is_put_back_by_nobody(self, grace: Grace, ref: str) -> None:
        count = len(records(grace, "events"))
        with grace.kit.db.begin() as session:
            session.execute(update(LedgerHead).values(number=count + 3))
        broken = grace.ledger.verify("events").broken
        assert broken is not None
        assert "missing" in broken.reason

    def test_an_event_rewritten_behind_the_chain_is_found(self, grace: Grace, ref: str) -> None:
        grace.ledger.append()
        change(grace, AuditEvent, {"kind": "opt_out"}, at=grace.kit.clock.now() + timedelta(days=3))
        broken = grace.ledger.verify("events").broken
        assert broken is not None
        assert "changed afterwards" in broken.reason

    def test_a_text_rewritten_behind_the_chain_is_found(self, grace: Grace, ref: str) -> None:
        grace.ledger.append()
        change(grace, Message, {"direction": "in"}, text="没问题")
        assert grace.ledger.verify("contacts").broken is not None


class TestFiles:
    @pytest.mark.parametrize("form", ["csv", "json"])
    @pytest.mark.parametrize("chain", ["contacts", "events"])
    def test_what_is_written_is_read_back_and_its_hashes_hold(
        self, grace: Grace, ref: str, chain: Chain, form: str, tmp_path: Path
    ) -> None:
        say(grace, ref, '一行\r\n"两行", 三=SUM(A1)\t\r末')
        say(grace, ref, "")
        found = records(grace, chain)
        path = tmp_path / f"export.{form}"
        with path.open("w", encoding="utf-8", newline="") as file:
            write(iter(found), chain, form, file)
        kind, again = read(path)
        assert (kind, list(again)) == (chain, found)
        assert load(path) == found
        assert list(breaks(load(path))) == []

    def test_a_period_has_no_gap_and_holds_all_of_its_days(
        self, grace: Grace, clock: MovableClock, ref: str
    ) -> None:
        for _ in range(3):
            wait(clock, days=1)
            say(grace, ref, "你好")
            grace.ledger.append()
        period = grace.ledger.period(
            "contacts", datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
        )
        found = list(grace.ledger.read("contacts", period))
        assert {one["at_utc"][:10] for one in found} == {"2026-03-03", "2026-03-04"}
        assert list(breaks(found)) == []
        assert grace.ledger.period("contacts", datetime(2027, 1, 1, tzinfo=UTC)).count == 0


def grace_says(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


class TestCommands:
    @pytest.fixture(autouse=True)
    def surroundings(self, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("GRACE_HOME", str(ROOT))
        monkeypatch.setenv("GRACE_STATE", str(tmp_path / "state"))
        monkeypatch.setenv("GRACE_DATABASE_URL", database_url)

    @pytest.mark.parametrize("form", ["csv", "json"])
    def test_an_export_is_checked_by_itself_and_names_the_row_that_was_changed(
        self, grace: Grace, ref: str, form: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "contacts"
        result = grace_says("export", "contacts", "--format", form, "--output", str(path))
        assert result.exit_code == 0, result.output
        assert path.stat().st_mode & 0o777 == 0o600
        result = grace_says("audit", "verify", str(path))
        assert (result.exit_code, "contacts: 3 records hold" in result.output) == (0, True)
        path.write_text(path.read_text("utf-8").replace("退订", "好的", 1), "utf-8")
        result = grace_says("audit", "verify", str(path))
        assert (result.exit_code, "contacts: record 2 was changed" in result.output) == (1, True)

    def test_the_database_is_checked(self, grace: Grace, ref: str) -> None:
        grace.ledger.append()
        assert grace_says("audit", "verify").exit_code == 0
        change(grace, LedgerEntry, {"chain": "events", "number": 1}, hash="0" * 64)
        result = grace_says("audit", "verify")
        assert (result.exit_code, "events: record 1 was changed" in result.output) == (1, True)

    def test_standard_output_holds_the_file_and_nothing_else(self, grace: Grace, ref: str) -> None:
        result = grace_says("export", "events")
        assert result.stdout.splitlines()[0] == ",".join(FIELDS["events"])
        assert len(result.stdout.splitlines()) == 1 + len(rows(grace, AuditEvent))

    def test_an_export_until_the_last_day_that_there_is_holds_everything(
        self, grace: Grace, ref: str
    ) -> None:
        every, until = (grace_says("export", "events", *more) for more in ((), ("--to", "9999-12-31")))
        assert (until.exit_code, until.stdout) == (0, every.stdout)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--format", "xml"), "there are csv and json and parquet"),
            (("--from", "yesterday"), "--from"),
            (("--output", "no/such/folder/file"), "cannot be written"),
        ],
    )
    def test_what_cannot_be_exported_is_refused_in_words(
        self, grace: Grace, words: tuple[str, str], said: str
    ) -> None:
        result = grace_says("export", "contacts", *words)
        assert (result.exit_code, said in result.output) == (2, True)

    def test_a_file_that_is_no_export_is_refused_in_words(self, grace: Grace, tmp_path: Path) -> None:
        for content in ("a,b\n1,2\n", "[\n{},\n", "", "[\n{\n"):
            (tmp_path / "file").write_text(content)
            result = grace_says("audit", "verify", str(tmp_path / "file"))
            assert (result.exit_code, result.exception.__class__) == (2, SystemExit), content
