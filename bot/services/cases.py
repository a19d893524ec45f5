"""What staff see of a case beside its thread: the account, and what is on file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import HandoffState
from bot.domain.money import Money
from bot.services.allowance import Allowance, allowances
from bot.services.approval_rows import ApprovalView
from bot.services.case_facts import (
    EventFact,
    LoanFacts,
    PlanFacts,
    TriedOffer,
    approval_facts,
    event_facts,
    loan_facts,
    loan_rows,
    plan_facts,
    promise_facts,
    tried_offers,
)
from bot.services.hardship import HardshipFacts, hardship_facts
from bot.services.holds import HoldFact, holds_in_force
from bot.services.kit import Kit, local_day
from bot.services.offers import OfferView, open_offers
from bot.services.private import Details, masked
from bot.services.records import record
from bot.storage.queries import current_loan, zone_of
from bot.storage.tables import (
    HandoffRow,
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the case page shows."""

    handoff_id: int
    conversation_id: str
    reason: str
    priority: int
    state: str
    agent_id: int | None
    agent_name: str | None
    opened_at: datetime
    outcome: str | None
    channel: str
    locale: str
    mode: str
    verified: bool
    borrower_ref: str | None
    borrower_name: str | None
    timezone: str
    loan: LoanFacts | None
    plans: tuple[PlanFacts, ...]
    promises: tuple[tuple[Money, date, str], ...]
    offers: tuple[OfferView, ...]
    approvals: tuple[ApprovalView, ...]
    holds: tuple[HoldFact, ...]
    events: tuple[EventFact, ...]
    hardship: HardshipFacts | None = None
    debts: tuple[LoanFacts, ...] = ()
    tried: tuple[TriedOffer, ...] = ()
    details: Details | None = None
    allowances: tuple[Allowance, ...] = ()
    exempt: bool = False

    def is_held_by(self, agent_id: int) -> bool:
        """Tell whether the case is open and in this agent's hands."""
        return self.agent_id == agent_id and HandoffState(self.state) is HandoffState.CLAIMED


class CaseService:
    """Read models; reading a case's personal data is itself recorded."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def view(self, handoff_id: int, reader: int) -> CaseView | None:
        """Return the whole case for a member of staff, and record that they read it."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = _handoff(session, handoff_id)
            if row is None:
                return None
            record(
                session,
                now,
                "case_read",
                cause=f"handoff {handoff_id}",
                actor=f"agent {reader}",
                borrower_id=row.borrower_id,
            )
            return _view(session, self.kit, row, now)

    def peek(self, handoff_id: int) -> CaseView | None:
        """Return the case again for a page that is open: its reading was recorded when it opened."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = _handoff(session, handoff_id)
            return None if row is None else _view(session, self.kit, row, now)


def _handoff(session: Session, handoff_id: int) -> HandoffRow | None:
    return session.get(
        HandoffRow,
        handoff_id,
        options=[joinedload(HandoffRow.conversation), joinedload(HandoffRow.agent)],
    )


def _view(session: Session, kit: Kit, row: HandoffRow, now: datetime) -> CaseView:
    conversation, borrower = row.conversation, row.borrower
    loan_row = current_loan(session, borrower.id) if borrower else None
    zone = zone_of(borrower)
    today = local_day(now, zone)
    return CaseView(
        handoff_id=row.id,
        conversation_id=conversation.id,
        reason=row.reason,
        priority=row.priority,
        state=row.state,
        agent_id=row.agent_id,
        agent_name=row.agent.name if row.agent else None,
        opened_at=row.opened_at,
        outcome=row.outcome,
        channel=conversation.channel,
        locale=conversation.locale,
        mode=conversation.mode,
        verified=conversation.is_verified(now, kit.settings.identity_for),
        borrower_ref=borrower.ref if borrower else None,
        borrower_name=borrower.name if borrower else None,
        timezone=zone,
        loan=loan_facts(loan_row, today) if loan_row else None,
        plans=plan_facts(session, loan_row.id, loan_row.currency) if loan_row else (),
        promises=promise_facts(session, loan_row.id, loan_row.currency) if loan_row else (),
        offers=tuple(open_offers(session, conversation.id, now)),
        approvals=approval_facts(session, loan_row.id) if loan_row else (),
        holds=holds_in_force(session, borrower.id, now) if borrower else (),
        events=event_facts(session, borrower.id) if borrower else (),
        hardship=hardship_facts(session, borrower) if borrower else None,
        debts=tuple(loan_facts(one, today) for one in loan_rows(session, borrower.id)) if borrower else (),
        tried=tried_offers(session, loan_row.id, loan_row.currency) if loan_row else (),
        details=masked(borrower) if borrower else None,
        allowances=allowances(session, kit, borrower, now) if borrower else (),
        exempt=borrower.exempt if borrower else False,
    )
