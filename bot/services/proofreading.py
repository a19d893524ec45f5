"""Every text that Grace ships, read with sample values for what must not be said, and for what has to be."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from bot.language import formats
from bot.language.lint import Context, Finding, Lexicon
from bot.language.texts import SOURCE_LOCALE, Texts
from bot.settings import Settings
from bot.storage.policies import Policies

DISCLOSURE = "utter_disclosure"
STAFF = "console"
"""The context of texts that no borrower sees."""

ANYBODY = (
    "utter_ack",
    "utter_anger",
    "utter_bot*",
    "utter_button_*",
    "utter_clarify_open",
    "utter_deny_open",
    "utter_disclosure",
    "utter_disclosure_opt_out",
    "utter_edited",
    "utter_fact_*",
    "utter_goodbye",
    "utter_greet",
    "utter_handoff_*",
    "utter_help",
    "utter_identity_*",
    "utter_language_*",
    "utter_link_used",
    "utter_outage",
    "utter_photo",
    "utter_protect_*",
    "utter_refusal_heard",
    "utter_reminder_unverified",
    "utter_repeat_open",
    "utter_scope",
    "utter_sticker",
    "utter_thank",
    "utter_too_long",
    "utter_unsure_open",
    "utter_wait_*",
    "utter_welcome*",
    "utter_who",
    "chat",
    "telegram",
)
"""Responses and pages that may be seen before identity is verified: what the `open_acts` lead to."""

SUBJECTS = ("*_subject", "*_preview")
"""Responses that become a subject line or a preview."""

_AMOUNTS = ("allowed", "amount", "asked", "cost", "down", "each", "fee", "interest", "outstanding", "overdue")
_DAYS = ("date", "due", "first", "last", "until")
_ON = date(2026, 3, 6)


@dataclass(frozen=True, slots=True)
class Fault:
    """A shipped text that breaks a rule: its file, key and locale, what was found, and the words."""

    file: str
    key: str
    locale: str
    finding: Finding
    words: str


def proofread(texts: Texts, policies: Policies, lexicon: Lexicon, settings: Settings) -> list[Fault]:
    """Return every fault of every response, translation and payment instruction, in every locale.

    Raises TextError when a translation is missing.
    """
    return [
        fault
        for locale in texts.locales
        for file, key, text in _shipped(texts, policies, locale)
        for fault in _faults(file, key, text, locale, lexicon, settings)
    ]


def _shipped(texts: Texts, policies: Policies, locale: str) -> Iterator[tuple[str, str, str]]:
    file = "domain.yml" if locale == SOURCE_LOCALE else f"locales/{locale}/LC_MESSAGES/grace.po"
    for key, text in texts.entries(locale):
        if key != STAFF:
            yield file, key or "", text
    for policy in policies.products():
        if locale in policy.how_to_pay:
            yield f"policy {policy.product}", "how_to_pay", policy.how_to_pay[locale]


def _faults(
    file: str, key: str, text: str, locale: str, lexicon: Lexicon, settings: Settings
) -> Iterator[Fault]:
    lender, phone = settings.lender(locale), settings.lender_phone
    filled = _filled(text, locale, {"lender": lender, "phone": phone})
    context = Context(
        verified=not _is_any(key, ANYBODY),
        place="subject" if _is_any(key, SUBJECTS) else "body",
        hosts=settings.hosts,
        names=(settings.lender_name, settings.lender_name_en),
    )
    found = lexicon.lint(filled, context)
    if key == DISCLOSURE:
        found += lexicon.missing(filled, formats.language_of(locale), (lender, phone))
    for one in found:
        yield Fault(file, key, locale, one, filled[slice(*one.span)])


def _is_any(key: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, one) for one in patterns)


def _filled(text: str, locale: str, known: dict[str, str]) -> str:
    """Fill a text with sample values; one that cannot be filled stays as it is, and so is found."""
    amount = formats.money(Decimal("1234.56"), "CNY", locale)
    values = defaultdict(lambda: "3", known)
    values |= dict.fromkeys(_AMOUNTS, amount) | dict.fromkeys(_DAYS, formats.day(_ON, locale, _ON))
    try:
        return string.Formatter().vformat(text, (), values)
    except (ValueError, LookupError):
        return text
