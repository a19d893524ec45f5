"""Who works on what: the next case, passing one on, putting it aside, asking a colleague in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import HandoffState, Outcome, may_move
from bot.language.formats import language_of
from bot.services.desk.presence import AgentView, agent_views, require_teams, worker
from bot.services.handoffs import HandoffService
from bot.services.holding import locked, lost, mine, touch
from bot.services.kit import Kit
from bot.services.placing import hold_it, place_with, to_people, wait_again
from bot.services.records import record
from bot.services.rights import NotAllowed, reason_of, require
from bot.services.waiting import team_of
from bot.storage.tables import Agent, Borrower, Colleague, HandoffRow, LinkedLoan, LoanRow

_TRIES = 20


class AssignmentService:
    """What agents and supervisors do with a case besides talking in it."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def next(self, agent_id: int) -> int | None:
        """Claim the next case for an agent and return its id; None when there is none, or no room.

        The most urgent comes first, among equals the one that waits longest; only cases of the agent's
        teams, in a language that they speak, and no call that is not due yet. Who is away is given none.
        """
        for _ in range(_TRIES):
            with self.kit.db.begin() as session:
                require(session, agent_id, "speak")
                agent = next(one for one in agent_views(session, self.kit) if one.id == agent_id)
                if not agent.has_room or agent.presence in ("away", "busy"):
                    return None
                found = next((row.id for row in self._waiting(session) if self._fits(row, agent)), None)
            if found is None:
                return None
            if self.handoffs.claim(found, agent_id).won:
                return found
        return None

    def _waiting(self, session: Session) -> list[HandoffRow]:
        now = self.kit.clock.now()
        return list(
            session.scalars(
                select(HandoffRow)
                .where(
                    HandoffRow.state == HandoffState.WAITING.value,
                    HandoffRow.callback_at.is_(None) | (HandoffRow.callback_at <= now),
                )
                .options(joinedload(HandoffRow.conversation))
                .order_by(HandoffRow.priority, HandoffRow.waiting_since, HandoffRow.id)
            )
        )

    def _fits(self, row: HandoffRow, agent: AgentView) -> bool:
        if agent.languages and language_of(row.conversation.locale) not in agent.languages:
            return False
        return not agent.teams or team_of(self.kit, row).id in agent.teams

    def transfer(
        self,
        handoff_id: int,
        agent_id: int,
        reason: str,
        *,
        to_agent: int | None = None,
        to_team: str | None = None,
    ) -> None:
        """Pass one's own case on, to a colleague who then has it, or to a team whose queue it joins.

        Raises NotAllowed without a reason, when it is not the agent's, or for nobody and no team there is.
        """
        why, now = reason_of(reason), self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation, row, _ = mine(session, handoff_id, agent_id)
            touch(session, agent_id, now)
            if (to_agent is None) == (to_team is None):
                raise NotAllowed("nobody", "a case is passed on to one agent or to one team")
            if to_agent is not None:
                taker = worker(session, to_agent)
                if taker.id == agent_id:
                    raise NotAllowed("yours", "this case is yours already")
                hold_it(row, taker.id, now)
            else:
                require_teams(self.kit.policies.routing, [to_team or ""])
                place_with(session, self.kit, row, conversation, to_team or "")
                wait_again(row, now)
            self._note(
                session, row, "handoff_transferred", agent_id, reason=why, agent=to_agent, team=to_team
            )

    def assign(self, handoff_id: int, by: int, agent_id: int, reason: str) -> None:
        """Give a case to an agent, whoever has it: what a supervisor does.

        Raises NotAllowed for a role that may not, without a reason, or when the case is closed.
        """
        why, now = reason_of(reason), self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, by, "assign")
            conversation, row = locked(session, handoff_id)
            if not HandoffState(row.state).is_open:
                raise lost(None)
            before, taker = row.agent_id, worker(session, agent_id)
            hold_it(row, taker.id, now)
            to_people(conversation, now)
            self._note(session, row, "handoff_assigned", by, reason=why, agent=agent_id, before=before)

    def release(self, handoff_id: int, agent_id: int, reason: str) -> None:
        """Put one's own case back into the queue of its team.

        Raises NotAllowed without a reason or when it is not the agent's.
        """
        why, now = reason_of(reason), self.kit.clock.now()
        with self.kit.db.begin() as session:
            _, row, _ = mine(session, handoff_id, agent_id)
            touch(session, agent_id, now)
            wait_again(row, now)
            self._note(session, row, "handoff_released", agent_id, reason=why)

    def snooze(self, handoff_id: int, agent_id: int, until: datetime) -> None:
        """Put one's own case aside until an instant (aware), or until the borrower writes.

        Raises NotAllowed when it is not the agent's, or for an instant that is past or too far away.
        """
        now, most = self.kit.clock.now(), self.kit.policies.routing.longest_snooze_days
        if not now < until <= now + timedelta(days=most):
            raise NotAllowed("until", f"a case is put aside until a later instant, for {most} days at most")
        with self.kit.db.begin() as session:
            _, row, _ = mine(session, handoff_id, agent_id)
            touch(session, agent_id, now)
            if not may_move(HandoffState(row.state), HandoffState.SNOOZED) and row.state != "snoozed":
                raise lost(None)
            row.state, row.snoozed_until = HandoffState.SNOOZED.value, until
            self._note(session, row, "handoff_snoozed", agent_id, until=until.isoformat())

    def wake(self, handoff_id: int, agent_id: int) -> None:
        """Take up a case again that one had put aside. Raises NotAllowed when it is not the agent's."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            _, row, _ = mine(session, handoff_id, agent_id)
            touch(session, agent_id, now)
            if row.state == HandoffState.SNOOZED:
                hold_it(row, agent_id, now)
                self._note(session, row, "handoff_woken", agent_id)

    def add_colleague(self, handoff_id: int, agent_id: int, colleague: int) -> None:
        """Ask a colleague in: they find the case among theirs, read and write notes, and send nothing.

        Raises NotAllowed when it is not the agent's, or for nobody.
        """
        with self.kit.db.begin() as session:
            _, row, _ = mine(session, handoff_id, agent_id)
            helper = worker(session, colleague)
            if helper.id == agent_id:
                raise NotAllowed("yours", "this case is yours already")
            if session.get(Colleague, (handoff_id, colleague)) is None:
                now = self.kit.clock.now()
                session.add(
                    Colleague(handoff_id=handoff_id, agent_id=colleague, added_by=agent_id, added_at=now)
                )
                self._note(session, row, "colleague_added", agent_id, agent=colleague)

    def colleagues(self, handoff_id: int) -> tuple[tuple[int, str], ...]:
        """Return who was asked in: id and name."""
        with self.kit.db.begin() as session:
            found = session.execute(
                select(Agent.id, Agent.name)
                .join(Colleague, Colleague.agent_id == Agent.id)
                .where(Colleague.handoff_id == handoff_id)
                .order_by(Colleague.added_at, Agent.id)
            )
            return tuple((number, name) for number, name in found)

    def link_loan(self, handoff_id: int, agent_id: int, loan_ref: str) -> None:
        """Say that the case is about another debt of the same borrower too.

        Raises NotAllowed when it is not the agent's, or for a loan of somebody else.
        """
        with self.kit.db.begin() as session:
            _, row, _ = mine(session, handoff_id, agent_id)
            loan = session.scalars(
                select(LoanRow).where(LoanRow.ref == loan_ref, LoanRow.borrower_id == row.borrower_id)
            ).first()
            if row.borrower_id is None or loan is None:
                # The same words for a loan of somebody else and for none: nobody learns which there are.
                raise NotAllowed("loan", "this borrower has no such loan")
            if session.get(LinkedLoan, (handoff_id, loan.id)) is None:
                now = self.kit.clock.now()
                session.add(
                    LinkedLoan(handoff_id=handoff_id, loan_id=loan.id, linked_by=agent_id, linked_at=now)
                )
                self._note(session, row, "loan_linked", agent_id, loan=loan.ref)

    def loans(self, handoff_id: int) -> tuple[tuple[str, bool], ...]:
        """Return the loans of the case's borrower, oldest first: reference, and whether it is linked."""
        with self.kit.db.begin() as session:
            linked = set(
                session.scalars(select(LinkedLoan.loan_id).where(LinkedLoan.handoff_id == handoff_id))
            )
            rows = session.scalars(
                select(LoanRow)
                .join(Borrower)
                .join(HandoffRow, HandoffRow.borrower_id == Borrower.id)
                .where(HandoffRow.id == handoff_id)
                .order_by(LoanRow.id)
            )
            return tuple((loan.ref, loan.id in linked) for loan in rows)

    def resolve_and_next(
        self, handoff_id: int, agent_id: int, outcome: Outcome, note: str = "", *, to_bot: bool = True
    ) -> int | None:
        """Close one's case with its outcome and claim the next; return that one's id, None when none waits.

        Raises NotAllowed as `close` does, and then claims nothing.
        """
        self.handoffs.close(handoff_id, agent_id, outcome, note, to_bot=to_bot)
        return self.next(agent_id)

    def _note(self, session: Session, row: HandoffRow, kind: str, by: int, **detail: Any) -> None:
        record(
            session,
            self.kit.clock.now(),
            kind,
            cause=f"handoff {row.id}",
            actor=f"agent {by}",
            borrower_id=row.borrower_id,
            **detail,
        )
