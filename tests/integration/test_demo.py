"""The demo's last page: links for borrowers with whom there is something to talk about."""

from __future__ import annotations

import io
from datetime import date

import pytest
from rich.console import Console

from bot.bootstrap import Grace
from bot.demo.report import links
from bot.storage.tables import Borrower
from tests.factory import make_borrower
from tests.integration.support import change, chat, pay

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_who_has_nothing_due_or_wants_no_messages_is_passed_over(grace: Grace) -> None:
    for locale in ("zh_CN", "en"):
        paid, later, stopped, incomplete = (make_borrower(grace, locale=locale) for _ in range(4))
        pay(grace, paid)
        make_borrower(grace, locale=locale, days_past_due=-5)
        make_borrower(grace, locale=locale, channel="telegram")
        pay(grace, later, "3000.00")
        grace.protection.honour(chat(grace, stopped), "stop_contact", turn="1", locale=locale)
        change(grace, Borrower, {"ref": incomplete}, birth_date=None)
    owing = {locale: make_borrower(grace, locale=locale) for locale in ("zh_CN", "en")}
    written = io.StringIO()
    links(grace, Console(file=written, width=300))
    shown = [line for line in written.getvalue().splitlines() if line.startswith("chat")]
    assert [line.split()[2] for line in shown] == [owing["zh_CN"], owing["en"]]
    assert all(str(date(1990, 5, 12)) in line and "5678" in line for line in shown)
