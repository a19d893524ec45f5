"""Figures from pairs of what was labelled and what was read. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.assistant.evaluation.sets import Labelled
from bot.language.acts import GROUPS, PROTECTION

Read = dict[str, Any]
"""A parse in the shape of `grace parse`."""
_NEAR = 0.8
"""Share of common trigrams from which on two sentences teach the same."""
Pair = tuple[Labelled, Read]


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `of`; a share of nothing counts as whole."""

    right: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.right / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class PerIntent:
    """How one intent fares as the primary act."""

    intent: str
    precision: float
    recall: float
    f1: float
    support: int


def acts_of(read: Read) -> set[str]:
    """Return the acts that a parse found."""
    return {act["intent"] for act in read["acts"]}


def primary(pairs: Sequence[Pair]) -> Share:
    """How often the act served first is the right one."""
    return Share(sum(read["intent"] == label.acts[0] for label, read in pairs), len(pairs))


def by_group(pairs: Sequence[Pair]) -> dict[str, Share]:
    """How often the act served first is right, by the group of the act that was labelled."""
    return {
        group: primary([pair for pair in pairs if pair[0].acts[0] in acts]) for group, acts in GROUPS.items()
    }


def micro_f1(pairs: Sequence[Pair]) -> float:
    """F1 over all (message, act) pairs."""
    found = sum(len(acts_of(read)) for _, read in pairs)
    wanted = sum(len(set(label.acts)) for label, _ in pairs)
    both = sum(len(acts_of(read) & set(label.acts)) for label, read in pairs)
    return 2 * both / (found + wanted) if found + wanted else 1.0


def protection_recall(pairs: Sequence[Pair]) -> Share:
    """Share of the labelled protection acts that were found, anywhere in the message."""
    hits = [
        act in acts_of(read)
        for label, read in pairs
        for act in dict.fromkeys(label.acts)
        if act in PROTECTION
    ]
    return Share(sum(hits), len(hits))


def false_alarms(pairs: Sequence[Pair]) -> Share:
    """Share of the messages without any protection act in which one was found; lower is better."""
    others = [read for label, read in pairs if not PROTECTION.intersection(label.acts)]
    return Share(sum(bool(PROTECTION & acts_of(read)) for read in others), len(others))


def reasons(pairs: Sequence[Pair]) -> Share:
    """Share of right hardship reasons among the messages in which hardship was rightly found."""
    found = [
        read["hardship_reason"] == label.hardship_reason
        for label, read in pairs
        if label.hardship_reason and "report_hardship" in acts_of(read)
    ]
    return Share(sum(found), len(found))


def scopes(pairs: Sequence[Pair]) -> Share:
    """Share of right scopes among the messages in which a stop was rightly found."""
    found = [
        label.scope in [one["value"] for one in read["entities"] if one["entity"] == "scope"]
        for label, read in pairs
        if label.scope and "stop_contact" in acts_of(read)
    ]
    return Share(sum(found), len(found))


def entity_values(pairs: Sequence[Pair]) -> dict[str, tuple[Share, Share]]:
    """By category: labelled values that were found, and found values that were labelled."""
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for label, read in pairs:
        if label.entities is not None:
            missed, _ = unmatched(label, read)
            wanted.update(one["entity"] for one in label.entities)
            right.update(one["entity"] for one in label.entities)
            right.subtract(one["entity"] for one in missed)
            found.update(one["entity"] for one in entities_of(read))
    return {
        kind: (Share(right[kind], wanted[kind]), Share(right[kind], found[kind]))
        for kind in sorted(wanted | found)
    }


def entities_of(read: Read) -> list[dict[str, Any]]:
    """Return the entities of a parse that stand in the text."""
    return [one for one in read["entities"] if "start" in one]


def unmatched(label: Labelled, read: Read) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the labelled entities that were not found, and the found ones that were not labelled."""
    left, missed = entities_of(read), []
    for one in label.entities or ():
        match = next((other for other in left if _same(one, other)), None)
        if match is None:
            missed.append(one)
        else:
            left.remove(match)
    return missed, left


def _same(labelled: dict[str, Any], found: dict[str, Any]) -> bool:
    if labelled["entity"] != found["entity"]:
        return False
    want, got = labelled["value"], found["value"]
    if not isinstance(want, dict):
        return bool(want == got)
    # What is found may say more than was labelled: what a fraction comes to, say.
    return isinstance(got, dict) and all(_equal(value, got.get(key)) for key, value in want.items())


def _equal(want: Any, got: Any) -> bool:
    if want == got or not (isinstance(want, str) and isinstance(got, str)):
        return bool(want == got)
    try:
        return datetime.fromisoformat(want) == datetime.fromisoformat(got)
    except (ValueError, TypeError):
        return False


def per_intent(pairs: Sequence[Pair]) -> list[PerIntent]:
    """Precision, recall and F1 of every intent as the primary act."""
    support = Counter(label.acts[0] for label, _ in pairs)
    found = Counter(str(read["intent"]) for _, read in pairs)
    right = Counter(label.acts[0] for label, read in pairs if read["intent"] == label.acts[0])
    rows = []
    for intent in sorted(support | found):
        precision = right[intent] / found[intent] if found[intent] else 0.0
        recall = right[intent] / support[intent] if support[intent] else 0.0
        both = precision + recall
        rows.append(
            PerIntent(
                intent, precision, recall, 2 * precision * recall / both if both else 0.0, support[intent]
            )
        )
    return rows


def confusions(pairs: Iterable[Pair]) -> Counter[tuple[str, str]]:
    """Count (labelled, read) primary acts, the diagonal included."""
    return Counter((label.acts[0], str(read["intent"])) for label, read in pairs)


def calibration(pairs: Sequence[Pair], bins: int = 10) -> list[tuple[float, float, int]]:
    """By confidence bin: mean confidence, share of right primary acts, how many."""
    rows = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [
            (read["confidence"], read["intent"] == label.acts[0])
            for label, read in pairs
            if low <= read["confidence"] < high or (number == bins - 1 and read["confidence"] >= 1)
        ]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            rows.append((mean, sum(ok for _, ok in inside) / len(inside), len(inside)))
    return rows


def near_copies(texts: Sequence[str]) -> int:
    """Count the texts that share most of their character trigrams with an earlier one of the same intent."""
    seen: list[set[str]] = []
    holders: defaultdict[str, list[int]] = defaultdict(list)
    copies = 0
    for text in texts:
        grams = {text[at : at + 3] for at in range(max(1, len(text) - 2))}
        shared = Counter(number for gram in grams for number in holders[gram])
        copies += any(
            count / (len(grams) + len(seen[number]) - count) >= _NEAR for number, count in shared.items()
        )
        for gram in grams:
            holders[gram].append(len(seen))
        seen.append(grams)
    return copies


def diversity(texts: Sequence[str]) -> float:
    """Lexical diversity of an intent's examples: distinct character trigrams a trigram, 0 to 1."""
    grams = [text[at : at + 3] for text in texts for at in range(max(1, len(text) - 2))]
    return len(set(grams)) / len(grams) if grams else 0.0
