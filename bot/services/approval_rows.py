"""Approvals as they are stored: wishes and terms as JSON and back, and what ends a request from outside."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.approvals import ApprovalState, Pending, may_decide, may_move
from bot.domain.model import Refusal
from bot.domain.plans import Option, Wish
from bot.domain.policy import AUTHORITIES, Authority
from bot.services.records import record
from bot.storage.tables import Approval, Borrower, HandoffRow, LoanRow

_WISH = TypeAdapter(Wish)
_OPTION = TypeAdapter(Option)


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One request: who asked for what, which limits it breaks, who has to decide, and what became of it.

    `wish` and `option` are as asked; `terms` is the wish that the votes are about. `asked_by`, `decided_by`
    and `second_by` are agents' ids; nobody in `asked_by` means that the bot asked for the borrower.
    """

    id: int
    loan_id: int
    conversation_id: str
    handoff_id: int | None
    borrower_ref: str
    borrower_name: str
    timezone: str
    loan_ref: str
    product: str
    state: ApprovalState
    level: Authority
    wish: Wish
    terms: Wish
    option: Option
    limits: tuple[Refusal, ...]
    needs_two: bool
    asked_by: int | None
    note: str
    decided_by: int | None
    second_by: int | None
    reason: str | None
    second_reason: str | None
    policy_version: str
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    told_at: datetime | None

    def may_be_decided_by(self, agent_id: int, level: Authority) -> bool:
        """Tell whether somebody's vote would count now."""
        return (
            self.state is ApprovalState.WAITING
            and may_decide(level, self.level)
            and agent_id not in (self.asked_by, self.decided_by)
        )


def wish_json(wish: Wish) -> dict[str, Any]:
    """Return a wish as it is stored; what was not said is left out."""
    found: dict[str, Any] = _WISH.dump_python(wish, mode="json", exclude_none=True)
    return found


def wish_of(stored: dict[str, Any]) -> Wish:
    """Return a stored wish."""
    return _WISH.validate_python(stored)


def option_json(option: Option) -> dict[str, Any]:
    """Return an option as it is stored, whole."""
    found: dict[str, Any] = _OPTION.dump_python(option, mode="json")
    return found


def option_of(stored: dict[str, Any]) -> Option:
    """Return a stored option."""
    return _OPTION.validate_python(stored)


def limits_json(limits: tuple[Refusal, ...]) -> list[Any]:
    """Return limits as they are stored."""
    return [asdict(one) for one in limits]


def level_of(name: str) -> Authority:
    """Return the authority that a role or a stored name stands for. Raises ValueError for any other.

    An auditor has none: no request is decided at the assistant's own level.
    """
    return "bot" if name == "auditor" else AUTHORITIES[AUTHORITIES.index(name)]


def view_of(session: Session, row: Approval) -> ApprovalView:
    """Return a stored request as it is shown."""
    loan = session.get_one(LoanRow, row.loan_id)
    borrower = session.get_one(Borrower, loan.borrower_id)
    return ApprovalView(
        id=row.id,
        loan_id=row.loan_id,
        conversation_id=row.conversation_id,
        handoff_id=session.scalars(
            select(func.max(HandoffRow.id)).where(HandoffRow.conversation_id == row.conversation_id)
        ).one(),
        borrower_ref=borrower.ref,
        borrower_name=borrower.name,
        timezone=borrower.timezone,
        loan_ref=loan.ref,
        product=loan.product,
        state=ApprovalState(row.state),
        level=level_of(row.level),
        wish=wish_of(row.wish),
        terms=wish_of(row.terms),
        option=option_of(row.option),
        limits=tuple(Refusal(**one) for one in row.limits),
        needs_two=row.needs_two,
        asked_by=row.asked_by,
        note=row.note,
        decided_by=row.decided_by,
        second_by=row.second_by,
        reason=row.reason,
        second_reason=row.second_reason,
        policy_version=row.policy_version,
        created_at=row.created_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        told_at=row.told_at,
    )


def pending_of(row: Approval) -> Pending:
    """Return a request as a vote finds it."""
    return Pending(
        ApprovalState(row.state),
        level_of(row.level),
        row.expires_at,
        row.asked_by,
        row.decided_by,
        row.needs_two,
    )


def waiting_row(session: Session, loan_id: int) -> Approval | None:
    """Return the request that waits for a loan."""
    return session.scalars(
        select(Approval).where(Approval.loan_id == loan_id, Approval.state == ApprovalState.WAITING.value)
    ).first()


def move(
    session: Session,
    row: Approval,
    to: ApprovalState,
    now: datetime,
    *,
    cause: str,
    actor: str,
    **detail: Any,
) -> None:
    """Bring a request to another state and record it. Raises ValueError for a step that is not legal."""
    if not may_move(ApprovalState(row.state), to):
        raise ValueError(f"an approval may not go from {row.state} to {to.value}")
    row.state, row.decided_at = to.value, now
    record(
        session,
        now,
        _EVENTS.get(to, "approval_decided"),
        cause=cause,
        actor=actor,
        borrower_id=session.get_one(LoanRow, row.loan_id).borrower_id,
        loan_id=row.loan_id,
        approval=row.id,
        state=to.value,
        **detail,
    )


_EVENTS = {
    ApprovalState.EXPIRED: "approval_expired",
    ApprovalState.WITHDRAWN: "approval_withdrawn",
}


def withdraw_waiting(session: Session, now: datetime, loan_id: int, cause: str) -> None:
    """Withdraw the request that waits for a loan, where something else has settled the matter."""
    row = waiting_row(session, loan_id)
    if row is not None:
        move(session, row, ApprovalState.WITHDRAWN, now, cause=cause, actor="system")
        row.told_at = now
