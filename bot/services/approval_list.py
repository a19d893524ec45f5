"""Requests for approval as they are listed: by number, by level, by loan, and what was decided last."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.approvals import ApprovalState, may_decide
from bot.domain.policy import Authority
from bot.services.approval_rows import ApprovalView, level_of, view_of
from bot.services.kit import Kit
from bot.services.rights import Reader, require_reader
from bot.storage.tables import Approval


class ApprovalList:
    """Reads requests; deciding is `ApprovalService`'s part."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def get(self, approval_id: int) -> ApprovalView | None:
        """Return a request."""
        with self.kit.db.read() as session:
            row = session.get(Approval, approval_id)
            return None if row is None else view_of(session, row)

    def due(self) -> tuple[Authority, ...]:
        """Return the level that each waiting request needs; nothing of whose it is."""
        chosen = select(Approval.level).where(Approval.state == ApprovalState.WAITING.value)
        with self.kit.db.read() as session:
            return tuple(level_of(level) for level in session.scalars(chosen))

    def waiting(self, reader: Reader, level: Authority = "supervisor") -> tuple[ApprovalView, ...]:
        """Return the requests that `level` may decide, longest waiting first.

        Raises NotAllowed for an account that may not read them, as all lists here do.
        """
        chosen = select(Approval).where(Approval.state == ApprovalState.WAITING.value).order_by(Approval.id)
        with self.kit.db.read() as session:
            require_reader(session, reader, "read")
            rows = session.scalars(chosen).all()
            return tuple(view_of(session, row) for row in rows if may_decide(level, level_of(row.level)))

    def decided(self, reader: Reader, limit: int = 50) -> tuple[ApprovalView, ...]:
        """Return the requests decided last, newest first."""
        with self.kit.db.read() as session:
            require_reader(session, reader, "read")
            rows = session.scalars(
                select(Approval)
                .where(Approval.state != ApprovalState.WAITING.value)
                .order_by(Approval.decided_at.desc(), Approval.id.desc())
                .limit(limit)
            )
            return tuple(view_of(session, row) for row in rows)

    def of_loan(self, loan_id: int, reader: Reader) -> tuple[ApprovalView, ...]:
        """Return every request for a loan, newest first."""
        with self.kit.db.read() as session:
            require_reader(session, reader, "read")
            rows = session.scalars(
                select(Approval).where(Approval.loan_id == loan_id).order_by(Approval.id.desc())
            )
            return tuple(view_of(session, row) for row in rows)
