"""What an agent has written outlives the app, and what was sent just before its end goes out once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from bot.domain.handoff import HandoffReason, HandoffState
from bot.storage.tables import HandoffRow, Message
from tests.e2e.console.stage import PASSWORD
from tests.factory import make_borrower
from tests.integration.support import chat
from tests.stack import running


@pytest.mark.browser
def test_a_draft_survives_a_killed_app_and_a_claim_and_a_reply_are_neither_lost_nor_doubled(
    browser: Browser, tmp_path: Path
) -> None:
    with running(tmp_path, "app", default_locale="en") as stack:
        grace = stack.grace
        grace.staff.add("wang", "Wang Li", "agent", PASSWORD)
        conversation = chat(grace, make_borrower(grace, locale="en"))
        number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        page = browser.new_context().new_page()
        page.goto(f"{stack.settings.public_url}/console/case/{number}")
        page.get_by_label("Login").fill("wang")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        box = page.get_by_label("Reply to Sam Reed")
        box.fill("I am here now.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".from-agent .said")).to_have_count(1)
        box.press_sequentially("Half a sentence, and th")
        for _ in range(200):
            kept = grace.drafts.get(number, 1)
            if kept is not None and kept.text.endswith("and th"):
                break
            page.wait_for_timeout(50)
        stack.kill("app")
        stack.start("app")
        page.goto(f"{stack.settings.public_url}/console/case/{number}")
        expect(page.get_by_label("Reply to Sam Reed")).to_have_value("Half a sentence, and th")
        expect(page.locator(".from-agent .said")).to_have_count(1)
        with grace.kit.db.begin() as session:
            sent = session.scalar(select(func.count(Message.id)).where(Message.initiator == "agent"))
            assert sent == 1
            assert session.get_one(HandoffRow, number).state == HandoffState.CLAIMED
        page.context.close()
