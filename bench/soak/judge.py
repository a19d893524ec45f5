"""What must hold after a soak: each rule returns its faults, in words."""

from __future__ import annotations

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from bench.soak.people import Borrower
from bench.soak.site import Part
from bot.bootstrap import Grace
from bot.storage.tables import Conversation, HandoffRow, LedgerEntry, Message, Nudge

FLAT = 0.05
"""By what share memory may grow over the second half of a soak."""
_PROBLEMS = ("warning", "error", "critical")
_UNSTRUCTURED = re.compile(r"Traceback|Error\b|Exception\b")


def settled(grace: Grace) -> bool:
    """Tell whether nothing waits to be answered or handed over."""
    with grace.kit.db.begin() as session:
        waiting = select(func.count()).where(Message.state.in_(("received", "queued", "sending")))
        return session.scalar(waiting) == 0


def handled_once(grace: Grace, borrowers: Sequence[Borrower]) -> Iterator[str]:
    """Every message that was said stands there once, and was answered once or given to people."""
    with grace.kit.db.begin() as session:
        addresses = dict(session.execute(select(Conversation.id, Conversation.address)).tuples().all())
        messages = session.scalars(select(Message).order_by(Message.id)).all()
        cases = set(session.scalars(select(HandoffRow.conversation_id)))
    inbound: dict[str, list[Message]] = defaultdict(list)
    answers: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for one in messages:
        if one.direction == "in":
            inbound[addresses[one.conversation_id]].append(one)
        elif one.turn and not one.turn.endswith(":outage") and not _is_paper(one):
            answers[one.conversation_id, one.turn].append(one)
    for borrower in borrowers:
        mine = inbound[borrower.ref]
        names = [(one.external_id or "").removeprefix("web:") for one in mine]
        said_here = set(borrower.sent)
        typed = [one for one in names if one in said_here]
        lost = said_here - set(typed)
        if lost:
            yield f"{borrower.ref}: {len(lost)} messages are lost: {sorted(lost)[:3]}"
        if len(typed) != len(set(typed)):
            yield f"{borrower.ref}: a message is stored twice"
        for one in mine:
            if one.state != "handled":
                yield f"message {one.id} of {borrower.ref} is {one.state}"
            # What needs no turn, such as a literal "stop", is answered under its own number.
            said = answers[one.conversation_id, one.turn or str(one.id)]
            if len(said) > 1:
                yield f"turn {one.turn} of {borrower.ref} was answered {len(said)} times"
            if not said and one.conversation_id not in cases:
                yield f"message {one.id} of {borrower.ref} got no answer, and no person"


def in_order(grace: Grace, borrowers: Sequence[Borrower]) -> Iterator[str]:
    """Messages stand in the order in which they were said, and answers in that of their turns."""
    with grace.kit.db.begin() as session:
        messages = session.scalars(select(Message).order_by(Message.conversation_id, Message.id)).all()
    said: dict[str, list[str]] = defaultdict(list)
    last: dict[str, tuple[int, str]] = {}
    turns: dict[tuple[str, str], int] = {}
    for one in messages:
        if one.direction == "in":
            name = (one.external_id or "").removeprefix("web:")
            said[name.rpartition("-")[0]].append(name)
            if one.turn is not None:
                turns[one.conversation_id, one.turn] = one.id
        elif one.turn and not one.turn.endswith(":outage") and not _is_paper(one):
            asked = turns.get((one.conversation_id, one.turn))
            if asked is None:
                # No turn of the assistant's: what is said to a button that is spent, or by people.
                continue
            before = last.get(one.conversation_id, (0, ""))
            if asked < before[0]:
                yield f"answer {one.id} to turn {one.turn} came after that of a later turn: {before[1]}"
            last[one.conversation_id] = (asked, f"{one.id}, {one.template}")
    for borrower in borrowers:
        typed = [one for one in said[borrower.ref] if one in set(borrower.sent)]
        if typed != [one for one in borrower.sent if one in set(typed)]:
            yield f"{borrower.ref}: messages stand in another order than they were said"


def delivered(grace: Grace) -> Iterator[str]:
    """The web chat can always tell whether a message went out; a reminder happens once."""
    with grace.kit.db.begin() as session:
        states = session.execute(
            select(Message.state, func.count())
            .where(Message.direction == "out", Message.state.in_(("uncertain", "failed")))
            .group_by(Message.state)
        )
        for state, count in states:
            yield f"{count} messages are {state}"
        twice = (
            select(Message.nudge_id)
            .where(Message.nudge_id.is_not(None), Message.state == "sent")
            .group_by(Message.nudge_id)
            .having(func.count() > 1)
        )
        yield from (f"reminder {one} was sent twice" for one in session.scalars(twice))
        stuck = session.scalar(select(func.count()).where(Nudge.state == "sending")) or 0
        if stuck:
            yield f"{stuck} reminders are stuck in sending"


def recorded(grace: Grace) -> Iterator[str]:
    """The ledger's chains hold, and have every message."""
    grace.ledger.append()
    for chain in ("contacts", "events"):
        broken = grace.ledger.verify(chain).broken
        if broken is not None:
            yield f"{chain}: record {broken.number} {broken.reason}"
    with grace.kit.db.begin() as session:
        known = set(session.scalars(select(LedgerEntry.source_id).where(LedgerEntry.chain == "contacts")))
        inbound = set(session.scalars(select(Message.id).where(Message.direction == "in")))
    if inbound - known:
        yield f"{len(inbound - known)} messages are in no record"


def steady(memory: dict[str, list[float]]) -> Iterator[str]:
    """Memory is flat after the warm-up in processes that were not killed."""
    for name, samples in memory.items():
        begin, end = growth(samples)
        if end > begin * (1 + FLAT):
            yield f"{name} grew from {begin:.0f} to {end:.0f} MB ({end / begin - 1:+.1%})"


def growth(samples: Sequence[float]) -> tuple[float, float]:
    """Return the median of the sixth and of the last tenth: after the warm-up, and at the end."""
    part = max(len(samples) // 10, 1)
    middle = len(samples) // 2
    return statistics.median(samples[middle : middle + part]), statistics.median(samples[-part:])


def accounted(part: Part, told: str) -> Iterator[str]:
    """Every warning and error in the log of a process is in its figures, and every line is a whole event."""
    logged = 0
    for line in part.lives[-1].log.read_text("utf-8", "replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            if _UNSTRUCTURED.search(line):
                yield f"{part.name} wrote past its log: {line[:160]}"
            continue
        logged += isinstance(event, dict) and event.get("level") in _PROBLEMS
    counts = re.findall(r"^grace_errors_total\{[^}]*\} ([0-9.e+]+)$", told, re.MULTILINE)
    counted = round(sum(float(one) for one in counts))
    if counted < logged:
        yield f"{part.name} logged {logged} warnings and errors, and counted {counted}"


def _is_paper(message: Message) -> bool:
    return (message.template or "").startswith("utter_paper")
