"""Turns due nudges into messages: claimed, checked again on fresh facts, rendered, recorded."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from bot.domain.handoff import HandoffReason
from bot.domain.model import Due, Loan, Purpose
from bot.domain.money import Money
from bot.domain.policy import ContactPack
from bot.domain.variations import assigned
from bot.language import formats
from bot.services.agenda import TASK, DueNudge
from bot.services.disclosures import disclosed
from bot.services.handoffs import HandoffService
from bot.services.kit import Kit, local_day, written
from bot.services.nudges import end, overtaken, put_off
from bot.services.records import policy_version
from bot.services.reminders import ReminderService
from bot.services.replies import open_conversation
from bot.storage.db import retried
from bot.storage.queries import conversation_for, loan_snapshot
from bot.storage.tables import Borrower, Conversation, LoanRow, Message, Nudge, Plan, Promise

UNVERIFIED = "utter_reminder_unverified"


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
                    .order_by(Nudge.purpose != Purpose.INSTALMENT.value, Nudge.send_at, Nudge.id)
                    .limit(limit)
                )
            )

    @retried
    def prepare(self, nudge_id: int) -> int | None:
        """Decide one nudge on fresh facts and, when allowed, write its message; return the message's id.

        The claim is a compare-and-set in the same transaction, so that of several callers one writes it.
        A nudge that is held waits for the instant the rules give; one that can no longer help expires.
        """
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            claimed = session.execute(
                update(Nudge).where(Nudge.id == nudge_id, Nudge.state == "queued").values(state="sending")
            )
            if not claimed.rowcount:  # type: ignore[attr-defined]
                return None
            nudge = session.get_one(Nudge, nudge_id)
            row = session.get_one(
                LoanRow,
                nudge.loan_id,
                options=[joinedload(LoanRow.borrower).selectinload(Borrower.addresses)],
            )
            gone = overtaken(session, nudge)
            if gone is not None:
                end(session, nudge, "cancelled", gone, now)
                return None
            if nudge.expires_at <= now:
                end(session, nudge, "expired", "its time has passed", now)
                return None
            if nudge.purpose == TASK:
                self._task(session, nudge, row)
                return None
            loan = loan_snapshot(row)
            due = loan.next_due()
            assert due is not None
            return self._message(session, nudge, row, loan, due, now)

    def _message(
        self, session: Session, nudge: Nudge, row: LoanRow, loan: Loan, due: Due, now: datetime
    ) -> int | None:
        borrower = row.borrower
        policy = self.kit.policies.product(row.product, local_day(now, borrower.timezone))
        address, verdict = self.reminders.verdict(session, borrower, loan.id, DueNudge.of(nudge), now, policy)
        if not verdict.allowed or address is None:
            put_off(session, nudge, verdict, now)
            return None
        conversation = conversation_for(session, address.channel, address.address) or open_conversation(
            session, self.kit, address.channel, address.address, now
        )
        # Whoever opened the chat may be anybody: facts go only where identity was verified in this very chat.
        known = address.verified and conversation.verified_at is not None
        pack = self.kit.policies.pack(policy, borrower.country)
        message = self._write(session, nudge, conversation, row, loan, due, known, now, pack)
        message.rule_ids = list(verdict.rule_ids)
        message.pack_version = policy_version(session, pack, now)
        message.policy_version = policy_version(session, policy, now)
        session.add(message)
        session.flush()
        return message.id

    def _write(
        self,
        session: Session,
        nudge: Nudge,
        conversation: Conversation,
        row: LoanRow,
        loan: Loan,
        due: Due,
        verified: bool,
        now: datetime,
        pack: ContactPack,
    ) -> Message:
        locale = conversation.locale
        settings = self.kit.settings
        values = {"lender": settings.lender(locale), "phone": settings.lender_phone}
        key = UNVERIFIED
        if verified and nudge.template is not None:
            key = nudge.template
            values |= self._values(session, nudge, row, loan, due, locale, now)
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
            created_at=now,
        )

    def _values(
        self, session: Session, nudge: Nudge, row: LoanRow, loan: Loan, due: Due, locale: str, now: datetime
    ) -> dict[str, str]:
        today = local_day(now, row.borrower.timezone)
        policy = self.kit.policies.product(row.product, today)
        amount, on, extra = self._subject(session, nudge, loan, due, today)
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
        self, session: Session, nudge: Nudge, loan: Loan, due: Due, today: date
    ) -> tuple[Money, date, dict[str, str]]:
        """The amount and the day that the message is about: due item, promise or plan payment."""
        kind, _, rest = nudge.step.partition(":")
        if kind in ("promise", "missed"):
            promise = session.get_one(Promise, int(rest))
            return Money(promise.amount_minor, loan.currency), promise.due_on, {}
        if kind == "plan":
            plan_id, number = (int(part) for part in rest.split(":"))
            plan = session.get_one(Plan, plan_id)
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
