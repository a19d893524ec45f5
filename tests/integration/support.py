"""Short ways to say what a test of the services sets up and looks at."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bootstrap import Grace
from bot.domain.model import Hold
from bot.domain.money import Money
from bot.services.conversation import Incoming, Kind, Received
from bot.services.kit import MovableClock
from bot.services.replies import Reply
from bot.services.turns import Finished, Turn
from bot.storage.queries import holds_of
from bot.storage.tables import (
    Agent,
    AuditEvent,
    Base,
    Borrower,
    Conversation,
    DueItem,
    HandoffRow,
    LoanRow,
    Message,
)

R = TypeVar("R")
T = TypeVar("T", bound=Base)

FACTS = "1990-05-12 5678"
_numbers = itertools.count(1)


def at_once(*calls: Callable[[], R]) -> list[R]:
    """Run calls in threads that start together; return their results in order, raise the first error."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], R]) -> R:
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, call) for call in calls]]


def slowly(grace: Grace, write: Callable[[Session], object], then: Callable[[], R]) -> R:
    """Run `then` while another transaction has written something and has not committed it yet."""
    written = threading.Event()

    def first() -> None:
        with grace.kit.db.begin() as session:
            write(session)
            session.flush()
            written.set()
            # Long enough for the other to come up against it.
            time.sleep(0.3)

    def second() -> R:
        written.wait(10)
        return then()

    with ThreadPoolExecutor(2) as pool:
        others, mine = pool.submit(first), pool.submit(second)
        others.result(timeout=60)
        return mine.result(timeout=60)


def chat(grace: Grace, ref: str, *, channel: str = "webchat", verified: bool = True) -> str:
    """Return the conversation of a borrower of the factory, identity verified unless told not to."""
    conversation = grace.conversations.ensure(channel, ref)
    if verified:
        grace.identity.vouch(conversation, "test")
    return conversation


def message(text: str, *, address: str, key: str | None = None, kind: Kind = "text", **more: Any) -> Incoming:
    """Return a message as the web chat receives it, under an id of its own or under `key`."""
    return Incoming(
        more.pop("channel", "webchat"), address, key or f"web:{next(_numbers)}", text, kind, **more
    )


def say(grace: Grace, address: str, text: str, **more: Any) -> Received:
    """Receive a message."""
    return grace.conversations.receive(message(text, address=address, **more))


def claimed(grace: Grace, conversation: str) -> Turn:
    """Claim the turn that must be there."""
    turn = grace.turns.claim(conversation)
    assert turn is not None
    return turn


def answered(grace: Grace, turn: Turn, text: str = "好的。", **more: Any) -> Finished:
    """Finish a turn as the gateway does; return what it leaves."""
    reply = Reply(text, more.pop("buttons", []), purpose=more.pop("purpose", "reply"))
    return grace.turns.finish(
        turn,
        reply,
        expected=more.pop("expected", None),
        understood=more.pop("understood", True),
        reading=more.pop("reading", None),
        stored=more.pop("stored", False),
    )


def rows(grace: Grace, table: type[T], **where: Any) -> list[T]:
    """Return the rows of a table whose columns have these values, in order of their id."""
    with grace.kit.db.begin() as session:
        return list(session.scalars(select(table).filter_by(**where).order_by(*table.__table__.primary_key)))


def only(grace: Grace, table: type[T], **where: Any) -> T:
    """Return the one row of a table whose columns have these values."""
    (row,) = rows(grace, table, **where)
    return row


def out(grace: Grace, conversation: str, *states: str) -> list[Message]:
    """Return what was written to a conversation, cancelled or not, in order."""
    found = rows(grace, Message, conversation_id=conversation, direction="out")
    return [one for one in found if not states or one.state in states]


def holds(grace: Grace, ref: str, at: datetime | None = None) -> dict[str, Hold]:
    """Return the holds of a borrower that are in force, by kind."""
    with grace.kit.db.begin() as session:
        borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
        found = holds_of(session, borrower.id, at or grace.kit.clock.now())
    return {hold.kind.value: hold for hold in found}


def conversation_row(grace: Grace, conversation: str) -> Conversation:
    """Return a conversation's row."""
    return only(grace, Conversation, id=conversation)


def events(grace: Grace, kind: str) -> list[AuditEvent]:
    """Return the audit events of a kind."""
    return rows(grace, AuditEvent, kind=kind)


def handoff(grace: Grace, conversation: str) -> HandoffRow:
    """Return the newest hand-off of a conversation."""
    return rows(grace, HandoffRow, conversation_id=conversation)[-1]


def make_agent(grace: Grace, name: str = "李敏", role: str = "agent") -> int:
    """Insert a member of staff who cannot sign in: no time is spent on a password."""
    with grace.kit.db.begin() as session:
        agent = Agent(
            login=f"agent{next(_numbers)}",
            name=name,
            role=role,
            password_hash="-",
            created_at=grace.kit.clock.now(),
        )
        session.add(agent)
        session.flush()
        return agent.id


def pay(grace: Grace, ref: str, amount: str | None = None) -> None:
    """Pay the due items of a borrower's loan, all of it or an amount, as the loan book would."""
    with grace.kit.db.begin() as session:
        loan = session.scalars(select(LoanRow).where(LoanRow.ref == f"L{ref}").with_for_update()).one()
        items = session.scalars(select(DueItem).where(DueItem.loan_id == loan.id).order_by(DueItem.number))
        rest = None if amount is None else Money.of(amount, loan.currency).minor
        for item in items:
            open_minor = item.principal_minor + item.interest_minor + item.fee_minor - item.paid_minor
            part = open_minor if rest is None else min(open_minor, rest)
            item.paid_minor += part
            rest = None if rest is None else rest - part


def add_loan(grace: Grace, ref: str, *, amount: str, due_on: date, name: str) -> int:
    """Give a borrower one more loan of one due item; return its id."""
    minor = Money.of(amount, "CNY").minor
    with grace.kit.db.begin() as session:
        borrower = session.scalars(select(Borrower).where(Borrower.ref == ref)).one()
        loan = LoanRow(
            ref=name,
            borrower_id=borrower.id,
            product="consumer-cn",
            currency="CNY",
            principal_minor=minor,
            opened_on=due_on,
        )
        session.add(loan)
        session.flush()
        session.add(
            DueItem(
                loan_id=loan.id,
                number=1,
                due_on=due_on,
                principal_minor=minor,
                interest_minor=0,
                fee_minor=0,
                paid_minor=0,
            )
        )
        return loan.id


def change(grace: Grace, table: type[Base], where: dict[str, Any], **values: Any) -> None:
    """Set columns of the one row that has these values."""
    with grace.kit.db.begin() as session:
        row = session.scalars(select(table).filter_by(**where)).one()
        for name, value in values.items():
            setattr(row, name, value)


def tick(grace: Grace) -> list[int]:
    """Do what the clock does in the database, but for promises; return the messages that were written."""
    grace.reminders.plan()
    written: list[int] = []
    while (batch := grace.delivery.prepare_due()).decided:
        written += batch.written
    return written


def send(grace: Grace, outcome: str = "sent") -> list[str]:
    """Hand over everything that is queued, to every channel, and settle it; return the texts that left."""
    texts = []
    for queued, _ in grace.outbox.queued(("webchat", "telegram", "sms", "email")):
        outgoing = grace.outbox.claim(queued)
        if outgoing is not None:
            texts.append(outgoing.text)
            grace.outbox.settle(queued, outcome)  # type: ignore[arg-type]
    return texts


def wait(clock: MovableClock, **by: float) -> datetime:
    """Move the clock on and return what it shows."""
    clock.move(timedelta(**by))
    return clock.now()
