"""Hand-offs: opened in one transaction, claimed by one agent, closed with an outcome."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import HandoffReason, HandoffState, Outcome, may_move
from bot.domain.model import HoldKind
from bot.services.allowance import lender_starts
from bot.services.files import KeptFile
from bot.services.holding import drop_scheduled, holder_of, locked, lost, opens, say, touch
from bot.services.kit import Kit
from bot.services.placing import hold_it, place, to_people
from bot.services.proving import require_paid
from bot.services.records import lift_holds, place_hold, policy_version, record
from bot.services.replies import queue_reply, rendered
from bot.services.rights import NotAllowed, require
from bot.services.waiting import OPEN, open_handoff, waiting_words
from bot.services.wording import require_fit
from bot.storage.db import retried
from bot.storage.prepared import prepared
from bot.storage.tables import Conversation, HandoffRow, Message

_GLANCE = 0.01


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has the hand-off after a claim, and whether this call won it."""

    won: bool
    holder: str | None


class HandoffService:
    """Everything about conversations in people's hands."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def open(
        self,
        conversation_id: str,
        reason: HandoffReason,
        *,
        cause: str,
        actor: str = "bot",
        beside: bool = False,
    ) -> int:
        """Open a hand-off, or raise the urgency of the one that is open; return its id. See `open_in`.

        When it returns, no channel has a message of the bot in its hands any more, or has had it for longer
        than `settings.handover_wait`.
        """
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            row = self.open_in(session, conversation, reason, cause=cause, actor=actor, beside=beside)
            number, theirs = row.id, conversation.mode == "human"
        if theirs:
            self._let_go(conversation_id)
        return number

    def _let_go(self, conversation_id: str) -> None:
        """Wait until what the bot said before people took over has left the channel's hands."""
        give_up = time.monotonic() + self.kit.settings.handover_wait
        while True:
            with self.kit.db.begin() as session:
                if session.scalars(*_on_its_way(conversation_id)).first() is None:
                    return
            if time.monotonic() >= give_up:
                return
            time.sleep(_GLANCE)

    def open_in(
        self,
        session: Session,
        conversation: Conversation,
        reason: HandoffReason,
        *,
        cause: str,
        actor: str,
        beside: bool = False,
    ) -> HandoffRow:
        """Open within a running transaction: mode turns to human, nudges freeze, the queue shows it.

        With `beside` the assistant goes on talking until somebody takes the case.
        """
        # Whoever hands a message of the bot to its channel holds this lock: none leaves after the instant.
        session.flush()
        session.refresh(conversation, with_for_update=True)
        now = self.kit.clock.now()
        if not beside:
            to_people(conversation, now)
        row = open_handoff(session, conversation.id)
        if row is not None:
            if self.kit.policies.routing.route(reason).priority < row.priority:
                self._raise(session, row, conversation, reason, cause=cause, actor=actor)
            return row
        row = HandoffRow(
            conversation_id=conversation.id,
            borrower_id=conversation.borrower_id,
            state=HandoffState.WAITING.value,
            opened_at=now,
            waiting_since=now,
        )
        place(session, self.kit, row, conversation, reason)
        session.add(row)
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
        self,
        session: Session,
        row: HandoffRow,
        conversation: Conversation,
        reason: HandoffReason,
        *,
        cause: str,
        actor: str,
    ) -> None:
        before, team = row.reason, row.team
        place(session, self.kit, row, conversation, reason)
        if row.state != HandoffState.WAITING:
            # Whoever talks with the borrower goes on; colleagues are told by the queue.
            row.team = team
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
        with self.kit.db.read() as session:
            return waiting_words(session, self.kit, session.get_one(Conversation, conversation_id), locale)

    def queue(self) -> list[HandoffRow]:
        """Return every open hand-off: most urgent first, longest waiting first."""
        with self.kit.db.read() as session:
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
        """Take a waiting hand-off. It is locked meanwhile, so that one of two agents wins.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            conversation, row = locked(session, handoff_id)
            now, was_bots = self.kit.clock.now(), conversation.mode == "bot"
            mine = row.state == HandoffState.SNOOZED and row.agent_id == agent_id
            if mine or row.state == HandoffState.WAITING:
                hold_it(row, agent_id, now)
                to_people(conversation, now)
                touch(session, agent_id, now)
                record(
                    session,
                    now,
                    "handoff_woken" if mine else "handoff_claimed",
                    cause=f"handoff {handoff_id}",
                    actor=f"agent {agent_id}",
                    borrower_id=row.borrower_id,
                )
                claim = Claim(True, agent.name)
            else:
                has_it = row.agent_id == agent_id and row.state == HandoffState.CLAIMED
                claim = Claim(has_it, holder_of(row))
        if claim.won and was_bots:
            self._let_go(conversation.id)
        return claim

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
        self._let_go(conversation_id)
        return handoff_id

    @retried
    def reply(
        self,
        handoff_id: int,
        agent_id: int,
        text: str,
        *,
        key: str | None = None,
        file: KeptFile | None = None,
    ) -> int:
        """Queue an agent's message to the borrower, with a file where one was kept, and return its id.

        An unclaimed hand-off is claimed by its first reply. `key` makes a repeated call do nothing new. What
        the agent had drafted is gone with the message, in one transaction.
        Where nothing was said yet the lender starts the contact, and the contact rules bind it.
        Raises NotAllowed when another agent holds it, it is closed, the text is empty, or the rules do not
        allow a first message now; Unfit when a rule on wording forbids the text.
        """
        if not text.strip() and file is None:
            raise NotAllowed("empty", "an empty message is not sent")
        require_fit(self.kit, handoff_id, agent_id, text.strip())
        claim = self.claim(handoff_id, agent_id)
        if not claim.won:
            raise lost(claim.holder)
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation, row = locked(session, handoff_id)
            if row.state != HandoffState.CLAIMED or row.agent_id != agent_id:
                raise lost(holder_of(row))
            allowed_by = None
            if opens(session, conversation) and conversation.borrower is not None:
                verdict, pack = lender_starts(session, self.kit, conversation, now)
                if not verdict.allowed:
                    raise NotAllowed("contact_held", "; ".join(one.detail for one in verdict.reasons))
                allowed_by = (verdict, policy_version(session, pack, now))
            return say(
                session, conversation, row, agent_id, text.strip(), key, now, allowed_by=allowed_by, file=file
            )

    def close(
        self, handoff_id: int, agent_id: int, outcome: Outcome, note: str = "", *, to_bot: bool = True
    ) -> None:
        """Close with its mandatory outcome; `to_bot` lets the assistant speak again, else it stays silent.

        Protection holds stay: they are lifted by a person on purpose, never by closing.
        Raises NotAllowed when the state or another agent's claim forbids it, or for `paid` without a marked
        payment where the book still shows a debt.
        """
        now = self.kit.clock.now()
        target = HandoffState.RETURNED if to_bot else HandoffState.CLOSED
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            conversation, row = locked(session, handoff_id)
            if not may_move(HandoffState(row.state), target):
                raise NotAllowed("closed", f"this hand-off is already {row.state}")
            if row.agent_id not in (None, agent_id):
                raise lost(row.agent.name if row.agent else None)
            if outcome is Outcome.PAID:
                require_paid(session, row)
            touch(session, agent_id, now)
            row.outcome, row.note, row.agent_id = outcome.value, note, agent_id
            self.end(session, conversation, row, target, now, actor=f"agent {agent_id}")

    def end(
        self,
        session: Session,
        conversation: Conversation,
        row: HandoffRow,
        target: HandoffState,
        now: datetime,
        *,
        actor: str,
        words: str = "utter_handoff_returned",
        **detail: Any,
    ) -> None:
        """End a hand-off within a running transaction that holds both locks; `words` tell of the return.

        The assistant begins at a safe step: what it had asked before is asked no more, all slots stay.
        """
        to_bot = target is HandoffState.RETURNED
        row.state, row.closed_at, row.snoozed_until = target.value, now, None
        conversation.misunderstood, conversation.misunderstood_turn = 0, None
        was_theirs = conversation.mode == "human"
        if not to_bot:
            to_people(conversation, now)
        elif was_theirs:
            conversation.mode, conversation.expected = "bot", None
            # Queued like any answer, so that it says what the pack wants said in each.
            reply = replace(rendered(self.kit, words, conversation.locale), purpose="handoff")
            queue_reply(session, self.kit, conversation, reply, turn=f"returned:{row.id}", now=now)
        drop_scheduled(session, row.id, now)
        if row.reason == HandoffReason.REVIEW:
            record(
                session,
                now,
                "hardship_reviewed",
                cause=f"handoff {row.id}",
                actor=actor,
                borrower_id=row.borrower_id,
            )
        if row.borrower_id is not None and not _others_open(session, row):
            lift_holds(session, now, row.borrower_id, HoldKind.HANDOFF)
        record(
            session,
            now,
            "handoff_closed",
            cause=f"handoff {row.id}",
            actor=actor,
            borrower_id=row.borrower_id,
            outcome=row.outcome,
            returned=to_bot,
            **detail,
        )


@prepared
def _on_its_way(conversation_id: str) -> Select[tuple[int]]:
    sending = select(Message.id).where(
        Message.conversation_id == conversation_id,
        Message.state == "sending",
        Message.initiator == "bot",
        Message.purpose != "handoff",
    )
    return sending.limit(1)


def _others_open(session: Session, row: HandoffRow) -> bool:
    return session.scalars(*_open_besides(row.borrower_id, row.id)).first() is not None


@prepared
def _open_besides(borrower_id: int | None, handoff_id: int) -> Select[tuple[int]]:
    mine = select(HandoffRow.id).where(HandoffRow.borrower_id == borrower_id)
    return mine.where(HandoffRow.id != handoff_id, HandoffRow.state.in_(OPEN))
