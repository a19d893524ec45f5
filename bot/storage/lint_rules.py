"""Reads `policies/lint/`: what no message may say, a file for each language."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.language.lint import CATEGORIES, STRUCTURAL, Duty, Lexicon, Rule
from bot.language.normalise import normalise
from bot.storage.policy_files import PolicyError, fault, read

Words = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
DUTIES = ("automated", "verify", "person", "complaint", "opt_out")
"""What the first message has to say in every language, beside the lender's name and number."""


class RuleEntry(BaseModel):
    """One rule as its file states it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}-[a-z0-9-]{1,40}$")]
    category: str
    phrases: tuple[Words, ...] = ()
    patterns: tuple[Words, ...] = ()
    unless: tuple[Words, ...] = ()


class RuleFile(BaseModel):
    """One language's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    version: int = Field(ge=1)
    rules: tuple[RuleEntry, ...] = Field(min_length=1)
    duties: dict[str, tuple[Words, ...]]


def load_rules(folder: Path) -> Lexicon:
    """Read every file of `folder`.

    Raises PolicyError with file, line, key and reason on the first that is wrong, and when there is none.
    """
    rules: list[Rule] = []
    duties: dict[str, tuple[Duty, ...]] = {}
    digest = hashlib.sha256()
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise PolicyError(f"{folder}: there are no rules for wording (*.yml)")
    for file in files:
        content = read(file, RuleFile)
        if content.language in duties:
            raise fault(file, ("language",), f"{content.language!r} stands in another file too")
        seen = {rule.id for rule in rules}
        for number, entry in enumerate(content.rules):
            if entry.id in seen:
                raise fault(file, ("rules", number, "id"), f"{entry.id!r} stands twice")
            seen.add(entry.id)
            rules.append(_rule(file, number, entry))
        duties[content.language] = _duties(file, content)
        digest.update(content.model_dump_json().encode())
    return Lexicon(tuple(rules), duties, f"lint@{digest.hexdigest()[:12]}")


def _rule(file: Path, number: int, entry: RuleEntry) -> Rule:
    at = ("rules", number)
    allowed = [one for one in CATEGORIES if one not in STRUCTURAL]
    if entry.category not in allowed:
        raise fault(file, (*at, "category"), f"{entry.category!r} is none of {', '.join(allowed)}")
    if not entry.phrases and not entry.patterns:
        raise fault(file, (*at, "id"), "there are neither phrases nor patterns")
    for place, phrase in enumerate(entry.phrases):
        _check_folded(file, (*at, "phrases", place), phrase)
    alternatives = [_phrase(one) for one in entry.phrases]
    alternatives += _patterns(file, (*at, "patterns"), entry.patterns)
    unless = _patterns(file, (*at, "unless"), entry.unless)
    return Rule(entry.id, entry.category, _joined(alternatives), _joined(unless) if unless else None)


def _duties(file: Path, content: RuleFile) -> tuple[Duty, ...]:
    if set(content.duties) != set(DUTIES):
        raise fault(file, ("duties",), f"needs exactly {', '.join(DUTIES)}")
    return tuple(
        Duty(
            f"{content.language}-{name}",
            _joined(_patterns(file, ("duties", name), given)),
        )
        for name, given in content.duties.items()
    )


def _joined(patterns: list[str]) -> re.Pattern[str]:
    # Latin words end where Chinese begins: to Unicode both are letters.
    return re.compile("|".join(f"(?:{one})" for one in patterns), re.ASCII)


def _phrase(words: str) -> str:
    """Return a pattern for words as they stand: whole words of a script that has them, any space between."""
    spaced = r"\s+".join(re.escape(one) for one in words.split())
    return rf"\b{spaced}\b" if words.isascii() else spaced


def _patterns(file: Path, at: tuple[int | str, ...], given: tuple[str, ...]) -> list[str]:
    return [_pattern(file, (*at, place), one) for place, one in enumerate(given)]


def _pattern(file: Path, at: tuple[int | str, ...], pattern: str) -> str:
    _check_folded(file, at, re.sub(r"\\.", "", pattern))
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise fault(file, at, f"no regular expression: {error}") from error
    if compiled.groupindex or compiled.groups:
        raise fault(file, at, "groups have to be of the form (?:…)")
    if compiled.search("") is not None:
        raise fault(file, at, "it matches an empty text")
    return pattern


def _check_folded(file: Path, at: tuple[int | str, ...], written: str) -> None:
    """Refuse what could never be found, since every text is folded before the search."""
    folded = normalise(written).text
    if folded != written:
        raise fault(file, at, f"write it in its folded form: {folded!r}")
