"""Which acts a message holds: the model's view of the whole and of each clause, merged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.assistant.features import MAX_CHARS, normalise
from bot.assistant.model import ActModel, Encoder
from bot.language import danger
from bot.language.acts import ALONE, PROTECTION, in_order
from bot.language.clauses import clauses
from bot.language.denial import denied

_HAN = re.compile(r"[㐀-鿿]")
_LEAST_HAN = 6
_LEAST_WORDS = 4
_TINY = 1e-9
_DANGER = "signal_self_harm"
_HEARD, _OVERLAP = 1200, 40
"""Characters of a long message in which words of danger are looked for, and how far its parts overlap."""
_A_PAGE = 1000
"""Characters of a message from which on no vector is made: it is no message but a document, or an attack."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which an act counts; tuned on the development sets (`grace nlu report`).

    `whole`: the best act of the message; `guess`: the same where clauses say something surely. `clause`: the
    best act of a clause. `protection`: a protection act that is not the best, in the whole.
    `protection_clause`: the best act of a clause when it is a protection act that the whole message does not
    bear out (`borne`). `danger`: danger to the writer's life, which is heard sooner than anything else;
    `plain`: the same in a span, whole or clause, that has plain words for it; the writer's own need none.
    """

    whole: float = 0.2
    guess: float = 0.4
    clause: float = 0.65
    protection: float = 0.2
    protection_clause: float = 0.7
    borne: float = 0.05
    danger: float = 0.17
    plain: float = 0.04


@dataclass(frozen=True, slots=True)
class Found:
    """The acts in the order of service, each {intent, confidence, text}, and the whole message's ranking."""

    acts: list[dict[str, Any]]
    ranking: list[dict[str, Any]] = field(default_factory=list)


def find(text: str, model: ActModel, encoder: Encoder | None, limits: Thresholds) -> Found:
    """Read a message. A message of which nothing is sure enough has no acts."""
    parts = clauses(text)
    spans = [text, *parts] if len(parts) > 1 else [text]
    names = model.classes
    scores = _without_denied(spans, model, encoder if len(text) <= _A_PAGE else None, limits)
    whole, rows = scores[0], scores[1:]
    found: dict[str, tuple[float, int]] = {}
    for number, row in enumerate(rows):
        act = int(np.argmax(row))
        if row[act] >= _needed(names[act], whole[act], limits):
            score, place = found.get(names[act], (0.0, number))
            found[names[act]] = (max(score, float(row[act])), place)
    for act in _of_whole(whole, names, limits, some=bool(found)):
        score, place = found.get(names[act], (0.0, _place(rows, act)))
        found[names[act]] = (max(score, float(whole[act])), place)
    column = names.index(_DANGER)
    heard = _plainly(spans, scores[:, column], limits)
    if heard == 0.0 and _tells_danger_late(text):
        heard = limits.protection_clause
    if heard > 0.0:
        score, place = found.get(_DANGER, (0.0, _place(rows, column)))
        found[_DANGER] = (max(score, heard), place)
    top = np.argsort(-whole)[:5]
    ranking = [{"name": names[at], "confidence": float(whole[at])} for at in top]
    return Found([_act(act, score, spans, place) for act, (score, place) in _served(found)], ranking)


def _without_denied(spans: list[str], model: ActModel, encoder: Encoder | None, limits: Thresholds) -> Any:
    """Return the probabilities of every span; what one denies stands where its rest surely says it.

    What a denial frees falls to the acts that protect nobody: a faint trace of danger is none the stronger
    because something else was denied. Nor is it a "no" to what was asked. "I don't want to stop …" begins
    like despair: there the rest tells whether it is.
    """
    denials = [(at, act, rest) for at, span in enumerate(spans) for act, rest in _denials(span)]
    # The rests come last: the vectors' budget is for what was said.
    scores = model.probabilities([*spans, *(rest for _, _, rest in denials)], encoder)
    rows = scores[: len(spans)]
    life = model.classes.index(_DANGER)
    harmless = [at for at, name in enumerate(model.classes) if name not in (*PROTECTION, "deny")]
    for (at, act, rest), again in zip(denials, scores[len(spans) :], strict=True):
        column = model.classes.index(act)
        said = _tells(rest) and again[column] >= limits.protection_clause
        left = min(rows[at, column], again[column]) if said else 0.0
        freed, rows[at, column] = rows[at, column] - left, left
        if act == "stop_contact" and _tells(rest):
            rows[at, life] = min(rows[at, life], again[life])
        rows[at, harmless] *= 1 + freed / max(rows[at, harmless].sum(), _TINY)
    return rows


def _tells(rest: str) -> bool:
    """Whether so much is left beside a denial that it can say something of its own."""
    return len(_HAN.findall(rest)) >= _LEAST_HAN or len(rest.split()) >= _LEAST_WORDS


def _denials(span: str) -> Iterable[tuple[str, str]]:
    return denied(normalise(span)).items()


def _of_whole(row: Any, names: list[str], limits: Thresholds, *, some: bool) -> Iterable[int]:
    """The best act when it is sure enough, and any protection act at its own threshold."""
    best = int(np.argmax(row))
    guess = some and names[best] not in PROTECTION
    if row[best] >= (limits.guess if guess else limits.whole):
        yield best
    for at in np.flatnonzero(row >= min(limits.protection, limits.danger)):
        least = limits.danger if names[at] == _DANGER else limits.protection
        if names[at] in PROTECTION and row[at] >= least:
            yield int(at)


def _tells_danger_late(text: str) -> bool:
    """Tell whether a message says plainly, past what is read of a long one, that its writer may die."""
    step = MAX_CHARS - _OVERLAP
    parts = (text[at : at + MAX_CHARS] for at in range(step, min(len(text), _HEARD), step))
    return any(danger.words(normalise(part)) == "own" for part in parts)


def _plainly(spans: list[str], column: Any, limits: Thresholds) -> float:
    """Return how sure danger is where plain words tell it, 0 where none do: another act may drown it."""
    heard = 0.0
    for span, score in zip(spans, column, strict=True):
        told = danger.words(normalise(span))
        if told == "own":
            heard = max(heard, float(score), limits.protection_clause)
        elif told is not None and score >= limits.plain:
            heard = max(heard, float(score))
    return heard


def _needed(act: str, in_whole: float, limits: Thresholds) -> float:
    if act in PROTECTION and in_whole < limits.borne:
        return limits.protection_clause
    return limits.clause


def _place(rows: Any, act: int) -> int:
    """Return the clause that holds most of an act: what was said first is served first in a tie."""
    return int(np.argmax(rows[:, act])) if len(rows) else 0


def _act(act: str, score: float, spans: list[str], place: int) -> dict[str, Any]:
    span = spans[place + 1] if len(spans) > 1 else spans[0]
    return {"intent": act, "confidence": round(score, 4), "text": span}


def _served(found: dict[str, tuple[float, int]]) -> list[tuple[str, tuple[float, int]]]:
    """Order the acts: tier by tier, in a tie what was said first; what stands only alone goes."""
    pairs = in_order(sorted(found.items(), key=lambda pair: pair[1][1]))
    telling = [pair for pair in pairs if pair[0] not in ALONE]
    return telling or pairs[:1]
