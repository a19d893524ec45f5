"""What the tests of the console's other pages share: a console with borrowers who owe something."""

from __future__ import annotations

from playwright.sync_api import Page
from sqlalchemy import select

from bot.domain.handoff import HandoffReason
from bot.domain.plans import Wish
from bot.domain.policy import Authority
from bot.services.approval_rows import ApprovalView
from bot.storage.tables import Agent, Borrower
from tests.e2e.console.stage import Console
from tests.factory import make_borrower
from tests.integration.support import chat

LONG = Wish(kind="instalment", count=18)


def debtor(console: Console, name: str = "Li Ming", *, amount: str = "9000.00") -> tuple[str, str]:
    """Make a borrower who owes something and is known in their chat; return reference and conversation."""
    ref = make_borrower(console.grace, locale="en", amount=amount)
    with console.grace.kit.db.begin() as session:
        session.scalars(select(Borrower).where(Borrower.ref == ref)).one().name = name
    return ref, chat(console.grace, ref)


def ask(
    console: Console, conversation: str, wish: Wish = LONG, level: Authority = "agent", turn: str = "1"
) -> ApprovalView:
    """Ask for an approval in the borrower's name."""
    made = console.grace.approvals.request(
        conversation, wish, level=level, turn=turn, note="Paid well before"
    )
    assert isinstance(made, ApprovalView)
    return made


def case(console: Console, conversation: str, login: str = "wang") -> int:
    """Hand a conversation over and let somebody take it."""
    number = console.grace.handoffs.open(conversation, HandoffReason.BEYOND_POLICY, cause="test")
    with console.grace.kit.db.begin() as session:
        agent = session.scalars(select(Agent.id).where(Agent.login == login)).one()
    console.grace.handoffs.claim(number, agent)
    return number


def in_chinese(page: Page) -> None:
    """Switch the console's language."""
    page.get_by_role("button", name="中文").click()
    page.wait_for_load_state("networkidle")
