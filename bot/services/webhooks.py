"""What programs are told of: events written with the fact itself, handed over until they arrive."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.storage.prepared import prepared
from bot.storage.tables import HandoffRow, Webhook, WebhookCall

Event = Literal[
    "handoff.opened",
    "handoff.closed",
    "message.in",
    "message.out",
    "approval.opened",
    "plan.agreed",
    "complaint.opened",
    "test",
]
EVENTS: tuple[Event, ...] = get_args(Event)
OF_RECORDS: Mapping[str, Event] = {
    "handoff_opened": "handoff.opened",
    "handoff_closed": "handoff.closed",
    "approval_requested": "approval.opened",
    "plan_accepted": "plan.agreed",
    "complaint": "complaint.opened",
}
"""Which audit events programs are told of."""
TRIES = 12
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=6)
_LEASE = timedelta(seconds=60)


class WebhookError(ValueError):
    """A webhook cannot be made as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class HookView:
    """One webhook as an operator sees it, with the calls that wait and those that were given up."""

    id: int
    url: str
    events: tuple[str, ...]
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is due: where to, signed with what, and what is told."""

    id: int
    url: str
    secret: str
    event: str
    event_id: str
    facts: dict[str, Any]


_HOOKS = "webhooks"


def announce(session: Session, at: datetime, event: Event, **facts: Any) -> None:
    """Write an event for every webhook that wants it, in the transaction of the fact.

    Facts are ids, never words or names: what they stand for is read through the API, where reading is logged.
    """
    announce_all(session, at, event, [facts])


def announce_all(session: Session, at: datetime, event: Event, many: Sequence[Mapping[str, Any]]) -> None:
    """Like `announce`, for several events of one kind."""
    # Nobody listens in most houses: what is read here, once in a transaction, is an empty table.
    if _HOOKS not in session.info:
        session.info[_HOOKS] = session.execute(*_listeners()).all()
    for hook_id, events in session.info[_HOOKS]:
        if event in events:
            session.add_all(_call(hook_id, at, event, facts) for facts in many)


@prepared
def _listeners() -> Select[tuple[int, list[str]]]:
    return select(Webhook.id, Webhook.events).where(Webhook.removed_at.is_(None))


class WebhookService:
    """Adds, lists and removes webhooks, and hands out the calls that are due."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def add(self, url: str, events: Sequence[str]) -> tuple[int, str]:
        """Add a webhook; return its id and the secret that its calls are signed with, shown this once.

        Raises WebhookError for an address that is none, or an event that there is not.
        """
        parts, private = urlsplit(url), self.kit.settings.webhook_private
        if parts.scheme not in (("https", "http") if private else ("https",)) or not parts.hostname:
            raise WebhookError("a webhook's address begins with https:// and names a host")
        if parts.username or parts.fragment:
            raise WebhookError("a webhook's address holds no user and no fragment")
        unknown = [one for one in events if one not in EVENTS]
        if unknown or not events:
            raise WebhookError(f"events are {', '.join(EVENTS[:-1])}; not {', '.join(unknown) or 'none'}")
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        with self.kit.db.begin() as session:
            row = Webhook(url=url, events=sorted(set(events)), secret=secret, created_at=self.kit.clock.now())
            session.add(row)
            session.flush()
            return row.id, secret

    def all(self) -> tuple[HookView, ...]:
        """Return the webhooks."""
        with self.kit.db.begin() as session:
            return tuple(
                HookView(
                    hook.id,
                    hook.url,
                    tuple(hook.events),
                    _count(session, hook.id, "queued"),
                    _count(session, hook.id, "dead"),
                )
                for hook in session.scalars(
                    select(Webhook).where(Webhook.removed_at.is_(None)).order_by(Webhook.id)
                )
            )

    def remove(self, webhook_id: int) -> bool:
        """Remove a webhook: what waits for it is dropped; tell whether there was one."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            hook = session.get(Webhook, webhook_id)
            if hook is None or hook.removed_at is not None:
                return False
            hook.removed_at = now
            for call in session.scalars(_of(webhook_id, "queued")):
                call.state, call.done_at, call.failure = "dead", now, "the webhook was removed"
            return True

    def test(self, webhook_id: int) -> bool:
        """Queue a test event for one webhook; tell whether there is one."""
        with self.kit.db.begin() as session:
            hook = session.get(Webhook, webhook_id)
            if hook is None or hook.removed_at is not None:
                return False
            session.add(_call(hook.id, self.kit.clock.now(), "test", {}))
            return True

    def dead(self, limit: int = 100) -> tuple[tuple[int, str, str, str, int], ...]:
        """Return the calls that were given up, newest first: id, event, address, why, tries."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(WebhookCall, Webhook.url)
                .join(Webhook, Webhook.id == WebhookCall.webhook_id)
                .where(WebhookCall.state == "dead")
                .order_by(WebhookCall.id.desc())
                .limit(limit)
            )
            return tuple((call.id, call.event, url, call.failure or "", call.tries) for call, url in rows)

    def again(self, webhook_id: int) -> int:
        """Queue anew what was given up for a webhook that is still there; return how many calls."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            hook = session.get(Webhook, webhook_id)
            if hook is None or hook.removed_at is not None:
                return 0
            calls = session.scalars(_of(webhook_id, "dead")).all()
            for call in calls:
                call.state, call.tries, call.next_at, call.done_at = "queued", 0, now, None
            return len(calls)

    def claim(self, limit: int = 20) -> list[Call]:
        """Take calls that are due; one that is not settled within a minute comes due again."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(WebhookCall, Webhook)
                .join(Webhook, Webhook.id == WebhookCall.webhook_id)
                .where(WebhookCall.state == "queued", WebhookCall.next_at <= now)
                .order_by(WebhookCall.next_at, WebhookCall.id)
                .limit(limit)
                .with_for_update(of=WebhookCall, skip_locked=True)
            ).all()
            found = []
            for call, hook in rows:
                call.next_at = now + _LEASE
                facts = _with_handoff(session, json.loads(call.body))
                found.append(Call(call.id, hook.url, hook.secret, call.event, call.event_id, facts))
            return found

    def settle(self, call_id: int, failure: str | None, *, final: bool = False) -> None:
        """Record how a call ended: delivered, to be tried again later, or given up."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            call = session.get_one(WebhookCall, call_id, with_for_update=True)
            if call.state != "queued":
                return
            call.tries += 1
            call.failure = None if failure is None else failure[:200]
            if failure is None:
                call.state, call.done_at = "sent", now
            elif final or call.tries >= TRIES:
                call.state, call.done_at = "dead", now
            else:
                call.next_at = now + min(_FIRST_WAIT * 2 ** (call.tries - 1), _LONGEST_WAIT)


def _call(webhook_id: int, at: datetime, event: Event, facts: Mapping[str, Any]) -> WebhookCall:
    event_id = str(uuid.uuid4())
    body = {"id": event_id, "event": event, "at": at.isoformat(), "data": dict(facts)}
    return WebhookCall(
        webhook_id=webhook_id,
        event_id=event_id,
        event=event,
        body=json.dumps(body),
        state="queued",
        next_at=at,
        created_at=at,
    )


def _with_handoff(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Add the hand-off to an event that was written before its row had an id."""
    data = body["data"]
    if body["event"] == "handoff.opened" and "handoff" not in data:
        data["handoff"] = session.scalar(
            select(HandoffRow.id)
            .where(
                HandoffRow.conversation_id == data["conversation"],
                HandoffRow.opened_at <= datetime.fromisoformat(body["at"]),
            )
            .order_by(HandoffRow.id.desc())
        )
    return body


def _of(webhook_id: int, state: str) -> Any:
    return select(WebhookCall).where(WebhookCall.webhook_id == webhook_id, WebhookCall.state == state)


def _count(session: Session, webhook_id: int, state: str) -> int:
    return len(session.scalars(_of(webhook_id, state)).all())
