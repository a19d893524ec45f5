"""What has to follow the first contact about a debt, and notices that the law asks for, as nudges."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.domain.agreed import CYCLE
from bot.domain.model import Purpose
from bot.domain.policy import ContactPack, Notice
from bot.services.kit import Kit, local_day
from bot.services.loan_files import LoanFile
from bot.services.packs import pack_of_loan
from bot.services.records import record
from bot.storage.prepared import prepared
from bot.storage.tables import LoanRow, Nudge

PEOPLE_FROM = timedelta(days=2)
"""So long before its last day a notice that cannot go out by itself becomes a task for people."""


def notice_nudge(
    kit: Kit,
    row: LoanRow | LoanFile,
    notice: Notice,
    cycle: int,
    at: datetime,
    now: datetime,
    until: datetime,
) -> Nudge:
    """Return the nudge of a legal notice, good from `at` to `until`; it waits for a yes if it needs one."""
    policy = kit.policies.product(row.product, local_day(now, row.borrower.timezone))
    ladder = kit.policies.ladder(policy)
    return Nudge(
        loan_id=row.id,
        borrower_id=row.borrower_id,
        cycle=cycle,
        step=f"notice:{notice.ground}",
        purpose=Purpose.NOTICE.value,
        template=notice.template,
        channels=list(next(rung.channels for rung in ladder.steps if rung.channels)),
        state="queued" if notice.approval is None else "approval",
        send_at=at,
        expires_at=until,
        ground=notice.ground,
        created_at=now,
    )


def follow_first_contact(
    session: Session, kit: Kit, row: LoanRow | LoanFile, pack: ContactPack, now: datetime
) -> None:
    """Queue what has to follow the first contact about a debt, once for the loan, within the rule's days.

    A day is left between: two messages at once would be one too many. A message that told whoever holds the
    phone nothing of the debt is no such contact (12 CFR 1006.2(j)).
    """
    for rule in pack.follow_ups():
        notice = pack.demanded(rule.task)
        assert notice is not None
        step = f"notice:{notice.ground}"
        if session.scalars(*_made(row.id, step)).first() is not None:
            continue
        zone = ZoneInfo(row.borrower.timezone)
        last = local_day(now, row.borrower.timezone) + timedelta(days=rule.within_days)
        until = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
        nudge = notice_nudge(kit, row, notice, CYCLE, now + timedelta(days=1), now, until)
        session.add(nudge)
        session.flush()
        record(
            session,
            now,
            "notice_requested",
            cause=f"nudge {nudge.id}",
            actor="clock",
            borrower_id=row.borrower_id,
            loan_id=row.id,
            ground=notice.ground,
            rule=rule.id,
            until=until.isoformat(),
        )


@prepared
def _made(loan_id: int, step: str) -> Select[tuple[int]]:
    return select(Nudge.id).where(Nudge.loan_id == loan_id, Nudge.step == step)


def follow_call(session: Session, kit: Kit, row: LoanRow, now: datetime) -> None:
    """Queue what has to follow when people were the first to speak about a debt."""
    follow_first_contact(session, kit, row, pack_of_loan(kit, row), now)
