"""By when a complaint has to be answered."""

from __future__ import annotations

from datetime import date, timedelta

from bot.domain.calendars import closed_days
from bot.domain.policy import ComplaintTerms, ContactPack

_DAY = timedelta(days=1)


def answer_by(pack: ContactPack, received: date, extensions: int = 0) -> date:
    """Return the last local day on which a complaint received on a day may be answered.

    `extensions` is how many of the pack's extensions were granted, each with a reason to the borrower. Raises
    ValueError for more than there are.
    """
    terms = pack.complaint or ComplaintTerms(days=pack.complaint_days)
    if not 0 <= extensions <= len(terms.extensions):
        raise ValueError(f"the pack {pack.pack} has {len(terms.extensions)} extensions, not {extensions}")
    days = terms.days + sum(terms.extensions[:extensions])
    return received + days * _DAY if terms.unit == "calendar" else _working_days(terms, received, days)


def summary_by(pack: ContactPack, received: date) -> date | None:
    """Return the last day on which a short summary closes a solved complaint; None where none ever does."""
    terms = pack.complaint
    if terms is None or terms.summary_business_days is None:
        return None
    return _working_days(terms, received, terms.summary_business_days)


def _working_days(terms: ComplaintTerms, received: date, days: int) -> date:
    closed, day = closed_days(terms.calendar), received
    while days:
        day += _DAY
        days -= not closed(day)
    return day
