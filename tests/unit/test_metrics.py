"""The figures of the report on reading: what each counts, and what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from bot.assistant.evaluation import metrics
from bot.assistant.evaluation.metrics import Pair
from bot.assistant.evaluation.sets import Labelled


def read(*acts: str, confidence: float = 0.9, entities: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "intent": acts[0] if acts else "nlu_fallback",
        "confidence": confidence,
        "acts": [{"intent": act, "confidence": confidence} for act in acts],
        "entities": entities or [],
        "hardship_reason": "illness",
    }


def pair(labelled: tuple[str, ...], found: tuple[str, ...], **label: Any) -> Pair:
    return Labelled("x", labelled, **label), read(*found)


PAIRS = [
    pair(("report_hardship", "request_instalment"), ("report_hardship",), hardship_reason="illness"),
    pair(("stop_contact",), ("file_complaint", "stop_contact")),
    pair(("affirm",), ("dispute_debt",)),
    pair(("thank",), ()),
]


def test_primary_counts_the_act_served_first() -> None:
    assert metrics.primary(PAIRS).value == 0.25


def test_micro_f1_counts_every_act_of_every_message() -> None:
    assert metrics.micro_f1(PAIRS) == pytest.approx(2 * 2 / (4 + 5))


def test_a_protection_act_is_found_wherever_it_stands() -> None:
    assert metrics.protection_recall(PAIRS) == metrics.Share(1, 1)


def test_a_false_alarm_is_protection_in_a_message_that_has_none() -> None:
    assert metrics.false_alarms(PAIRS) == metrics.Share(1, 3)


def test_reasons_count_only_where_hardship_was_found() -> None:
    missed = pair(("report_hardship",), ("affirm",), hardship_reason="family")
    assert metrics.reasons([*PAIRS, missed]) == metrics.Share(1, 1)


def entity(kind: str, value: Any) -> dict[str, Any]:
    return {"entity": kind, "value": value, "start": 0, "end": 1}


def test_a_value_may_say_more_than_its_label_but_nothing_else() -> None:
    label = Labelled("x", entities=({"entity": "money", "value": {"fraction": "0.5"}},))
    more = read(entities=[entity("money", {"fraction": "0.5", "value": "300.00", "unit": "CNY"})])
    other = read(entities=[entity("money", {"fraction": "0.25"})])
    assert metrics.unmatched(label, more) == ([], [])
    missed, extra = metrics.unmatched(label, other)
    assert len(missed) == len(extra) == 1


def test_the_same_instant_in_two_offsets_is_the_same_value() -> None:
    label = Labelled("x", entities=({"entity": "time", "value": {"value": "2026-03-11T10:00:00+08:00"}},))
    same = read(entities=[entity("time", {"value": "2026-03-11T02:00:00+00:00", "grain": "hour"})])
    assert metrics.unmatched(label, same) == ([], [])


def test_one_found_value_answers_one_label() -> None:
    label = Labelled("x", entities=({"entity": "count", "value": 3}, {"entity": "count", "value": 3}))
    recall, precision = metrics.entity_values([(label, read(entities=[entity("count", 3)]))])["count"]
    assert (recall.value, precision.value) == (0.5, 1.0)


def test_diversity_falls_when_examples_repeat_each_other() -> None:
    assert metrics.diversity(["我失业了", "厂子倒闭了"]) > metrics.diversity(
        ["我失业了", "我失业啦", "我失业嘛"]
    )


def test_calibration_counts_every_message_once() -> None:
    assert sum(count for _, _, count in metrics.calibration(PAIRS)) == len(PAIRS)


def test_each_group_has_a_share_of_its_own() -> None:
    shares = metrics.by_group(PAIRS)
    assert shares["hardship"] == metrics.Share(1, 1)
    assert shares["negotiation"] == metrics.Share(0, 1)
    assert shares["account"] == metrics.Share(0, 0)


def test_a_near_copy_shares_most_of_its_trigrams_with_an_earlier_sentence() -> None:
    said = ["i will pay you on friday", "i will pay you on friday!", "send me the link"]
    assert metrics.near_copies(said) == 1
    assert metrics.near_copies(said[1:]) == 0
