"""How things stand in the database, for Prometheus: queues, reminders, cases, requests, complaints."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.domain.handoff import OPEN_STATES
from bot.services.kit import Kit
from bot.storage.db import StorageError
from bot.storage.tables import Approval, Complaint, HandoffRow, Message, Nudge

FRESH = 10.0
"""For how many seconds what was read of the database is told again: several may ask."""
_RULE = re.compile(r"(?:^|; )([A-Za-z][A-Za-z0-9_.-]{0,60}): ", re.ASCII)
_SOON = timedelta(days=3)
_MOST_RULES = 60
_OPEN = tuple(sorted(state.value for state in OPEN_STATES))
Family = GaugeMetricFamily


class GaugeService(Collector):
    """Reads when asked; while the database is away it tells nothing, and alerts notice that."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._guard = threading.Lock()
        self._read: list[Family] = []
        self._until = 0.0

    def describe(self) -> list[Family]:
        """Return nothing: the names are not asked for before the database is."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield every gauge as it stood at most `FRESH` seconds ago."""
        with self._guard:
            if time.monotonic() >= self._until:
                try:
                    with self.kit.db.begin() as session:
                        self._read = list(self._families(session, self.kit.clock.now()))
                except StorageError:
                    self._read = []
                self._until = time.monotonic() + FRESH
            yield from self._read

    def _families(self, session: Session, now: datetime) -> Iterator[Family]:
        yield from _queues(session, now)
        yield from _nudges(session)
        yield from _cases(session, now)
        yield _gauge(
            "grace_approvals_waiting",
            "Requests that wait for a decision",
            session.scalar(select(func.count()).where(Approval.state == "waiting")),
        )
        yield from _complaints(session, now)
        yield _gauge(
            "grace_messages_uncertain",
            "Messages of which nobody knows whether they went out",
            session.scalar(select(func.count()).where(_out("uncertain"))),
        )


def _cases(session: Session, now: datetime) -> Iterator[Family]:
    states = GaugeMetricFamily("grace_handoffs", "Open cases in people's hands", labels=["state"])
    is_open = HandoffRow.state.in_(_OPEN)
    counted = select(HandoffRow.state, func.count()).where(is_open)
    found = dict(session.execute(counted.group_by(HandoffRow.state)).tuples().all())
    for state in _OPEN:
        states.add_metric([state], found.get(state, 0))
    yield states
    oldest = session.scalar(select(func.min(HandoffRow.waiting_since)).where(HandoffRow.state == "waiting"))
    yield _gauge("grace_handoff_wait_seconds", "How long the oldest case waits", _age(oldest, now))
    late = and_(is_open, HandoffRow.first_reply_at.is_(None), HandoffRow.respond_by < now)
    yield _gauge(
        "grace_handoff_sla_breaches",
        "Open cases whose time to a first reply has passed",
        session.scalar(select(func.count()).select_from(HandoffRow).where(late)),
    )


def _queues(session: Session, now: datetime) -> Iterator[Family]:
    length = GaugeMetricFamily("grace_queue_length", "What waits, by queue", labels=["queue"])
    lag = GaugeMetricFamily("grace_queue_lag_seconds", "How long the oldest of it waits", labels=["queue"])
    waiting: dict[str, Any] = {
        "inbound": (Message.created_at, and_(Message.direction == "in", Message.state == "received")),
        "outbound": (Message.created_at, _out("queued")),
        "nudges": (Nudge.send_at, and_(Nudge.state == "queued", Nudge.send_at <= now)),
    }
    for name, (column, condition) in waiting.items():
        count, oldest = session.execute(select(func.count(), func.min(column)).where(condition)).one()
        length.add_metric([name], count)
        lag.add_metric([name], _age(oldest, now))
    yield from (length, lag)


def _nudges(session: Session) -> Iterator[Family]:
    states = GaugeMetricFamily("grace_nudges", "Reminders by state", labels=["state"])
    for state, count in session.execute(select(Nudge.state, func.count()).group_by(Nudge.state)):
        states.add_metric([state], count)
    yield states
    held = GaugeMetricFamily("grace_nudges_held", "Reminders that a rule makes wait", labels=["rule"])
    rules: dict[str, int] = {}
    reasons = select(Nudge.reason, func.count()).where(Nudge.state == "queued", Nudge.reason.is_not(None))
    for reason, count in session.execute(reasons.group_by(Nudge.reason)):
        for rule in set(_RULE.findall(reason or "")):
            name = rule if rule in rules or len(rules) < _MOST_RULES else "other"
            rules[name] = rules.get(name, 0) + count
    for rule, count in sorted(rules.items()):
        held.add_metric([rule], count)
    yield held


def _complaints(session: Session, now: datetime) -> Iterator[Family]:
    unanswered = and_(Complaint.closed_at.is_(None), Complaint.answered_at.is_(None))
    family = GaugeMetricFamily(
        "grace_complaints", "Unanswered complaints by how near their last day is", labels=["deadline"]
    )
    today = now.date()
    spans = {
        "overdue": Complaint.due_on < today,
        "near": and_(Complaint.due_on >= today, Complaint.due_on <= today + _SOON),
        "later": Complaint.due_on > today + _SOON,
    }
    for name, condition in spans.items():
        counted = select(func.count()).select_from(Complaint).where(unanswered, condition)
        family.add_metric([name], session.scalar(counted) or 0)
    yield family


def _out(state: str) -> Any:
    return and_(Message.direction == "out", Message.state == state)


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)


def _gauge(name: str, text: str, value: float | None) -> Family:
    return GaugeMetricFamily(name, text, value=value or 0)
