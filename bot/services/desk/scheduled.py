"""Messages that an agent wants sent later: asked about again at their time, and cancellable until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.contact import Verdict
from bot.domain.handoff import HandoffState
from bot.domain.model import Purpose
from bot.services.allowance import lender_starts
from bot.services.holding import locked, mine, say, touch
from bot.services.kit import Kit
from bot.services.records import policy_version, record
from bot.services.rights import NotAllowed, require
from bot.services.wording import cited, findings, require_fit
from bot.storage.db import retried
from bot.storage.tables import Agent, HandoffRow, ScheduledMessage

_FURTHEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class ScheduledView:
    """A message for later; `state` is waiting, sent, cancelled or refused, `reason` says why.

    `wanted_at` is when the agent wants it sent, `send_at` when the rules let it go at the earliest.
    """

    id: int
    handoff_id: int
    agent_id: int
    agent_name: str
    text: str
    state: str
    wanted_at: datetime
    send_at: datetime
    reason: str | None
    message_id: int | None


class ScheduledService:
    """What `send later` calls; the clock sends."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @retried
    def schedule(self, handoff_id: int, agent_id: int, text: str, at: datetime, *, key: str) -> ScheduledView:
        """Keep a message for an instant (aware), once for each `key`.

        When the rules do not allow that instant the message waits for the first that they do. Raises
        NotAllowed when the case is not the agent's, the text is empty, the instant is past or more than 60
        days ahead, or the rules forbid it for good; Unfit for wording.
        """
        now, written = self.kit.clock.now(), text.strip()
        if not written:
            raise NotAllowed("empty", "an empty message is not sent")
        if not now < at <= now + _FURTHEST:
            raise NotAllowed("until", f"a message is sent later within {_FURTHEST.days} days")
        require_fit(self.kit, handoff_id, agent_id, written)
        with self.kit.db.begin() as session:
            conversation, row, agent = mine(session, handoff_id, agent_id)
            again = session.scalars(
                select(ScheduledMessage).where(
                    ScheduledMessage.handoff_id == handoff_id, ScheduledMessage.key == key
                )
            ).first()
            if again is not None:
                return _view(again, agent.name)
            verdict, _ = lender_starts(session, self.kit, conversation, at)
            if verdict.status == "blocked":
                raise NotAllowed("window", _said(verdict))
            held = verdict.until if verdict.status == "held" else None
            made = ScheduledMessage(
                handoff_id=handoff_id,
                conversation_id=conversation.id,
                agent_id=agent_id,
                key=key,
                text=written,
                state="waiting",
                wanted_at=at,
                send_at=held or at,
                reason=_said(verdict)[:300] if held else None,
                created_at=now,
            )
            session.add(made)
            touch(session, agent_id, now)
            session.flush()
            record(
                session,
                now,
                "message_scheduled",
                cause=f"handoff {row.id}",
                actor=f"agent {agent_id}",
                borrower_id=row.borrower_id,
                scheduled=made.id,
                send_at=made.send_at.isoformat(),
            )
            return _view(made, agent.name)

    def cancel(self, scheduled_id: int, agent_id: int) -> None:
        """Cancel a message that waits: its writer may, and whoever has the case.

        Raises NotAllowed when it has been sent or cancelled already, or is somebody else's.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            found = session.get(ScheduledMessage, scheduled_id)
            if found is None:
                raise NotAllowed("closed", "there is no such message")
            _, case = locked(session, found.handoff_id)
            session.refresh(found, with_for_update=True)
            if agent_id not in (found.agent_id, case.agent_id) and agent.role != "supervisor":
                raise NotAllowed("taken", "this message is a colleague's")
            if found.state != "waiting":
                raise NotAllowed("closed", f"this message is already {found.state}")
            found.state, found.done_at = "cancelled", now
            self._note(session, found, "message_unscheduled", f"agent {agent_id}")

    def of(self, handoff_id: int) -> tuple[ScheduledView, ...]:
        """Return the messages for later of a case, the next first."""
        with self.kit.db.begin() as session:
            found = session.execute(
                select(ScheduledMessage, Agent.name)
                .join(Agent, Agent.id == ScheduledMessage.agent_id)
                .where(ScheduledMessage.handoff_id == handoff_id)
                .order_by(ScheduledMessage.send_at, ScheduledMessage.id)
            )
            return tuple(_view(row, name) for row, name in found)

    def send_due(self) -> int:
        """Send what is due, as far as rules and wording still allow it; return how many messages left."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            due = session.execute(
                select(ScheduledMessage.id, ScheduledMessage.handoff_id)
                .where(ScheduledMessage.state == "waiting", ScheduledMessage.send_at <= now)
                .order_by(ScheduledMessage.send_at, ScheduledMessage.id)
            ).all()
        return sum(self._send(scheduled_id, handoff_id) for scheduled_id, handoff_id in due)

    def _send(self, scheduled_id: int, handoff_id: int) -> bool:
        with self.kit.db.begin() as session:
            conversation, case = locked(session, handoff_id)
            found = session.get_one(ScheduledMessage, scheduled_id, with_for_update=True)
            now = self.kit.clock.now()
            if found.state != "waiting" or found.send_at > now:
                return False
            if not HandoffState(case.state).is_held or case.agent_id != found.agent_id:
                self._refuse(session, found, "the case is no longer with who wrote it")
                return False
            verdict, pack = lender_starts(session, self.kit, conversation, now)
            if verdict.status == "held" and verdict.until is not None:
                found.send_at, found.reason = verdict.until, _said(verdict)[:300]
                self._note(session, found, "message_put_off", "clock", send_at=found.send_at.isoformat())
                return False
            if not verdict.allowed:
                self._refuse(session, found, _said(verdict))
                return False
            verified = conversation.is_verified(now, self.kit.settings.identity_for)
            faults = findings(self.kit, found.text, verified=verified)
            if faults:
                self._refuse(session, found, "wording", **cited(self.kit, faults))
                return False
            found.message_id = say(
                session,
                conversation,
                case,
                found.agent_id,
                found.text,
                f"later:{found.id}",
                now,
                allowed_by=(verdict, policy_version(session, pack, now)),
                purpose=Purpose.NOTICE,
            )
            found.state, found.reason, found.done_at = "sent", None, now
            return True

    def _refuse(self, session: Session, found: ScheduledMessage, why: str, **detail: Any) -> None:
        found.state, found.reason, found.done_at = "refused", why[:300], self.kit.clock.now()
        self._note(session, found, "message_refused", "clock", why=why[:300], **detail)

    def _note(self, session: Session, found: ScheduledMessage, kind: str, actor: str, **detail: Any) -> None:
        case = session.get_one(HandoffRow, found.handoff_id)
        record(
            session,
            self.kit.clock.now(),
            kind,
            cause=f"handoff {found.handoff_id}",
            actor=actor,
            borrower_id=case.borrower_id,
            scheduled=found.id,
            **detail,
        )


def _said(verdict: Verdict) -> str:
    return "; ".join(reason.detail for reason in verdict.reasons)


def _view(row: ScheduledMessage, name: str) -> ScheduledView:
    return ScheduledView(
        row.id,
        row.handoff_id,
        row.agent_id,
        name,
        row.text,
        row.state,
        row.wanted_at,
        row.send_at,
        row.reason,
        row.message_id,
    )
