"""Signing in with an authenticator app, in a browser; and what a borrower writes is never markup."""

from __future__ import annotations

import re

import pyotp
from playwright.sync_api import expect

from tests.e2e.console.stage import PASSWORD, Console, sign_in

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    "{{constructor.constructor('document.title=1')()}} [x](javascript:alert(1)) <b>bold</b>"
)


def test_an_agent_sets_up_an_app_and_signs_in_with_its_code(console: Console) -> None:
    page = console.page("wang", "/security")
    expect(page.locator("img.qr")).to_be_visible()
    app = pyotp.TOTP(page.locator("code.key").inner_text().replace(" ", ""))
    field = page.get_by_label("Code of your authenticator app")
    field.fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="not the code")).to_be_visible()
    field.fill(app.at(console.grace.kit.clock.now()))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator(".codes code")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    sign_in(page, "wang", PASSWORD)
    code = page.get_by_label("Code of your authenticator app")
    expect(code).to_be_visible()
    code.fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_a_session_that_is_ended_elsewhere_leaves_the_open_page(console: Console) -> None:
    page = console.page("wang")
    console.grace.staff.change("wang", role="senior")
    expect(page).to_have_url(re.compile("/console/login"), timeout=20_000)


def test_what_a_borrower_writes_is_shown_as_it_is(console: Console) -> None:
    console.borrower(name=f"<i>{HOSTILE[:60]}")
    number = console.hand_over(console.write(HOSTILE))
    page = console.page("wang", f"/case/{number}")
    expect(page.get_by_text("<script>document.title='owned'</script>", exact=False).first).to_be_visible()
    assert "owned" not in page.title()
    assert page.locator(".case b, .case script, .case img[src='x']").count() == 0
