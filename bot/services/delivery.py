"""Turns due nudges into messages: claimed, checked again on fresh facts, rendered, recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from bot.domain.agreed import Step
from bot.domain.contact import Verdict, may_contact
from bot.domain.handoff import HandoffReason
from bot.domain.ladder import tried_again_after
from bot.domain.model import Address, Purpose
from bot.domain.policy import ContactPack, ProductPolicy
from bot.services.agenda import TASK
from bot.services.bundling import bundles, rung_of
from bot.services.casefiles import CaseFiles
from bot.services.follow_ups import PEOPLE_FROM, follow_first_contact
from bot.services.foretelling import task_verdict
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit, local_day
from bot.services.loan_files import BorrowerFile
from bot.services.nudges import end, put_off
from bot.services.records import policy_version
from bot.services.reminder_texts import ReminderTexts
from bot.services.reminders import ReminderService
from bot.services.replies import open_conversation
from bot.storage.db import retried
from bot.storage.policies import PolicyError
from bot.storage.prepared import prepared
from bot.storage.queries import INITIATED, channels_closed_by
from bot.storage.tables import Borrower, Conversation, Message, Nudge

_AGREED = (Purpose.INSTALMENT.value, Purpose.NOTICE.value)
# Written out, so that the partial index serves it.
_OF_AGREED = text("nudges.purpose IN ('instalment', 'notice')")


BATCH = 200
_IN_TURN = (Nudge.send_at, Nudge.loan_id, Nudge.id)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a batch: how many nudges were decided, and the ids of the messages written for them."""

    decided: int
    written: tuple[int, ...]


@prepared
def _one(nudge_id: int) -> Select[tuple[Nudge]]:
    return select(Nudge).where(Nudge.id == nudge_id, Nudge.state == "queued").with_for_update()


@prepared
def _due_of_agreed(now: datetime, limit: int) -> Select[tuple[Nudge]]:
    return _due(now, limit).where(_OF_AGREED).order_by(Nudge.send_at, Nudge.id)


@prepared
def _due_of_ladder(now: datetime, limit: int) -> Select[tuple[Nudge]]:
    return _due(now, limit).where(Nudge.purpose.not_in(_AGREED)).order_by(*_IN_TURN)


def _due(now: datetime, limit: int) -> Select[tuple[Nudge]]:
    return (
        select(Nudge)
        .join(Borrower, Borrower.id == Nudge.borrower_id)
        .where(Nudge.state == "queued", Nudge.send_at <= now)
        .limit(limit)
        .with_for_update(of=[Nudge, Borrower], key_share=True, skip_locked=True)
    )


@prepared
def _due_of(borrower_ids: Collection[int], now: datetime) -> Select[tuple[Nudge]]:
    return (
        select(Nudge)
        .where(Nudge.borrower_id.in_(borrower_ids), Nudge.state == "queued", Nudge.send_at <= now)
        .order_by(*_IN_TURN)
        .with_for_update(key_share=True)
    )


@prepared
def _count_of_waiting() -> Select[tuple[int]]:
    waiting = select(func.count()).select_from(Message)
    return waiting.where(
        Message.direction == "out", Message.state == "queued", Message.purpose.in_(INITIATED)
    )


class _Batch:
    """One transaction's nudges: their facts, its instant, and the policy versions that it has cited."""

    def __init__(self, session: Session, files: CaseFiles, now: datetime) -> None:
        self.session, self.files, self.now = session, files, now
        self._cited: dict[tuple[str, str, int], str] = {}

    def cite(self, policy: ProductPolicy | ContactPack) -> str:
        """Return the version name of a policy; its content is hashed and stored once a batch."""
        name = policy.product if isinstance(policy, ProductPolicy) else policy.pack
        key = (type(policy).__name__, name, policy.version)
        if key not in self._cited:
            self._cited[key] = policy_version(self.session, policy, self.now)
        return self._cited[key]


class DeliveryService:
    """What the clock calls after planning. Handing over to channels is the outbox's part."""

    def __init__(self, kit: Kit, reminders: ReminderService, handoffs: HandoffService) -> None:
        self.kit = kit
        self.reminders = reminders
        self.handoffs = handoffs
        self.texts = ReminderTexts(kit)

    def due(self, limit: int = 500) -> list[int]:
        """Return the ids of nudges whose instant has come; what was agreed goes before the ladder."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            return list(
                session.scalars(
                    select(Nudge.id)
                    .where(Nudge.state == "queued", Nudge.send_at <= now)
                    .order_by(Nudge.purpose.not_in(_AGREED), *_IN_TURN)
                    .limit(limit)
                )
            )

    def prepare_due(self, limit: int = BATCH) -> Prepared:
        """Claim nudges that are due and decide each on fresh facts; write the messages of those that may go.

        Any number of workers may do so at once. On PostgreSQL each takes rows that no other has locked, the
        borrower's with them, so that two reminders to one borrower are never decided side by side; on SQLite
        one writes at a time. No more is written than `settings.ahead` messages waiting for their channels:
        what is due beyond that stays planned, and is decided when its turn comes.
        """
        room = self.kit.settings.ahead - self._waiting()
        return self._prepare(None, min(limit, room)) if room > 0 else Prepared(0, ())

    def prepare(self, nudge_id: int) -> int | None:
        """Decide one nudge on fresh facts and, when allowed, write its message; return the message's id."""
        return next(iter(self._prepare(nudge_id, 1).written), None)

    @retried
    def _prepare(self, nudge_id: int | None, limit: int) -> Prepared:
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            nudges = self._claim(session, nudge_id, limit, now)
            if not nudges:
                return Prepared(0, ())
            files = CaseFiles(session, self.kit, nudges, now)
            batch = _Batch(session, files, now)
            written = [
                message
                for group in bundles(self.kit, files, nudges, now)
                for message in self._decide(batch, group)
            ]
            session.add_all(written)
            session.flush()
            return Prepared(len(nudges), tuple(message.id for message in written))

    def _claim(self, session: Session, nudge_id: int | None, limit: int, now: datetime) -> list[Nudge]:
        if nudge_id is not None:
            return list(session.scalars(*_one(nudge_id)))
        found = list(session.scalars(*_due_of_agreed(now, limit)))
        if len(found) < limit:
            found += session.scalars(*_due_of_ladder(now, limit - len(found)))
        return found + self._beside(session, found, now)

    def _beside(self, session: Session, found: Sequence[Nudge], now: datetime) -> list[Nudge]:
        """Claim what else is due for the same borrowers, whose rows are locked: debts may share a message."""
        if not found:
            return []
        mine = {nudge.id for nudge in found}
        theirs = session.scalars(*_due_of({nudge.borrower_id for nudge in found}, now))
        return [nudge for nudge in theirs if nudge.id not in mine]

    def _waiting(self) -> int:
        with self.kit.db.begin() as session:
            return session.scalar(*_count_of_waiting()) or 0

    def _decide(self, batch: _Batch, group: Sequence[Nudge]) -> Iterator[Message]:
        """Yield the message of nudges that may share one, and of those left over; who is held waits."""
        live = [nudge for nudge in group if self._is_good(batch, nudge)]
        while live:
            message, live = self._message(batch, *live)
            if message is not None:
                yield message

    def _is_good(self, batch: _Batch, nudge: Nudge) -> bool:
        """Tell whether a nudge is to become a message; one that cannot help ends, a task goes to people."""
        session, now = batch.session, batch.now
        gone = batch.files.overtaken(nudge)
        if gone is not None:
            end(session, nudge, "cancelled", gone, now)
        elif nudge.expires_at <= now:
            end(session, nudge, "expired", "its time has passed", now)
        elif nudge.purpose == TASK:
            self._task(batch, nudge)
        else:
            return True
        return False

    def _message(self, batch: _Batch, leader: Nudge, *others: Nudge) -> tuple[Message | None, list[Nudge]]:
        """Write the message of a nudge, with those others that may join it; return also who is left."""
        session, files, now = batch.session, batch.files, batch.now
        row = files.loans[leader.loan_id]
        borrower = row.borrower
        try:
            policy = self.kit.policies.product(row.product, local_day(now, borrower.timezone))
        except PolicyError as error:
            end(session, leader, "cancelled", str(error), now)
            return None, list(others)
        pack = self.kit.policies.pack(policy, borrower.country)
        address = files.address(borrower, leader.channels)
        case = files.case(borrower, address, row.id, ground=leader.ground)
        verdict = may_contact(case, Purpose(leader.purpose), now, pack)
        if not verdict.allowed or address is None:
            if not self._left_to_people(batch, leader, verdict):
                put_off(session, leader, verdict, now)
            return None, list(others)
        joining = [one for one in others if self._may_join(batch, one, address, pack)]
        conversation = self._chat(batch, borrower, address)
        # Whoever opened the chat may be anybody: facts go only where identity was verified in this very chat.
        known = address.verified and conversation.verified_at is not None
        if leader.ground is not None and not known:
            self._wait_for_identity(batch, leader)
            return None, list(others)
        together = [leader, *joining]
        for nudge in together:
            nudge.state = "sending"
            nudge.leader_id = None if nudge is leader else leader.id
            nudge.again_hours = self._again_after(batch, nudge, address)
        message = self.texts.message(files, together, conversation, pack, now, verified=known)
        message.rule_ids = list(verdict.rule_ids)
        message.pack_version = batch.cite(pack)
        message.policy_version = batch.cite(policy)
        files.add_contact(borrower, address.channel, now)
        if known:
            for nudge in together:
                follow_first_contact(session, self.kit, files.loans[nudge.loan_id], pack, now)
        return message, [one for one in others if one not in joining]

    def _chat(self, batch: _Batch, borrower: BorrowerFile, address: Address) -> Conversation:
        """Return the chat of an address, which is begun where there is none."""
        place = address.channel, address.address
        if place not in batch.files.chats:
            batch.files.chats[place] = open_conversation(batch.session, self.kit, *place, batch.now, borrower)
        return batch.files.chats[place]

    def _again_after(self, batch: _Batch, nudge: Nudge, address: Address) -> int | None:
        """Return the hours unread after which the next channel of a nudge's rung is tried, if any ever is."""
        row = batch.files.loans[nudge.loan_id]
        step = rung_of(self.kit, row, nudge.step, batch.now)
        if step is None or step.unread_hours is None:
            return None
        policy = self.kit.policies.product(row.product, local_day(batch.now, row.borrower.timezone))
        closed = channels_closed_by(batch.files.holds[row.borrower_id])
        living = [one for one in row.borrower.addresses if one.channel not in closed]
        return tried_again_after(self.kit.policies.ladder(policy), step, address.channel, living)

    def _left_to_people(self, batch: _Batch, nudge: Nudge, verdict: Verdict) -> bool:
        """Give people a legal notice that the rules hold beyond its time; tell whether that was done."""
        if nudge.ground is None or verdict.until is None or verdict.until < nudge.expires_at - PEOPLE_FROM:
            return False
        nudge.purpose, nudge.template = TASK, "send_notice"
        self._task(batch, nudge)
        return True

    def _wait_for_identity(self, batch: _Batch, nudge: Nudge) -> None:
        """Let a legal notice wait until identity is verified; in its last days people take care of it."""
        deadline = nudge.expires_at - PEOPLE_FROM
        if batch.now < deadline:
            nudge.state, nudge.leader_id = "queued", None
            nudge.send_at = min(batch.now + timedelta(days=1), deadline)
            nudge.reason = "identity: a notice about the debt goes to nobody who is not verified"
        else:
            nudge.purpose, nudge.template = TASK, "send_notice"
            self._task(batch, nudge)

    def _may_join(self, batch: _Batch, nudge: Nudge, address: Address, pack: ContactPack) -> bool:
        """Tell whether a message to an address, under a pack, may speak of another debt as well."""
        row = batch.files.loans[nudge.loan_id]
        if address.channel not in nudge.channels:
            return False
        try:
            policy = self.kit.policies.product(row.product, local_day(batch.now, row.borrower.timezone))
        except PolicyError:
            return False
        if self.kit.policies.pack(policy, row.borrower.country) is not pack:
            return False
        case = batch.files.case(row.borrower, address, row.id)
        return may_contact(case, Purpose(nudge.purpose), batch.now, pack).allowed

    def _task(self, batch: _Batch, nudge: Nudge) -> None:
        """A rung for people: a hand-off in the queue, and no message to the borrower."""
        session, files, now = batch.session, batch.files, batch.now
        row = files.loans[nudge.loan_id]
        borrower = row.borrower
        verdict = task_verdict(self.kit, row, files.case(borrower, None, row.id), now)
        if not verdict.allowed:
            put_off(session, nudge, verdict, now)
            return
        address = next((one for one in borrower.addresses if not one.dead), None)
        if address is None:
            end(session, nudge, "cancelled", "no reachable address", now)
            return
        conversation = self._chat(batch, borrower, address)
        # A conversation that was only now begun is locked by its row, which has to be there.
        session.flush()
        self.handoffs.open_in(
            session,
            conversation,
            HandoffReason.LADDER if Step.read(nudge.step) is None else HandoffReason.BROKEN,
            cause=f"nudge {nudge.id}: {nudge.template}",
            actor="clock",
        )
        files.load_holds(session, {borrower.id}, now)
        nudge.state, nudge.done_at, nudge.reason = "sent", now, "task for a person"
