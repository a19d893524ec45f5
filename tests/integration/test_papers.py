"""Papers of a plan: once behind their terms, to the verified alone, kept as they went out, on record."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from typer.testing import CliRunner

from bot.bootstrap import Grace
from bot.channels.channel import Delivery, Door
from bot.channels.gateway import Gateway
from bot.cli import app
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.plans import Wish
from bot.services.enclosures import paper_of
from bot.services.files import type_of
from bot.services.kit import MovableClock
from bot.services.outbox import Outgoing
from bot.services.papers import PaperService
from bot.services.rights import NotAllowed
from bot.storage.policies import Policies
from bot.storage.tables import Agent, Conversation, Message, Paper, Plan, PlanItem
from tests.conftest import ROOT
from tests.e2e.telegram_fixtures import ScriptedAssistant
from tests.factory import make_borrower
from tests.integration.support import (
    answered,
    at_once,
    change,
    chat,
    claimed,
    events,
    handoff,
    make_agent,
    only,
    out,
    rows,
    say,
    send,
    wait,
)

KINDS = ["picture", "calendar", "agreement"]


def agree(grace: Grace, conversation: str, turn: str, *, count: int = 3) -> int:
    """Agree a plan as the dialogue does within a turn; return its id."""
    options = grace.negotiation.propose(conversation, Wish(count=count), turn=f"{turn}:options").options
    plan = grace.negotiation.agree(conversation, options[0].id, turn=turn).plan_id
    assert plan is not None
    return plan


def agreed(grace: Grace, ref: str, conversation: str, **more: int) -> int:
    """Go through the turn in which a plan is agreed; return the plan's id."""
    say(grace, ref, "好的，就这样")
    turn = claimed(grace, conversation)
    plan = agree(grace, conversation, turn.id, **more)
    answered(grace, turn, "都安排好了。", purpose="confirmation")
    return plan


def asked_again(grace: Grace, ref: str, conversation: str, text: str = "再发一次给我") -> bool:
    """Go through the turn in which the papers are asked for, twice over; return whether there were any."""
    say(grace, ref, text)
    turn = claimed(grace, conversation)
    found = [grace.papers.again(conversation, turn=f"{turn.id}:resumed") for _ in range(2)]
    answered(grace, turn, "再发给您一次。")
    assert found[0] == found[1]
    return found[0]


def papers(grace: Grace, conversation: str) -> list[Message]:
    """Return the messages that carry papers, in order."""
    return [one for one in out(grace, conversation) if paper_of(one.payload) is not None]


def kinds(found: list[Message]) -> list[str]:
    carried = [paper_of(one.payload) for one in found]
    return [one.kind for one in carried if one is not None]


class TestQueueing:
    def test_a_turn_names_its_papers_behind_an_answer_that_is_sent_by_being_stored(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        grace.webhooks.add("https://example.org/hook", ["message.out"])
        say(grace, ref, "好的，就这样")
        turn = claimed(grace, conversation)
        agree(grace, conversation, turn.id)
        left = answered(grace, turn, "都安排好了。", purpose="confirmation", stored=True)
        terms, *found = out(grace, conversation)
        assert (terms.state, {one.state for one in found}) == ("sent", {"queued"})
        assert left.waiting == tuple(one.id for one in found)

    def test_papers_come_behind_the_terms_in_their_order(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        terms, *found = out(grace, conversation)
        assert "都安排好了" in terms.text
        assert kinds(found) == KINDS
        assert {(one.state, one.purpose, one.locale) for one in found} == {
            ("queued", "confirmation", "zh_CN")
        }
        assert send(grace) == [terms.text, *(one.text for one in found)]

    def test_a_long_plan_takes_several_pictures(self, grace: Grace, conversation: str, ref: str) -> None:
        plan = agreed(grace, ref, conversation, count=12)
        send(grace)
        with grace.kit.db.begin() as session:
            row = session.get_one(Plan, plan)
            last = row.items[-1]
            for n in range(13, 41):
                day = last.due_on + timedelta(days=30 * (n - 12))
                row.items.append(PlanItem(number=n, due_on=day, amount_minor=100))
        assert asked_again(grace, ref, conversation)
        found = papers(grace, conversation)[3:]
        assert kinds(found) == ["picture", "picture", "calendar", "agreement"]
        assert [one.text for one in found[:2]] == [f"您的还款安排图，第{n}张，共2张。" for n in (1, 2)]
        first, second = (grace.papers.file(one.id) for one in found[:2])
        assert (first.name, second.name) == (f"plan-{plan}-1.png", f"plan-{plan}-2.png")
        assert first.content != second.content

    def test_later_turns_and_a_repeated_end_of_the_same_add_none(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        send(grace)
        for text in ("谢谢", "再见"):
            say(grace, ref, text)
            turn = claimed(grace, conversation)
            answered(grace, turn)
            answered(grace, turn)
        assert kinds(papers(grace, conversation)) == KINDS

    def test_a_process_that_dies_after_the_agreement_leaves_one_set(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, ref, "好的")
        plan = agree(grace, conversation, claimed(grace, conversation).id)
        assert papers(grace, conversation) == []
        wait(clock, seconds=grace.kit.settings.lease + 1)
        turn = claimed(grace, conversation)
        offer = only(grace, Plan).offer_id
        assert grace.negotiation.agree(conversation, offer, turn=turn.id).plan_id == plan
        answered(grace, turn)
        assert kinds(papers(grace, conversation)) == KINDS

    def test_two_processes_that_end_one_turn_queue_one_set(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "好的")
        turn = claimed(grace, conversation)
        agree(grace, conversation, turn.id)
        at_once(*[lambda: answered(grace, turn)] * 4)
        assert kinds(papers(grace, conversation)) == KINDS

    def test_while_people_have_the_conversation_they_wait_for_its_way_back(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "好的，再帮我转人工")
        turn = claimed(grace, conversation)
        agree(grace, conversation, turn.id)
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        answered(grace, turn, purpose="handoff")
        assert papers(grace, conversation) == []
        number, agent = handoff(grace, conversation).id, make_agent(grace)
        grace.handoffs.claim(number, agent)
        grace.handoffs.close(number, agent, Outcome.RESOLVED, "")
        say(grace, ref, "谢谢")
        answered(grace, claimed(grace, conversation))
        assert kinds(papers(grace, conversation)) == KINDS

    def test_an_old_plan_sends_none_by_itself(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, ref, "好的")
        agree(grace, conversation, claimed(grace, conversation).id)
        wait(clock, days=1)
        answered(grace, claimed(grace, conversation))
        assert papers(grace, conversation) == []

    def test_papers_are_no_answer_that_a_borrower_answers(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        say(grace, ref, "好的")
        turn = claimed(grace, conversation)
        agree(grace, conversation, turn.id)
        grace.conversations.say(conversation, "utter_sticker", turn="9")
        answered(grace, turn)
        say(grace, ref, "谢谢")
        assert papers(grace, conversation) != []
        assert not str(claimed(grace, conversation).context["said"]).startswith("utter_paper")


class TestIdentity:
    def test_nothing_is_queued_in_a_chat_that_is_no_longer_verified(
        self, grace: Grace, ref: str, conversation: str, clock: MovableClock
    ) -> None:
        say(grace, ref, "好的")
        turn = claimed(grace, conversation)
        agree(grace, conversation, turn.id)
        _forget(grace, conversation)
        answered(grace, turn)
        assert papers(grace, conversation) == []
        assert not grace.papers.again(conversation, turn="9")

    def test_what_is_queued_does_not_leave_once_identity_has_run_out(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        _forget(grace, conversation)
        assert [grace.outbox.claim(one.id) for one in papers(grace, conversation)] == [None] * 3
        found = papers(grace, conversation)
        assert {(one.state, one.failure) for one in found} == {("cancelled", "identity is not verified")}

    def test_a_page_opens_its_own_conversations_papers_alone_and_while_verified(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        terms, picture, *_ = out(grace, conversation)
        other = chat(grace, make_borrower(grace))
        assert grace.papers.opened(conversation, picture.id).type == "image/png"
        for whose, which in ((other, picture.id), (conversation, terms.id), (conversation, 4711)):
            with pytest.raises(LookupError):
                grace.papers.opened(whose, which)
        _forget(grace, conversation)
        with pytest.raises(LookupError):
            grace.papers.opened(conversation, picture.id)


class TestMaking:
    def test_each_is_what_it_is_called_and_kept_once_with_its_hash(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        plan = agreed(grace, ref, conversation)
        for message in papers(grace, conversation):
            file = grace.papers.file(message.id)
            assert grace.papers.file(message.id) == file
            assert file.name.startswith(f"plan-{plan}.")
            if file.type != "text/calendar":
                assert type_of(file.content) == file.type
        kept = rows(grace, Paper)
        assert [one.part for one in kept] == ["picture-1", "calendar", "agreement"]
        found = papers(grace, conversation)
        for paper, message, event in zip(kept, found, events(grace, "paper_made"), strict=True):
            assert paper.sha256 == hashlib.sha256(paper.content).hexdigest() == event.detail["sha256"]
            assert message.template_version == paper.sha256[:16]
            assert event.detail["template"] == f"paper_{paper.part}"

    def test_made_in_several_threads_at_once_it_is_one_paper(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        picture = papers(grace, conversation)[0].id
        assert len(set(at_once(*[lambda: grace.papers.file(picture)] * 4))) == 1
        assert len(rows(grace, Paper)) == len(events(grace, "paper_made")) == 1

    def test_given_again_it_is_the_same_paper_and_in_another_language_another(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        first = [grace.papers.file(one.id) for one in papers(grace, conversation)]
        assert asked_again(grace, ref, conversation)
        again = papers(grace, conversation)[3:]
        assert [grace.papers.file(one.id) for one in again] == first
        assert "再发给您一次" in out(grace, conversation)[4].text
        grace.conversations.set_locale(conversation, "en")
        asked_again(grace, ref, conversation, "send it again please")
        calendar = grace.papers.file(papers(grace, conversation)[-2].id)
        assert b"Planned for today" in calendar.content
        assert b"SEQUENCE:0" in calendar.content

    def test_other_days_make_a_new_revision_and_leave_the_old_paper_as_it_was(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        old = papers(grace, conversation)[1]
        before = grace.papers.file(old.id)
        item = rows(grace, PlanItem)[0]
        change(grace, PlanItem, {"id": item.id}, due_on=item.due_on + timedelta(days=1))
        asked_again(grace, ref, conversation)
        after = grace.papers.file(papers(grace, conversation)[-2].id)
        assert grace.papers.file(old.id) == before
        found = [Calendar.from_ical(one.content).walk("VEVENT") for one in (before, after)]
        assert [one["uid"] for one in found[0]] == [one["uid"] for one in found[1]]
        assert [{one["sequence"] for one in each} for each in found] == [{0}, {1}]
        assert {one.revision for one in rows(grace, Paper)} == {0, 1}

    def test_payments_that_come_in_change_no_paper(self, grace: Grace, ref: str, conversation: str) -> None:
        agreed(grace, ref, conversation)
        before = grace.papers.file(papers(grace, conversation)[2].id)
        change(grace, PlanItem, {"id": rows(grace, PlanItem)[0].id}, paid_minor=5000)
        asked_again(grace, ref, conversation)
        assert grace.papers.file(papers(grace, conversation)[-1].id) == before

    def test_a_chat_without_a_plan_has_nothing_to_be_given_again(
        self, grace: Grace, conversation: str
    ) -> None:
        assert not grace.papers.again(conversation, turn="9")
        with pytest.raises(LookupError):
            grace.papers.file(4711)


class TestRecord:
    def test_an_export_names_each_paper_and_its_hash(self, grace: Grace, ref: str, conversation: str) -> None:
        agreed(grace, ref, conversation)
        for message in papers(grace, conversation):
            grace.papers.file(message.id)
        send(grace)
        grace.ledger.append()
        contacts = list(grace.ledger.read("contacts", grace.ledger.period("contacts")))
        written = {one["template"]: one["template_version"] for one in contacts if one["template"]}
        kept = {one.part: one.sha256 for one in rows(grace, Paper)}
        assert written["utter_paper_picture"] == kept["picture-1"][:16]
        assert written["utter_paper_calendar"] == kept["calendar"][:16]
        assert written["utter_paper_agreement"] == kept["agreement"][:16]
        recorded = list(grace.ledger.read("events", grace.ledger.period("events")))
        hashes = {one["detail"]["sha256"] for one in recorded if one["kind"] == "paper_made"}
        assert hashes == set(kept.values())
        assert grace.ledger.verify("contacts").broken is None

    def test_staff_read_a_paper_and_that_is_on_record(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        picture, agent = papers(grace, conversation)[0].id, make_agent(grace)
        assert grace.papers.read(picture, agent).is_image
        assert [one.cause for one in events(grace, "file_read")] == [f"file {picture}"]
        with pytest.raises(LookupError):
            grace.papers.read(out(grace, conversation)[0].id, agent)
        change(grace, Agent, {"id": agent}, active=False)
        with pytest.raises(NotAllowed):
            grace.papers.read(picture, agent)

    def test_readers_of_a_thread_see_which_paper_a_message_carries(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        plan = agreed(grace, ref, conversation)
        shown = [one.paper for one in grace.threads.tail(conversation) if one.paper is not None]
        assert [one.name for one in shown] == [f"plan-{plan}.{end}" for end in ("png", "ics", "pdf")]
        assert [bool(one.alt) for one in shown] == [True, False, False]


class Line:
    """A channel that records what it was handed."""

    name = "webchat"
    replayable = False
    rate: float | None = None
    in_hand = 200

    def __init__(self, *, carries_files: bool = True) -> None:
        self.carries_files = carries_files
        self.sent: list[Outgoing] = []

    async def start(self, door: Door) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, message: Outgoing) -> Delivery:
        """Take it."""
        self.sent.append(message)
        return Delivery("sent")


class TestGateway:
    async def handed(self, grace: Grace, line: Line) -> list[Outgoing]:
        gateway = Gateway(grace, ScriptedAssistant(), {line.name: line})
        await gateway.start()
        await gateway.wake()
        await gateway.idle()
        await gateway.stop()
        return line.sent

    async def test_a_channel_is_handed_each_paper_whole_behind_the_terms(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        terms, *rest = await self.handed(grace, Line())
        assert terms.file is None
        assert [one.file and one.file.type for one in rest] == [
            "image/png",
            "text/calendar",
            "application/pdf",
        ]
        assert {one.state for one in out(grace, conversation)} == {"sent"}

    async def test_a_channel_without_files_gets_the_words_of_the_terms_alone(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        (terms,) = await self.handed(grace, Line(carries_files=False))
        assert terms.file is None
        assert {(one.state, one.failure) for one in papers(grace, conversation)} == {
            ("cancelled", "the channel carries no files")
        }
        assert rows(grace, Paper) == []

    async def test_a_paper_that_cannot_be_made_fails_alone_and_is_not_tried_for_ever(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        agreed(grace, ref, conversation)
        # The lender has taken the product's policy away: nobody can say how to pay.
        none = Policies({}, {}, {}, grace.kit.policies.default_pack, {})
        broken = replace(grace, papers=PaperService(replace(grace.kit, policies=none)))
        (terms,) = await self.handed(broken, Line())
        assert terms.file is None
        assert {(one.state, one.failure) for one in papers(grace, conversation)} == {
            ("failed", "paper: PolicyError")
        }


def _forget(grace: Grace, conversation: str) -> None:
    """Take back the verification of a chat."""
    change(grace, Conversation, {"id": conversation}, verified_at=None)


class TestCommand:
    def test_it_writes_what_a_borrower_would_be_given(self, tmp_path: Path) -> None:
        words = ["--loan", f"{ROOT}/examples/loans.csv:L0001-1", "--wish", "6 instalments"]
        more = ["--date", "2026-03-02", "--locale", "zh_CN", "-o", str(tmp_path)]
        result = CliRunner().invoke(app, ["papers", *words, *more])
        assert result.exit_code == 0, result.output
        assert sorted(one.name for one in tmp_path.iterdir()) == ["plan-1.png", "plan.ics", "plan.pdf"]
        assert len(Calendar.from_ical((tmp_path / "plan.ics").read_bytes()).walk("VEVENT")) == 6

    def test_an_unknown_language_is_refused_in_one_line(self) -> None:
        words = ["--loan", f"{ROOT}/examples/loans.csv:L0001-1", "--locale", "xx"]
        result = CliRunner().invoke(app, ["papers", *words])
        assert result.exit_code == 2
