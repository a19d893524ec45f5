"""The approval inbox and the plan simulator in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bot.domain.plans import Wish
from bot.storage.tables import Approval, OfferRow, Plan
from tests.e2e.console.desks import ask, case, debtor, in_chinese
from tests.e2e.console.stage import SECOND, Console
from tests.integration.support import only, out, rows, say, send


@pytest.mark.browser
def test_a_request_shows_its_terms_against_the_limits_and_is_approved_by_keyboard(console: Console) -> None:
    _, conversation = debtor(console)
    page = console.page("wang")
    expect(page.locator(".place .badge:visible")).to_have_count(0)
    ask(console, conversation)
    badge = page.get_by_role("link", name="Approvals").locator(".badge")
    expect(badge).to_have_text("1", timeout=SECOND)
    page.get_by_role("link", name="Approvals").click()
    card = page.locator(".card-entry")
    expect(card).to_contain_text("18 payments of up to")
    expect(card.locator(".limits tbody tr")).to_have_text(["Number of payments2–1218"])
    expect(card).to_contain_text("Asked by Assistant")
    card.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_label("Reason").fill("Long good record")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No request waits for a decision.")).to_be_visible()
    assert only(console.grace, Approval).state == "approved"
    assert only(console.grace, OfferRow).authority == "agent"
    assert [one.template for one in out(console.grace, conversation)] == ["utter_approval_granted"]
    page.get_by_text("Decided before").click()
    expect(page.locator(".past-cards li")).to_contain_text("Long good record")


@pytest.mark.browser
def test_no_decision_without_a_reason(console: Console) -> None:
    ask(console, debtor(console)[1])
    page = console.page("wang", "/approvals")
    page.get_by_role("button", name="Refuse").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Refuse").click()
    expect(dialog.get_by_text("Please give a reason.")).to_be_visible()
    assert only(console.grace, Approval).state == "waiting"


@pytest.mark.browser
def test_who_may_not_decide_sees_the_request_and_no_buttons(console: Console) -> None:
    ask(console, debtor(console)[1], Wish(kind="instalment", count=30), "senior")
    page = console.page("wang", "/approvals")
    expect(page.locator(".card-entry")).to_contain_text("Needs: Senior agent")
    expect(page.locator(".card-entry")).to_contain_text("Somebody else has to decide this.")
    assert page.get_by_role("button", name="Approve").count() == 0


@pytest.mark.browser
def test_other_terms_are_granted_only_within_ones_level(console: Console) -> None:
    ask(console, debtor(console)[1])
    page = console.page("wang", "/approvals")
    page.get_by_role("button", name="Change terms").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Payments").fill("30")
    expect(dialog.locator(".limits")).to_contain_text("2–24")
    expect(dialog.get_by_role("button", name="Offer these terms")).to_be_disabled()
    dialog.get_by_label("Payments").fill("15")
    expect(dialog.locator(".found .verified")).to_contain_text("15 payments")
    dialog.get_by_label("Reason").fill("Shorter costs them less")
    dialog.get_by_role("button", name="Offer these terms").click()
    expect(page.get_by_text("No request waits for a decision.")).to_be_visible()
    assert only(console.grace, Approval).state == "changed"
    assert len(only(console.grace, OfferRow).schedule) == 15


@pytest.mark.browser
def test_the_page_is_in_chinese_for_who_reads_chinese(console: Console) -> None:
    ask(console, debtor(console)[1])
    page = console.page("wang", "/approvals")
    in_chinese(page)
    expect(page.locator(".card-entry")).to_contain_text("分期")
    expect(page.get_by_role("button", name="同意", exact=True)).to_be_visible()
    expect(page.locator(".limits")).to_contain_text("期数")


@pytest.mark.browser
def test_the_simulator_offers_within_ones_level_and_sets_up_on_a_written_yes(console: Console) -> None:
    ref, conversation = debtor(console)
    page = console.page("wang", f"/case/{case(console, conversation)}")
    page.get_by_role("button", name="Try terms").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Payments").fill("18")
    expect(dialog.locator(".found")).to_contain_text("You may grant these terms.")
    expect(dialog.locator(".found .items li")).to_have_count(18)
    dialog.get_by_role("button", name="Offer to the borrower").click()
    expect(page.locator(".from-agent .said")).to_contain_text("This is what we can offer you")
    send(console.grace)
    assert rows(console.grace, Plan) == []
    say(console.grace, ref, "Yes please")
    page.get_by_role("button", name="The borrower said yes").click()
    expect(page.get_by_text("The plan is set up.")).to_be_visible()
    assert only(console.grace, Plan).state == "active"


@pytest.mark.browser
def test_the_simulator_asks_above_ones_level_and_names_the_limit(console: Console) -> None:
    page = console.page("wang", f"/case/{case(console, debtor(console)[1])}")
    page.get_by_role("button", name="Try terms").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Payments").fill("30")
    expect(dialog.locator(".found")).to_contain_text("Beyond your level; Senior agent may grant it.")
    expect(dialog.locator(".limits tbody tr")).to_have_text(["Number of payments2–2430"])
    expect(dialog.get_by_role("button", name="Offer to the borrower")).to_be_disabled()
    dialog.get_by_label("Note for who decides").fill("New job from May")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(page.locator(".account")).to_contain_text("Waiting for a decision")
    row = only(console.grace, Approval)
    assert (row.level, row.note, row.asked_by) == ("senior", "New job from May", console.agent("wang"))
