"""The facts that decide about many nudges at once, loaded in a handful of queries however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from bot.domain.agreed import Step
from bot.domain.model import Address, Case, Contact, Hold, Loan
from bot.services.agreements import Agreements
from bot.services.kit import Kit
from bot.services.loan_files import BorrowerFile, loan_files
from bot.services.switch import is_off
from bot.storage.prepared import prepared
from bot.storage.queries import (
    best_address,
    channels_closed_by,
    due_items,
    due_of,
    holds_of_all,
    recent_contacts_of_all,
)
from bot.storage.tables import AddressRow, Conversation, Nudge

# As far back as any cap may look.
CONTACT_WINDOW = timedelta(days=35)


class CaseFiles:
    """Loans, borrowers, holds, contacts, chats and agreements of some nudges, as they stand at an instant."""

    def __init__(self, session: Session, kit: Kit, nudges: Sequence[Nudge], now: datetime) -> None:
        self._is_off = is_off(session, kit)
        self.holds: dict[int, list[Hold]] = {}
        self._load_loans(session, {nudge.loan_id for nudge in nudges})
        borrowers = {loan.borrower.id for loan in self.loans.values()}
        self.load_holds(session, borrowers, now)
        self.contacts = recent_contacts_of_all(session, borrowers, now - CONTACT_WINDOW)
        self.chats: dict[tuple[str, str], Conversation] = {
            (chat.channel, chat.address): chat for chat in session.scalars(*_chats(borrowers))
        }
        self.agreements = Agreements(
            session, {one.loan_id for one in nudges if Step.read(one.step) is not None}
        )

    def _load_loans(self, session: Session, loan_ids: Collection[int]) -> None:
        self.loans = loan_files(session, loan_ids)
        self._dues: defaultdict[int, list[Row[Any]]] = defaultdict(list)
        for due in session.execute(*due_items(loan_ids)):
            self._dues[due.loan_id].append(due)
        self._snapshots: dict[int, Loan] = {}

    def load_holds(self, session: Session, borrower_ids: Collection[int], now: datetime) -> None:
        """Read the holds of borrowers, anew where they were read before."""
        found = holds_of_all(session, borrower_ids, now)
        self.holds |= {borrower_id: found[borrower_id] for borrower_id in borrower_ids}

    def loan(self, loan_id: int) -> Loan:
        """Return a loan as decisions see it."""
        found = self._snapshots.get(loan_id)
        if found is None:
            loan = self.loans[loan_id]
            dues = tuple(due_of(due, loan.currency) for due in self._dues[loan_id])
            found = self._snapshots[loan_id] = Loan(loan_id, loan.ref, loan.product, loan.currency, dues)
        return found

    def address(self, borrower: BorrowerFile, channels: Sequence[str]) -> Address | None:
        """Return the address at which a borrower would be written to on one of these channels."""
        return best_address(borrower.addresses, channels, channels_closed_by(self.holds[borrower.id]))

    def case(
        self,
        borrower: BorrowerFile,
        address: Address | None,
        loan_id: int,
        *,
        besides: int | None = None,
        ground: str | None = None,
    ) -> Case:
        """Return what a contact decision rests on; message `besides` is the one that is decided on."""
        return Case(
            timezone=borrower.timezone,
            address=address,
            holds=self.holds[borrower.id],
            contacts=[one for number, one in self.contacts[borrower.id] if number != besides],
            loan_id=loan_id,
            exempt=borrower.exempt,
            automatic_off=self._is_off,
            night_consent=borrower.night_consent,
            wish=borrower.wish,
            basis=ground,
        )

    def add_contact(self, borrower: BorrowerFile, channel: str, at: datetime) -> None:
        """Count a message that was written since: the next one to the same borrower must see it."""
        self.contacts[borrower.id].append((0, Contact(channel, at)))

    def forget_contact(self, borrower_id: int, message_id: int) -> None:
        """Count a message no more that will not go out after all."""
        self.contacts[borrower_id] = [one for one in self.contacts[borrower_id] if one[0] != message_id]

    def overtaken(self, nudge: Nudge) -> str | None:
        """Say what has taken a nudge's reason away since it was planned: a payment, a promise, a plan."""
        step = Step.read(nudge.step)
        if step is not None:
            return self.agreements.overtaken(nudge.loan_id, step)
        due = self.loan(nudge.loan_id).next_due()
        if nudge.ground is not None:
            return "paid" if due is None else None
        return "paid" if due is None or due.number != nudge.cycle else None


@prepared
def _chats(borrower_ids: Collection[int]) -> Select[tuple[Conversation]]:
    of_address = and_(AddressRow.channel == Conversation.channel, AddressRow.address == Conversation.address)
    return select(Conversation).join(AddressRow, of_address).where(AddressRow.borrower_id.in_(borrower_ids))
