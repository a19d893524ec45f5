"""Requests beyond somebody's authority: asked once, decided by who may, told to the borrower by the bot."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.approvals import ApprovalState, Verdict, Vote, objections, outcome
from bot.domain.counter import binding_limits, granted
from bot.domain.model import Refusal
from bot.domain.plans import Option, Wish
from bot.domain.policy import Authority
from bot.services.accounts import AccountService, Standing
from bot.services.approval_list import ApprovalList
from bot.services.approval_rows import (
    ApprovalView,
    level_of,
    limits_json,
    move,
    option_json,
    option_of,
    pending_of,
    view_of,
    waiting_row,
    wish_json,
    wish_of,
)
from bot.services.granting import Grant, circumstances, grant_offer
from bot.services.kit import Kit
from bot.services.records import caused_by, policy_version, record
from bot.services.rights import Beyond, Code, NotAllowed, reason_of, require
from bot.services.telling import Teller
from bot.storage.db import retried
from bot.storage.tables import Approval, Conversation, LoanRow, Plan

__all__ = ["ASKED", "STILL_WAITING", "ApprovalService", "ApprovalView"]

ASKED = "utter_approval_asked"
"""What the borrower is told when a request was made for them; `until` is the day of its answer."""
STILL_WAITING = "utter_approval_waiting"
"""What they are told who ask again meanwhile; `until` is the day of the answer."""

CODES: dict[str, Code] = {
    "approval.state": "decided",
    "approval.expiry": "expired",
    "approval.level": "level",
    "approval.own": "own",
    "approval.two_person": "two_person",
}
"""The refusal of a vote, by the rule that it breaks."""


class ApprovalService(ApprovalList):
    """Asks, decides, and sees to it that every request gets an answer."""

    def __init__(self, kit: Kit, accounts: AccountService, teller: Teller) -> None:
        super().__init__(kit)
        self.accounts = accounts
        self.teller = teller

    @retried
    def request(
        self,
        conversation_id: str,
        wish: Wish,
        *,
        level: Authority,
        turn: str,
        by: int | Literal["bot"] = "bot",
        note: str = "",
    ) -> ApprovalView | tuple[Refusal, ...]:
        """Ask `level` for terms beyond one's own authority, once for each `turn`; `by` an agent or the bot.

        Returns every rule that stands against it, and then nothing is asked: a plan is active, a request
        waits for the loan, one's own authority suffices, or not even `level` may grant it.
        Raises IdentityNeeded before identity is verified, NotAllowed for an account that may not ask.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            again = session.scalars(select(Approval).where(Approval.turn == turn)).first()
            if again is not None:
                return view_of(session, again)
            own: Authority = "bot" if by == "bot" else level_of(require(session, by, "speak").role)
            standing = self.accounts.standing_in(session, conversation)
            session.get_one(LoanRow, standing.loan.id, with_for_update=True)
            assert conversation.borrower_id is not None
            at = circumstances(session, standing, conversation.borrower_id, now)
            option = granted(standing.loan, standing.policy.at(level), wish, at)
            limits = binding_limits(standing.loan, standing.policy.at(own), wish, at)
            refusals = _hindrances(session, standing, wish)
            if not limits:
                refusals += (Refusal("approval.not_needed", own, level),)
            elif option is None:
                refusals += binding_limits(standing.loan, standing.policy.at(level), wish, at)
            if refusals or option is None:
                return refusals
            row = Approval(
                loan_id=standing.loan.id,
                conversation_id=conversation.id,
                turn=turn,
                wish=wish_json(wish),
                terms=wish_json(wish),
                option=option_json(option),
                limits=limits_json(limits),
                level=level,
                state=ApprovalState.WAITING.value,
                needs_two=standing.policy.is_two_person(option.kind, level),
                asked_by=None if by == "bot" else by,
                note=note.strip()[:500],
                policy_version=policy_version(session, standing.policy, now),
                created_at=now,
                expires_at=now + timedelta(days=standing.policy.approval_days),
            )
            session.add(row)
            session.flush()
            record(
                session,
                now,
                "approval_requested",
                cause=caused_by(turn) if by == "bot" else turn,
                actor="bot" if by == "bot" else f"agent {by}",
                borrower_id=conversation.borrower_id,
                loan_id=row.loan_id,
                approval=row.id,
                level=level,
                limits=[one.limit for one in limits],
                policy_version=row.policy_version,
            )
            return view_of(session, row)

    @retried
    def decide(
        self,
        approval_id: int,
        *,
        agent_id: int,
        verdict: Verdict,
        reason: str,
        terms: Wish | None = None,
    ) -> ApprovalView:
        """Approve, change to `terms`, or refuse, with a reason; return what became of the request.

        It waits on where a second person has to agree, and is withdrawn where a plan, a payment or another
        debt has overtaken it. Raises NotAllowed with every rule that the vote breaks, Beyond for terms that
        this level may not grant, LookupError for an unknown request.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            conversation, row = self._locked(session, approval_id)
            agent = require(session, agent_id, "approve")
            vote = Vote(agent_id, level_of(agent.role), verdict)
            pending = pending_of(row)
            found = objections(pending, vote, now)
            if found:
                raise NotAllowed(
                    CODES[found[0].limit], "; ".join(f"{one.limit}: {one.asked}" for one in found)
                )
            standing = self._current(session, row)
            if standing is None:
                move(session, row, ApprovalState.WITHDRAWN, now, cause="overtaken", actor="system")
                self.teller.tell(session, row, now)
                return view_of(session, row)
            if verdict == "refuse":
                self._write(row, agent_id, why)
                self._finish(session, row, ApprovalState.REFUSED, standing, agent_id, why, now)
                return view_of(session, row)
            wish = _chosen(row, verdict, terms)
            option = self._grantable(session, standing, conversation, vote.level, wish, now)
            state = outcome(pending, verdict, as_asked=wish == wish_of(row.wish))
            row.terms = wish_json(wish)
            if state is ApprovalState.WAITING:
                row.decided_by, row.reason = agent_id, why
                self._voted(session, row, standing, agent_id, why, verdict, now)
                return view_of(session, row)
            self._write(row, agent_id, why)
            grant = Grant(option, vote.level, agent_id, f"approval:{row.id}", row.id)
            grant_offer(session, conversation, standing, grant, now)
            self._finish(session, row, state, standing, agent_id, why, now)
            return view_of(session, row)

    def withdraw(self, approval_id: int, *, agent_id: int, reason: str) -> ApprovalView:
        """Take back one's own request. Raises NotAllowed when it is decided or another's."""
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            _, row = self._locked(session, approval_id)
            require(session, agent_id, "speak")
            if row.state != ApprovalState.WAITING:
                raise NotAllowed("decided", f"this request is already {row.state}")
            if row.asked_by != agent_id:
                raise NotAllowed("own", "only who asked takes a request back")
            actor = f"agent {agent_id}"
            move(
                session,
                row,
                ApprovalState.WITHDRAWN,
                now,
                cause=f"approval {row.id}",
                actor=actor,
                reason=why,
            )
            row.told_at = now
            return view_of(session, row)

    def tend(self) -> int:
        """Give people what nobody decided in time, and tell what could not be told before; return how many.

        What was decided while people had the conversation, or before identity was confirmed again, is told
        once the bot has it, to a borrower who is known.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            untold = list(
                session.scalars(select(Approval.id).where(Approval.told_at.is_(None)).order_by(Approval.id))
            )
        told = 0
        for approval_id in untold:
            with self.kit.db.begin() as session:
                _, row = self._locked(session, approval_id)
                if row.state == ApprovalState.WAITING and row.expires_at <= now:
                    move(session, row, ApprovalState.EXPIRED, now, cause=f"approval {row.id}", actor="clock")
                if row.state != ApprovalState.WAITING and row.told_at is None:
                    self.teller.tell(session, row, now)
                told += row.told_at is not None
        return told

    def _locked(self, session: Session, approval_id: int) -> tuple[Conversation, Approval]:
        """Lock conversation, loan and request, in the order in which an agreement does."""
        found = session.get(Approval, approval_id)
        if found is None:
            raise LookupError(f"there is no approval {approval_id}")
        conversation = session.get_one(Conversation, found.conversation_id, with_for_update=True)
        session.get_one(LoanRow, found.loan_id, with_for_update=True)
        session.refresh(found, with_for_update=True)
        return conversation, found

    def _current(self, session: Session, row: Approval) -> Standing | None:
        """Return where the borrower stands; None when the request is about what is no longer so."""
        loan = session.get_one(LoanRow, row.loan_id)
        standing = self.accounts.standing_of(session, loan.borrower)
        same = (standing.loan.id, standing.claimed) == (row.loan_id, option_of(row.option).principal)
        return standing if same and _active_plan(session, row.loan_id) is None else None

    def _grantable(
        self,
        session: Session,
        standing: Standing,
        conversation: Conversation,
        level: Authority,
        wish: Wish,
        now: datetime,
    ) -> Option:
        assert conversation.borrower_id is not None
        at = circumstances(session, standing, conversation.borrower_id, now)
        option = granted(standing.loan, standing.policy.at(level), wish, at)
        if option is None:
            raise Beyond(binding_limits(standing.loan, standing.policy.at(level), wish, at))
        return option

    def _write(self, row: Approval, agent_id: int, why: str) -> None:
        if row.decided_by is None:
            row.decided_by, row.reason = agent_id, why
        else:
            row.second_by, row.second_reason = agent_id, why

    def _voted(
        self,
        session: Session,
        row: Approval,
        standing: Standing,
        agent_id: int,
        why: str,
        verdict: Verdict,
        now: datetime,
    ) -> None:
        record(
            session,
            now,
            "approval_voted",
            cause=f"approval {row.id}",
            actor=f"agent {agent_id}",
            borrower_id=session.get_one(LoanRow, row.loan_id).borrower_id,
            loan_id=row.loan_id,
            approval=row.id,
            verdict=verdict,
            reason=why,
            policy_version=policy_version(session, standing.policy, now),
        )

    def _finish(
        self,
        session: Session,
        row: Approval,
        state: ApprovalState,
        standing: Standing,
        agent_id: int,
        why: str,
        now: datetime,
    ) -> None:
        move(
            session,
            row,
            state,
            now,
            cause=f"approval {row.id}",
            actor=f"agent {agent_id}",
            reason=why,
            policy_version=policy_version(session, standing.policy, now),
        )
        self.teller.tell(session, row, now)


def _chosen(row: Approval, verdict: Verdict, terms: Wish | None) -> Wish:
    if verdict == "change" and terms is None:
        raise NotAllowed("terms", "changed terms have to be given")
    return terms if verdict == "change" and terms is not None else wish_of(row.terms)


def _active_plan(session: Session, loan_id: int) -> int | None:
    return session.scalars(select(Plan.id).where(Plan.loan_id == loan_id, Plan.state == "active")).first()


def _hindrances(session: Session, standing: Standing, wish: Wish) -> tuple[Refusal, ...]:
    """Return what keeps a loan from a request: a plan that is active, a request that waits."""
    found: tuple[Refusal, ...] = ()
    plan = _active_plan(session, standing.loan.id)
    if plan is not None:
        found += (Refusal("approval.plan_active", "0", "1", {"plan": str(plan)}),)
    row = waiting_row(session, standing.loan.id)
    if row is not None:
        detail = {"approval": str(row.id), "expires_at": row.expires_at.isoformat()}
        found += (Refusal("approval.waiting", "1", "2", detail),)
    return found
