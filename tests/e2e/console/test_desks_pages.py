"""The complaint desk, the call list and the correction of a reading in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bot.domain.handoff import HandoffReason
from bot.services.kit import MovableClock
from bot.storage.tables import AuditEvent, Complaint, Message
from tests.e2e.console.desks import case, debtor, in_chinese
from tests.e2e.console.stage import SECOND, Console
from tests.integration.support import answered, claimed, events, only, out, say


def complain(console: Console, conversation: str, turn: str, text: str = "You write far too often") -> str:
    values = console.grace.protection.honour(
        conversation, "file_complaint", turn=turn, locale="en", text=text
    ).values
    return values["number"]


@pytest.mark.browser
def test_an_overdue_complaint_stands_first_in_words_and_colour(
    console: Console,
    clock: MovableClock,
) -> None:
    late = complain(console, debtor(console, "Zhao Fang")[1], "1")
    clock.move(timedelta(days=16))
    fresh = complain(console, debtor(console)[1], "2")
    page = console.page("wang", "/complaints")
    cards = page.locator(".card-entry")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text(late)
    expect(cards.nth(0).locator(".chip.level-0")).to_have_text("1 day overdue")
    expect(cards.nth(1)).to_contain_text(fresh)
    expect(cards.nth(1).locator(".chip.level-4")).to_have_text("15 days left")


@pytest.mark.browser
def test_a_complaint_is_answered_through_the_linter_and_closed_with_an_outcome(console: Console) -> None:
    _, conversation = debtor(console)
    complain(console, conversation, "1")
    page = console.page("anna", "/complaints")
    page.get_by_role("button", name="Close complaint").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Outcome").click()
    page.get_by_role("option", name="Upheld", exact=True).click()
    dialog.get_by_label("Reason").fill("We wrote twice on one day")
    dialog.get_by_role("button", name="Close complaint").click()
    expect(page.get_by_text("The borrower has to be answered first.")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Answer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Answer").fill("Pay today or we will have you arrested.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This was not sent because of its wording.")).to_be_visible()
    assert [one for one in out(console.grace, conversation) if one.initiator == "agent"] == []
    dialog.get_by_label("Answer").fill("You are right, and I am sorry. We have stopped the second message.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.locator(".card-entry .events")).to_contain_text("Complaint answered", timeout=SECOND * 3)
    (sent,) = [one for one in out(console.grace, conversation) if one.initiator == "agent"]
    assert sent.state == "queued"
    page.get_by_role("button", name="Close complaint").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Outcome").click()
    page.get_by_role("option", name="Upheld", exact=True).click()
    dialog.get_by_label("Reason").fill("We wrote twice on one day")
    dialog.get_by_role("button", name="Close complaint").click()
    expect(page.get_by_text("No complaint is open.")).to_be_visible()
    row = only(console.grace, Complaint)
    assert (row.state, row.outcome, row.closed_at is not None) == ("closed", "upheld", True)


@pytest.mark.browser
def test_an_agent_answers_but_does_not_close(console: Console) -> None:
    complain(console, debtor(console)[1], "1")
    page = console.page("wang", "/complaints")
    expect(page.get_by_role("button", name="Answer")).to_be_visible()
    assert page.get_by_role("button", name="Close complaint").count() == 0


@pytest.mark.browser
def test_a_call_is_offered_only_within_the_borrowers_hours_and_recorded_with_its_outcome(
    console: Console,
    clock: MovableClock,
) -> None:
    _, conversation = debtor(console)
    console.grace.handoffs.open(conversation, HandoffReason.CALLBACK, cause="test")
    clock.move(timedelta(hours=14))
    page = console.page("wang", "/calls")
    expect(page.locator(".window.held")).to_contain_text("Not before")
    assert page.get_by_role("button", name="Record the call").count() == 0
    clock.move(timedelta(hours=10, minutes=-30))
    # The session of the evening has ended by now.
    page = console.page("wang", "/calls")
    expect(page.locator(".window.allowed")).to_have_text("Allowed now")
    expect(page.locator(".card-entry")).to_contain_text("•••• 5678")
    page.get_by_role("button", name="Show number").click()
    expect(page.locator(".card-entry a[href^='tel:']")).to_have_text("19900005678")
    assert len(events(console.grace, "phone_read")) == 1
    page.locator(".card-entry").get_by_role("button", name="Record the call").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("No answer").click()
    dialog.get_by_role("button", name="Record the call").click()
    expect(page.locator(".card-entry")).to_contain_text("1 · No answer")
    expect(dialog).to_be_hidden()
    page.locator(".card-entry").get_by_role("button", name="Record the call").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Reached: promise to pay").click()
    dialog.get_by_role("button", name="Record the call").click()
    expect(page.get_by_text("No call is to be made.")).to_be_visible()
    assert [one.detail["outcome"] for one in events(console.grace, "call")] == ["no_answer", "promise"]


@pytest.mark.browser
def test_a_reading_is_shown_on_focus_and_corrected(console: Console) -> None:
    ref, conversation = debtor(console)
    say(console.grace, ref, "I could do it on the tenth")
    answered(
        console.grace,
        claimed(console.grace, conversation),
        reading={"intent": "greet", "confidence": 0.4, "acts": [{"intent": "greet", "confidence": 0.4}]},
    )
    page = console.page("wang", f"/case/{case(console, conversation)}")
    reading = page.locator(".reading")
    expect(reading).to_contain_text("Read as: Greeting")
    expect(reading).to_have_css("opacity", "0")
    reading.focus()
    expect(reading).to_have_css("opacity", "1")
    reading.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it meant").click()
    page.get_by_role("option", name="Promise to pay").click()
    dialog.get_by_role("button", name="Correct").click()
    expect(reading).to_contain_text("corrected to: Promise to pay")
    message = only(console.grace, Message, direction="in")
    assert (message.payload or {})["reading"]["corrected"] == "promise_to_pay"
    assert only(console.grace, AuditEvent, kind="reading_corrected").actor == f"agent {console.agent('wang')}"


@pytest.mark.browser
@pytest.mark.parametrize(("path", "word"), [("/complaints", "投诉"), ("/calls", "电话")])
def test_the_pages_are_in_chinese_for_who_reads_chinese(console: Console, path: str, word: str) -> None:
    page = console.page("wang", path)
    in_chinese(page)
    expect(page.locator(".desk h1")).to_have_text(word)
