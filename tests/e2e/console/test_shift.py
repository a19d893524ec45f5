"""A shift at the console: by keyboard alone, in both languages, and nothing that shuts anybody out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from bot.domain.handoff import HandoffReason, HandoffState
from bot.storage.tables import CaseNote, OfferRow
from tests.e2e.console.desks import ask, debtor
from tests.e2e.console.stage import PASSWORD, SECOND, Console
from tests.integration.support import chat, only, rows

LOCALES = ("en", "zh_CN")
PAGES = ["approvals", "payments", "complaints", "calls", "shortcuts", "board", "members", "quality"]


def enter(console: Console, locale: str, login: str = "wang") -> Page:
    """Sign in with the keys alone, in a language."""
    page = console.page()
    if locale != "en":
        page.get_by_role("button", name="中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator(".login-card input").first.focus()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".bar")).to_be_visible()
    return page


def keys(page: Page, *presses: str) -> None:
    for one in presses:
        page.keyboard.press(one)


def choose(page: Page, label: str) -> None:
    """Choose the first of the select with which a dialog opens: its list is walked with the arrows."""
    expect(page.get_by_role("dialog").get_by_label(label)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".q-menu .q-manual-focusable--focused")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_have_count(0)


def confirm(page: Page) -> None:
    """Press the last button of the open dialog."""
    button = page.get_by_role("dialog").get_by_role("button").last
    expect(button).to_be_enabled()
    button.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


WORDS: dict[str, dict[str, str]] = {
    "en": {
        "mine": "You have this conversation.",
        "answer": "I am looking at what we can do.",
        "note": "Sounds calm, wants a plan",
        "to": "To whom",
        "reason": "Reason",
        "outcome": "Outcome",
        "payments": "Payments",
    },
    "zh_CN": {
        "mine": "由您处理中",
        "answer": "我来看看怎么安排合适。",
        "note": "情绪平稳，想谈方案",
        "to": "转给",
        "reason": "原因",
        "outcome": "结果",
        "payments": "期数",
    },
}


@pytest.mark.browser
@pytest.mark.parametrize("locale", LOCALES)
def test_a_whole_shift_by_keyboard_alone(console: Console, locale: str) -> None:
    words = WORDS[locale]
    grace = console.grace
    first, conversation = debtor(console, "Li Ming", amount="3000.00")
    number = grace.handoffs.open(conversation, HandoffReason.BEYOND_POLICY, cause="test")
    second = grace.handoffs.open(debtor(console, "Zhao Fang")[1], HandoffReason.MISUNDERSTOOD, cause="test")
    page = enter(console, locale)
    # Only keys from here on: a click anywhere would end the test's claim.
    page.evaluate("addEventListener('mousedown', () => { window.clicked = true; }, true)")

    expect(page.locator(".entries .take")).to_have_count(2)
    keys(page, "t")
    title = page.locator(".case-title")
    expect(title).to_contain_text(words["mine"])
    assert page.url.endswith(f"/case/{number}")
    keys(page, "r")
    page.keyboard.type(words["answer"])
    keys(page, "Control+Enter")
    expect(page.locator(".from-agent .said")).to_have_count(1)
    page.keyboard.type("/hello")
    expect(page.locator("#canned-list [role=option]").first).to_contain_text("/hello")
    keys(page, "Enter")
    expect(page.locator(".for-reply textarea")).not_to_have_value("/hello")
    keys(page, "Control+Enter")
    expect(page.locator(".from-agent .said")).to_have_count(2)
    keys(page, "Escape", "n")
    page.keyboard.type(words["note"])
    keys(page, "Control+Enter")
    expect(page.locator(".from-note .said")).to_have_text(words["note"])

    keys(page, "Escape", "s")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".verified, .unverified").first).to_be_visible()
    dialog.get_by_label(words["payments"]).focus()
    page.keyboard.type("3")
    expect(dialog.locator(".found .items li")).to_have_count(3)
    confirm(page)
    expect(page.locator(".from-agent .said")).to_have_count(3)

    keys(page, "Escape", "x")
    choose(page, words["to"])
    dialog.get_by_label(words["reason"]).press_sequentially("!")
    expect(dialog.get_by_label(words["reason"])).to_have_value("!")
    confirm(page)
    expect(title).not_to_contain_text(words["mine"])

    keys(page, "g", "q")
    expect(page.locator(".entries .entry")).to_have_count(2)
    keys(page, "m")
    expect(title).to_contain_text(words["mine"])
    assert page.url.endswith(f"/case/{second}")
    third = grace.handoffs.open(debtor(console, "Sam Reed")[1], HandoffReason.ASKED, cause="test")
    keys(page, "e")
    choose(page, words["outcome"])
    confirm(page)
    expect(title).to_contain_text("Sam Reed")
    expect(title).to_contain_text(words["mine"])
    assert page.evaluate("window.clicked") is None

    assert console.handoff(number).agent_id != console.agent("wang")
    assert console.handoff(second).state == HandoffState.RETURNED
    assert console.handoff(third).agent_id == console.agent("wang")
    assert [one.text for one in rows(grace, CaseNote)] == [words["note"]]
    assert len(console.replies(conversation)) == 3
    assert only(grace, OfferRow).agent_id == console.agent("wang")
    assert first


@pytest.mark.browser
def test_a_reply_that_lacks_a_variable_is_kept_back_and_says_which(console: Console) -> None:
    conversation = console.borrower()
    page = console.page("wang", f"/case/{console.hand_over(conversation)}")
    page.keyboard.press("r")
    page.keyboard.type("/promise")
    expect(page.locator("#canned-list em").first).to_contain_text("Promised amount")
    page.keyboard.press("Enter")
    expect(page.locator(".faults")).to_have_text("Not known here: Promised amount, Day of the promise")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not known here")
    assert console.replies(conversation) == []
    box = page.get_by_label("Reply to Li Ming")
    box.fill("Pay today or we will have you arrested.")
    expect(page.locator(".faults li")).not_to_contain_text("Not known here", timeout=3 * SECOND)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".faults")).to_contain_text("This was not sent because of its wording.")
    expect(box).to_have_value("Pay today or we will have you arrested.")
    assert console.replies(conversation) == []


@pytest.mark.browser
def test_colleagues_see_who_looks_and_an_alert_rings_until_somebody_takes_it(console: Console) -> None:
    conversation = console.borrower()
    page = console.page("wang")
    page.get_by_label("Sound off").click()
    page.evaluate(
        """() => {
            window.rung = [];
            const ring = grace.ring;
            grace.ring = (given) => { window.rung.push(given.calls.length); ring(given); };
        }"""
    )
    number = console.hand_over(conversation, HandoffReason.ASKED)
    expect(page.locator(".toast")).to_contain_text("Asked for a person", timeout=5 * SECOND)
    page.wait_for_function("window.rung.at(-1) === 1")
    colleague = console.page("anna", f"/case/{number}")
    expect(page.locator(".viewers")).to_contain_text("Anna Smith", timeout=10 * SECOND)
    colleague.keyboard.press("t")
    page.wait_for_function("window.rung.at(-1) === 0")
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.locator(".entry .holder").first).to_have_text("Anna Smith")


@pytest.mark.browser
def test_a_message_for_later_waits_and_can_be_cancelled(console: Console) -> None:
    _, conversation = debtor(console)
    number = console.grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
    page = console.page("wang", f"/case/{number}")
    page.keyboard.press("t")
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    page.keyboard.press("r")
    page.keyboard.type("Good morning! The letter is on its way.")
    page.get_by_role("button", name="Send later").click()
    page.get_by_role("dialog").get_by_text("Tomorrow, 09:00").click()
    page.get_by_role("dialog").get_by_role("button", name="Send later").click()
    expect(page.locator(".scheduled li")).to_contain_text("The letter is on its way.")
    expect(page.get_by_label("Reply to Li Ming")).to_have_value("")
    (waits,) = console.grace.scheduled.of(number)
    assert waits.send_at - console.grace.kit.clock.now() == timedelta(hours=24)
    page.locator(".scheduled").get_by_role("button", name="Cancel").click()
    expect(page.locator(".scheduled li")).to_have_count(0)
    assert console.grace.scheduled.of(number)[0].state == "cancelled"


@pytest.mark.browser
def test_a_supervisor_sees_the_team_and_gives_a_case_to_somebody(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("boss", "/board")
    expect(page.locator(".tile").first).to_contain_text("1")
    page.get_by_role("button", name="Assign: Li Ming").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To whom").click()
    page.get_by_role("option", name="Anna Smith").click()
    dialog.get_by_label("Reason").fill("Knows the case")
    dialog.get_by_role("button", name="Assign").click()
    expect(page.locator("tr[data-row]")).to_contain_text("Anna Smith")
    assert console.handoff(number).agent_id == console.agent("anna")
    stranger = console.page("wang")
    stranger.goto(f"{console.url}/console/board")
    expect(stranger.get_by_text("Your role does not open this page.")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("locale", LOCALES)
def test_axe_finds_no_serious_fault_on_any_page(console: Console, locale: str) -> None:
    _, conversation = debtor(console)
    ask(console, conversation)
    console.grace.protection.honour(
        conversation, "file_complaint", turn="1", locale="en", text="Too many messages"
    )
    called = chat(console.grace, debtor(console, "Zhao Fang")[0])
    number = console.grace.handoffs.open(called, HandoffReason.CALLBACK, cause="test")
    page = enter(console, locale, "boss")
    found: dict[str, Any] = {}
    for path in ("", f"case/{number}", *PAGES):
        page.goto(f"{console.url}/console/{path}")
        expect(page.locator(".bar")).to_be_visible()
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"]][:3]
                found.setdefault(path or "queue", []).append((violation["id"], nodes))
    assert found == {}
