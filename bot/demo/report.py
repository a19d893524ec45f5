"""What the demo changed in the database, what it must have changed, and where to look next."""

from __future__ import annotations

from collections import Counter
from datetime import date

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bootstrap import Grace
from bot.demo.stage import STAFF
from bot.storage.queries import STILL_OPEN
from bot.storage.tables import (
    AddressRow,
    AuditEvent,
    Borrower,
    Conversation,
    DueItem,
    HandoffRow,
    HoldRow,
    LoanRow,
    Message,
    Nudge,
    Plan,
    PlanItem,
    Promise,
)

PLAYED = ("B0001", "B0002", "B0003", "B0004", "B0005")


def changes(grace: Grace, console: Console) -> None:
    """Print what stands in the database now."""
    with grace.kit.db.begin() as session:
        nudges = Counter(session.scalars(select(Nudge.state)))
        messages = Counter(session.execute(select(Message.direction, Message.state)).tuples().all())
        events = session.scalars(select(AuditEvent.id)).all()
    console.rule("[bold]What changed in the database")
    console.print("nudges    " + ", ".join(f"{count} {state}" for state, count in sorted(nudges.items())))
    written = ", ".join(
        f"{count} {direction} {state}" for (direction, state), count in sorted(messages.items())
    )
    console.print(f"messages  {written}")
    console.print(f"events    {len(events)} audit events")
    table = Table("borrower", "plan", "promise", "holds", "hand-off", box=None, padding=(0, 2, 0, 0))
    for ref in PLAYED:
        table.add_row(ref, *_facts(grace, ref))
    console.print(table, soft_wrap=True)


def expectations(grace: Grace) -> list[str]:
    """Return what should have come of the five conversations and did not."""
    wanted: dict[str, dict[str, object]] = {
        "B0001": {"plan": "3 payments, 3000.00 in all, active", "holds": {"plan", "hardship"}},
        "B0002": {"promise": "1800.00 on 2026-03-06, open", "holds": {"promise"}},
        "B0003": {"handoff": "asked returned resolved", "holds": set()},
        "B0004": {"holds": {"opt_out"}},
        "B0005": {"holds": {"wrong_person"}},
    }
    failures = []
    for ref, facts in wanted.items():
        plan, promise, holds, handoff = _facts(grace, ref)
        found = {"plan": plan, "promise": promise, "holds": set(holds.split()), "handoff": handoff}
        failures += [
            f"{ref}: {name} should be {value!r} and is {found[name]!r}"
            for name, value in facts.items()
            if found[name] != value
        ]
    return failures + _strays(grace)


def _strays(grace: Grace) -> list[str]:
    """Look for what must never be: unanswered messages, doubled answers, facts told to a stranger."""
    failures = []
    with grace.kit.db.begin() as session:
        for state in ("received", "queued", "sending", "uncertain"):
            left = session.scalars(select(Message.id).where(Message.state == state)).all()
            if left:
                failures.append(f"{len(left)} messages are left {state}")
        twice = Counter(session.scalars(select(Message.nudge_id).where(Message.nudge_id.is_not(None))))
        failures += [f"nudge {nudge} was written {n} times" for nudge, n in twice.items() if n > 1]
        told = session.scalars(
            select(Message.text)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Borrower, Borrower.id == Conversation.borrower_id)
            .where(Borrower.ref == "B0005", Message.direction == "out")
        ).all()
        loans = session.scalars(
            select(LoanRow.ref)
            .join(Borrower, Borrower.id == LoanRow.borrower_id)
            .where(Borrower.ref == "B0005")
        ).all()
        failures += [f"B0005: a stranger was told of {ref}" for ref in loans for text in told if ref in text]
    return failures


def _facts(grace: Grace, ref: str) -> tuple[str, str, str, str]:
    with grace.kit.db.begin() as session:
        borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
        loans = [loan.id for loan in borrower.loans]
        plan = session.scalars(select(Plan).where(Plan.loan_id.in_(loans))).first()
        promise = session.scalars(select(Promise).where(Promise.loan_id.in_(loans))).first()
        holds = session.scalars(
            select(HoldRow.kind).where(HoldRow.borrower_id == borrower.id, HoldRow.lifted_at.is_(None))
        ).all()
        handoff = session.scalars(select(HandoffRow).where(HandoffRow.borrower_id == borrower.id)).first()
        items: list[PlanItem] = list(plan.items) if plan else []
        total = sum(item.amount_minor for item in items) / 100
        return (
            f"{len(items)} payments, {total:.2f} in all, {plan.state}" if plan else "",
            f"{promise.amount_minor / 100:.2f} on {promise.due_on}, {promise.state}" if promise else "",
            " ".join(sorted(holds)),
            f"{handoff.reason} {handoff.state} {handoff.outcome or ''}".strip() if handoff else "",
        )


def links(grace: Grace, console: Console) -> None:
    """Print where to go on by hand."""
    base = grace.kit.settings.public_url
    with grace.kit.db.begin() as session:
        borrowers = [_in_arrears(session, locale, grace.kit.clock.now().date()) for locale in ("zh_CN", "en")]
    console.rule("[bold]Go on by hand (Ctrl-C ends)")
    for borrower in borrowers:
        if borrower is not None:
            token = grace.links.issue(borrower.ref, "webchat")
            facts = f"born {borrower.birth_date}, phone ends in {(borrower.phone or '')[-4:]}"
            console.print(
                f"chat     {base}/chat/l/{token}   {borrower.ref} {borrower.name}: {facts}", soft_wrap=True
            )
    console.print(f"console  {base}/console")
    for login, _, role, password in STAFF:
        console.print(f"         {login} / {password} ({role})")


def _in_arrears(session: Session, locale: str, today: date) -> Borrower | None:
    """Return the first borrower who was not played, reads their messages here and has something to pay."""
    owing = (
        select(DueItem.id)
        .join(LoanRow, LoanRow.id == DueItem.loan_id)
        .where(
            LoanRow.borrower_id == Borrower.id,
            DueItem.due_on < today,
            STILL_OPEN,
        )
    )
    stopped = select(HoldRow.id).where(HoldRow.borrower_id == Borrower.id, HoldRow.lifted_at.is_(None))
    reads_here = select(AddressRow.id).where(
        AddressRow.borrower_id == Borrower.id, AddressRow.channel == "webchat", AddressRow.dead_at.is_(None)
    )
    found = select(Borrower).where(
        Borrower.locale == locale,
        Borrower.ref.not_in(PLAYED),
        Borrower.birth_date.is_not(None),
        Borrower.phone.is_not(None),
        owing.exists(),
        reads_here.exists(),
        ~stopped.exists(),
    )
    return session.scalars(found.order_by(Borrower.id)).first()
