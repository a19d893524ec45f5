"""What an agent has written and not sent, and notes for colleagues: kept on the server, by case and agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select

from bot.services.holding import touch
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.storage.db import retried
from bot.storage.tables import Agent, CaseNote, Draft, HandoffRow

DraftKind = Literal["reply", "note"]
DRAFT_KINDS: tuple[DraftKind, ...] = get_args(DraftKind)


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft and when it was saved."""

    text: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note of a case; `handoff_id` is the case in which it was written."""

    id: int
    handoff_id: int
    agent_id: int
    agent_name: str
    text: str
    at: datetime


class DraftService:
    """Saves what is being written, so that a page, a machine or the app may go away meanwhile."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def save(self, handoff_id: int, agent_id: int, text: str, kind: DraftKind = "reply") -> None:
        """Keep what an agent has written for a case; an empty text forgets it.

        Raises NotAllowed for an account that may not, or a case that there is not.
        """
        now, text = self.kit.clock.now(), text[: self.kit.settings.max_text].replace("\x00", "")
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            if session.get(HandoffRow, handoff_id) is None:
                raise NotAllowed("closed", "there is no such hand-off")
            row = session.get(Draft, (handoff_id, agent_id, kind), with_for_update=True)
            if not text.strip():
                if row is not None:
                    session.delete(row)
            elif row is None:
                session.add(
                    Draft(handoff_id=handoff_id, agent_id=agent_id, kind=kind, text=text, saved_at=now)
                )
            else:
                row.text, row.saved_at = text, now

    def get(self, handoff_id: int, agent_id: int, kind: DraftKind = "reply") -> DraftView | None:
        """Return what an agent has written for a case."""
        with self.kit.db.begin() as session:
            row = session.get(Draft, (handoff_id, agent_id, kind))
            return None if row is None else DraftView(row.text, row.saved_at)

    def cases(self, agent_id: int) -> frozenset[int]:
        """Return the cases in which an agent has a draft."""
        with self.kit.db.begin() as session:
            return frozenset(session.scalars(select(Draft.handoff_id).where(Draft.agent_id == agent_id)))


class NoteService:
    """Notes that the borrower never sees; they stay, whoever has the case."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def add(self, handoff_id: int, agent_id: int, text: str, *, key: str | None = None) -> int:
        """Write a note and return its id; `key` makes a repeated call write nothing new.

        Any colleague may, also after the close. The draft of a note is gone with it.
        Raises NotAllowed for an account that may not, an empty text or a case that there is not.
        """
        written = text.strip().replace("\x00", "")[: self.kit.settings.max_text]
        if not written:
            raise NotAllowed("empty", "an empty note is not kept")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            case = session.get(HandoffRow, handoff_id)
            if case is None:
                raise NotAllowed("closed", "there is no such hand-off")
            known = select(CaseNote.id).where(CaseNote.handoff_id == handoff_id, CaseNote.key == key)
            again = None if key is None else session.scalar(known)
            if again is not None:
                return again
            row = CaseNote(
                handoff_id=handoff_id,
                conversation_id=case.conversation_id,
                borrower_id=case.borrower_id,
                agent_id=agent_id,
                key=key,
                text=written,
                created_at=now,
            )
            session.add(row)
            draft = session.get(Draft, (handoff_id, agent_id, "note"))
            if draft is not None:
                session.delete(draft)
            touch(session, agent_id, now)
            session.flush()
            # The words stay out of the record, which is for ever: a note may be erased with its borrower.
            record(
                session,
                now,
                "note_added",
                cause=f"handoff {handoff_id}",
                actor=f"agent {agent_id}",
                borrower_id=case.borrower_id,
                note=row.id,
            )
            return row.id

    def of(self, handoff_id: int) -> tuple[NoteView, ...]:
        """Return the notes of a case's borrower, or of its chat where nobody is known, oldest first."""
        with self.kit.db.begin() as session:
            case = session.get(HandoffRow, handoff_id)
            if case is None:
                return ()
            theirs = CaseNote.conversation_id == case.conversation_id
            if case.borrower_id is not None:
                theirs |= CaseNote.borrower_id == case.borrower_id
            found = session.execute(
                select(CaseNote, Agent.name)
                .join(Agent, Agent.id == CaseNote.agent_id)
                .where(theirs)
                .order_by(CaseNote.id)
            )
            return tuple(
                NoteView(row.id, row.handoff_id, row.agent_id, name, row.text, row.created_at)
                for row, name in found
            )
