"""A file beside the reply, in a real browser: chosen by key, sent once, kept back with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bot.domain.handoff import HandoffReason
from bot.services.files import LARGEST, file_of
from bot.storage.tables import Conversation
from tests.e2e.console.desks import debtor, in_chinese
from tests.e2e.console.stage import Console
from tests.integration.support import change, events

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200
PDF = b"%PDF-1.7\n" + b"\0" * 200


chosen: list[Any] = []
"""What the browser's own dialog is answered with: the last."""


def mine(console: Console) -> tuple[Page, str]:
    """Open a case that Wang Li has; return page and conversation."""
    _, conversation = debtor(console)
    number = console.grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
    console.grace.handoffs.claim(number, console.agent("wang"))
    page = console.page("wang", f"/case/{number}")
    # Choosing is listened for from the beginning: a key must not be quicker than who hears of it.
    page.on("filechooser", lambda chooser: chooser.set_files(chosen[-1]))
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    return page, conversation


def choose(page: Page, content: bytes, name: str, *, key: str | None = "u") -> None:
    """Choose a file, by the key or by the button."""
    chosen.append({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    if key is not None:
        page.keyboard.press(key)
    else:
        page.locator("[data-command=attach]").click()
    expect(page.locator(".attached")).to_contain_text(name)


@pytest.mark.browser
def test_a_file_is_chosen_by_its_key_and_goes_out_once_with_the_words(console: Console) -> None:
    page, conversation = mine(console)
    choose(page, PDF, "terms.pdf")
    expect(page.get_by_label("Reply to Li Ming")).to_be_focused()
    page.keyboard.type("Here are your terms.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    bubble = page.locator(".from-agent")
    expect(bubble).to_have_count(1)
    expect(bubble.locator(".file-name span")).to_have_text("terms.pdf · 1 KB")
    expect(bubble.locator(".said")).to_have_text("Here are your terms.")
    expect(bubble.get_by_role("img", name="Queued")).to_be_visible()
    expect(page.locator(".attached")).to_be_empty()
    expect(page.get_by_label("Reply to Li Ming")).to_have_value("")
    (sent,) = console.replies(conversation)
    kept = file_of(sent.payload)
    assert kept is not None
    assert (console.grace.files.folder / kept.id).read_bytes() == PDF
    assert [event.actor for event in events(console.grace, "file_sent")] == [f"agent {console.agent('wang')}"]
    assert console.grace.outbox.claim(sent.id) is not None
    console.grace.outbox.settle(sent.id, "sent")
    expect(bubble.get_by_role("img", name="Sent")).to_be_visible()


@pytest.mark.browser
def test_what_is_not_taken_says_why_keeps_the_words_and_can_be_taken_away(console: Console) -> None:
    page, conversation = mine(console)
    page.keyboard.press("r")
    page.keyboard.type("The form you asked for")
    for content, why in (
        (b"<script>window.harmed = 1</script>", "Only photos (JPG, PNG, WebP) and PDF files are sent."),
        (JPEG.ljust(LARGEST + 1, b"\0"), "A file of more than 5 MB is not sent."),
        (JPEG.ljust(LARGEST + 2**21, b"\0"), "A file of more than 5 MB is not sent."),
    ):
        choose(page, content, "form.jpg", key=None)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".faults")).to_have_text(why)
        page.get_by_role("button", name="Take the file away: form.jpg").click()
        expect(page.locator(".attached")).to_be_empty()
        expect(page.locator(".faults li")).to_have_count(0)
    expect(page.get_by_label("Reply to Li Ming")).to_have_value("The form you asked for")
    assert console.replies(conversation) == []
    assert not any(one.is_file() for one in console.grace.files.folder.rglob("*"))


@pytest.mark.browser
def test_no_file_goes_where_identity_is_not_confirmed_and_none_waits_for_later(console: Console) -> None:
    page, conversation = mine(console)
    change(console.grace, Conversation, {"id": conversation}, verified_at=None)
    choose(page, JPEG, "photo.jpg")
    page.get_by_role("button", name="Send later").click()
    expect(page.get_by_text("A file goes out at once; only words can wait.")).to_be_visible()
    page.get_by_label("Reply to Li Ming").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".faults")).to_have_text("Identity has to be confirmed first.")
    expect(page.locator(".attached")).to_contain_text("photo.jpg")
    console.grace.identity.vouch(conversation, "test")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".from-agent .file img")).to_have_count(1)
    assert len(console.replies(conversation)) == 1


@pytest.mark.browser
def test_a_pasted_picture_is_taken_and_the_words_are_chinese(console: Console) -> None:
    page, conversation = mine(console)
    in_chinese(page)
    page.keyboard.press("r")
    page.evaluate(
        """() => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array([255, 216, 255, 224, 0])], "photo.jpg"));
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.get_by_role("button", name="移除文件: photo.jpg")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".from-agent")).to_contain_text("图片")
    assert len(console.replies(conversation)) == 1


@pytest.mark.browser
def test_nobody_who_is_not_signed_in_hands_a_file_in(console: Console) -> None:
    _, conversation = mine(console)
    stranger = console.browser.new_context()
    console.contexts.append(stranger)
    form: Any = {"text": "", "key": "k", "file": {"name": "a.jpg", "mimeType": "x/y", "buffer": JPEG}}
    url = f"{console.url}/console/case/1/file"
    assert stranger.request.post(url, multipart=form).status == 401
    foreign = {"Origin": "https://example.org"}
    assert stranger.request.post(url, multipart=form, headers=foreign).status == 403
    assert console.replies(conversation) == []
    assert not Path(console.grace.files.folder / conversation).exists()
