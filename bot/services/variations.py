"""What came of each wording: replies, promises, promises kept and complaints, by template and variation."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.storage.tables import Complaint, Conversation, LoanRow, Message, Promise

WITHIN = timedelta(days=7)
"""What happens within so long of a message, and before the next one, is put down to it."""


@dataclass
class WordingCount:
    """One wording of one template: how often it was sent, and to how many of these something came."""

    template: str
    variation: str
    sent: int = 0
    replied: int = 0
    promised: int = 0
    kept: int = 0
    complained: int = 0

    def share(self, name: str) -> float:
        """Return what part (0 to 1) of the messages a count is."""
        return int(getattr(self, name)) / self.sent if self.sent else 0.0


@dataclass
class _Sent:
    at: datetime
    count: WordingCount
    seen: set[str] = field(default_factory=set)


class VariationService:
    """Reads what became of messages; nothing is stored."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def report(self) -> list[WordingCount]:
        """Return every template that has more than one wording, wording by wording.

        A message counts at most once for each outcome. A complaint counts though it came with a promise.
        """
        counts: dict[tuple[str, str], WordingCount] = {}
        with self.kit.db.begin() as session:
            sent = self._sent(session, counts)
            for borrower_id, at, name in _outcomes(session):
                _put_down(sent.get(borrower_id, []), at, name)
        return [counts[key] for key in sorted(counts)]

    def _sent(self, session: Session, counts: dict[tuple[str, str], WordingCount]) -> dict[int, list[_Sent]]:
        found: dict[int, list[_Sent]] = defaultdict(list)
        rows = session.execute(
            select(Conversation.borrower_id, Message.done_at, Message.template, Message.variation)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.direction == "out",
                Message.variation.is_not(None),
                Message.state.in_(("sent", "delivered", "read")),
                Message.done_at.is_not(None),
                Conversation.borrower_id.is_not(None),
            )
            .order_by(Message.done_at)
        )
        for borrower_id, at, template, variation in rows:
            if borrower_id is None or at is None or template is None or variation is None:
                continue
            key = (template, variation)
            count = counts.setdefault(key, WordingCount(*key))
            count.sent += 1
            found[borrower_id].append(_Sent(at, count))
        return found


def _outcomes(session: Session) -> list[tuple[int, datetime, str]]:
    """Return borrower, instant and name of everything that may be put down to a message."""
    replies = (
        select(Conversation.borrower_id, Message.created_at)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.direction == "in", Conversation.borrower_id.is_not(None))
    )
    promises = select(LoanRow.borrower_id, Promise.created_at, Promise.state).join(
        LoanRow, LoanRow.id == Promise.loan_id
    )
    complaints = select(Complaint.borrower_id, Complaint.opened_at).where(Complaint.borrower_id.is_not(None))
    found = [(who, at, "replied") for who, at in session.execute(replies) if who is not None]
    for who, at, state in session.execute(promises):
        found.append((who, at, "promised"))
        if state == "kept":
            found.append((who, at, "kept"))
    found += [(who, at, "complained") for who, at in session.execute(complaints) if who is not None]
    return found


def _put_down(sent: list[_Sent], at: datetime, name: str) -> None:
    """Count an outcome for the last message before it, once, if that is not too long ago."""
    place = bisect_right([one.at for one in sent], at)
    if place == 0:
        return
    last = sent[place - 1]
    if at - last.at <= WITHIN and name not in last.seen:
        last.seen.add(name)
        setattr(last.count, name, getattr(last.count, name) + 1)
