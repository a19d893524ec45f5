"""Files from an agent: checked like a borrower's, sent once, opened by that borrower alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Grace, build
from bot.domain.handoff import HandoffReason
from bot.services.files import LARGEST, KeptFile, file_of
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.settings import Settings
from bot.storage.tables import Agent, Conversation, Message
from tests.factory import make_borrower
from tests.integration.support import change, chat, events, make_agent, message, only, out, rows
from tests.integration.test_files import JPEG, PDF, on_disk


@pytest.fixture
def grace(settings: Settings, clock: MovableClock, tmp_path: Path) -> Iterator[Grace]:
    """All services, with a state folder of their own."""
    changed = settings.model_copy(update={"state": tmp_path / "state", "files_a_day": 2})
    built = build(changed, clock, migrate=False)
    yield built
    built.close()


@pytest.fixture
def conversation(grace: Grace) -> str:
    ref = make_borrower(grace)
    grace.conversations.receive(message("转人工", address=ref))
    return chat(grace, ref)


@pytest.fixture
def agent(grace: Grace) -> int:
    return make_agent(grace)


@pytest.fixture
def number(grace: Grace, conversation: str) -> int:
    return grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")


def test_a_file_goes_out_with_its_words_as_one_message_and_is_on_record(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    said = grace.attachments.send(number, agent, "../协议.pdf", PDF, "合同在这里", key="k")
    (sent,) = [one for one in out(grace, conversation, "queued") if one.initiator == "agent"]
    kept = file_of(sent.payload)
    assert (sent.id, sent.text) == (said, "合同在这里")
    assert kept is not None
    assert (kept.name, kept.type, kept.size) == ("协议.pdf", "application/pdf", len(PDF))
    (event,) = events(grace, "file_sent")
    assert (event.actor, event.cause) == (f"agent {agent}", f"message {said}")
    assert event.detail == {"type": "application/pdf", "size": len(PDF)}
    taken = grace.outbox.claim(said)
    assert taken is not None
    assert taken.carries == "file"
    assert grace.files.carried(said).content == PDF


def test_a_file_needs_no_words_and_a_repeated_press_sends_it_once(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    assert grace.attachments.send(number, agent, "a.jpg", JPEG, key="k") == grace.attachments.send(
        number, agent, "a.jpg", JPEG, key="k"
    )
    assert len([one for one in rows(grace, Message) if one.initiator == "agent"]) == 1
    assert len(on_disk(grace)) == 1
    assert len(events(grace, "file_sent")) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<script>alert(1)</script>", "file_type"),
        (b"", "file_type"),
        (JPEG.ljust(LARGEST + 1, b"\0"), "file_large"),
    ],
)
def test_type_and_size_are_checked_as_a_borrowers_are(
    grace: Grace, agent: int, number: int, content: bytes, code: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        grace.attachments.send(number, agent, "photo.jpg", content, key="k")
    assert refused.value.code == code
    assert on_disk(grace) == []


def test_each_side_has_its_own_number_of_files_a_day(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    for key in ("1", "2"):
        grace.attachments.send(number, agent, "a.jpg", JPEG, key=key)
        assert isinstance(grace.files.keep(conversation, "b.jpg", JPEG), KeptFile)
    with pytest.raises(NotAllowed) as refused:
        grace.attachments.send(number, agent, "a.jpg", JPEG, key="3")
    assert refused.value.code == "file_many"
    assert grace.files.keep(conversation, "b.jpg", JPEG) == "file_many"


def test_where_identity_is_not_verified_no_file_goes_out(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    change(grace, Conversation, {"id": conversation}, verified_at=None)
    with pytest.raises(NotAllowed) as refused:
        grace.attachments.send(number, agent, "a.jpg", JPEG, key="k")
    assert refused.value.code == "unverified"
    assert on_disk(grace) == []


def test_a_refused_message_leaves_no_file_behind(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    other = make_agent(grace, "王莉")
    grace.handoffs.claim(number, agent)
    with pytest.raises(NotAllowed) as taken:
        grace.attachments.send(number, other, "a.jpg", JPEG, key="k")
    with pytest.raises(NotAllowed) as worded:
        grace.attachments.send(number, agent, "a.jpg", JPEG, "再不还钱就让你坐牢", key="k")
    change(grace, Agent, {"id": agent}, active=False)
    with pytest.raises(NotAllowed) as gone:
        grace.attachments.send(number, agent, "a.jpg", JPEG, key="k")
    assert [one.value.code for one in (taken, worded, gone)] == ["taken", "wording", "role"]
    assert on_disk(grace) == []
    assert events(grace, "file_sent") == []


def test_the_borrower_opens_it_in_that_chat_alone_and_only_while_verified(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    said = grace.attachments.send(number, agent, "a.pdf", PDF, key="k")
    assert grace.files.opened(conversation, said).content == PDF
    other = chat(grace, make_borrower(grace))
    for where in (other, ""):
        with pytest.raises(LookupError):
            grace.files.opened(where, said)
    change(grace, Conversation, {"id": conversation}, verified_at=None)
    with pytest.raises(LookupError):
        grace.files.opened(conversation, said)


def test_what_a_borrower_sent_is_no_file_of_ours_to_open(grace: Grace, conversation: str) -> None:
    kept = grace.files.keep(conversation, "slip.jpg", JPEG)
    assert isinstance(kept, KeptFile)
    ref = only(grace, Conversation, id=conversation).address
    incoming = message("", address=ref, kind="photo", attachment=kept.attachment())
    number = grace.conversations.receive(incoming).message_id
    with pytest.raises(LookupError):
        grace.files.opened(conversation, number)


def test_verification_that_ended_meanwhile_keeps_it_back_before_the_agents_eyes(
    grace: Grace, conversation: str, agent: int, number: int
) -> None:
    said = grace.attachments.send(number, agent, "a.pdf", PDF, key="k")
    change(grace, Conversation, {"id": conversation}, verified_at=None)
    assert grace.outbox.claim(said) is None
    (line,) = [one for one in grace.threads.tail(conversation) if one.seq == said]
    assert line.state == "cancelled"
    assert said not in [one.seq for one in grace.threads.lines(conversation)]
