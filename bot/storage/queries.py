"""Loads rows into the snapshots that decisions are made on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, text
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, aliased, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from bot.domain.counter import Circumstances
from bot.domain.limits import History
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
from bot.domain.promises import PromiseState
from bot.storage.prepared import prepared
from bot.storage.sealed import forms
from bot.storage.tables import (
    AddressRow,
    AuditEvent,
    Borrower,
    Conversation,
    DueItem,
    HoldRow,
    LoanRow,
    Message,
    Plan,
    Promise,
)

# The wall that counts for a chat of nobody we know.
HOME_ZONE = "Asia/Shanghai"
INITIATED = tuple(purpose.value for purpose in Purpose if purpose.is_initiated)
"""The purposes of what the lender starts."""

CALL_OUTCOMES = ("answered", "unanswered")
"""How a call may have ended, as the state of its record."""
COUNTED = ("queued", "sending", "sent", "delivered", "read", "uncertain", *CALL_OUTCOMES)
"""The states of a message that has reached somebody, or may yet."""

DUE_AMOUNT = DueItem.principal_minor + DueItem.interest_minor + DueItem.fee_minor
"""What a due item asks in all, in SQL."""
STILL_OPEN = DueItem.paid_minor < DUE_AMOUNT
"""Whether something is still to be paid of a due item, in SQL."""


def zone_of(borrower: Borrower | None) -> str:
    """Return the time zone of a borrower, or the one that stands in for it in a stranger's chat."""
    return borrower.timezone if borrower is not None else HOME_ZONE


def loan_snapshot(row: LoanRow) -> Loan:
    """Turn a loan row with its due items into a snapshot."""
    return Loan(
        row.id, row.ref, row.product, row.currency, tuple(due_of(item, row.currency) for item in row.dues)
    )


def due_of(item: DueItem | Row[Any], currency: str) -> Due:
    """Turn a due item, or what `due_items` has read of one, into a snapshot."""
    return Due(
        item.number,
        item.due_on,
        Money(item.principal_minor, currency),
        Money(item.interest_minor, currency),
        Money(item.fee_minor, currency),
        Money(item.paid_minor, currency),
    )


@prepared
def due_items(loan_ids: Collection[int]) -> Select[Any]:
    """Select the due items of loans, each loan's in order: columns, no rows to be changed."""
    return (
        select(
            DueItem.id,
            DueItem.loan_id,
            DueItem.number,
            DueItem.due_on,
            DueItem.principal_minor,
            DueItem.interest_minor,
            DueItem.fee_minor,
            DueItem.paid_minor,
        )
        .where(DueItem.loan_id.in_(loan_ids))
        .order_by(DueItem.loan_id, DueItem.number)
    )


def current_loan(session: Session, borrower_id: int) -> LoanRow | None:
    """Return the borrower's loan with the oldest open due item; any loan when all are paid."""
    rows = session.scalars(*_loans_of(borrower_id)).unique()

    def oldest_open(row: LoanRow) -> tuple[bool, str]:
        due = loan_snapshot(row).next_due()
        return (due is None, due.due_on.isoformat() if due else "")

    return min(rows, key=oldest_open, default=None)


@prepared
def _loans_of(borrower_id: int) -> Select[tuple[LoanRow]]:
    return (
        select(LoanRow)
        .where(LoanRow.borrower_id == borrower_id)
        .options(joinedload(LoanRow.dues))
        .order_by(LoanRow.id)
    )


def holds_of(session: Session, borrower_id: int, at: datetime) -> list[Hold]:
    """Return the holds that are in force at `at`."""
    return holds_of_all(session, [borrower_id], at)[borrower_id]


def holds_of_all(
    session: Session, borrower_ids: Collection[int], at: datetime
) -> defaultdict[int, list[Hold]]:
    """Return the holds of many borrowers that are in force at `at`."""
    found: defaultdict[int, list[Hold]] = defaultdict(list)
    for borrower_id, kind, channel, loan_id, until in session.execute(*_in_force(borrower_ids, at)):
        found[borrower_id].append(Hold(HoldKind(kind), channel, loan_id, until))
    return found


@prepared
def _in_force(
    borrower_ids: Collection[int], at: datetime
) -> Select[tuple[int, str, str | None, int | None, datetime | None]]:
    return (
        select(HoldRow.borrower_id, HoldRow.kind, HoldRow.channel, HoldRow.loan_id, HoldRow.until)
        .where(
            HoldRow.borrower_id.in_(borrower_ids),
            HoldRow.lifted_at.is_(None),
            or_(HoldRow.until.is_(None), HoldRow.until > at),
        )
        .order_by(HoldRow.id)
    )


PAUSES = (HoldKind.PAUSE.value, HoldKind.BREATHING_SPACE.value, HoldKind.DEBT_ADVISER.value)
"""Holds with a time of their own: what falls into it is not made up for afterwards."""


def pauses_of(session: Session, borrower_id: int, loan_id: int) -> list[tuple[datetime, datetime | None]]:
    """Return when a loan was or is paused: from when on, and until when, None where nobody knows yet."""
    rows = session.scalars(
        select(HoldRow)
        .where(
            HoldRow.borrower_id == borrower_id,
            HoldRow.kind.in_(PAUSES),
            or_(HoldRow.loan_id.is_(None), HoldRow.loan_id == loan_id),
        )
        .order_by(HoldRow.id)
    )
    return [
        (row.since or row.created_at, min((end for end in (row.until, row.lifted_at) if end), default=None))
        for row in rows
    ]


def wish_of(wish: Mapping[str, Any] | None) -> Wish:
    """Return when and where a borrower has said to be contacted, as it is stored with them."""
    if wish is None:
        return Wish()
    windows = tuple(
        Window(time.fromisoformat(one["start"]), time.fromisoformat(one["end"]), frozenset(one["weekdays"]))
        for one in wish["windows"]
    )
    return Wish(windows, frozenset(wish["channels"]))


def channels_closed_by(holds: Iterable[Hold]) -> frozenset[str]:
    """Return the channels that a hold without an end closes, each by itself."""
    return frozenset(hold.channel for hold in holds if hold.channel is not None and hold.until is None)


def closed_channels(session: Session, borrower_id: int, at: datetime) -> frozenset[str]:
    """Return the channels on which a borrower wants no contact."""
    return channels_closed_by(holds_of(session, borrower_id, at))


def moves_of(session: Session, borrower_ids: Collection[int]) -> dict[int, list[tuple[datetime, str]]]:
    """Return when borrowers moved to another time zone, in order, and from which."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    for borrower_id, at, detail in session.execute(*_moves(borrower_ids)):
        found.setdefault(borrower_id, []).append((at, detail["was"]))
    return found


@prepared
def _moves(borrower_ids: Collection[int]) -> Select[Any]:
    return (
        select(AuditEvent.borrower_id, AuditEvent.at, AuditEvent.detail)
        # Word for word as in the partial index, so that SQLite uses it too.
        .where(text("audit_events.kind = 'timezone_changed'"), AuditEvent.borrower_id.in_(borrower_ids))
        .order_by(AuditEvent.at, AuditEvent.id)
    )


def zone_before(moves: Iterable[tuple[datetime, str]], at: datetime) -> str | None:
    """Return the zone of an instant that lies before a move; None after the last one."""
    return next((was for moved, was in moves if moved > at), None)


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
    rows = session.execute(*_contacts(borrower_ids, since))
    moves = moves_of(session, borrower_ids)
    found: defaultdict[int, list[tuple[int, Contact]]] = defaultdict(list)
    for borrower_id, number, channel, instant, state, address, payload in rows:
        contact = Contact(
            channel,
            instant,
            cast(CallOutcome, state) if state in CALL_OUTCOMES else None,
            frozenset((payload or {}).get("loan_ids", ())),
            address if state in CALL_OUTCOMES else None,
            zone_before(moves.get(borrower_id, ()), instant),
        )
        found[borrower_id].append((number, contact))
    return found


@prepared
def _contacts(borrower_ids: Collection[int], since: datetime) -> Select[Any]:
    at = func.coalesce(Message.done_at, Message.created_at, type_=Message.created_at.type)
    return (
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
            # An equality would tempt SQLite into reading every message that ever went out, by their state.
            Message.direction != "in",
            or_(Message.purpose.in_(INITIATED), _opening()),
            Message.state.in_(COUNTED),
            at >= since,
        )
    )


def _opening() -> ColumnElement[bool]:
    """Whether words of staff were the first of their conversation: then the lender has started it."""
    earlier = aliased(Message)
    return and_(
        Message.initiator.in_(("agent", "agency")),
        ~exists().where(
            earlier.conversation_id == Message.conversation_id,
            earlier.id < Message.id,
            or_(earlier.direction == "in", earlier.state.in_(COUNTED)),
        ),
    )


def address_snapshot(row: AddressRow | Row[Any]) -> Address:
    """Turn an address, or its columns, into a snapshot."""
    return Address(row.channel, row.address, row.verified, row.consent, row.dead_at is not None)


def best_address(
    addresses: Collection[Address], channels: Sequence[str], closed: Collection[str] = ()
) -> Address | None:
    """Return the first living address in the order of `channels`; failing that, any of them, to say why not.

    `closed` are channels on which the borrower wants no contact: they are passed over like dead ones.
    """
    candidates = [one for name in channels for one in addresses if one.channel == name]
    usable = [one for one in candidates if not one.dead and one.consent and one.channel not in closed]
    return next(iter(usable or candidates), None)


def conversation_for(
    session: Session, channel: str, address: str, *, lock: bool = False
) -> Conversation | None:
    """Return the conversation of an address; with `lock` nobody else changes it in this transaction."""
    found = _locked_at if lock else _conversation_at
    return session.scalars(*found(channel, forms([address]))).first()


@prepared
def _conversation_at(channel: str, address: Sequence[str]) -> Select[tuple[Conversation]]:
    return _chat(channel, address)


@prepared
def _locked_at(channel: str, address: Sequence[str]) -> Select[tuple[Conversation]]:
    return _chat(channel, address).with_for_update()


def _chat(channel: str, address: Sequence[str]) -> Select[tuple[Conversation]]:
    return select(Conversation).where(Conversation.channel == channel, Conversation.address.in_(address))


def conversation_of(session: Session, conversation_id: str) -> Conversation:
    """Return a conversation, its borrower read with it. Raises NoResultFound."""
    found = read_together(session, _conversation_of(conversation_id))
    if found is None:
        raise NoResultFound(f"there is no conversation {conversation_id}")
    return found


def read_together(
    session: Session, found: tuple[Select[tuple[Conversation, Borrower]], dict[str, Any]]
) -> Conversation | None:
    """Return the conversation that `with_borrower` finds, its borrower at hand; None where there is none."""
    row = session.execute(*found).tuples().first()
    if row is None:
        return None
    conversation: Conversation = row[0]
    set_committed_value(conversation, "borrower", row[1])
    return conversation


def with_borrower(conversation_id: str) -> Select[tuple[Conversation, Borrower]]:
    """Select a conversation and the borrower whom it belongs to, NULL for a stranger's."""
    found = select(Conversation, Borrower).outerjoin(Borrower, Borrower.id == Conversation.borrower_id)
    return found.where(Conversation.id == conversation_id)


@prepared
def _conversation_of(conversation_id: str) -> Select[tuple[Conversation, Borrower]]:
    return with_borrower(conversation_id)


def address_of(session: Session, channel: str, address: str) -> AddressRow | None:
    """Return the address that a borrower has on a channel."""
    return session.scalars(*_address_at(channel, forms([address]))).first()


@prepared
def _address_at(channel: str, address: Sequence[str]) -> Select[tuple[AddressRow]]:
    return select(AddressRow).where(AddressRow.channel == channel, AddressRow.address.in_(address))


def own_address(session: Session, conversation: Conversation) -> AddressRow | None:
    """Return the address of a conversation; a stranger's chat has none."""
    return address_of(session, conversation.channel, conversation.address)


def own_addresses(session: Session, conversation_ids: Collection[str]) -> dict[str, AddressRow]:
    """Return the addresses of conversations by the conversations' ids; those of strangers have none."""
    if not conversation_ids:
        return {}
    return dict(session.execute(*_addresses_of(conversation_ids)).tuples().all())


@prepared
def _addresses_of(conversation_ids: Collection[str]) -> Select[tuple[str, AddressRow]]:
    return (
        select(Conversation.id, AddressRow)
        .join(
            AddressRow,
            and_(AddressRow.channel == Conversation.channel, AddressRow.address == Conversation.address),
        )
        .where(Conversation.id.in_(conversation_ids))
    )


def active_plan(session: Session, loan_id: int) -> Plan | None:
    """Return the loan's active plan."""
    return session.scalars(*_active_plan(loan_id)).first()


@prepared
def _active_plan(loan_id: int) -> Select[tuple[Plan]]:
    active = select(Plan).where(Plan.loan_id == loan_id, Plan.state == "active")
    return active.options(selectinload(Plan.items))


def circumstances(
    session: Session, loan_id: int, borrower_id: int, today: date, now: datetime
) -> Circumstances:
    """Return what an offer on a loan depends on besides loan, policy and wish, as it stands now."""
    kinds = frozenset(hold.kind for hold in holds_of(session, borrower_id, now))
    year = now - timedelta(days=365)
    plans = session.execute(
        select(Plan.kind, Plan.agreed_at).where(
            Plan.loan_id == loan_id, Plan.agreed_at > now - timedelta(days=5 * 365 + 1)
        )
    ).all()
    recent = Counter(row.kind for row in plans if row.agreed_at > year)
    missed = select(func.count()).where(
        Promise.loan_id == loan_id,
        Promise.state.in_([state for state in PromiseState if state.is_missed]),
        Promise.closed_at > year,
    )
    history = History(
        extensions_5_years=sum(row.kind == "extension" for row in plans),
        holidays_12_months=recent["holiday"],
        plans_12_months=recent.total(),
        broken_promises_12_months=session.scalar(missed) or 0,
        open_dispute=HoldKind.DISPUTE in kinds,
        tier=session.scalar(select(LoanRow.tier).where(LoanRow.id == loan_id)),
    )
    return Circumstances(today, HoldKind.HARDSHIP in kinds, recent["extension"], history)
