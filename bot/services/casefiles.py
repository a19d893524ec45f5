"""The facts that decide about many nudges at once, loaded in a handful of queries however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.domain.model import Address, Case, Contact
from bot.services.kit import Kit
from bot.storage.queries import (
    best_address,
    channels_closed_by,
    holds_of_all,
    loan_snapshot,
    recent_contacts_of_all,
    wish_of,
)
from bot.storage.tables import AddressRow, Borrower, Conversation, LoanRow, Nudge, Plan, Promise

# As far back as any cap may look.
CONTACT_WINDOW = timedelta(days=35)


class CaseFiles:
    """Loans, borrowers, holds, contacts, chats and agreements of some nudges, as they stand at an instant."""

    def __init__(self, session: Session, kit: Kit, nudges: Sequence[Nudge], now: datetime) -> None:
        self._kit = kit
        self._load_loans(session, {nudge.loan_id for nudge in nudges})
        borrowers = {loan.borrower_id for loan in self.loans.values()}
        self.holds = holds_of_all(session, borrowers, now)
        self.contacts = recent_contacts_of_all(session, borrowers, now - CONTACT_WINDOW)
        self.chats = {
            (chat.channel, chat.address): chat
            for chat in session.scalars(
                select(Conversation)
                .join(
                    AddressRow,
                    and_(
                        AddressRow.channel == Conversation.channel, AddressRow.address == Conversation.address
                    ),
                )
                .where(AddressRow.borrower_id.in_(borrowers))
            )
        }
        self._load_agreements(session, nudges)

    def _load_loans(self, session: Session, loan_ids: Collection[int]) -> None:
        rows = session.scalars(
            select(LoanRow)
            .where(LoanRow.id.in_(loan_ids))
            .options(
                selectinload(LoanRow.dues), joinedload(LoanRow.borrower).selectinload(Borrower.addresses)
            )
            # A session that holds them from before holds what they were before.
            .execution_options(populate_existing=True)
        )
        self.loans = {row.id: row for row in rows}

    def _load_agreements(self, session: Session, nudges: Sequence[Nudge]) -> None:
        loans = {nudge.loan_id for nudge in nudges if ":" in nudge.step}
        self.plans: dict[int, Plan] = {}
        self.promises: defaultdict[int, list[Promise]] = defaultdict(list)
        if not loans:
            return
        plans = select(Plan).where(Plan.loan_id.in_(loans)).options(selectinload(Plan.items))
        self.plans = {plan.id: plan for plan in session.scalars(plans)}
        for promise in session.scalars(
            select(Promise).where(Promise.loan_id.in_(loans)).order_by(Promise.id)
        ):
            self.promises[promise.loan_id].append(promise)

    def address(self, borrower: Borrower, channels: Sequence[str]) -> AddressRow | None:
        """Return the address at which a borrower would be written to on one of these channels."""
        return best_address(borrower, channels, channels_closed_by(self.holds[borrower.id]))

    def case(
        self, borrower: Borrower, address: Address | None, loan_id: int, *, besides: int | None = None
    ) -> Case:
        """Return what a contact decision rests on; message `besides` is the one that is decided on."""
        return Case(
            timezone=borrower.timezone,
            address=address,
            holds=self.holds[borrower.id],
            contacts=[one for number, one in self.contacts[borrower.id] if number != besides],
            loan_id=loan_id,
            exempt=borrower.exempt,
            automatic_off=self._kit.settings.automatic_off,
            night_consent=borrower.night_consent,
            wish=wish_of(borrower),
        )

    def add_contact(self, borrower: Borrower, channel: str, at: datetime) -> None:
        """Count a message that was written since: the next one to the same borrower must see it."""
        self.contacts[borrower.id].append((0, Contact(channel, at)))

    def forget_contact(self, borrower_id: int, message_id: int) -> None:
        """Count a message no more that will not go out after all."""
        self.contacts[borrower_id] = [one for one in self.contacts[borrower_id] if one[0] != message_id]

    def overtaken(self, nudge: Nudge) -> str | None:
        """Say what has taken a nudge's reason away since it was planned: a payment, a promise, a plan."""
        due = loan_snapshot(self.loans[nudge.loan_id]).next_due()
        if due is None or due.number != nudge.cycle:
            return "paid"
        kind, _, rest = nudge.step.partition(":")
        if kind == "plan":
            plan_id, number = (int(part) for part in rest.split(":"))
            return _plan_overtaken(self.plans[plan_id], number)
        if kind in ("promise", "missed"):
            return self._promise_overtaken(nudge.loan_id, kind, int(rest))
        return None

    def promise(self, promise_id: int, loan_id: int) -> Promise:
        """Return a promise that a nudge is about."""
        return next(one for one in self.promises[loan_id] if one.id == promise_id)

    def _promise_overtaken(self, loan_id: int, kind: str, promise_id: int) -> str | None:
        state = self.promise(promise_id, loan_id).state
        if state != ("open" if kind == "promise" else "broken"):
            return f"promise {state}"
        if self.promises[loan_id][-1].id != promise_id:
            return "another promise"
        planned = any(plan.loan_id == loan_id and plan.state == "active" for plan in self.plans.values())
        return "plan on file" if planned else None


def _plan_overtaken(plan: Plan, number: int) -> str | None:
    if plan.state != "active":
        return f"plan {plan.state}"
    item = next(item for item in plan.items if item.number == number)
    return "paid" if item.paid_minor >= item.amount_minor else None
