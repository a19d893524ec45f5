"""Contacts of people and of agencies count with those of the assistant, whoever put them on file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.kit import MovableClock
from bot.services.loanbook import ImportReport
from bot.services.rights import NotAllowed
from bot.storage.tables import Conversation, Message, Nudge
from tests.factory import make_borrower
from tests.integration.support import chat, make_agent, only, rows, say, tick

HEADER = "contact_ref,loan_ref,at,channel,outcome,address,text\n"


def brought(grace: Grace, folder: Path, *lines: str) -> ImportReport:
    file = folder / "contacts.csv"
    file.write_text(HEADER + "\n".join(lines) + "\n", "utf-8")
    return grace.loanbook.import_contacts(file)


class TestOpeningWords:
    def test_an_agents_first_words_in_a_chat_count_as_a_message_of_the_day(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        case, agent = grace.handoffs.open(chat(grace, ref), HandoffReason.ASKED, cause="t"), make_agent(grace)
        grace.handoffs.reply(case, agent, "您好，想了解一下您的情况。")
        message = only(grace, Message, initiator="agent")
        assert message.purpose == "reply"
        assert "CN4" in message.rule_ids
        grace.handoffs.close(case, agent, Outcome.RESOLVED, to_bot=True)
        tick(grace)
        assert "CN4" in (only(grace, Nudge).reason or "")

    def test_an_answer_of_an_agent_counts_nothing(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        say(grace, ref, "在吗")
        case, agent = grace.handoffs.open(chat(grace, ref), HandoffReason.ASKED, cause="t"), make_agent(grace)
        grace.handoffs.reply(case, agent, "您好，请讲。")
        assert only(grace, Message, initiator="agent").purpose == "reply"
        grace.handoffs.close(case, agent, Outcome.RESOLVED, to_bot=True)
        assert len(tick(grace)) == 1

    def test_at_night_nobody_begins_to_speak(self, grace: Grace, clock: MovableClock) -> None:
        ref = make_borrower(grace)
        case, agent = grace.handoffs.open(chat(grace, ref), HandoffReason.ASKED, cause="t"), make_agent(grace)
        clock.at = datetime(2026, 3, 2, 15, tzinfo=UTC)
        with pytest.raises(NotAllowed) as refused:
            grace.handoffs.reply(case, agent, "您好。")
        assert refused.value.code == "contact_held"
        say(grace, ref, "我还在线")
        grace.handoffs.reply(case, agent, "您好，请讲。")


class TestAgencies:
    def test_a_text_of_an_agency_uses_up_the_day(self, grace: Grace, tmp_path: Path) -> None:
        ref = make_borrower(grace)
        report = brought(grace, tmp_path, f"A1,L{ref},2026-03-02T08:30:00+08:00,sms,sent,,您好")
        assert (report.added, report.rejected) == (1, 0)
        assert tick(grace) == []
        assert "CN4" in (only(grace, Nudge).reason or "")

    def test_calls_of_an_agency_count_by_number(self, grace: Grace, tmp_path: Path) -> None:
        ref = make_borrower(grace)
        lines = [f"A{n},L{ref},2026-03-02T08:{n}0:00+08:00,call,unanswered,," for n in range(6)]
        brought(grace, tmp_path, *lines)
        verdict = grace.calls.may_call(f"L{ref}")
        assert [one.rule for one in verdict.reasons] == ["CN3"]

    def test_brought_in_again_it_changes_nothing_and_a_later_outcome_is_taken(
        self, grace: Grace, tmp_path: Path
    ) -> None:
        ref = make_borrower(grace)
        line = f"A1,L{ref},2026-03-01T08:30:00+08:00,sms,"
        assert brought(grace, tmp_path, f"{line}sent,,").added == 1
        assert brought(grace, tmp_path, f"{line}sent,,").unchanged == 1
        assert brought(grace, tmp_path, f"{line}delivered,,").updated == 1
        message = only(grace, Message, initiator="agency")
        assert (message.state, message.payload) == (
            "delivered",
            {"loan_ids": [1], "loans": [f"L{ref}"]},
        )

    def test_its_contacts_stand_in_the_contact_record(self, grace: Grace, tmp_path: Path) -> None:
        ref = make_borrower(grace)
        brought(grace, tmp_path, f"A1,L{ref},2026-03-01T08:30:00+08:00,call,answered,,")
        grace.ledger.append()
        assert only(grace, Message, initiator="agency").recorded == "answered"

    @pytest.mark.parametrize(
        ("cells", "field", "words"),
        [
            ("A1,L-none,2026-03-01T08:30:00+08:00,call,answered,,", "loan_ref", "there is no loan"),
            ("A1,{loan},2026-03-09T08:30:00+08:00,call,answered,,", "at", "lies in the future"),
            ("A1,{loan},2026-03-01,call,answered,,", "at", "is no instant"),
            ("A1,{loan},2026-03-01T08:30:00,call,answered,,", "at", "has no offset"),
            ("A1,{loan},2026-03-01T08:30:00+08:00,pigeon,answered,,", "channel", "is none of call"),
            ("A1,{loan},2026-03-01T08:30:00+08:00,call,sent,,", "outcome", "answered, unanswered"),
            ("A1,{loan},2026-03-01T08:30:00+08:00,sms,answered,,", "outcome", "sent, delivered"),
            ("A1,{loan},2026-03-01T08:30:00+08:00,letter,sent,,", "address", "is missing"),
            (",{loan},2026-03-01T08:30:00+08:00,call,answered,,", "contact_ref", "is missing"),
        ],
    )
    def test_a_bad_row_is_named_with_line_field_and_reason(
        self, grace: Grace, tmp_path: Path, cells: str, field: str, words: str
    ) -> None:
        ref = make_borrower(grace)
        report = brought(grace, tmp_path, cells.format(loan=f"L{ref}"))
        (error,) = report.errors
        assert (error.line, error.field) == (2, field)
        assert words in error.reason

    def test_a_number_of_somebody_else_is_refused(self, grace: Grace, tmp_path: Path) -> None:
        one, other = make_borrower(grace), make_borrower(grace)
        at = "2026-03-01T08:30:00+08:00"
        report = brought(
            grace,
            tmp_path,
            f"A1,L{one},{at},call,answered,123456,",
            f"A2,L{other},{at},call,answered,123456,",
        )
        assert (report.added, [error.field for error in report.errors]) == (1, ["address"])
        assert len(rows(grace, Conversation, channel="call")) == 1
