"""Pauses, exemptions and a plan's end from the case page: with a reason, by who may."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from bot.domain.handoff import HandoffReason
from bot.storage.tables import Borrower, HoldRow, Plan
from tests.e2e.console.desks import debtor
from tests.e2e.console.stage import Console
from tests.factory import make_plan
from tests.integration.support import events, only


def opened(console: Console, login: str) -> tuple[Page, str]:
    """Open a case that `login` has; return page and conversation."""
    _, conversation = debtor(console)
    number = console.grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
    console.grace.handoffs.claim(number, console.agent(login))
    return console.page(login, f"/case/{number}"), conversation


@pytest.mark.browser
def test_reminders_are_paused_until_a_day_from_a_day_that_has_passed(console: Console) -> None:
    page, _ = opened(console, "anna")
    expect(page.get_by_role("button", name="Pause reminders")).to_be_visible()
    page.keyboard.press("i")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("First day")).to_have_value("2026-03-02")
    dialog.get_by_label("First day").fill("2026-02-20")
    dialog.get_by_label("Reminders again from").fill("2026-03-20")
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog).to_contain_text("Please give a reason.")
    dialog.get_by_label("Reason").fill("In hospital")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.locator(".holds")).to_contain_text("“In hospital”")
    hold = only(console.grace, HoldRow, kind="pause")
    # Days of the borrower in Shanghai.
    assert hold.since == datetime(2026, 2, 19, 16, tzinfo=UTC)
    assert hold.until == datetime(2026, 3, 19, 16, tzinfo=UTC)
    assert hold.loan_id is None
    (event,) = [one for one in events(console.grace, "pause") if one.cause == f"hold {hold.id}"]
    assert (event.actor, event.detail["reason"]) == (f"agent {console.agent('anna')}", "In hospital")


@pytest.mark.browser
def test_an_end_that_has_passed_is_refused_and_what_was_written_stays(console: Console) -> None:
    page, _ = opened(console, "anna")
    page.get_by_role("button", name="Pause reminders").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("First day").fill("2026-02-20")
    dialog.get_by_label("Reminders again from").fill("2026-02-25")
    dialog.get_by_label("Reason").fill("On a journey")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("This time is past or too far away.")).to_be_visible()
    expect(dialog.get_by_label("Reason")).to_have_value("On a journey")


@pytest.mark.browser
def test_a_borrower_is_exempted_and_reminded_again_and_an_agent_may_do_neither(console: Console) -> None:
    page, _ = opened(console, "anna")
    for label, exempt in (("Exempt from reminders", True), ("Remind again", False)):
        page.locator(".stopping").get_by_role("button", name=label).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Settled with the branch")
        dialog.get_by_role("button", name=label).click()
        expect(dialog).to_have_count(0)
        assert only(console.grace, Borrower).exempt is exempt
    expect(page.locator(".stopping").get_by_role("button", name="Exempt from reminders")).to_be_visible()
    assert [one.detail["given"] for one in events(console.grace, "exempt")] == [True, False]


@pytest.mark.browser
def test_an_agent_is_offered_no_pause(console: Console) -> None:
    page, _ = opened(console, "wang")
    expect(page.get_by_role("heading", name="Starting a contact now")).to_be_visible()
    expect(page.locator(".stopping")).to_have_count(0)


@pytest.mark.browser
def test_a_running_plan_is_cancelled_for_a_reason(console: Console) -> None:
    page, conversation = opened(console, "wang")
    make_plan(console.grace, conversation)
    page.reload()
    page.get_by_role("button", name="Cancel the plan").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What was paid stays paid.")
    dialog.get_by_role("button", name="Cancel the plan").click()
    expect(dialog).to_contain_text("Please give a reason.")
    dialog.get_by_label("Reason").fill("The first payment no longer fits")
    dialog.get_by_role("button", name="Cancel the plan").click()
    expect(page.locator(".past")).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Cancel the plan")).to_have_count(0)
    assert only(console.grace, Plan).state == "cancelled"
    (event,) = events(console.grace, "plan_cancelled")
    assert event.actor == f"agent {console.agent('wang')}"
    assert event.detail["reason"] == "The first payment no longer fits"
