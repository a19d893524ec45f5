"""Calls that people make: asked about beforehand, and put on record so that the same caps count them."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from bot.domain.contact import Verdict, may_contact
from bot.domain.model import Address, CallOutcome, Initiator, Purpose
from bot.domain.policy import ContactPack
from bot.services.follow_ups import follow_call
from bot.services.kit import Kit
from bot.services.nudges import contact_case
from bot.services.packs import pack_for
from bot.services.records import policy_version, record
from bot.services.replies import open_conversation
from bot.services.rights import NotAllowed, require
from bot.storage.prepared import prepared
from bot.storage.queries import conversation_for
from bot.storage.tables import LoanRow, Message

CHANNEL = "call"


class CallService:
    """What an agent asks before picking up the phone, and tells after putting it down."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def may_call(self, loan_ref: str, number: str | None = None) -> Verdict:
        """Say whether a borrower may be called about a loan now, or from when on, with every reason.

        `number` is the borrower's own telephone number when left out. Raises LookupError for an unknown loan.
        """
        with self.kit.db.begin() as session:
            loan = _loan(session, loan_ref)
            return self._verdict(session, loan, number or loan.borrower.phone)[0]

    def record(
        self,
        loan_ref: str,
        agent_id: int,
        outcome: CallOutcome,
        *,
        number: str | None = None,
        note: str = "",
        initiator: Initiator = Initiator.AGENT,
    ) -> Verdict:
        """Put a call of this instant on record and return what the rules said of it.

        A call that was made is recorded even where no rule allowed it: the record says what happened. Raises
        LookupError for an unknown loan, NotAllowed for an account that may not or where there is no number.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            loan = _loan(session, loan_ref)
            called = number or loan.borrower.phone
            if called is None:
                raise NotAllowed("no_number", "there is no telephone number on file")
            verdict, pack = self._verdict(session, loan, called)
            conversation = conversation_for(session, CHANNEL, called)
            if conversation is None:
                conversation = open_conversation(session, self.kit, CHANNEL, called, now)
                conversation.borrower_id = loan.borrower_id
            session.add(
                Message(
                    conversation_id=conversation.id,
                    direction="out",
                    initiator=initiator.value,
                    purpose=Purpose.NOTICE.value,
                    state=outcome,
                    text=note.strip(),
                    payload={"loan_ids": [loan.id], "loans": [loan.ref]},
                    locale=conversation.locale,
                    agent_id=agent_id,
                    rule_ids=list(verdict.rule_ids),
                    pack_version=policy_version(session, pack, now),
                    created_at=now,
                    done_at=now,
                )
            )
            if not verdict.allowed:
                record(
                    session,
                    now,
                    "call_outside_rules",
                    cause=f"agent {agent_id}",
                    actor=f"agent {agent_id}",
                    borrower_id=loan.borrower_id,
                    loan_id=loan.id,
                    rules=[one.rule for one in verdict.reasons],
                )
            if outcome == "answered":
                follow_call(session, self.kit, loan, now)
            return verdict

    def _verdict(self, session: Session, loan: LoanRow, number: str | None) -> tuple[Verdict, ContactPack]:
        now, borrower = self.kit.clock.now(), loan.borrower
        address = None if number is None else Address(CHANNEL, number)
        case = contact_case(session, self.kit, borrower, address, loan.id, now, initiator=Initiator.AGENT)
        pack = pack_for(session, self.kit, borrower)
        return may_contact(case, Purpose.NOTICE, now, pack), pack


def _loan(session: Session, ref: str) -> LoanRow:
    loan: LoanRow | None = session.scalars(*_known_as(ref)).first()
    if loan is None:
        raise LookupError(f"there is no loan {ref!r}")
    return loan


@prepared
def _known_as(ref: str) -> Select[tuple[LoanRow]]:
    return select(LoanRow).where(LoanRow.ref == ref).options(joinedload(LoanRow.borrower))
