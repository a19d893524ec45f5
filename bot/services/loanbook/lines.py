"""The columns of the two files, and what each may hold; amounts in major units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMOUNT = re.compile(r"(-?)\d{1,13}(?:\.\d{1,6})?", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_YES = frozenset({"yes", "true", "1", "是"})
_NO = frozenset({"no", "false", "0", "否"})
_YEARS = range(1900, 2200)
_LARGEST_NUMBER = 9999


def _text(longest: int) -> PlainValidator:
    def read(value: str) -> str:
        if len(value) > longest:
            raise ValueError(f"is longer than {longest} characters")
        if not value.isprintable() and any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value):
            raise ValueError("holds control characters")
        return value

    return PlainValidator(read)


def _matching(pattern: str, reason: str, tidy: Callable[[str], str] = str) -> PlainValidator:
    compiled = re.compile(pattern, re.ASCII)

    def read(value: str) -> str:
        tidied = tidy(value)
        if not compiled.fullmatch(tidied):
            raise ValueError(f"{value!r} {reason}")
        return tidied

    return PlainValidator(read)


def _digits_only(value: str) -> str:
    return re.sub(r"[\s().-]", "", value)


def _email(value: str) -> str:
    if len(value) > 255 or not _EMAIL.fullmatch(value):
        raise ValueError(f"{value!r} is no e-mail address")
    return value.lower()


def _day(value: str) -> date:
    try:
        found = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise ValueError(f"{value!r} is no date such as 2026-03-02")
    return found


def _moment(value: str) -> date:
    """Read an instant with its offset, or a day alone; the result is a datetime only in the first case."""
    if _DAY.fullmatch(value):
        return _day(value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise ValueError(f"{value!r} is no date or instant such as 2026-03-02T09:00:00+08:00")
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no offset such as +08:00")
    return found


def _instant(value: str) -> datetime:
    found = _moment(value)
    if not isinstance(found, datetime):
        raise ValueError(f"{value!r} is no instant such as 2026-03-02T09:00:00+08:00")
    return found


def _one_of(*allowed: str) -> PlainValidator:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
        return value

    return PlainValidator(read)


def _amount(value: str) -> Decimal:
    match = _AMOUNT.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no amount such as 2300.50")
    if match[1]:
        raise ValueError(f"{value!r} is negative")
    return Decimal(value)


def _positive(value: str) -> Decimal:
    found = _amount(value)
    if not found:
        raise ValueError(f"{value!r} must be more than 0")
    return found


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= _LARGEST_NUMBER):
        raise ValueError(f"{value!r} is no whole number from 1 to {_LARGEST_NUMBER}")
    return int(value)


def _yes_or_no(value: str) -> bool:
    if value.lower() not in _YES | _NO:
        raise ValueError(f"{value!r} is neither yes nor no")
    return value.lower() in _YES


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError(f"{value!r} is no IANA time zone such as Asia/Shanghai")
    return value


Ref = Annotated[str, _text(64)]
Digits = Annotated[
    str,
    _matching(r"\+?\d{5,20}", "is no telephone number such as 13800000000 or +442070000000", _digits_only),
]
LastFour = Annotated[
    str, _matching(r"\d{3}[\dX]", "is not the last four signs of an identity card", str.upper)
]
Country = Annotated[str, _matching(r"[A-Z]{2}", "is no ISO 3166 country code such as CN", str.upper)]
Grade = Annotated[str, _matching(r"[A-Z][A-Z0-9+-]{0,7}", "is no credit grade such as A or BB+", str.upper)]
ChatId = Annotated[str, _matching(r"-?\d{1,20}", "is no chat number")]
Day = Annotated[date, PlainValidator(_day)]
Amount = Annotated[Decimal, PlainValidator(_amount)]
YesNo = Annotated[bool, PlainValidator(_yes_or_no)]


class Line(BaseModel):
    """One row of a file; empty cells are absent, so that a field without a default must be filled."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    # Columns that a file may leave out altogether.
    spare: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns in their documented order."""
        return tuple(cls.model_fields)


class LoanLine(Line):
    """One due item with its loan and its borrower."""

    spare = frozenset(
        {
            "timezone",
            "country",
            "night_consent",
            "exempt",
            "telegram_chat",
            "webchat",
            "email",
            "sms",
            "grade",
        }
    )

    borrower_ref: Ref
    name: Annotated[str, _text(120)]
    phone: Digits | None = None
    birth_date: Day | None = None
    id_last4: LastFour | None = None
    locale: Ref
    timezone: Annotated[str, PlainValidator(_zone)] = "Asia/Shanghai"
    country: Country | None = None
    night_consent: YesNo | None = None
    exempt: YesNo | None = None
    loan_ref: Ref
    product: Ref
    opened_on: Day
    principal: Amount
    due_number: Annotated[int, PlainValidator(_number)]
    due_on: Day
    due_principal: Amount
    due_interest: Amount = Decimal(0)
    due_fee: Amount = Decimal(0)
    telegram_chat: ChatId | None = None
    webchat: YesNo | None = None
    email: Annotated[str, PlainValidator(_email)] | None = None
    sms: Digits | None = None
    grade: Grade | None = None


class PaymentLine(Line):
    """One payment that the lender has booked, or one that was taken back: `reverses` names it then."""

    spare = frozenset({"reverses"})

    payment_ref: Ref
    loan_ref: Ref
    amount: Annotated[Decimal, PlainValidator(_positive)]
    currency: Ref
    paid_at: Annotated[date, PlainValidator(_moment)]
    reverses: Ref | None = None


class ContactLine(Line):
    """One contact that somebody made for the lender; `contact_ref` is their own number of it."""

    spare = frozenset({"address", "initiator", "text"})

    contact_ref: Ref
    loan_ref: Ref
    at: Annotated[datetime, PlainValidator(_instant)]
    channel: Annotated[str, _one_of("call", "letter", "sms", "email")]
    outcome: Annotated[str, _one_of("answered", "unanswered", "sent", "delivered", "read", "failed")]
    address: Annotated[str, _text(255)] | None = None
    initiator: Annotated[str, _one_of("agency", "agent")] = "agency"
    text: Annotated[str, _text(2000)] | None = None


def faults_in(error: ValidationError) -> list[tuple[str, str]]:
    """Return field and reason of everything that is wrong in a row."""
    return [
        (str(one["loc"][0]), _reason(one["type"], one["msg"], one.get("ctx", {}))) for one in error.errors()
    ]


def _reason(kind: str, message: str, context: dict[str, Any]) -> str:
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is no column of this file"
    return str(context.get("error", message))
