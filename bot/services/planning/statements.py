"""The planner's SQL: slots joined to the whole loan book, under a key that lets each nudge in once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    MetaData,
    Select,
    SQLColumnExpression,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from bot.domain.agreed import CYCLE
from bot.domain.ladder import STANDARD
from bot.services.planning.inserting import Unindexed, inserting, labelled
from bot.services.planning.slots import Places, Slot
from bot.storage.db import Instant
from bot.storage.prepared import prepared
from bot.storage.queries import DUE_AMOUNT, PAUSES, STILL_OPEN
from bot.storage.tables import Borrower, DueItem, HoldRow, LoanRow, Nudge, Plan, PlanItem, Promise

# Lives as long as its connection, and is empty whenever no planner is at work in it.
TEMPORARY: dict[str, Any] = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DELETE ROWS"}
scratch = MetaData()
_slots = Table(
    "planning_slots",
    scratch,
    Column("kind", String),
    Column("product", String),
    Column("timezone", String),
    Column("due_on", Date),
    Column("ladder", String),
    Column("day", Integer),
    Column("tier", String),
    Column("good_record", Boolean),
    Column("least", BigInteger),
    Column("below", BigInteger),
    Column("made_before", Instant),
    Column("step", String),
    Column("purpose", String),
    Column("template", String),
    Column("channels", JSON),
    Column("state", String),
    Column("send_at", Instant),
    Column("expires_at", Instant),
    Index("ix_planning_slots", "due_on", "product", "timezone"),
    **TEMPORARY,
)
_used = Table(
    "planning_used",
    scratch,
    Column("ladder", String),
    Column("day", Integer),
    Column("key", String),
    Index("ix_planning_used", "key", "ladder"),
    **TEMPORARY,
)
_ITS_SLOT = and_(_slots.c.product == LoanRow.product, _slots.c.timezone == Borrower.timezone)
_NAMES = tuple(column.name for column in _slots.c)
_OF_SLOT = frozenset(one.name for one in fields(Slot))


def places(session: Session, only: Collection[str] | None = None) -> Places:
    """Return the zones of all borrowers, or those of `only` given ones, and the tiers of all loans."""
    zones = only if only is not None else session.scalars(select(Borrower.timezone).distinct())
    tiers = session.scalars(select(func.coalesce(LoanRow.tier, STANDARD)).distinct())
    return Places(tuple(sorted(zones)), tuple(sorted(tiers)))


def plan_rungs(
    session: Session,
    slots: Sequence[Slot],
    used: Sequence[tuple[str, int, str]],
    now: datetime,
    *,
    apart: bool = False,
) -> int:
    """Insert the nudges of all rungs that are due where nothing else was agreed; return how many are new.

    `apart` says that the slots are of a part of the borrowers only: the others are then not looked through.
    """
    if apart:
        asked = set(session.scalars(*_open_days({slot.timezone for slot in slots})))
        slots = [slot for slot in slots if slot.due_on in asked]
    if not slots:
        return 0
    fill(session, _slots, [_row(slot) for slot in slots])
    fill(session, _used, [dict(zip(("ladder", "day", "key"), one, strict=True)) for one in used])
    days = [one.due_on for one in slots]
    return (_due_rungs_apart if apart else _due_rungs)(session, now, min(days), max(days))


@prepared
def _open_days(timezones: Collection[str]) -> Select[tuple[date]]:
    theirs = _loans_of(Borrower.timezone.in_(timezones))
    return select(DueItem.due_on).where(DueItem.loan_id.in_(theirs), STILL_OPEN).distinct()


def _loans_of(which: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(LoanRow.id).join(Borrower, Borrower.id == LoanRow.borrower_id).where(which)


@inserting
def _due_rungs(now: datetime, first: date, last: date) -> Select[Any]:
    return _rungs(now, first, last)


@inserting
def _due_rungs_apart(now: datetime, first: date, last: date) -> Select[Any]:
    theirs = _loans_of(Borrower.timezone.in_(select(_slots.c.timezone)))
    return _rungs(now, first, last).where(DueItem.loan_id.in_(theirs))


def _rungs(now: datetime, first: date, last: date) -> Select[Any]:
    amount = DUE_AMOUNT - DueItem.paid_minor
    climbed = exists().where(
        Nudge.loan_id == LoanRow.id,
        Nudge.cycle == DueItem.number,
        Nudge.step == _used.c.key,
        _used.c.ladder == _slots.c.ladder,
        _used.c.day >= _slots.c.day,
    )
    return _of_loans(select(*_nudge(_slots.c.step, now, DueItem.number))).where(
        DueItem.due_on.between(first, last),
        _slots.c.due_on == Unindexed(DueItem.due_on),
        or_(_slots.c.tier.is_(None), _slots.c.tier == func.coalesce(LoanRow.tier, STANDARD)),
        or_(_slots.c.good_record.is_(None), _slots.c.good_record == LoanRow.good_record),
        or_(_slots.c.least.is_(None), _slots.c.least <= amount),
        or_(_slots.c.below.is_(None), _slots.c.below > amount),
        ~exists().where(Plan.loan_id == LoanRow.id, Plan.state == "active"),
        ~exists().where(Promise.loan_id == LoanRow.id, Promise.state == "open"),
        ~_paused_on(_slots.c.send_at),
        ~climbed,
    )


def _paused_on(at: SQLColumnExpression[datetime]) -> ColumnElement[bool]:
    """Whether the loan was or is paused at an instant: what falls into a pause is not made up for."""
    return exists().where(
        HoldRow.borrower_id == LoanRow.borrower_id,
        HoldRow.kind.in_(PAUSES),
        or_(HoldRow.loan_id.is_(None), HoldRow.loan_id == LoanRow.id),
        func.coalesce(HoldRow.since, HoldRow.created_at) <= at,
        or_(HoldRow.until.is_(None), HoldRow.until > at),
        or_(HoldRow.lifted_at.is_(None), HoldRow.lifted_at > at),
    )


def plan_agreed(session: Session, slots: Sequence[Slot], now: datetime) -> int:
    """Insert the reminders of plans and promises that are due; return how many are new."""
    if not slots:
        return 0
    fill(session, _slots, [_row(slot) for slot in slots])
    return _instalments(session, now) + _promises(session, now)


@inserting
def _instalments(now: datetime) -> Select[Any]:
    """What a plan costs may be all that is left of a loan: its due items do not matter here."""
    step = _slots.c.step + cast(Plan.id, String) + ":" + cast(PlanItem.number, String)
    return (
        select(*_nudge(step, now, literal(CYCLE)))
        .select_from(PlanItem)
        .join(Plan, and_(Plan.id == PlanItem.plan_id, Plan.state == "active"))
        .join(LoanRow, LoanRow.id == Plan.loan_id)
        .join(Borrower, Borrower.id == LoanRow.borrower_id)
        .join(_slots, _ITS_SLOT)
        .where(
            _slots.c.kind == "plan",
            _slots.c.due_on == PlanItem.due_on,
            Plan.agreed_at < _slots.c.made_before,
            PlanItem.paid_minor < PlanItem.amount_minor,
        )
    )


@inserting
def _promises(now: datetime) -> Select[Any]:
    newer = aliased(Promise)
    step = _slots.c.step + cast(Promise.id, String)
    return (
        select(*_nudge(step, now, literal(CYCLE)))
        .select_from(Promise)
        .join(LoanRow, LoanRow.id == Promise.loan_id)
        .join(Borrower, Borrower.id == LoanRow.borrower_id)
        .join(_slots, _ITS_SLOT)
        .where(
            _slots.c.kind == "promise",
            _slots.c.due_on == Promise.due_on,
            Promise.state == "open",
            Promise.created_at < _slots.c.made_before,
            exists().where(DueItem.loan_id == LoanRow.id, STILL_OPEN),
            ~exists().where(newer.loan_id == Promise.loan_id, newer.id > Promise.id),
            ~exists().where(Plan.loan_id == LoanRow.id, Plan.state == "active"),
        )
    )


def _of_loans(chosen: Select[Any]) -> Select[Any]:
    """Choose from open loans with borrower and current due item, and the slots of their product and zone."""
    earlier = aliased(DueItem)
    asked = earlier.principal_minor + earlier.interest_minor + earlier.fee_minor
    return (
        chosen.select_from(DueItem)
        .join(LoanRow, LoanRow.id == DueItem.loan_id)
        .join(Borrower, Borrower.id == LoanRow.borrower_id)
        .join(_slots, _ITS_SLOT)
        .where(
            STILL_OPEN,
            # The oldest that is open names the cycle.
            ~exists().where(
                earlier.loan_id == DueItem.loan_id,
                earlier.number < DueItem.number,
                earlier.paid_minor < asked,
            ),
        )
    )


def _nudge(step: ColumnElement[str], now: datetime, cycle: SQLColumnExpression[int]) -> list[Any]:
    """The columns of a nudge."""
    return labelled(
        loan_id=LoanRow.id,
        borrower_id=LoanRow.borrower_id,
        cycle=cycle,
        step=step,
        purpose=_slots.c.purpose,
        template=_slots.c.template,
        channels=_slots.c.channels,
        state=_slots.c.state,
        send_at=_slots.c.send_at,
        expires_at=_slots.c.expires_at,
        created_at=type_coerce(now, Instant()),
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def fill(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    """Put rows into a scratch table of this connection, and let PostgreSQL know how many they are."""
    connection = session.connection()
    table.create(connection, checkfirst=True)
    connection.execute(delete(table))
    connection.execute(insert(table), rows)
    if not _is_sqlite(session):
        connection.execute(text(f"ANALYZE {table.name}"))


def _row(slot: Slot) -> dict[str, Any]:
    return {name: getattr(slot if name in _OF_SLOT else slot.nudge, name) for name in _NAMES}
