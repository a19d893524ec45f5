"""Borrowers made for a test: one row each, no sample file."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from bot.bootstrap import Grace
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.storage.tables import AddressRow, Borrower, DueItem, LoanRow

_numbers = itertools.count(1)


def make_borrower(
    grace: Grace,
    *,
    locale: str = "zh_CN",
    amount: str = "3000.00",
    days_past_due: int = 7,
    timezone: str = "Asia/Shanghai",
    channel: str = "webchat",
    verified: bool = True,
    prefix: str = "T",
    product: str = "consumer-cn",
    currency: str = "CNY",
    fee: str = "0",
) -> str:
    """Insert a borrower with one loan of one due item; born 1990-05-12, phone ends 5678. Return the ref."""
    ref = f"{prefix}{next(_numbers):05d}"
    now = grace.kit.clock.now()
    today: date = now.date()
    minor = Money.of(amount, currency).minor
    with grace.kit.db.begin() as session:
        borrower = Borrower(
            ref=ref,
            name="张伟" if locale == "zh_CN" else "Sam Reed",
            phone="19900005678",
            birth_date=date(1990, 5, 12),
            id_last4="301X",
            locale=locale,
            timezone=timezone,
            created_at=now,
        )
        session.add(borrower)
        session.flush()
        session.add(
            AddressRow(borrower_id=borrower.id, channel=channel, address=ref, verified=verified, consent=True)
        )
        loan = LoanRow(
            ref=f"L{ref}",
            borrower_id=borrower.id,
            product=product,
            currency=currency,
            principal_minor=minor,
            opened_on=today - timedelta(days=200),
        )
        session.add(loan)
        session.flush()
        session.add(
            DueItem(
                loan_id=loan.id,
                number=1,
                due_on=today - timedelta(days=days_past_due),
                principal_minor=minor,
                interest_minor=0,
                fee_minor=Money.of(fee, currency).minor,
                paid_minor=0,
            )
        )
    return ref


def make_plan(grace: Grace, conversation: str, count: int = 3) -> int:
    """Agree a plan in a verified conversation, as the dialogue would; return its id.

    Its papers follow the answer to the conversation's next turn.
    """
    made = grace.negotiation.propose(conversation, Wish(count=count), turn="factory:0")
    plan = grace.negotiation.agree(conversation, made.options[0].id, turn="factory").plan_id
    assert plan is not None
    return plan
