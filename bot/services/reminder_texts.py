"""What a reminder says: a template with figures of one debt or several, and what must be said besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from bot.domain.agreed import Step
from bot.domain.model import Loan
from bot.domain.money import Money
from bot.domain.policy import ContactPack
from bot.domain.variations import assigned
from bot.language import formats
from bot.services.bundling import rung_of
from bot.services.casefiles import CaseFiles
from bot.services.disclosures import disclosed
from bot.services.kit import Kit, local_day, written
from bot.services.loan_files import LoanFile
from bot.services.together import Debt, several
from bot.storage.tables import Conversation, Message, Nudge

# Thirty days from receipt, which the law takes to be five days after it is sent (12 CFR 1006.34(b)(5)).
VALIDATION_DAYS = 35
UNVERIFIED = "utter_reminder_unverified"


class ReminderTexts:
    """Writes the message of one nudge, or of several that share it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def message(
        self,
        files: CaseFiles,
        nudges: Sequence[Nudge],
        conversation: Conversation,
        pack: ContactPack,
        now: datetime,
        *,
        verified: bool,
    ) -> Message:
        """Return the message of nudges, their leader first; without `verified` it holds no fact of a debt."""
        leader, locale = nudges[0], conversation.locale
        settings = self.kit.settings
        values = {"lender": settings.lender(locale), "phone": settings.lender_phone}
        key = UNVERIFIED
        if verified and leader.template is not None:
            key, own = self._matter(files, nudges, locale, now)
            values |= own
        variation = assigned(leader.borrower_id, key, self.kit.texts.variations(key))
        rendered = self.kit.texts.render(key, locale, values, variation)
        duties = disclosed(self.kit, conversation, pack, verified=verified)
        return Message(
            conversation_id=conversation.id,
            direction="out",
            initiator="bot",
            purpose=leader.purpose,
            state="queued",
            external_id=f"nudge:{leader.id}",
            text=f"{rendered.text}\n\n{duties}" if duties else rendered.text,
            payload=_named(files, nudges),
            buttons=[{"title": one.title, "payload": one.payload} for one in rendered.buttons],
            template=key,
            template_version=self.kit.texts.version((key,), locale, variation),
            variation=variation,
            locale=locale,
            nudge_id=leader.id,
            created_at=now,
        )

    def shown(self, files: CaseFiles, nudge: Nudge, locale: str, now: datetime) -> str:
        """Return what a nudge would say to somebody who is verified, for whoever decides about it."""
        key, values = self._matter(files, [nudge], locale, now)
        settings = self.kit.settings
        common = {"lender": settings.lender(locale), "phone": settings.lender_phone}
        variation = assigned(nudge.borrower_id, key, self.kit.texts.variations(key))
        return self.kit.texts.render(key, locale, common | values, variation).text

    def _matter(
        self, files: CaseFiles, nudges: Sequence[Nudge], locale: str, now: datetime
    ) -> tuple[str, dict[str, str]]:
        leader = nudges[0]
        assert leader.template is not None
        if len(nudges) == 1:
            return leader.template, self._values(files, leader, leader.template, locale, now)
        rung = rung_of(self.kit, files.loans[leader.loan_id], leader.step, now)
        assert rung is not None
        assert rung.several is not None
        today = local_day(now, files.loans[leader.loan_id].borrower.timezone)
        debts, ways = [], []
        for nudge in nudges:
            row = files.loans[nudge.loan_id]
            amount, on, _ = self._subject(files, nudge, row, locale, today)
            debts.append(Debt(row.ref, amount, on))
            ways.append(self._how(row, locale, today))
        how = " ".join(dict.fromkeys(ways))
        values = self._values(files, leader, rung.several, locale, now)
        return rung.several, {**values, **several(self.kit, debts, locale, today), "how": how}

    def _values(self, files: CaseFiles, nudge: Nudge, key: str, locale: str, now: datetime) -> dict[str, str]:
        """What a response may say of a nudge; only what it does say is written."""
        row, loan = files.loans[nudge.loan_id], files.loan(nudge.loan_id)
        today = local_day(now, row.borrower.timezone)
        amount, on, extra = self._subject(files, nudge, row, locale, today)
        values: dict[str, Callable[[], str]] = {
            "name": lambda: row.borrower.name,
            "loan": lambda: loan.ref,
            "amount": lambda: written(amount, locale),
            "date": lambda: formats.day(on, locale, today),
            **{name: partial(_sum, loan, name, locale) for name in ("principal", "interest", "fee", "paid")},
            "until": lambda: formats.day(today + timedelta(days=VALIDATION_DAYS), locale, today),
            "outstanding": lambda: written(loan.outstanding, locale),
            "how": lambda: self._how(row, locale, today),
        }
        wanted = self.kit.texts.variables(key, locale)
        return {name: write() for name, write in values.items() if name in wanted} | extra

    def _how(self, row: LoanFile, locale: str, today: date) -> str:
        policy = self.kit.policies.product(row.product, today)
        return policy.how_to_pay.get(locale) or next(iter(policy.how_to_pay.values()))

    def _subject(
        self, files: CaseFiles, nudge: Nudge, row: LoanFile, locale: str, today: date
    ) -> tuple[Money, date, dict[str, str]]:
        """The amount and the day that the message is about: due item, promise or plan payment."""
        step = Step.read(nudge.step)
        if step is not None:
            return files.agreements.subject(row, step, locale)
        loan = files.loan(row.id)
        due = loan.next_due()
        assert due is not None
        overdue = loan.overdue(today)
        return (overdue if overdue.minor > 0 else due.open), due.due_on, {}


def _sum(loan: Loan, part: str, locale: str) -> str:
    return written(Money(sum(getattr(due, part).minor for due in loan.dues), loan.currency), locale)


def _named(files: CaseFiles, nudges: Sequence[Nudge]) -> dict[str, Any] | None:
    """Name loans and rungs of a message about several debts; a rung of another cycle says which."""
    if len(nudges) == 1:
        return None
    cycle = nudges[0].cycle
    return {
        "loan_ids": [nudge.loan_id for nudge in nudges],
        "loans": [files.loans[nudge.loan_id].ref for nudge in nudges],
        "steps": ",".join(
            nudge.step if nudge.cycle == cycle else f"{nudge.step}@{nudge.cycle}" for nudge in nudges
        ),
    }
