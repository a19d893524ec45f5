"""What time does to open cases: told of again, escalated, given back, woken, taken from who has gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffReason, HandoffState, Patience, next_step
from bot.domain.model import HoldKind
from bot.services.handoffs import HandoffService
from bot.services.holding import locked
from bot.services.kit import Kit
from bot.services.placing import wait_again
from bot.services.records import record
from bot.services.waiting import hours_of, team_of
from bot.services.waking import is_gone, wake
from bot.storage.queries import holds_of
from bot.storage.tables import Conversation, HandoffRow

_PROTECTING = frozenset(
    {
        HoldKind.SELF_HARM,
        HoldKind.THREAT,
        HoldKind.DEATH,
        HoldKind.UNDERAGE,
        HoldKind.REPRESENTED,
        HoldKind.BANKRUPT,
    }
)
Act = Callable[[Session, Conversation, HandoffRow, datetime], bool]


class SweepService:
    """What the clock calls; any number may run at once, for each case is looked at under its lock."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def run(self) -> int:
        """Do what is due for every open case; return how many changed."""
        return sum(
            self._each(state, act)
            for state, act in (
                (HandoffState.SNOOZED, self._wake),
                (HandoffState.CLAIMED, self._reroute),
                (HandoffState.WAITING, self._unclaimed),
                (None, self._late),
            )
        )

    def _each(self, state: HandoffState | None, act: Act) -> int:
        done = 0
        for number in self._candidates(state):
            with self.kit.db.begin() as session:
                conversation, row = locked(session, number)
                if state is None or row.state == state:
                    done += act(session, conversation, row, self.kit.clock.now())
        return done

    def _candidates(self, state: HandoffState | None) -> list[int]:
        now = self.kit.clock.now()
        chosen = select(HandoffRow.id).order_by(HandoffRow.id)
        if state is None:
            unanswered = (HandoffRow.first_reply_at.is_(None), HandoffRow.warned_at.is_(None))
            open_now = HandoffRow.state.in_((HandoffState.WAITING.value, HandoffState.CLAIMED.value))
            chosen = chosen.where(open_now, *unanswered, HandoffRow.respond_by.is_not(None))
        else:
            chosen = chosen.where(HandoffRow.state == state.value)
        if state is HandoffState.SNOOZED:
            chosen = chosen.where(HandoffRow.snoozed_until <= now)
        if state is HandoffState.WAITING:
            # Business time is never more than the time that has passed.
            soonest = min(route.unclaimed.alert_minutes for route in self.kit.policies.routing.routes)
            chosen = chosen.where(HandoffRow.waiting_since <= now - timedelta(minutes=soonest))
            chosen = chosen.where(or_(HandoffRow.callback_at.is_(None), HandoffRow.callback_at <= now))
        with self.kit.db.begin() as session:
            return list(session.scalars(chosen))

    def _wake(self, session: Session, _: Conversation, row: HandoffRow, now: datetime) -> bool:
        if row.snoozed_until is None or row.snoozed_until > now:
            return False
        wake(session, self.kit, row, now, actor="clock")
        return True

    def _reroute(self, session: Session, _: Conversation, row: HandoffRow, now: datetime) -> bool:
        """Put the case of an agent who has gone back into the queue."""
        if not is_gone(row.agent, self.kit, now):
            return False
        before = row.agent_id
        wait_again(row, now)
        self._note(session, row, "handoff_rerouted", now, agent=before)
        return True

    def _unclaimed(
        self, session: Session, conversation: Conversation, row: HandoffRow, now: datetime
    ) -> bool:
        reason, team = HandoffReason(row.reason), team_of(self.kit, row)
        rule = self.kit.policies.routing.route(reason).unclaimed
        # What waits since before opening begins to wait when the team is there.
        waited = hours_of(session, self.kit, row).between(row.waiting_since, now).total_seconds() / 60
        step = next_step(
            Patience(rule.alert_minutes, rule.escalate_minutes, rule.return_minutes),
            waited,
            alerts=row.alerts,
            level=row.level,
            can_rise=team.escalates_to is not None,
            protects=reason.protects or self._is_protected(session, row, now),
        )
        if step == "alert":
            row.alerts, row.alerted_at = int(waited // rule.alert_minutes), now
            self._note(session, row, "handoff_alerted", now, alerts=row.alerts, waited=int(waited))
        elif step == "escalate":
            assert team.escalates_to is not None
            row.team, row.level, row.priority = team.escalates_to, row.level + 1, max(row.priority - 1, 0)
            # Those who have it now have not been told yet.
            row.alerts, row.alerted_at, row.paged_at = int(waited // rule.alert_minutes), now, None
            self._note(session, row, "handoff_escalated", now, team=row.team, before=team.id, level=row.level)
        elif step == "return":
            self.handoffs.end(
                session,
                conversation,
                row,
                HandoffState.RETURNED,
                now,
                actor="clock",
                words="utter_handoff_unserved",
                why="unclaimed",
            )
        return step is not None

    def _is_protected(self, session: Session, row: HandoffRow, now: datetime) -> bool:
        if row.borrower_id is None:
            return False
        return any(hold.kind in _PROTECTING for hold in holds_of(session, row.borrower_id, now))

    def _late(self, session: Session, _: Conversation, row: HandoffRow, now: datetime) -> bool:
        """Warn before the time for the first reply has run out."""
        if row.first_reply_at is not None or row.warned_at is not None or row.respond_by is None:
            return False
        route = self.kit.policies.routing.route(HandoffReason(row.reason))
        left = hours_of(session, self.kit, row).between(now, row.respond_by)
        if left.total_seconds() / 60 > route.first_reply_minutes * (100 - route.warn_percent) / 100:
            return False
        row.warned_at = now
        self._note(session, row, "handoff_late", now, minutes_left=int(left.total_seconds() // 60))
        return True

    def _note(self, session: Session, row: HandoffRow, kind: str, now: datetime, **detail: Any) -> None:
        record(
            session,
            now,
            kind,
            cause=f"handoff {row.id}",
            actor="clock",
            borrower_id=row.borrower_id,
            **detail,
        )
