"""Payments that wait for a second person, and the members of the teams, in a real browser."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from bot.domain.handoff import HandoffReason
from bot.domain.money import Money
from bot.services.conversation import Incoming
from bot.storage.tables import Agent, PaidMark
from tests.e2e.console.desks import debtor, in_chinese
from tests.e2e.console.stage import SECOND, Console
from tests.integration.support import events, only

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200


def marked(console: Console, login: str = "wang") -> int:
    """Let an agent mark a large payment with the borrower's receipt; return the case."""
    ref, conversation = debtor(console)
    kept = console.grace.files.keep(conversation, "slip.jpg", JPEG)
    assert not isinstance(kept, str)
    sent = Incoming("webchat", ref, "web:slip", "", kind="photo", attachment=kept.attachment())
    receipt = console.grace.conversations.receive(sent).message_id
    number = console.grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
    agent = console.agent(login)
    console.grace.handoffs.claim(number, agent)
    amount, day = Money.of("8000", "CNY"), date(2026, 3, 1)
    mark = console.grace.paid.mark(
        number, agent, amount, day, key="k", evidence_id=receipt, reference="2026030100012345"
    )
    assert mark.state == "waiting"
    return number


@pytest.mark.browser
def test_a_second_person_sees_the_evidence_and_says_yes_with_a_reason(console: Console) -> None:
    page = console.page("anna", "/payments")
    expect(page.get_by_text("No payment waits to be checked.")).to_be_visible()
    marked(console)
    card = page.locator(".card-entry")
    expect(card).to_contain_text("CNY 8,000")
    expect(card).to_contain_text("2026030100012345")
    expect(card).to_contain_text("Marked by Wang Li")
    expect(card.locator(".file")).to_contain_text("slip.jpg")
    badge = page.get_by_role("link", name="Payments to check").locator(".badge")
    expect(badge).to_have_text("1", timeout=5 * SECOND)
    card.get_by_role("button", name="Confirm the payment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Confirm the payment").click()
    expect(dialog).to_contain_text("Please give a reason.")
    dialog.get_by_label("Reason").fill("Seen in the bank")
    dialog.get_by_role("button", name="Confirm the payment").click()
    expect(page.locator(".card-entry")).to_have_count(0)
    page.get_by_text("Decided before").click()
    expect(page.locator(".past-cards li")).to_contain_text("“Seen in the bank”")
    mark = only(console.grace, PaidMark)
    assert (mark.state, mark.decided_by) == ("confirmed", console.agent("anna"))
    assert [one.actor for one in events(console.grace, "paid_confirmed")] == [f"agent {mark.decided_by}"]


@pytest.mark.browser
def test_nobody_decides_their_own_mark_and_no_agent_any(console: Console) -> None:
    marked(console, "anna")
    for login, said in (
        ("anna", "Nobody decides what they marked themself."),
        ("wang", "A senior agent or a supervisor decides this."),
    ):
        page = console.page(login, "/payments")
        expect(page.locator(".card-entry")).to_contain_text(said)
        expect(page.locator(".card-entry").get_by_role("button")).to_have_count(0)
    boss = console.page("boss", "/payments")
    in_chinese(boss)
    boss.get_by_role("button", name="不予确认").click()
    dialog = boss.get_by_role("dialog")
    dialog.get_by_label("原因").fill("银行没有这笔款项")
    dialog.get_by_role("button", name="不予确认").click()
    expect(boss.locator(".card-entry")).to_have_count(0)
    assert only(console.grace, PaidMark).state == "rejected"


@pytest.mark.browser
def test_a_supervisor_places_a_member_and_gives_a_role(console: Console) -> None:
    page = console.page("boss", "/members")
    row = page.locator("tr[data-row]").filter(has_text="Wang Li")
    expect(row).to_contain_text("Agent")
    row.get_by_role("button", name="Change: Wang Li").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Languages").click()
    page.get_by_role("option", name="English").click()
    page.keyboard.press("Escape")
    dialog.get_by_label("Cases at once").fill("2")
    dialog.get_by_label("Role").click()
    page.get_by_role("option", name="Senior agent").click()
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Senior agent")
    expect(row.locator("td").nth(1)).to_have_text("English")
    expect(row.locator("td").nth(2)).to_have_text("2")
    agent = only(console.grace, Agent, login="wang")
    assert (agent.role, agent.languages, agent.capacity) == ("senior", ["en"], 2)


@pytest.mark.browser
def test_the_page_of_members_opens_to_supervisors_alone(console: Console) -> None:
    page = console.page("anna")
    expect(page.get_by_role("link", name="Members")).to_have_count(0)
    page.goto(f"{console.url}/console/members")
    expect(page.get_by_text("Your role does not open this page.")).to_be_visible()
