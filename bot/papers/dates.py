"""The days of a plan as a calendar file (RFC 5545): all-day events that say nothing on a locked screen."""

from __future__ import annotations

import uuid
from datetime import timedelta

from icalendar import Alarm, Calendar, Event

from bot.language import formats
from bot.papers.terms import Payment, Terms
from bot.papers.words import Words

# Ten in the morning of the day before, in the reader's own zone: an all-day event begins at its midnight.
_BEFORE = timedelta(hours=-14)
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:grace:plan-payment")


def calendar(terms: Terms, words: Words) -> bytes:
    """Return one event a payment. Taken in again, it moves what it put there instead of doubling it."""
    made = Calendar()
    made.add("prodid", f"-//Grace//Payment plan//{formats.language_of(words.locale).upper()}")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    for payment in terms.payments:
        made.add_component(_event(terms, payment, words))
    return bytes(made.to_ical())


def uid(terms: Terms, payment: Payment) -> str:
    """Return what names a payment's event for good; it tells nothing of the loan."""
    return str(uuid.uuid5(_NAMESPACE, f"{terms.loan}/{terms.plan}/{payment.number}"))


def _event(terms: Terms, payment: Payment, words: Words) -> Event:
    said = words(
        "calendar_text",
        number=payment.number,
        count=len(terms.payments),
        amount=formats.exact_money(payment.amount, terms.currency, words.locale),
        loan=terms.loan,
    )
    trouble = words("calendar_trouble", phone=terms.phone)
    event = Event()
    event.add("uid", uid(terms, payment))
    event.add("dtstamp", terms.agreed_at)
    event.add("sequence", terms.revision)
    event.add("dtstart", payment.due_on)
    event.add("dtend", payment.due_on + timedelta(days=1))
    event.add("summary", words("calendar_title"))
    event.add("description", f"{said}\n{terms.how_to_pay}\n{trouble}")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(words))
    return event


def _alarm(words: Words) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words("calendar_alarm"))
    alarm.add("trigger", _BEFORE)
    return alarm
