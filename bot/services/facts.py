"""The facts that tell who is writing: those on file, those that a text states, and which of them agree."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from bot.storage.tables import Borrower

_MOST_STATED = 4
_BIRTH = re.compile(
    r"(?<!\d)(19\d\d|20\d\d)\s*[-./年 ]?\s*(1[0-2]|0?[1-9])\s*[-./月 ]?\s*"
    r"(3[01]|[12]\d|0?[1-9])(?!\d)\s*[日号]?"
)
_MONTHS = {
    name: n
    for n, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_NAMED = re.compile(
    r"(?<!\d)(?:(?P<d1>3[01]|[12]?\d)(?:st|nd|rd|th)?(?:\s+of)?[\s,.-]*)?(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]*[\s,.-]*(?:(?P<d2>3[01]|[12]?\d)(?:st|nd|rd|th)?(?!\d)[\s,]*)?(?P<year>19\d\d|20\d\d)(?!\d)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](19\d\d|20\d\d)(?!\d)")
_FOUR = re.compile(r"(?<![0-9A-Za-z])\d{3}[0-9Xx](?![0-9A-Za-z])")


def on_file(borrower: Borrower) -> dict[str, str]:
    """The facts that can be asked of a borrower, best first, as they are compared."""
    facts: dict[str, str | None] = {
        "birth_date": borrower.birth_date.isoformat() if borrower.birth_date else None,
        "phone_last4": borrower.phone[-4:] if borrower.phone else None,
        "id_last4": borrower.id_last4.upper() if borrower.id_last4 else None,
    }
    return {name: value for name, value in facts.items() if value}


def compare(borrower: Borrower, text: str) -> tuple[bool, set[str]]:
    """Return whether the text states any fact at all, and which facts on file it states rightly."""
    known = on_file(borrower)
    text = unicodedata.normalize("NFKC", text[:500])
    dates, rest = _dates(text)
    fours = {found.upper() for found in _FOUR.findall(rest)}
    # A whole number of a phone or an identity card states its last four as well.
    fours |= {found[-4:].upper() for found in re.findall(r"(?<!\d)\d{6,18}[0-9Xx]?(?![0-9A-Za-z])", rest)}
    if max(len(dates), len(fours)) > _MOST_STATED:
        # Nobody has that many birthdays: it is a list of guesses, and one failed try.
        return True, set()
    right = {name for name, value in known.items() if value in dates or value in fours}
    return bool(dates or fours), right


def _dates(text: str) -> tuple[set[str], str]:
    """Return every date that a text may mean (12/05 both ways), and what is left of it."""
    found = {_iso(*match.groups()) for match in _BIRTH.finditer(text)}
    for match in _NAMED.finditer(text):
        day = match["d1"] or match["d2"]
        if day:
            found.add(_iso(match["year"], str(_MONTHS[match["month"].lower()]), day))
    for first, second, year in _SLASHED.findall(text):
        found |= {_iso(year, first, second), _iso(year, second, first)}
    rest = text
    for pattern in (_SLASHED, _NAMED, _BIRTH):
        rest = pattern.sub(" ", rest)
    return {one for one in found if one}, rest


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def same_phone(left: str, right: str) -> bool:
    """Compare by the last ten digits: country codes and separators are written in many ways."""
    a, b = (re.sub(r"\D", "", one)[-10:] for one in (left, right))
    return len(a) >= 7 and a == b
