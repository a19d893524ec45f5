"""Notices in people's hands: rungs and legal notices that need somebody's yes before they go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.domain.approvals import ApprovalState, Pending, Vote, objections, outcome
from bot.domain.policy import Authority, Consent
from bot.services.approval_rows import level_of
from bot.services.approvals import CODES
from bot.services.bundling import rung_of
from bot.services.casefiles import CaseFiles
from bot.services.follow_ups import notice_nudge
from bot.services.kit import Kit, local_day
from bot.services.loan_files import LoanFile
from bot.services.nudges import end
from bot.services.packs import pack_of_loan
from bot.services.records import record
from bot.services.reminder_texts import ReminderTexts
from bot.services.rights import NotAllowed, Reader, reason_of, require, require_reader
from bot.storage.db import retried
from bot.storage.queries import loan_snapshot
from bot.storage.tables import LoanRow, Nudge, NudgeVote

APPROVAL = "approval"
"""The state of a nudge that waits for a person's yes."""
_GOOD_DAYS = 14
_OVER: dict[str, ApprovalState] = {
    APPROVAL: ApprovalState.WAITING,
    "cancelled": ApprovalState.REFUSED,
    "expired": ApprovalState.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Voted:
    """One person's yes or no."""

    by: int
    approves: bool
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as people see it: about what, its words, whose yes it needs by when, the votes so far."""

    id: int
    borrower_ref: str
    borrower_name: str
    timezone: str
    loan_ref: str
    step: str
    ground: str | None
    state: str
    text: str
    consent: Consent
    asked_by: int | None
    created_at: datetime
    expires_at: datetime
    votes: tuple[Voted, ...]
    reason: str | None

    def may_be_decided_by(self, agent_id: int, role: str) -> bool:
        """Tell whether somebody's vote would count."""
        vote = Vote(agent_id, level_of(role), "approve")
        return not objections(_pending(self), vote, self.created_at)


class NoticeService:
    """Lists, asks for, and decides."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.texts = ReminderTexts(kit)

    def due(self) -> tuple[Authority, ...]:
        """Return the level that each waiting notice needs; nothing of whose it is."""
        return tuple(one.consent.level for one in self.waiting("operator"))

    def waiting(self, reader: Reader) -> tuple[NoticeView, ...]:
        """Return the notices that wait for a yes, the one that ends first before the others.

        Raises NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require_reader(session, reader, "read")
            return self._views(session, Nudge.state == APPROVAL)

    def of(self, nudge_id: int) -> NoticeView:
        """Return one notice. Raises LookupError when there is none of that number."""
        with self.kit.db.begin() as session:
            return self._one(session, nudge_id)

    def grounds(self, loan_ref: str) -> tuple[str, ...]:
        """Return the grounds on which the law asks for a notice about a loan. Raises LookupError."""
        with self.kit.db.begin() as session:
            return tuple(one.ground for one in pack_of_loan(self.kit, _loan(session, loan_ref)).notices)

    def request(self, loan_ref: str, ground: str, agent_id: int, reason: str) -> NoticeView:
        """Ask for a notice that the law demands about a loan, once in a cycle on each ground; return it.

        Raises LookupError for an unknown loan, NotAllowed for an account that may not, a missing reason, a
        ground that the loan's contact pack does not know, a loan that is paid, or a notice that is there.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = _loan(session, loan_ref)
            pack = pack_of_loan(self.kit, row)
            notice = pack.demanded(ground)
            due = loan_snapshot(row).next_due()
            if notice is None:
                known = ", ".join(one.ground for one in pack.notices) or "nothing"
                raise NotAllowed("ground", f"{ground!r} is none of {known}")
            if due is None:
                raise NotAllowed("paid", "nothing is open on this loan")
            until = now + timedelta(days=_GOOD_DAYS)
            nudge = notice_nudge(self.kit, row, notice, due.number, now, now, until)
            same = (Nudge.loan_id == row.id, Nudge.cycle == due.number, Nudge.step == nudge.step)
            if session.scalars(select(Nudge.id).where(*same)).first() is not None:
                raise NotAllowed("ground", f"a notice on {ground} was asked for in this cycle already")
            nudge.asked_by = agent_id
            session.add(nudge)
            session.flush()
            self._note(session, nudge, "notice_requested", agent_id, now, ground=ground, reason=why)
            return self._one(session, nudge.id)

    @retried
    def vote(self, nudge_id: int, agent_id: int, *, approves: bool, reason: str) -> NoticeView:
        """Say yes or no to a notice, with a reason; return what became of it.

        One no ends it. With the last yes that it needs it goes out as soon as the contact rules allow. Raises
        NotAllowed with every rule that the vote breaks, LookupError for an unknown notice.
        """
        now, why = self.kit.clock.now(), reason_of(reason)
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "approve")
            nudge = session.get(Nudge, nudge_id, with_for_update=True)
            view = self._one(session, nudge_id)
            assert nudge is not None
            vote = Vote(agent_id, level_of(agent.role), "approve" if approves else "refuse")
            pending = _pending(view)
            found = objections(pending, vote, now)
            if found:
                words = "; ".join(f"{one.limit}: {one.asked}, allowed {one.allowed}" for one in found)
                raise NotAllowed(CODES[found[0].limit], words)
            mine = session.get(NudgeVote, (nudge_id, agent_id))
            if mine is None:
                mine = NudgeVote(nudge_id=nudge_id, agent_id=agent_id)
                session.add(mine)
            mine.approves, mine.reason, mine.at = approves, why, now
            became = outcome(pending, vote.verdict, as_asked=True)
            self._note(session, nudge, "notice_voted", agent_id, now, approves=approves, reason=why)
            if became is ApprovalState.REFUSED:
                end(session, nudge, "cancelled", f"refused: {why}", now, actor=f"agent {agent_id}")
            elif became is ApprovalState.APPROVED:
                nudge.state, nudge.send_at = "queued", max(nudge.send_at, now)
                self._note(session, nudge, "notice_approved", agent_id, now)
            session.flush()
            return self._one(session, nudge_id)

    def tend(self) -> int:
        """End what waits for a yes and has lost its time or its reason; return how many."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            # One cheap question a tick: most installations have none.
            waiting = select(Nudge).where(Nudge.state == APPROVAL).with_for_update(skip_locked=True)
            nudges = list(session.scalars(waiting))
            if not nudges:
                return 0
            files = CaseFiles(session, self.kit, nudges, now)
            for nudge in nudges:
                gone = files.overtaken(nudge)
                if gone is not None:
                    end(session, nudge, "cancelled", gone, now)
                elif nudge.expires_at <= now:
                    end(session, nudge, "expired", "nobody approved it in time", now)
            return sum(nudge.state != APPROVAL for nudge in nudges)

    def _one(self, session: Session, nudge_id: int) -> NoticeView:
        for view in self._views(session, Nudge.id == nudge_id):
            return view
        raise LookupError(f"there is no notice {nudge_id}")

    def _views(self, session: Session, which: ColumnElement[bool]) -> tuple[NoticeView, ...]:
        now = self.kit.clock.now()
        nudges = list(session.scalars(select(Nudge).where(which).order_by(Nudge.expires_at, Nudge.id)))
        files = CaseFiles(session, self.kit, nudges, now)
        votes: dict[int, list[Voted]] = {}
        chosen = select(NudgeVote).where(NudgeVote.nudge_id.in_([one.id for one in nudges]))
        for row in session.scalars(chosen.order_by(NudgeVote.at)):
            votes.setdefault(row.nudge_id, []).append(Voted(row.agent_id, row.approves, row.reason, row.at))
        return tuple(self._view(files, one, votes.get(one.id, ()), now) for one in nudges)

    def _view(self, files: CaseFiles, nudge: Nudge, votes: Sequence[Voted], now: datetime) -> NoticeView:
        row = files.loans[nudge.loan_id]
        has_matter = nudge.template is not None and files.loan(row.id).next_due() is not None
        return NoticeView(
            nudge.id,
            row.borrower.ref,
            row.borrower.name,
            row.borrower.timezone,
            row.ref,
            nudge.step,
            nudge.ground,
            nudge.state,
            self.texts.shown(files, nudge, row.borrower.locale, now) if has_matter else "",
            self._consent(row, nudge, now),
            nudge.asked_by,
            nudge.created_at,
            nudge.expires_at,
            tuple(votes),
            nudge.reason,
        )

    def _consent(self, row: LoanFile, nudge: Nudge, now: datetime) -> Consent:
        if nudge.ground is not None:
            notice = pack_of_loan(self.kit, row, local_day(now, row.borrower.timezone)).demanded(nudge.ground)
            found = None if notice is None else notice.approval
        else:
            step = rung_of(self.kit, row, nudge.step, now)
            found = None if step is None else step.approval
        # What a policy no longer names is not let through by fewer people than the usual.
        return found or Consent()

    def _note(
        self, session: Session, nudge: Nudge, kind: str, agent_id: int, now: datetime, **detail: object
    ) -> None:
        record(
            session,
            now,
            kind,
            cause=f"nudge {nudge.id}",
            actor=f"agent {agent_id}",
            borrower_id=nudge.borrower_id,
            loan_id=nudge.loan_id,
            step=nudge.step,
            **detail,
        )


def _pending(view: NoticeView) -> Pending:
    first = next((one.by for one in view.votes if one.approves), None)
    state = _OVER.get(view.state, ApprovalState.APPROVED)
    return Pending(state, view.consent.level, view.expires_at, view.asked_by, first, view.consent.two_person)


def _loan(session: Session, ref: str) -> LoanRow:
    row = session.scalars(select(LoanRow).where(LoanRow.ref == ref)).first()
    if row is None:
        raise LookupError(f"there is no loan {ref!r}")
    return row
