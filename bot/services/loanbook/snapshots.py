"""The loans of a book as decisions see them, read from the file alone: nothing lands in the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from bot.domain.model import Due, Loan
from bot.domain.money import Money, MoneyError
from bot.services.loanbook.files import BookFile, RowError
from bot.services.loanbook.lines import LoanLine, faults_in

CurrencyOf = Callable[[str], str | None]


def read_loans(path: Path, currency_of: CurrencyOf) -> tuple[list[Loan], list[RowError]]:
    """Return the loans in the file's order, nothing of them paid, and what is wrong row by row.

    `currency_of` names the currency of a product, None where it has no policy. Raises BookError when the
    file as a whole is no such book.
    """
    columns = LoanLine.columns()
    needed = frozenset(columns) - LoanLine.spare
    dues: dict[tuple[str, str, str], list[Due]] = {}
    faults: list[RowError] = []
    for row in BookFile(path, columns, needed).rows():
        if isinstance(row, RowError):
            faults.append(row)
            continue
        try:
            line = LoanLine.model_validate(dict(row.cells))
            currency = currency_of(line.product)
            if currency is None:
                faults.append(RowError(row.line, "product", f"there is no policy for {line.product!r}"))
                continue
            due = _due(line, currency)
        except ValidationError as error:
            faults += [RowError(row.line, *one) for one in faults_in(error)]
        except MoneyError as error:
            faults.append(RowError(row.line, "amounts", str(error)))
        else:
            dues.setdefault((line.loan_ref, line.product, currency), []).append(due)
    loans = [
        Loan(number, *key, tuple(sorted(items, key=lambda due: due.number)))
        for number, (key, items) in enumerate(dues.items(), 1)
    ]
    return loans, faults


def _due(line: LoanLine, currency: str) -> Due:
    return Due(
        line.due_number,
        line.due_on,
        Money.of(line.due_principal, currency),
        Money.of(line.due_interest, currency),
        Money.of(line.due_fee, currency),
        Money(0, currency),
    )
