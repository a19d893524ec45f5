"""Makes the papers of a plan: facts in, bytes out."""

from __future__ import annotations

from dataclasses import replace

from bot.language.texts import Texts
from bot.papers.agreement import agreement
from bot.papers.dates import calendar
from bot.papers.picture import picture
from bot.papers.sheet import agreement_sheet, picture_sheet
from bot.papers.terms import Terms
from bot.papers.words import Words


def made(texts: Texts, terms: Terms, locale: str, kind: str, *, page: int = 1, revision: int = 0) -> bytes:
    """Return a paper of a kind: "picture" (PNG, one page), "calendar" (iCalendar) or "agreement" (PDF).

    The same terms make the same bytes.
    """
    words, terms = Words(texts, locale), replace(terms, revision=revision)
    if kind == "picture":
        return picture(picture_sheet(terms, words), page)
    if kind == "calendar":
        return calendar(terms, words)
    return agreement(agreement_sheet(terms, words), terms.agreed_at)
