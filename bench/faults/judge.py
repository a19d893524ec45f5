"""What the database says held against what the server took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import select

from bench.faults.kinds import Kind
from bench.faults.server import BadServer
from bench.faults.site import A_RUN
from bot.bootstrap import Grace
from bot.services.outbox import SILENCE
from bot.storage.tables import Message, Nudge


@dataclass
class Tally:
    """What many runs of one kind came to."""

    kind: str
    database: str
    runs: int = 0
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    doubtful: int = 0
    """Uncertain with a reason: the channel's answer told nothing, or the process was killed."""
    needless: list[str] = field(default_factory=list)
    """Uncertain without one."""

    @property
    def faults(self) -> list[str]:
        """Whatever must not be."""
        return [*self.lost, *self.doubled, *self.needless]


def judge(grace: Grace, server: BadServer, kind: Kind, tally: Tally) -> None:
    """Add to the tally what became of every borrower of its runs, one reminder each."""
    with grace.kit.db.begin() as session:
        rows = session.execute(
            select(Nudge.borrower_id, Nudge.state, Message.state, Message.failure)
            .outerjoin(Message, Message.nudge_id == Nudge.id)
            .order_by(Message.id)
        ).all()
    last = {chat: (nudge, message, failure) for chat, nudge, message, failure in rows}
    for chat in range(1, tally.runs * A_RUN + 1):
        where = f"run {(chat - 1) // A_RUN}, chat {chat}"
        state, message, failure = last.get(chat, ("never planned", None, None))
        taken = server.taken[chat]
        tally.states[state] += 1
        if taken > 1:
            tally.doubled.append(f"{where}: sent {taken} times")
        if state == "uncertain":
            if (failure == SILENCE and kind.kills) or (failure and failure != SILENCE):
                tally.doubtful += 1
            else:
                tally.needless.append(f"{where}: uncertain without a reason ({failure})")
        elif state == "sent" and taken == 0:
            tally.lost.append(f"{where}: recorded as sent, and never taken")
        elif state == "failed" and server.given[chat] and not taken:
            # The channel has refused it, and it is known as refused.
            continue
        elif state != "sent":
            tally.lost.append(f"{where}: {state}, message {message} ({failure}), taken {taken} times")
