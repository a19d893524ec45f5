"""Lands a file of contacts that others made for the lender: an agency, a call centre. The caps count them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from bot.domain.model import CallOutcome, Purpose
from bot.services.kit import Kit
from bot.services.loanbook.book import Book, Landing
from bot.services.loanbook.lines import ContactLine
from bot.services.replies import open_conversation
from bot.storage.queries import conversation_for
from bot.storage.tables import Conversation, LoanRow, Message

_SPOKEN = ("call",)
_CALL_OUTCOMES: tuple[CallOutcome, ...] = get_args(CallOutcome)


class ContactBook(Book[ContactLine]):
    """One file of contacts on its way in."""

    line = ContactLine

    def __init__(self, kit: Kit, source: str) -> None:
        super().__init__(kit, source)
        self._told: dict[str, int] = {}

    def load(self, lines: Sequence[ContactLine]) -> None:
        """Load the loans that the lines name, and what is on file of these contacts."""
        loans = select(LoanRow).where(LoanRow.ref.in_({line.loan_ref for line in lines}))
        self._loans = {
            row.ref: row for row in self.session.scalars(loans.options(joinedload(LoanRow.borrower)))
        }
        borrowers = {row.borrower_id for row in self._loans.values()}
        known = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
        self._known = {
            (message.external_id or "").removeprefix("import:"): message
            for message in self.session.scalars(
                known.where(
                    Conversation.borrower_id.in_(borrowers),
                    Message.external_id.in_([f"import:{line.contact_ref}" for line in lines]),
                )
            )
        }

    def faults(self, number: int, line: ContactLine) -> Iterator[tuple[str, str]]:
        """Yield what contradicts this file, the loan, or what is on file."""
        if line.contact_ref in self._told:
            yield "contact_ref", f"this contact stands already on line {self._told[line.contact_ref]}"
        loan = self._loans.get(line.loan_ref)
        if loan is None:
            yield "loan_ref", f"there is no loan {line.loan_ref!r}"
            return
        if line.at.astimezone(UTC) > self.now:
            yield "at", "lies in the future"
        spoken = line.outcome in _CALL_OUTCOMES
        if spoken != (line.channel in _SPOKEN):
            allowed = "answered, unanswered" if line.channel in _SPOKEN else "sent, delivered, read, failed"
            yield "outcome", f"{line.outcome!r} is none of {allowed}"
        if self._address(line, loan) is None:
            yield "address", "is missing, and there is no telephone number on file"
        else:
            chat = conversation_for(self.session, line.channel, self._address(line, loan) or "")
            if chat is not None and chat.borrower_id not in (None, loan.borrower_id):
                yield "address", "belongs to another borrower"
        known = self._known.get(line.contact_ref)
        if known is not None and (known.done_at, known.initiator) != (
            line.at.astimezone(UTC),
            line.initiator,
        ):
            yield "contact_ref", "differs from the contact of the same contact_ref that is on file"

    def land(self, number: int, line: ContactLine) -> Landing:
        """Put a contact on file; one whose outcome has become another is corrected."""
        self._told[line.contact_ref] = number
        known = self._known.get(line.contact_ref)
        if known is not None:
            if known.state == line.outcome:
                return "unchanged"
            known.state = line.outcome
            return "updated"
        loan = self._loans[line.loan_ref]
        at, address = line.at.astimezone(UTC), self._address(line, loan)
        assert address is not None
        chat = conversation_for(self.session, line.channel, address)
        if chat is None:
            chat = open_conversation(self.session, self.kit, line.channel, address, self.now)
        chat.borrower_id = loan.borrower_id
        self.session.add(
            Message(
                conversation_id=chat.id,
                direction="out",
                initiator=line.initiator,
                purpose=Purpose.NOTICE.value,
                state=line.outcome,
                external_id=f"import:{line.contact_ref}",
                text=line.text or "",
                payload={"loan_ids": [loan.id], "loans": [loan.ref]},
                locale=chat.locale,
                created_at=at,
                done_at=at,
            )
        )
        self.session.flush()
        return "added"

    def finish(self) -> None:
        """Nothing follows: the next decision counts what has landed."""

    def _address(self, line: ContactLine, loan: LoanRow) -> str | None:
        return line.address or (loan.borrower.phone if line.channel in ("call", "sms") else None)
