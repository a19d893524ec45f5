"""Hardship, offers and agreement: policy decides, the database makes each happen once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.model import HoldKind, Refusal
from bot.domain.money import Money
from bot.domain.plans import Wish, offers
from bot.services.accounting import accounts
from bot.services.accounts import AccountService, PlanStanding
from bot.services.approval_rows import withdraw_waiting
from bot.services.kit import Kit
from bot.services.offers import OfferView, batch_of, offer_row, offer_view, open_offers, supersede
from bot.services.plan_changes import Change, make_way
from bot.services.records import caused_by, place_hold, policy_version, record, record_once
from bot.storage.db import retried
from bot.storage.policies import versioned
from bot.storage.queries import circumstances, conversation_of
from bot.storage.tables import Conversation, LoanRow, OfferRow, Plan, PlanItem


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may be offered on a wish: options, refused limits, or the plan that stands in the way."""

    amount: Money
    options: tuple[OfferView, ...]
    refusals: tuple[Refusal, ...]
    existing: PlanStanding | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an acceptance ended: `plan_id` when agreed, else why not."""

    plan_id: int | None
    offer: OfferView | None
    problem: str | None = None


class NegotiationService:
    """What the dialogue calls to agree something."""

    def __init__(self, kit: Kit, accounts: AccountService) -> None:
        self.kit = kit
        self.accounts = accounts

    def report_hardship(self, conversation_id: str, turn: str) -> date:
        """Pause the ladder for the time that policy gives; return the last day of the pause.

        The cause itself is not stored: it is sensitive and nothing here needs it.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = conversation_of(session, conversation_id)
            standing = self.accounts.standing_in(session, conversation)
            assert conversation.borrower_id is not None
            until = now + timedelta(days=standing.policy.hardship_pause_days)
            place_hold(
                session,
                now,
                conversation.borrower_id,
                HoldKind.HARDSHIP,
                cause=caused_by(turn),
                until=until,
            )
            record_once(
                session,
                now,
                "hardship",
                turn=turn,
                actor="borrower",
                borrower_id=conversation.borrower_id,
                until=until.isoformat(),
            )
            return until.astimezone(ZoneInfo(standing.timezone)).date()

    def propose(self, conversation_id: str, wish: Wish, *, turn: str, replacing: bool = False) -> Proposal:
        """Make the options for a wish and store them with the policy version; a repeated turn adds none.

        A plan that runs stands in the way, unless they are meant for `replacing` it.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            standing = self.accounts.standing_in(session, conversation)
            loan, amount = standing.loan, standing.claimed
            if standing.plan is not None and not replacing:
                return Proposal(amount, (), (), standing.plan)
            stored = batch_of(session, conversation_id, turn)
            assert conversation.borrower_id is not None
            at = circumstances(session, loan.id, conversation.borrower_id, standing.today, now)
            made = offers(
                loan,
                standing.policy,
                wish,
                today=at.today,
                hardship=at.hardship,
                extensions_used=at.extensions_used,
                history=at.history,
            )
            if not stored:
                supersede(session, loan.id, granted=False)
                version = policy_version(session, standing.policy, now)
                expires = now + timedelta(days=standing.policy.offer_valid_days)
                for position, option in enumerate(made.options, 1):
                    session.add(
                        offer_row(
                            option,
                            position=position,
                            loan_id=loan.id,
                            conversation_id=conversation_id,
                            batch=turn,
                            policy_version=version,
                            created_at=now,
                            expires_at=expires,
                        )
                    )
                session.flush()
                stored = batch_of(session, conversation_id, turn)
                record(
                    session,
                    now,
                    "plan_offered",
                    cause=caused_by(turn),
                    actor="bot",
                    borrower_id=conversation.borrower_id,
                    loan_id=loan.id,
                    offers=[row.id for row in stored],
                    policy_version=version,
                    refusals=[r.limit for r in made.refusals],
                )
            return Proposal(
                amount, tuple(offer_view(row, loan.currency, loan.ref) for row in stored), made.refusals
            )

    def offer(self, conversation_id: str, offer_id: int) -> OfferView | None:
        """Return an offer of this conversation that is still open, else None."""
        now = self.kit.clock.now()
        with self.kit.db.read() as session:
            row = session.get(OfferRow, offer_id)
            if (
                row is None
                or row.conversation_id != conversation_id
                or row.state != "offered"
                or row.expires_at <= now
            ):
                return None
            loan = session.get_one(LoanRow, row.loan_id)
            return offer_view(row, loan.currency, loan.ref)

    def shown(self, conversation_id: str) -> tuple[OfferView, ...]:
        """Return the open options shown last in a conversation, in order, then those that people granted."""
        now = self.kit.clock.now()
        with self.kit.db.read() as session:
            return tuple(open_offers(session, conversation_id, now))

    @retried
    def agree(self, conversation_id: str, offer_id: int, *, turn: str, replacing: bool = False) -> Agreement:
        """Accept an offer under a lock: checked again against expiry, policy version and balance.

        A plan that runs stands in the way, unless the new one is meant for `replacing` it.
        Accepting the same offer twice, from two devices or threads, returns the one plan.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            row = session.get(OfferRow, offer_id, with_for_update=True)
            if row is None or row.conversation_id != conversation_id:
                return Agreement(None, None, "unknown")
            # The loan is locked before the balance is read, so that no payment slips in between.
            loan = session.get_one(LoanRow, row.loan_id, with_for_update=True)
            standing = self.accounts.standing_in(session, conversation)
            view = offer_view(row, loan.currency, loan.ref)
            plan = session.scalars(select(Plan).where(Plan.offer_id == row.id)).first()
            if plan is not None:
                return Agreement(plan.id, view)
            if (
                not replacing
                and session.scalars(
                    select(Plan.id).where(Plan.loan_id == loan.id, Plan.state == "active")
                ).first()
            ):
                return Agreement(None, view, "exists")
            if row.state != "offered" or row.expires_at <= now:
                return Agreement(None, view, "expired")
            made_under, now_under = row.policy_version, versioned(standing.policy).version
            if (standing.loan.id, standing.claimed, now_under) != (row.loan_id, view.principal, made_under):
                row.state = "superseded"
                return Agreement(None, view, "changed")
            return Agreement(self._settle(session, conversation, row, view, turn), view)

    def _settle(
        self, session: Session, conversation: Conversation, row: OfferRow, view: OfferView, turn: str
    ) -> int:
        now = self.kit.clock.now()
        row.state = "accepted"
        loan = session.get_one(LoanRow, row.loan_id)
        account = accounts(session, [loan])[loan.id]
        make_way(Change(session, self.kit, now, "borrower", caused_by(turn)), account, plans=True)
        plan = Plan(
            loan_id=row.loan_id,
            offer_id=row.id,
            kind=row.kind,
            state="active",
            policy_version=row.policy_version,
            agreed_at=now,
            after_payment=max((one.number for one in account.receipts), default=0),
            items=[
                PlanItem(number=item.number, due_on=item.due_on, amount_minor=item.amount.minor)
                for item in view.schedule
            ],
        )
        session.add(plan)
        session.flush()
        supersede(session, row.loan_id)
        withdraw_waiting(session, now, row.loan_id, f"plan {plan.id}")
        assert conversation.borrower_id is not None
        place_hold(
            session,
            now,
            conversation.borrower_id,
            HoldKind.PLAN,
            cause=f"plan {plan.id}",
            loan_id=row.loan_id,
        )
        record(
            session,
            now,
            "plan_accepted",
            cause=caused_by(turn),
            actor="borrower",
            borrower_id=conversation.borrower_id,
            loan_id=row.loan_id,
            plan=plan.id,
            offer=row.id,
            policy_version=row.policy_version,
            terms=row.kind,
            items=[[item.number, item.due_on.isoformat(), item.amount.minor] for item in view.schedule],
            principal=str(view.principal),
            cost=str(view.cost),
        )
        return plan.id
