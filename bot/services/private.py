"""A borrower's private details: masked beside a case until somebody asks for them, which goes on record."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import require
from bot.storage.tables import Borrower, HandoffRow

_SHOWN = 4
_MASK = "••••"


@dataclass(frozen=True, slots=True)
class Details:
    """Telephone number, day of birth, end of the identity number and addresses by channel, masked or not."""

    phone: str | None
    birth_date: str | None
    id_last4: str | None
    addresses: tuple[tuple[str, str], ...]
    masked: bool


def masked(borrower: Borrower) -> Details:
    """Return the details of a borrower so that nobody is told by them."""
    return Details(
        phone=_end(borrower.phone),
        birth_date=None if borrower.birth_date is None else _MASK,
        id_last4=None if borrower.id_last4 is None else _MASK,
        addresses=tuple((one.channel, _address(one.address)) for one in borrower.addresses),
        masked=True,
    )


class PrivateService:
    """Unmasks, for staff alone."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def reveal(self, handoff_id: int, agent_id: int) -> Details:
        """Return the details of a case's borrower, and record who read them.

        Raises NotAllowed for an account that may not, LookupError where nobody is identified.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = session.get(HandoffRow, handoff_id)
            if row is None or row.borrower is None:
                raise LookupError("nobody is identified in this case")
            borrower = row.borrower
            record(
                session,
                self.kit.clock.now(),
                "details_read",
                cause=f"handoff {handoff_id}",
                actor=f"agent {agent_id}",
                borrower_id=borrower.id,
            )
            return Details(
                phone=borrower.phone,
                birth_date=None if borrower.birth_date is None else borrower.birth_date.isoformat(),
                id_last4=borrower.id_last4,
                addresses=tuple((one.channel, one.address) for one in borrower.addresses),
                masked=False,
            )


def _end(number: str | None) -> str | None:
    """Mask all but the last digits; of a short number that would be nearly all of it."""
    if not number:
        return None
    return f"{_MASK} {number[-_SHOWN:]}" if len(number) > 2 * _SHOWN else _MASK


def _address(address: str) -> str:
    name, at, host = address.partition("@")
    return f"{name[:1]}{_MASK}{at}{host}" if at else (_end(address) or _MASK)
