"""Turns due nudges into messages: claimed, checked again on fresh facts, rendered, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.domain.contact import may_contact
from bot.domain.handoff import HandoffReason
from bot.domain.model import Due, Loan, Purpose
from bot.domain.money import Money
from bot.domain.policy import ContactPack, ProductPolicy
from bot.domain.variations import assigned
from bot.language import formats
from bot.services.agenda import TASK
from bot.services.casefiles import CaseFiles
from bot.services.disclosures import disclosed
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit, local_day, written
from bot.services.nudges import end, put_off
from bot.services.records import policy_version
from bot.services.reminders import ReminderService
from bot.services.replies import open_conversation
from bot.storage.db import retried
from bot.storage.queries import INITIATED, address_snapshot, conversation_for, loan_snapshot
from bot.storage.tables import Borrower, Conversation, LoanRow, Message, Nudge

UNVERIFIED = "utter_reminder_unverified"


BATCH = 200
_IN_TURN = (Nudge.send_at, Nudge.loan_id, Nudge.id)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a batch: how many nudges were decided, and the ids of the messages written for them."""

    decided: int
    written: tuple[int, ...]


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

    def due(self, limit: int = 500) -> list[int]:
        """Return the ids of nudges whose instant has come; what was agreed goes before the ladder."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            return list(
                session.scalars(
                    select(Nudge.id)
                    .where(Nudge.state == "queued", Nudge.send_at <= now)
                    .order_by(Nudge.purpose != Purpose.INSTALMENT.value, *_IN_TURN)
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
            written = [message for nudge in nudges if (message := self._decide(batch, nudge)) is not None]
            session.add_all(written)
            session.flush()
            return Prepared(len(nudges), tuple(message.id for message in written))

    def _claim(self, session: Session, nudge_id: int | None, limit: int, now: datetime) -> list[Nudge]:
        if nudge_id is not None:
            chosen = select(Nudge).where(Nudge.id == nudge_id, Nudge.state == "queued").with_for_update()
            return list(session.scalars(chosen))
        chosen = (
            select(Nudge)
            .join(Borrower, Borrower.id == Nudge.borrower_id)
            .where(Nudge.state == "queued", Nudge.send_at <= now)
            .limit(limit)
            .with_for_update(of=[Nudge, Borrower], key_share=True, skip_locked=True)
        )
        agreed = chosen.where(text("nudges.purpose = 'instalment'")).order_by(Nudge.send_at, Nudge.id)
        found = list(session.scalars(agreed))
        if len(found) < limit:
            others = chosen.where(Nudge.purpose != Purpose.INSTALMENT.value).limit(limit - len(found))
            found += session.scalars(others.order_by(*_IN_TURN))
        return found

    def _waiting(self) -> int:
        with self.kit.db.begin() as session:
            return (
                session.scalar(
                    select(func.count())
                    .select_from(Message)
                    .where(
                        Message.direction == "out",
                        Message.state == "queued",
                        Message.purpose.in_(INITIATED),
                    )
                )
                or 0
            )

    def _decide(self, batch: _Batch, nudge: Nudge) -> Message | None:
        """Write the message of a nudge that may go now; one that is held waits, one that cannot help ends."""
        session, now = batch.session, batch.now
        row = batch.files.loans[nudge.loan_id]
        gone = batch.files.overtaken(nudge)
        if gone is not None:
            end(session, nudge, "cancelled", gone, now)
            return None
        if nudge.expires_at <= now:
            end(session, nudge, "expired", "its time has passed", now)
            return None
        if nudge.purpose == TASK:
            self._task(session, nudge, row)
            return None
        nudge.state = "sending"
        loan = loan_snapshot(row)
        due = loan.next_due()
        assert due is not None
        return self._message(batch, nudge, row, loan, due)

    def _message(self, batch: _Batch, nudge: Nudge, row: LoanRow, loan: Loan, due: Due) -> Message | None:
        session, files, now = batch.session, batch.files, batch.now
        borrower = row.borrower
        policy = self.kit.policies.product(row.product, local_day(now, borrower.timezone))
        pack = self.kit.policies.pack(policy, borrower.country)
        found = files.address(borrower, nudge.channels)
        address = None if found is None else address_snapshot(found)
        verdict = may_contact(files.case(borrower, address, loan.id), Purpose(nudge.purpose), now, pack)
        if not verdict.allowed or address is None:
            put_off(session, nudge, verdict, now)
            return None
        conversation = files.chats.get((address.channel, address.address))
        if conversation is None:
            conversation = open_conversation(session, self.kit, address.channel, address.address, now, found)
            files.chats[address.channel, address.address] = conversation
        # Whoever opened the chat may be anybody: facts go only where identity was verified in this very chat.
        known = address.verified and conversation.verified_at is not None
        message = self._write(batch, nudge, conversation, row, loan, due, known, pack)
        message.rule_ids = list(verdict.rule_ids)
        message.pack_version = batch.cite(pack)
        message.policy_version = batch.cite(policy)
        files.add_contact(borrower, address.channel, now)
        return message

    def _write(
        self,
        batch: _Batch,
        nudge: Nudge,
        conversation: Conversation,
        row: LoanRow,
        loan: Loan,
        due: Due,
        verified: bool,
        pack: ContactPack,
    ) -> Message:
        locale = conversation.locale
        settings = self.kit.settings
        values = {"lender": settings.lender(locale), "phone": settings.lender_phone}
        key = UNVERIFIED
        if verified and nudge.template is not None:
            key = nudge.template
            values |= self._values(batch, nudge, row, loan, due, locale)
        variation = assigned(row.borrower_id, key, self.kit.texts.variations(key))
        rendered = self.kit.texts.render(key, locale, values, variation)
        duties = disclosed(self.kit, conversation, pack, verified=verified)
        text = f"{rendered.text}\n\n{duties}" if duties else rendered.text
        return Message(
            conversation_id=conversation.id,
            direction="out",
            initiator="bot",
            purpose=nudge.purpose,
            state="queued",
            external_id=f"nudge:{nudge.id}",
            text=text,
            buttons=[{"title": one.title, "payload": one.payload} for one in rendered.buttons],
            template=key,
            template_version=self.kit.texts.version((key,), locale, variation),
            variation=variation,
            locale=locale,
            nudge_id=nudge.id,
            created_at=batch.now,
        )

    def _values(
        self, batch: _Batch, nudge: Nudge, row: LoanRow, loan: Loan, due: Due, locale: str
    ) -> dict[str, str]:
        today = local_day(batch.now, row.borrower.timezone)
        policy = self.kit.policies.product(row.product, today)
        amount, on, extra = self._subject(batch.files, nudge, loan, due, today)
        return {
            "name": row.borrower.name,
            "loan": loan.ref,
            "amount": written(amount, locale),
            "date": formats.day(on, locale, today),
            "fee": written(Money(sum(d.fee.minor for d in loan.dues), loan.currency), locale),
            "outstanding": written(loan.outstanding, locale),
            "how": policy.how_to_pay.get(locale) or next(iter(policy.how_to_pay.values())),
            **extra,
        }

    def _subject(
        self, files: CaseFiles, nudge: Nudge, loan: Loan, due: Due, today: date
    ) -> tuple[Money, date, dict[str, str]]:
        """The amount and the day that the message is about: due item, promise or plan payment."""
        kind, _, rest = nudge.step.partition(":")
        if kind in ("promise", "missed"):
            promise = files.promise(int(rest), loan.id)
            return Money(promise.amount_minor, loan.currency), promise.due_on, {}
        if kind == "plan":
            plan_id, number = (int(part) for part in rest.split(":"))
            plan = files.plans[plan_id]
            item = next(item for item in plan.items if item.number == number)
            return (
                Money(item.amount_minor - item.paid_minor, loan.currency),
                item.due_on,
                {"n": str(number), "count": str(len(plan.items))},
            )
        overdue = loan.overdue(today)
        return (overdue if overdue.minor > 0 else due.open), due.due_on, {}

    def _task(self, session: Session, nudge: Nudge, row: LoanRow) -> None:
        """A rung for people: a hand-off in the queue, and no message to the borrower."""
        now = self.kit.clock.now()
        verdict = self.reminders.task_verdict(session, row, now)
        if not verdict.allowed:
            put_off(session, nudge, verdict, now)
            return
        address = next((one for one in row.borrower.addresses if one.dead_at is None), None)
        if address is None:
            end(session, nudge, "cancelled", "no reachable address", now)
            return
        conversation = conversation_for(session, address.channel, address.address) or open_conversation(
            session, self.kit, address.channel, address.address, now
        )
        self.handoffs.open_in(
            session,
            conversation,
            HandoffReason.LADDER,
            cause=f"nudge {nudge.id}: {nudge.template}",
            actor="clock",
        )
        nudge.state, nudge.done_at, nudge.reason = "sent", now, "task for a person"
