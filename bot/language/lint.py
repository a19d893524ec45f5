"""What no message to a borrower may say: words in any spelling; links, amounts, variables by shape."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from bot.language.normalise import Edit, Normalised, normalise

CATEGORIES: Mapping[str, str] = {
    "false_authority": "It speaks in the name of police, court or prosecutor.",
    "threats": "It reads as a threat.",
    "shame": "It shames the borrower or brings in other people.",
    "false_urgency": "It presses with a deadline that is not real.",
    "credit_lies": "It says what is untrue about credit records.",
    "borrow_to_repay": "It urges the borrower to borrow in order to pay.",
    "unapproved_promise": "It promises what is not approved.",
    "contempt": "It is contemptuous.",
    "credentials": "It speaks of passwords, codes or private accounts.",
    "debt": "Identity is not confirmed: nothing may be said of the debt.",
    "variable": "A placeholder was not filled in.",
    "link": "Only links to approved sites may be sent.",
    "amount": "An amount does not belong where others may see it.",
    "duty": "The first message lacks what it has to say.",
}
"""Every category, and why a text that falls into it is refused; the console says it in its own language."""

STRUCTURAL = ("variable", "link", "amount", "duty")
"""Categories that need no list of words."""

BEFORE_IDENTITY = "debt"
"""The category that holds only while identity is not verified."""

Place = Literal["body", "subject"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns for folded text; a match that lies within a match of `unless` is none."""

    id: str
    category: str
    match: re.Pattern[str]
    unless: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What else decides: is identity verified, is it a body or a subject or preview, whom may it name.

    `hosts` may be linked to, with all below them; `names` (the lender's) may hold a word for debt.
    """

    verified: bool = False
    place: Place = "body"
    hosts: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: its id and category, where (half-open, in the text as given), and why."""

    rule: str
    category: str
    span: tuple[int, int]
    reason: str


@dataclass(frozen=True, slots=True)
class Duty:
    """What the first message has to say in one language: any match of the pattern will do."""

    id: str
    match: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All rules. They hold whatever language a chat is set to: a threat in another one is a threat, too."""

    rules: tuple[Rule, ...]
    duties: Mapping[str, tuple[Duty, ...]]
    version: str

    def lint(self, text: str, context: Context) -> list[Finding]:
        """Return every broken rule in the order of the text. Never raises."""
        folded = _folded(text)
        form: Normalised | None = None
        found: list[Finding] = []

        def add(rule: str, category: str, start: int, end: int) -> None:
            nonlocal form
            form = form or fold(text)
            found.append(Finding(rule, category, form.origin(start, end), CATEGORIES[category]))

        hidden = None if context.verified else _masked(folded, context.names)
        for rule in self.rules:
            searched = folded if rule.category != BEFORE_IDENTITY else hidden
            if searched is not None:
                for start, end in _matches(rule, searched):
                    add(rule.id, rule.category, start, end)
        for match in _VARIABLE.finditer(folded):
            add("variable", "variable", *match.span())
        for start, end in _links(folded, context.hosts):
            add("link", "link", start, end)
        if context.place == "subject" or not context.verified:
            category = "amount" if context.place == "subject" else BEFORE_IDENTITY
            for match in _AMOUNT.finditer(folded):
                add("amount", category, *match.span())
        return sorted(found, key=lambda one: one.span)

    def missing(self, text: str, language: str, facts: Iterable[str]) -> list[Finding]:
        """Return the duties that a first message in a language leaves undone.

        `facts` (the lender's full name, the number to call) have to stand in it word for word.
        """
        folded = _folded(text)
        duties = self.duties.get(language)
        if duties is None:
            lacks = [f"{language}-duties"]
        else:
            lacks = [duty.id for duty in duties if not duty.match.search(folded)]
        lacks += [fact for fact in facts if fact not in text]
        return [Finding(one, "duty", (0, len(text)), CATEGORIES["duty"]) for one in lacks]


def fold(text: str) -> Normalised:
    """Fold width, case, script, look-alike forms and marks; close up characters that were spaced out."""
    plain = normalise(text)
    if plain.text.isascii():
        return plain
    chars: list[str] = []
    spans: list[tuple[int, int]] = []
    for place, char in enumerate(plain.text):
        lowered = _FORMS[ord(char)]
        chars.extend(lowered)
        spans.extend([plain.origin(place, place + 1)] * len(lowered))
    folded = Normalised("".join(chars), tuple(spans))
    return folded.edited([Edit(*match.span(), "") for match in _SPREAD.finditer(folded.text)])


def _folded(text: str) -> str:
    """Return the text of `fold`, without the places where it came from: most texts break nothing."""
    plain = normalise(text).text
    return plain if plain.isascii() else _SPREAD.sub("", plain.translate(_FORMS))


@lru_cache(maxsize=64)
def _folded_name(name: str) -> str:
    return _folded(name)


_MOST_FORMS = 1 << 14


class _Forms(dict[int, str]):
    """The folded form of each character, found when it is first met; past _MOST_FORMS it begins anew."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # A full-width comma divides clauses, which exceptions must not reach across.
        forms = char if char.isascii() or char in _KEPT else unicodedata.normalize("NFKD", char)
        made = "".join(normalise(form).text for form in forms if not unicodedata.combining(form))
        if len(self) >= _MOST_FORMS:
            self.clear()
        return self.setdefault(code, made)


_FORMS = _Forms()


_HAN = "\u3400-\u9fff"
_KEPT = "，。、…"
_SPREAD = re.compile(rf"(?<=[{_HAN}])[ \t·・‧•*_\-|/\\.~+]{{1,3}}(?=[{_HAN}])")
_VARIABLE = re.compile(r"\{[^{}\n]{0,60}\}|%\([^()\n]{1,40}\)[sdif]|(?<!\d)%[sd]\b", re.ASCII)
_LINK = re.compile(
    r"[a-z][a-z0-9+.\-]{1,20}://[^\s<>\"'“”‘’，。！？；、（）【】《》]{1,2000}"
    r"|(?<![@\w.\-])(?:[a-z0-9\-]{1,63}\.){1,8}"
    r"(?:(?:com|net|org|cn|hk|tw|io|cc|top|xyz|vip|biz|gov)(?![\w\-])"
    r"|[a-z]{2,12}(?=/[^\s]))[^\s<>\"'“”‘’，。！？；、（）【】《》]{0,2000}",
    re.ASCII,
)
_CN_NUMBER = "零一二两三四五六七八九十百千万"
_AMOUNT = re.compile(
    r"(?:[¥$£€₹]|\b(?:cny|rmb|usd|eur|gbp|inr))\s{0,3}\d[\d,.]{0,20}"
    r"|\d[\d,.]{0,20}\s{0,3}(?:万?元|万?块钱?|(?:yuan|cny|rmb|usd|eur|gbp|inr|dollars?|pounds?)\b)"
    rf"|[{_CN_NUMBER}]{{1,12}}(?:元|块钱)",
    re.ASCII,
)


def _matches(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    if rule.match.search(text) is None:
        return
    excused = [] if rule.unless is None else [match.span() for match in rule.unless.finditer(text)]
    for start, end in (match.span() for match in rule.match.finditer(text)):
        if not any(first <= start and end <= last for first, last in excused):
            yield start, end


def _masked(folded: str, names: tuple[str, ...]) -> str:
    """Blank out names that may be said to anybody."""
    for name in names:
        form = _folded_name(name)
        if form:
            folded = folded.replace(form, " " * len(form))
    return folded


def _links(folded: str, hosts: frozenset[str]) -> Iterator[tuple[int, int]]:
    for match in _LINK.finditer(folded):
        if not _is_allowed(match.group(), hosts):
            yield match.span()


def _is_allowed(link: str, hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = parts.hostname or ""
    except ValueError:
        return False
    # A name before an @, and what browsers read as a slash, make a link look like another place's.
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or "\\" in link:
        return False
    return any(host == one or host.endswith(f".{one}") for one in hosts)
