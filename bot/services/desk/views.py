"""Saved views: an agent's own named filters over the queue."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from bot.domain.handoff import OPEN_STATES, HandoffReason
from bot.services.desk.queue import QueueEntry
from bot.services.kit import Kit
from bot.services.rights import NotAllowed, require
from bot.storage.db import retried
from bot.storage.tables import SavedView

_MOST = 30
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Filters:
    """What a view shows: all that is given must hold; an empty field lets everything pass.

    `mine` means the agent's own cases and those they were asked into; `late` those past their time to answer;
    `text` is looked for in name and reference.
    """

    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    priority: int | None = None
    mine: bool = False
    unassigned: bool = False
    late: bool = False
    text: str = ""

    def match(self, entry: QueueEntry, agent_id: int) -> bool:
        """Tell whether an entry belongs in the view of an agent."""
        words = f"{entry.borrower_name or ''} {entry.borrower_ref or ''}".casefold()
        return (
            entry.state in (self.states or (entry.state,))
            and entry.reason in (self.reasons or (entry.reason,))
            and entry.team in (self.teams or (entry.team,))
            and entry.language in (self.languages or (entry.language,))
            and entry.channel in (self.channels or (entry.channel,))
            and (self.priority is None or entry.priority <= self.priority)
            and (not self.mine or agent_id == entry.agent_id or agent_id in entry.colleagues)
            and (not self.unassigned or entry.agent_id is None)
            and (not self.late or (entry.countdown is not None and entry.countdown.is_late))
            and self.text.casefold().strip() in words
        )


@dataclass(frozen=True, slots=True)
class ViewOf:
    """A saved view."""

    id: int
    name: str
    filters: Filters


_FILTERS = TypeAdapter(Filters)


class SavedViewService:
    """Keeps views; each agent sees their own."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def save(self, agent_id: int, name: str, filters: Filters) -> int:
        """Save a view under a name, which replaces one of that name; return its id.

        Raises NotAllowed for an account that may not, a name that is empty or too long, or too many views.
        """
        called = " ".join(name.split())
        if not called or len(called) > _LONGEST:
            raise NotAllowed("name", f"a view has a name of 1 to {_LONGEST} characters")
        content = to_json(filters)
        from_json(content)  # What cannot be read again is not kept.
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            rows = session.scalars(select(SavedView).where(SavedView.agent_id == agent_id)).all()
            row = next((one for one in rows if one.name == called), None)
            if row is None:
                if len(rows) >= _MOST:
                    raise NotAllowed("name", f"there are {_MOST} views already")
                now = self.kit.clock.now()
                row = SavedView(agent_id=agent_id, name=called, filters=content, created_at=now)
                session.add(row)
            row.filters = content
            session.flush()
            return row.id

    def of(self, agent_id: int) -> tuple[ViewOf, ...]:
        """Return an agent's views, oldest first."""
        with self.kit.db.begin() as session:
            chosen = select(SavedView).where(SavedView.agent_id == agent_id).order_by(SavedView.id)
            return tuple(ViewOf(row.id, row.name, from_json(row.filters)) for row in session.scalars(chosen))

    def delete(self, agent_id: int, view_id: int) -> None:
        """Delete one's own view; that of somebody else stays, and nothing is said of it."""
        with self.kit.db.begin() as session:
            row = session.get(SavedView, view_id)
            if row is not None and row.agent_id == agent_id:
                session.delete(row)


def to_json(filters: Filters) -> dict[str, Any]:
    """Write filters as they are stored."""
    return {
        one.name: list(value) if isinstance(value := getattr(filters, one.name), tuple) else value
        for one in fields(Filters)
    }


def from_json(content: dict[str, Any]) -> Filters:
    """Read filters. Raises NotAllowed for a field, a reason or a state that there is not."""
    known = {one.name for one in fields(Filters)}
    odd = sorted(set(content) - known)
    if odd:
        raise NotAllowed("unknown", f"there is no filter {odd[0]!r}; there are {', '.join(sorted(known))}")
    for name, allowed in (
        ("states", [state.value for state in OPEN_STATES]),
        ("reasons", [reason.value for reason in HandoffReason]),
    ):
        wrong = [one for one in content.get(name) or () if one not in allowed]
        if wrong:
            raise NotAllowed("unknown", f"{wrong[0]!r} is none of {', '.join(allowed)}")
    try:
        return _FILTERS.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise NotAllowed("unknown", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
