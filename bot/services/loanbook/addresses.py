"""The addresses that a loan book names for its borrowers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.loanbook.lines import LoanLine
from bot.storage.tables import AddressRow, Borrower

FROM_BOOK = "no longer in the loan book"
WEBCHAT = "webchat"
# Channels whose addresses come from the book alone; a messaging chat may have been bound by its owner.
_BOOK_ONLY = ("email", "sms", WEBCHAT)


class Addresses:
    """Which addresses are on file, for the borrowers and the addresses that a batch names."""

    def __init__(self, session: Session, lines: Sequence[LoanLine]) -> None:
        self._session = session
        self._rows: dict[tuple[str, str], AddressRow] = {}
        wanted: dict[str, set[str]] = {}
        for channel, address, _ in (named for line in lines for named in addresses_of(line)):
            wanted.setdefault(channel, set()).add(address)
        for channel, addresses in wanted.items():
            self._keep(
                session.scalars(
                    select(AddressRow).where(AddressRow.channel == channel, AddressRow.address.in_(addresses))
                )
            )

    def _keep(self, rows: Iterable[AddressRow]) -> None:
        self._rows |= {(row.channel, row.address): row for row in rows}

    def faults(self, line: LoanLine) -> Iterator[tuple[str, str]]:
        """Yield every address that is another borrower's."""
        for channel, address, column in addresses_of(line):
            row = self._rows.get((channel, address))
            if row is not None and row.borrower.ref != line.borrower_ref:
                yield column, f"{address!r} belongs to borrower {row.borrower.ref!r}"

    def land(self, borrower: Borrower, line: LoanLine, now: datetime) -> tuple[bool, list[AddressRow]]:
        """Put the addresses of a line on file.

        An address that the book gave before and that this line replaces is retired, and comes back when the
        book names it again; one that was retired for any other reason stays so. Returns whether anything
        changed, and the addresses that were retired.
        """
        named = {(channel, address): column for channel, address, column in addresses_of(line)}
        new = [_new(borrower, *key) for key in named if key not in self._rows]
        self._session.add_all(new)
        self._keep(new)
        back = [row for key in named if (row := self._rows[key]).dead_reason == FROM_BOOK]
        for row in back:
            row.dead_at = row.dead_reason = None
        retired = [
            row for row in borrower.addresses if row.dead_at is None and _is_replaced(row, line, named)
        ]
        for row in retired:
            row.dead_at, row.dead_reason = now, FROM_BOOK
        return bool(new or back or retired), retired


def addresses_of(line: LoanLine) -> Iterator[tuple[str, str, str]]:
    """Yield channel, address and column of every address in a line."""
    if line.telegram_chat is not None:
        yield "telegram", line.telegram_chat, "telegram_chat"
    if line.webchat:
        yield WEBCHAT, line.borrower_ref, "webchat"
    if line.email is not None:
        yield "email", line.email, "email"
    if line.sms is not None:
        yield "sms", line.sms, "sms"


def _new(borrower: Borrower, channel: str, address: str) -> AddressRow:
    # The lender's own app has signed its user in; nobody vouches for the other channels yet.
    verified = channel == WEBCHAT
    return AddressRow(borrower=borrower, channel=channel, address=address, verified=verified, consent=True)


def _is_replaced(row: AddressRow, line: LoanLine, named: dict[tuple[str, str], str]) -> bool:
    """Tell whether a line speaks of the channel of an address, but not of the address; empty says nothing."""
    spoken = row.channel in _BOOK_ONLY and getattr(line, row.channel) is not None
    return spoken and (row.channel, row.address) not in named
