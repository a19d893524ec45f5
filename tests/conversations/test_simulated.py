"""Made-up borrowers write sentences to the trained assistant: a seed says the same, and no rule is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulation import Orders, Result, load_mix, simulate
from bot.simulation.mix import Persona
from bot.simulation.phrases import ANSWERS, SENTENCES
from tests.checker.streams import check_folder
from tests.conftest import ROOT, absent
from tests.stack import MODEL

FILES = ("contacts.csv", "contacts.parquet", "events.csv", "events.parquet", "summary.json")
TALKATIVE = Persona(
    name="talkative",
    share=1,
    unasked=0,
    answers=0.8,
    keeps=0.8,
    does={"promise": 4, "plan": 3, "hardship": 2, "claim_paid": 1, "complain": 1, "tell_and_pay": 1},
)


def lived(folder: Path) -> Result:
    if not MODEL.is_file():
        absent("there is no trained model: run `make train`")
    mix = load_mix(ROOT / "policies/simulation/personas.yml").model_copy(update={"personas": (TALKATIVE,)})
    return simulate(Orders("cn", 24, 16, 5, mix, ROOT, dialogue=True), folder)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return lived(tmp_path_factory.mktemp("first"))


def test_sentences_lead_to_promises_and_plans_and_break_no_rule(first: Result) -> None:
    totals, read = first.summary["totals"], first.summary["read"]
    assert min(totals["promises"], totals["plans"], totals["complaints"]) > 0
    assert totals["replies"] > 2 * sum(sum(counts.values()) for counts in read.values())
    assert read["complain"] == {"file_complaint": sum(read["complain"].values())}
    assert check_folder(first.folder, "cn").findings == ()


def test_the_same_seed_gives_the_same_bytes(first: Result, tmp_path: Path) -> None:
    again = lived(tmp_path)
    assert [
        name for name in FILES if (again.folder / name).read_bytes() != (first.folder / name).read_bytes()
    ] == []


def test_every_act_and_every_question_has_words_in_both_languages() -> None:
    for words in (*SENTENCES.values(), *ANSWERS.values()):
        assert set(words) == {"zh", "en"}
        assert all(words.values())
