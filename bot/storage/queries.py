"""Loads rows into the snapshots that decisions are made on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.domain.model import (
    Address,
    CallOutcome,
    Contact,
    Due,
    Hold,
    HoldKind,
    Loan,
    Purpose,
    Window,
    Wish,
)
from bot.domain.money import Money
from bot.storage.tables import (
    AddressRow,
    Borrower,
    Conversation,
    DueItem,
    HoldRow,
    LoanRow,
    Message,
    OfferRow,
    Plan,
)

# The wall that counts for a chat of nobody we know.
_HOME_ZONE = "Asia/Shanghai"
INITIATED = tuple(purpose.value for purpose in Purpose if purpose.is_initiated)
"""The purposes of what the lender starts."""

CALL_OUTCOMES = ("answered", "unanswered")
"""How a call may have ended, as the state of its record."""
_COUNTED = ("queued", "sending", "sent", "delivered", "read", "uncertain", *CALL_OUTCOMES)

DUE_AMOUNT = DueItem.principal_minor + DueItem.interest_minor + DueItem.fee_minor
"""What a due item asks in all, in SQL."""
STILL_OPEN = DueItem.paid_minor < DUE_AMOUNT
"""Whether something is still to be paid of a due item, in SQL."""


def zone_of(borrower: Borrower | None) -> str:
    """Return the time zone of a borrower, or the one that stands in for it in a stranger's chat."""
    return borrower.timezone if borrower is not None else _HOME_ZONE


def loan_snapshot(row: LoanRow) -> Loan:
    """Turn a loan row with its due items into a snapshot."""
    return Loan(
        row.id, row.ref, row.product, row.currency, tuple(_due(item, row.currency) for item in row.dues)
    )


def _due(item: DueItem, currency: str) -> Due:
    return Due(
        item.number,
        item.due_on,
        Money(item.principal_minor, currency),
        Money(item.interest_minor, currency),
        Money(item.fee_minor, currency),
        Money(item.paid_minor, currency),
    )


def current_loan(session: Session, borrower_id: int) -> LoanRow | None:
    """Return the borrower's loan with the oldest open due item; any loan when all are paid."""
    rows = session.scalars(
        select(LoanRow)
        .where(LoanRow.borrower_id == borrower_id)
        .options(selectinload(LoanRow.dues))
        .order_by(LoanRow.id)
    ).all()

    def oldest_open(row: LoanRow) -> tuple[bool, str]:
        due = loan_snapshot(row).next_due()
        return (due is None, due.due_on.isoformat() if due else "")

    return min(rows, key=oldest_open, default=None)


def holds_of(session: Session, borrower_id: int, at: datetime) -> list[Hold]:
    """Return the holds that are in force at `at`."""
    return holds_of_all(session, [borrower_id], at)[borrower_id]


def holds_of_all(
    session: Session, borrower_ids: Collection[int], at: datetime
) -> defaultdict[int, list[Hold]]:
    """Return the holds of many borrowers that are in force at `at`."""
    rows = session.scalars(
        select(HoldRow)
        .where(
            HoldRow.borrower_id.in_(borrower_ids),
            HoldRow.lifted_at.is_(None),
            or_(HoldRow.until.is_(None), HoldRow.until > at),
        )
        .order_by(HoldRow.id)
    )
    found: defaultdict[int, list[Hold]] = defaultdict(list)
    for row in rows:
        found[row.borrower_id].append(Hold(HoldKind(row.kind), row.channel, row.loan_id, row.until))
    return found


def wish_of(borrower: Borrower) -> Wish:
    """Return when and where a borrower has said to be contacted."""
    if borrower.wish is None:
        return Wish()
    windows = tuple(
        Window(time.fromisoformat(one["start"]), time.fromisoformat(one["end"]), frozenset(one["weekdays"]))
        for one in borrower.wish["windows"]
    )
    return Wish(windows, frozenset(borrower.wish["channels"]))


def channels_closed_by(holds: Iterable[Hold]) -> frozenset[str]:
    """Return the channels that a hold without an end closes, each by itself."""
    return frozenset(hold.channel for hold in holds if hold.channel is not None and hold.until is None)


def closed_channels(session: Session, borrower_id: int, at: datetime) -> frozenset[str]:
    """Return the channels on which a borrower wants no contact."""
    return channels_closed_by(holds_of(session, borrower_id, at))


def recent_contacts(
    session: Session, borrower_id: int, since: datetime, *, besides: int | None = None
) -> list[Contact]:
    """Return what the lender started on its own since an instant; `besides` names a message left out."""
    found = recent_contacts_of_all(session, [borrower_id], since)[borrower_id]
    return [contact for number, contact in found if number != besides]


def recent_contacts_of_all(
    session: Session, borrower_ids: Collection[int], since: datetime
) -> defaultdict[int, list[tuple[int, Contact]]]:
    """Return what the lender started with many borrowers, over all channels and initiators, by message id.

    What is about to go out counts too: of two messages written in one tick the second must see the first.
    """
    at = func.coalesce(Message.done_at, Message.created_at, type_=Message.created_at.type)
    rows = session.execute(
        select(
            Conversation.borrower_id,
            Message.id,
            Conversation.channel,
            at,
            Message.state,
            Conversation.address,
            Message.payload,
        )
        .join(Message, Message.conversation_id == Conversation.id)
        .where(
            Conversation.borrower_id.in_(borrower_ids),
            Message.direction == "out",
            Message.purpose.in_(INITIATED),
            Message.state.in_(_COUNTED),
            at >= since,
        )
    )
    found: defaultdict[int, list[tuple[int, Contact]]] = defaultdict(list)
    for borrower_id, number, channel, instant, state, address, payload in rows:
        contact = Contact(
            channel,
            instant,
            cast(CallOutcome, state) if state in CALL_OUTCOMES else None,
            frozenset((payload or {}).get("loan_ids", ())),
            address if state in CALL_OUTCOMES else None,
        )
        found[borrower_id].append((number, contact))
    return found


def address_snapshot(row: AddressRow) -> Address:
    """Turn an address row into a snapshot."""
    return Address(row.channel, row.address, row.verified, row.consent, row.dead_at is not None)


def best_address(
    borrower: Borrower, channels: Sequence[str], closed: Collection[str] = ()
) -> AddressRow | None:
    """Return the first living address in the order of `channels`; failing that, any of them, to say why not.

    `closed` are channels on which the borrower wants no contact: they are passed over like dead ones.
    """
    candidates = [row for name in channels for row in borrower.addresses if row.channel == name]
    usable = [row for row in candidates if row.dead_at is None and row.consent and row.channel not in closed]
    return next(iter(usable or candidates), None)


def conversation_for(session: Session, channel: str, address: str) -> Conversation | None:
    """Return the conversation of an address."""
    return session.scalars(
        select(Conversation).where(Conversation.channel == channel, Conversation.address == address)
    ).first()


def address_of(session: Session, channel: str, address: str) -> AddressRow | None:
    """Return the address that a borrower has on a channel."""
    return session.scalars(
        select(AddressRow).where(AddressRow.channel == channel, AddressRow.address == address)
    ).first()


def own_address(session: Session, conversation: Conversation) -> AddressRow | None:
    """Return the address of a conversation; a stranger's chat has none."""
    return address_of(session, conversation.channel, conversation.address)


def active_plan(session: Session, loan_id: int) -> Plan | None:
    """Return the loan's active plan."""
    return session.scalars(
        select(Plan).where(Plan.loan_id == loan_id, Plan.state == "active").options(selectinload(Plan.items))
    ).first()


def extensions_used(session: Session, loan_id: int, now: datetime) -> int:
    """Count the extensions agreed on a loan in the last 12 months."""
    rows = session.scalars(
        select(Plan.id)
        .join(OfferRow, OfferRow.id == Plan.offer_id)
        .where(Plan.loan_id == loan_id, Plan.kind == "extension", Plan.agreed_at > now - timedelta(days=365))
    )
    return len(rows.all())
