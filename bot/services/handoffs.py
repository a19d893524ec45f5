"""Hand-offs: opened in one transaction, claimed by one agent, closed with an outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import PRIORITY, HandoffReason, HandoffState, Outcome, may_move
from bot.domain.model import HoldKind
from bot.services.kit import Kit
from bot.services.records import lift_holds, place_hold, record
from bot.services.replies import queue_reply, rendered
from bot.services.rights import NotAllowed, require
from bot.services.waiting import OPEN, open_handoff, waiting_words
from bot.services.wording import require_fit
from bot.storage.tables import Conversation, HandoffRow, Message


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has the hand-off after a claim, and whether this call won it."""

    won: bool
    holder: str | None


class HandoffService:
    """Everything about conversations in people's hands."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def open(self, conversation_id: str, reason: HandoffReason, *, cause: str, actor: str = "bot") -> int:
        """Open a hand-off, or raise the urgency of the one that is open; return its id."""
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            return self.open_in(session, conversation, reason, cause=cause, actor=actor).id

    def open_in(
        self, session: Session, conversation: Conversation, reason: HandoffReason, *, cause: str, actor: str
    ) -> HandoffRow:
        """Open within a running transaction: mode turns to human, nudges freeze, the queue shows it."""
        now = self.kit.clock.now()
        row = open_handoff(session, conversation.id)
        if row is not None:
            if PRIORITY[reason] < row.priority:
                self._raise(session, row, reason, cause=cause, actor=actor)
            return row
        row = HandoffRow(
            conversation_id=conversation.id,
            borrower_id=conversation.borrower_id,
            reason=reason.value,
            priority=PRIORITY[reason],
            state=HandoffState.WAITING.value,
            opened_at=now,
        )
        session.add(row)
        conversation.mode = "human"
        if conversation.borrower_id is not None:
            place_hold(session, now, conversation.borrower_id, HoldKind.HANDOFF, cause=cause)
        record(
            session,
            now,
            "handoff_opened",
            cause=cause,
            actor=actor,
            borrower_id=conversation.borrower_id,
            reason=reason.value,
            conversation=conversation.id,
        )
        session.flush()
        return row

    def _raise(
        self, session: Session, row: HandoffRow, reason: HandoffReason, *, cause: str, actor: str
    ) -> None:
        before, row.reason, row.priority = row.reason, reason.value, PRIORITY[reason]
        record(
            session,
            self.kit.clock.now(),
            "handoff_raised",
            cause=cause,
            actor=actor,
            borrower_id=row.borrower_id,
            reason=reason.value,
            before=before,
            conversation=row.conversation_id,
        )

    def waiting_words(self, conversation_id: str, locale: str) -> str:
        """Say honestly when a person will answer: the queue within hours, the next opening outside them."""
        with self.kit.db.begin() as session:
            return waiting_words(session, self.kit, session.get_one(Conversation, conversation_id), locale)

    def queue(self) -> list[HandoffRow]:
        """Return every open hand-off: most urgent first, longest waiting first."""
        with self.kit.db.begin() as session:
            return list(
                session.scalars(
                    select(HandoffRow)
                    .where(HandoffRow.state.in_(OPEN))
                    .options(
                        joinedload(HandoffRow.conversation),
                        joinedload(HandoffRow.borrower),
                        joinedload(HandoffRow.agent),
                    )
                    .order_by(HandoffRow.priority, HandoffRow.opened_at, HandoffRow.id)
                )
            )

    def claim(self, handoff_id: int, agent_id: int) -> Claim:
        """Take a waiting hand-off: a compare-and-set, so that one of two agents wins.

        Raises NotAllowed for an account that may not.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            won = session.execute(
                update(HandoffRow)
                .where(HandoffRow.id == handoff_id, HandoffRow.state == HandoffState.WAITING.value)
                .values(state=HandoffState.CLAIMED.value, agent_id=agent_id, claimed_at=now)
            )
            row = session.get_one(HandoffRow, handoff_id, options=[joinedload(HandoffRow.agent)])
            session.refresh(row)
            holder = row.agent.name if row.agent and row.state == HandoffState.CLAIMED else None
            if won.rowcount:  # type: ignore[attr-defined]
                record(
                    session,
                    now,
                    "handoff_claimed",
                    cause=f"handoff {handoff_id}",
                    actor=f"agent {agent_id}",
                    borrower_id=row.borrower_id,
                )
                return Claim(True, holder)
            return Claim(row.agent_id == agent_id and row.state == HandoffState.CLAIMED, holder)

    def take_over(self, conversation_id: str, agent_id: int) -> int:
        """Let an agent step into a conversation that nobody handed over; return the hand-off's id.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            row = self.open_in(
                session, conversation, HandoffReason.OPERATOR, cause="operator", actor=f"agent {agent_id}"
            )
            handoff_id = row.id
        self.claim(handoff_id, agent_id)
        return handoff_id

    def reply(self, handoff_id: int, agent_id: int, text: str, *, key: str | None = None) -> int:
        """Queue an agent's message to the borrower and return its id.

        An unclaimed hand-off is claimed by its first reply. `key` makes a repeated call do nothing new.
        Raises NotAllowed when another agent holds it, it is closed, or the text is empty; Unfit when a rule
        on wording forbids the text.
        """
        if not text.strip():
            raise NotAllowed("empty", "an empty message is not sent")
        require_fit(self.kit, handoff_id, agent_id, text.strip())
        now = self.kit.clock.now()
        claim = self.claim(handoff_id, agent_id)
        if not claim.won:
            raise _lost(claim.holder)
        with self.kit.db.begin() as session:
            row = session.get_one(HandoffRow, handoff_id, with_for_update=True)
            if row.state != HandoffState.CLAIMED or row.agent_id != agent_id:
                raise _lost(row.agent.name if row.agent and row.state == HandoffState.CLAIMED else None)
            conversation = session.get_one(Conversation, row.conversation_id)
            external = None if key is None else f"agent:{key}"
            existing = session.scalars(
                select(Message.id).where(
                    Message.conversation_id == conversation.id,
                    Message.direction == "out",
                    Message.external_id == external,
                )
            ).first()
            if external is not None and existing is not None:
                return existing
            message = Message(
                conversation_id=conversation.id,
                direction="out",
                initiator="agent",
                purpose="reply",
                state="queued",
                external_id=external,
                text=text.strip(),
                locale=conversation.locale,
                agent_id=agent_id,
                created_at=now,
            )
            session.add(message)
            session.flush()
            return message.id

    def close(
        self, handoff_id: int, agent_id: int, outcome: Outcome, note: str = "", *, to_bot: bool = True
    ) -> None:
        """Close with its mandatory outcome; `to_bot` lets the assistant speak again, else it stays silent.

        Protection holds stay: they are lifted by a person on purpose, never by closing.
        Raises NotAllowed when the state or another agent's claim forbids it.
        """
        now = self.kit.clock.now()
        target = HandoffState.RETURNED if to_bot else HandoffState.CLOSED
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = session.get_one(HandoffRow, handoff_id, with_for_update=True)
            if not may_move(HandoffState(row.state), target):
                raise NotAllowed("closed", f"this hand-off is already {row.state}")
            if row.agent_id not in (None, agent_id):
                raise _lost(row.agent.name if row.agent else None)
            row.state, row.outcome, row.note, row.closed_at = target.value, outcome.value, note, now
            row.agent_id = agent_id
            conversation = session.get_one(Conversation, row.conversation_id)
            conversation.misunderstood = 0
            if to_bot:
                conversation.mode = "bot"
                # Queued like any answer, so that it says what the pack wants said in each.
                reply = replace(
                    rendered(self.kit, "utter_handoff_returned", conversation.locale), purpose="handoff"
                )
                queue_reply(session, self.kit, conversation, reply, turn=f"returned:{row.id}", now=now)
            if row.borrower_id is not None and not _others_open(session, row):
                lift_holds(session, now, row.borrower_id, HoldKind.HANDOFF)
            record(
                session,
                now,
                "handoff_closed",
                cause=f"handoff {handoff_id}",
                actor=f"agent {agent_id}",
                borrower_id=row.borrower_id,
                outcome=outcome.value,
                returned=to_bot,
            )


def _lost(holder: str | None) -> NotAllowed:
    """Say who has a conversation that the agent does not have: a colleague, or nobody since it is closed."""
    if holder is None:
        return NotAllowed("closed", "this conversation is closed")
    return NotAllowed("taken", f"this conversation is with {holder}")


def _others_open(session: Session, row: HandoffRow) -> bool:
    return (
        session.scalars(
            select(HandoffRow.id).where(
                HandoffRow.borrower_id == row.borrower_id,
                HandoffRow.id != row.id,
                HandoffRow.state.in_(OPEN),
            )
        ).first()
        is not None
    )
