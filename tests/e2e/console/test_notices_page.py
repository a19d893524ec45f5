"""Notices and the kill switch on the approval page, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bot.storage.tables import Nudge
from tests.e2e.console.desks import debtor
from tests.e2e.console.stage import SECOND, Console
from tests.integration.support import only


@pytest.mark.browser
def test_a_legal_notice_is_read_and_approved_and_the_switch_is_thrown(console: Console) -> None:
    ref, _ = debtor(console)
    console.grace.notices.request(f"L{ref}", "agency_takeover", console.agent("wang"), "sixty days")
    page = console.page("anna", "/approvals")
    card = page.get_by_role("article", name="Notice")
    expect(card).to_contain_text("Before an agency takes over")
    expect(card).to_contain_text("collection agency")
    card.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Checked")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("No notice waits for a decision.")).to_be_visible(timeout=SECOND * 5)
    assert only(console.grace, Nudge).state == "queued"
    page.get_by_role("button", name="Switch automatic messages off").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Wrong texts")
    page.get_by_role("dialog").get_by_role("button", name="Switch automatic messages off").click()
    expect(page.get_by_text("Automatic messages are off.")).to_be_visible(timeout=SECOND * 5)
    assert console.grace.switch.state().off
