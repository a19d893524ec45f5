"""What the contact rules allow of one borrower now, on each channel, with the reasons as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from bot.domain.contact import Verdict, may_contact
from bot.domain.model import Address, HoldKind, Initiator, Purpose
from bot.domain.policy import Cap, ClosedDays, ContactPack, QuietHours
from bot.services.calls import CHANNEL
from bot.services.kit import Kit
from bot.services.nudges import contact_case
from bot.services.packs import pack_for
from bot.services.rights import NotAllowed
from bot.storage.queries import address_snapshot, current_loan, own_address
from bot.storage.tables import Borrower, Conversation


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: a code (`quiet_hours`, `cap`, `closed_day`, or the fact on file) and its words' values."""

    code: str
    rule: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether staff may start a contact on a channel now, or from when on (aware UTC), and why not."""

    channel: str
    status: Literal["allowed", "held", "blocked"]
    until: datetime | None
    why: tuple[Why, ...]


def allowances(session: Session, kit: Kit, borrower: Borrower, at: datetime) -> tuple[Allowance, ...]:
    """Return what is allowed on every channel on which a borrower can be reached, calls last."""
    pack = pack_for(session, kit, borrower)
    loan = current_loan(session, borrower.id)
    places = [address_snapshot(row) for row in borrower.addresses]
    if borrower.phone:
        places.append(Address(CHANNEL, borrower.phone))
    found: dict[str, Allowance] = {}
    for address in places:
        loan_id = None if loan is None else loan.id
        case = contact_case(session, kit, borrower, address, loan_id, at, initiator=Initiator.AGENT)
        verdict = may_contact(case, Purpose.NOTICE, at, pack)
        best = found.get(address.channel)
        if best is None or (verdict.allowed and best.status != "allowed"):
            found[address.channel] = Allowance(
                address.channel, verdict.status, verdict.until, explained(verdict, pack)
            )
    return tuple(found.values())


_OF_COLLECTION = frozenset(
    {
        HoldKind.HANDOFF,
        HoldKind.PROMISE,
        HoldKind.PLAN,
        HoldKind.DISPUTE,
        HoldKind.PAID_CLAIM,
        HoldKind.HARDSHIP,
        HoldKind.COMPLAINT,
        HoldKind.PAUSE,
    }
)


def lender_starts(
    session: Session, kit: Kit, conversation: Conversation, at: datetime
) -> tuple[Verdict, ContactPack]:
    """Ask the contact rules about words of staff that no message of the borrower's has asked for.

    Raises NotAllowed where nobody is known in the chat.
    """
    borrower, address = conversation.borrower, own_address(session, conversation)
    pack = pack_for(session, kit, borrower)
    if borrower is None:
        raise NotAllowed("nobody", "nobody is known in this chat")
    loan = current_loan(session, borrower.id)
    case = contact_case(
        session,
        kit,
        borrower,
        None if address is None else address_snapshot(address),
        None if loan is None else loan.id,
        at,
        initiator=Initiator.AGENT,
    )
    # What stops reminders does not stop a person's answer to the very matter.
    case = replace(case, holds=tuple(one for one in case.holds if one.kind not in _OF_COLLECTION))
    return may_contact(case, Purpose.NOTICE, at, pack), pack


def explained(verdict: Verdict, pack: ContactPack) -> tuple[Why, ...]:
    """Return the reasons of a verdict: a rule by its kind and numbers, a fact by its name, each once."""
    rules = {rule.id: rule for rule in pack.rules}
    found: list[Why] = []
    for reason in verdict.reasons:
        rule = rules.get(reason.rule)
        if rule is None:
            found.append(Why(reason.rule))
        elif isinstance(rule, QuietHours):
            hours = {"start": f"{rule.start:%H:%M}", "end": f"{rule.end:%H:%M}"}
            found.append(Why("quiet_hours", rule.id, hours))
        elif isinstance(rule, Cap):
            found.append(Why("cap", rule.id, {"count": str(rule.count), "days": str(rule.days)}))
        elif isinstance(rule, ClosedDays):
            found.append(Why("closed_day", rule.id))
    unique: dict[tuple[str, str], Why] = {(one.code, one.rule): one for one in found}
    return tuple(unique.values())
