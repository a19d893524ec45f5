"""Files of borrowers: taken by what they are, within limits, and read by staff alone, which is on record."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Grace, build
from bot.services.files import LARGEST, FileService, KeptFile, file_of, type_of
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.settings import Settings
from bot.storage.tables import Agent, Message
from tests.factory import make_borrower
from tests.integration.support import change, chat, events, make_agent, message, only, out, send

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20
PDF = b"%PDF-1.7\n"


@pytest.fixture
def grace(settings: Settings, clock: MovableClock, tmp_path: Path) -> Iterator[Grace]:
    """All services, with a state folder of their own."""
    changed = settings.model_copy(update={"state": tmp_path / "state", "files_a_day": 3})
    built = build(changed, clock, migrate=False)
    yield built
    built.close()


def kept(files: FileService, conversation: str, content: bytes = JPEG, name: str = "photo.jpg") -> KeptFile:
    found = files.keep(conversation, name, content)
    assert isinstance(found, KeptFile)
    return found


def sent(grace: Grace, ref: str, file: KeptFile) -> int:
    """Receive a message that carries a file; return its id."""
    incoming = message("", address=ref, kind="photo", attachment=file.attachment())
    return grace.conversations.receive(incoming).message_id


def on_disk(grace: Grace) -> list[Path]:
    return [one for one in grace.files.folder.rglob("*") if one.is_file()]


class TestTypes:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp"), (PDF, "application/pdf")],
    )
    def test_what_is_taken_is_known_by_its_content(self, content: bytes, kind: str) -> None:
        assert type_of(content) == kind

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html><script>alert(1)</script>",
            b"<svg xmlns='http://www.w3.org/2000/svg'>",
            b"GIF89a",
            b"MZ\x90",
            b"PK\x03\x04",
            b"RIFF\x10\0\0\0WAVE",
            b" %PDF-1.7",
            b"\xff\xd8",
        ],
    )
    def test_nothing_else_is_taken_whatever_it_is_called(
        self, grace: Grace, conversation: str, content: bytes
    ) -> None:
        assert grace.files.keep(conversation, "receipt.jpg", content) == "file_type"
        assert on_disk(grace) == []


class TestKeeping:
    def test_a_file_is_whole_on_the_disk_and_readable_by_this_account_alone(
        self, grace: Grace, conversation: str
    ) -> None:
        file = kept(grace.files, conversation, PDF)
        (path,) = on_disk(grace)
        assert path.read_bytes() == PDF
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert (file.type, file.size) == ("application/pdf", len(PDF))
        assert path.name not in ("photo.jpg", "photo")

    def test_five_megabytes_are_taken_and_one_byte_more_is_not(self, grace: Grace, conversation: str) -> None:
        whole = JPEG.ljust(LARGEST, b"\0")
        assert isinstance(grace.files.keep(conversation, "a", whole), KeptFile)
        assert grace.files.keep(conversation, "a", whole + b"\0") == "file_large"

    def test_a_chat_sends_so_many_a_day_and_another_chat_its_own(
        self, grace: Grace, conversation: str
    ) -> None:
        for _ in range(3):
            kept(grace.files, conversation)
        assert grace.files.keep(conversation, "a", JPEG) == "file_many"
        kept(grace.files, chat(grace, make_borrower(grace)))

    def test_a_file_that_is_taken_back_leaves_nothing(self, grace: Grace, conversation: str) -> None:
        file = kept(grace.files, conversation)
        for _ in range(2):
            grace.files.drop(file)
        assert on_disk(grace) == []

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("凭证.jpg", "凭证.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\slip.pdf", "slip.pdf"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
            ("\u202egpj.exe", "gpj.exe"),
            ("", "file"),
            ("/", "file"),
            ("x" * 500, "x" * 100),
            ("half \ud800", "half"),
        ],
    )
    def test_a_name_is_only_a_name(self, grace: Grace, conversation: str, given: str, shown: str) -> None:
        file = kept(grace.files, conversation, name=given)
        assert file.name == shown
        assert on_disk(grace)[0].parent.name == conversation

    def test_a_message_with_a_file_is_thanked_for_and_shows_it(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        file = kept(grace.files, conversation)
        number = sent(grace, ref, file)
        (line,) = [one for one in grace.threads.lines(conversation) if one.seq == number]
        assert (line.kind, line.file) == ("photo", file)
        assert [one.template for one in out(grace, conversation)] == ["utter_file_kept"]
        assert len(send(grace)) == 1

    def test_what_telegram_keeps_for_us_is_no_file_here(self) -> None:
        assert file_of({"attachment": {"kind": "photo", "file_id": "abc"}}) is None
        assert file_of({"kind": "text"}) is None
        assert file_of(None) is None


class TestReading:
    def test_staff_read_it_and_that_is_on_record(self, grace: Grace, ref: str, conversation: str) -> None:
        number, agent = sent(grace, ref, kept(grace.files, conversation, PNG, "a.png")), make_agent(grace)
        file, path = grace.files.read(number, agent)
        assert (file.type, file.name, path.read_bytes()) == ("image/png", "a.png", PNG)
        (event,) = events(grace, "file_read")
        assert (event.actor, event.cause) == (f"agent {agent}", f"file {number}")
        assert event.borrower_id is not None

    def test_an_account_that_was_switched_off_reads_nothing(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        number, agent = sent(grace, ref, kept(grace.files, conversation)), make_agent(grace)
        change(grace, Agent, {"id": agent}, active=False)
        with pytest.raises(NotAllowed):
            grace.files.read(number, agent)
        assert events(grace, "file_read") == []

    def test_what_carries_no_file_or_lost_it_says_so(self, grace: Grace, ref: str, conversation: str) -> None:
        agent = make_agent(grace)
        words = grace.conversations.receive(message("你好", address=ref)).message_id
        number = sent(grace, ref, kept(grace.files, conversation))
        on_disk(grace)[0].unlink()
        for one in (words, number, 4711):
            with pytest.raises(LookupError):
                grace.files.read(one, agent)

    def test_no_place_outside_the_folder_is_ever_read(
        self, grace: Grace, ref: str, conversation: str, tmp_path: Path
    ) -> None:
        (tmp_path / "state" / "secret").parent.mkdir(exist_ok=True)
        (tmp_path / "state" / "secret").write_text("x")
        number = sent(grace, ref, KeptFile("../secret", "image/png", 1, "a"))
        assert only(grace, Message, id=number).payload is not None
        with pytest.raises(LookupError):
            grace.files.read(number, make_agent(grace))
