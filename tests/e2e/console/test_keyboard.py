"""The console by keyboard: commands, the palette, and keys of one's own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.domain.handoff import HandoffState
from tests.e2e.console.stage import SECOND, Console

COMPOSING = """
    () => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key: "t", bubbles: true, isComposing: true}))
"""


def press(page: Page, keys: str) -> None:
    for key in keys.split(" "):
        page.keyboard.press(key)


@pytest.mark.browser
def test_keys_act_as_the_buttons_do_and_never_while_one_types_or_composes(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang")
    page.evaluate(COMPOSING)
    press(page, "g l")
    expect(page.get_by_role("heading", name="Calls")).to_be_visible()
    press(page, "g q")
    expect(page.locator(".entry .name")).to_be_visible()
    press(page, "j")
    expect(page.locator(".entry .name")).to_be_focused()
    assert console.handoff(number).state == HandoffState.WAITING
    press(page, "t")
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    press(page, "r")
    box = page.get_by_label("Reply to Li Ming")
    expect(box).to_be_focused()
    page.keyboard.type("take it? g q ")
    expect(box).to_have_value("take it? g q ")
    assert page.url.endswith(f"/case/{number}")
    page.keyboard.press("Escape")
    expect(page.locator(".thread")).to_be_focused()
    press(page, "c")
    expect(page.get_by_role("dialog")).to_contain_text("Close conversation")
    press(page, "g q")
    expect(page.get_by_role("dialog")).to_contain_text("Close conversation")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "g q")
    expect(page.locator(".queue")).to_be_visible()


@pytest.mark.browser
def test_the_palette_finds_commands_by_their_words_and_help_lists_their_keys(console: Console) -> None:
    console.hand_over(console.borrower())
    page = console.page("wang")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    expect(palette.get_by_role("combobox")).to_be_focused()
    offered = palette.get_by_role("option")
    expect(offered.filter(has_text="Take the conversation")).to_be_visible()
    expect(offered.filter(has_text="Close conversation")).to_have_count(0)
    page.keyboard.type("to comp")
    expect(offered).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Complaints")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to the queue")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


@pytest.mark.browser
def test_an_agents_own_keys_follow_them_and_a_clash_is_refused_by_name(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang")
    press(page, "g k")
    page.get_by_label("Take the conversation").fill("r")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Also: Write a reply")).to_be_visible()
    page.get_by_label("Take the conversation").fill("y")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    elsewhere = console.page("wang")
    expect(elsewhere.locator(".take")).to_be_visible()
    press(elsewhere, "t")
    press(elsewhere, "y")
    expect(elsewhere.locator(".case-title")).to_contain_text(
        "You have this conversation.", timeout=15 * SECOND
    )
    assert console.handoff(number).agent_id == console.agent("wang")
    console.grace.shortcuts.save(console.agent("wang"), {}, bare=False)
    elsewhere.reload()
    press(elsewhere, "g l")
    expect(elsewhere.locator(".case-title")).to_be_visible()
    elsewhere.keyboard.press("Control+k")
    expect(elsewhere.get_by_role("dialog", name="Commands")).to_be_visible()
