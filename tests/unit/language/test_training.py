"""A labelled sentence lands in its block, in the file's style, once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.language.training import NoPlace, insert, place

SOURCE = """version: "3.1"
nlu:
- intent: thank
  examples: |
    - 谢谢
    - 多谢

- intent: stop_contact
  metadata: {scope: all}
  examples: |
    - 别再发了

- intent: stop_contact
  metadata: {scope: channel}
  examples: |
    - 别打电话
"""


def examples(source: str) -> list[list[str]]:
    return [block["examples"].splitlines() for block in yaml.safe_load(source)["nlu"]]


def test_a_sentence_becomes_the_last_example_of_its_intent() -> None:
    assert examples(insert(SOURCE, "thank", "谢谢啊"))[0] == ["- 谢谢", "- 多谢", "- 谢谢啊"]


def test_a_detail_picks_the_block() -> None:
    assert examples(insert(SOURCE, "stop_contact", "别打座机", "channel"))[1:] == [
        ["- 别再发了"],
        ["- 别打电话", "- 别打座机"],
    ]


def test_every_other_line_stays_as_it_was() -> None:
    after = insert(SOURCE, "thank", "3q")
    assert after.replace("    - 3q\n", "") == SOURCE


def test_a_sentence_that_is_there_is_not_added_again() -> None:
    assert insert(SOURCE, "thank", "多谢") == SOURCE


def test_line_breaks_and_blanks_fold_into_one_line() -> None:
    assert "    - a b c\n" in insert(SOURCE, "thank", " a\nb   c ")


@pytest.mark.parametrize(
    ("intent", "text", "detail"),
    [
        ("greet", "hi", None),
        ("stop_contact", "x", "nobody"),
        ("thank", "  ", None),
        ("thank", "[a](b)", None),
    ],
)
def test_what_has_no_place_is_refused_by_name(intent: str, text: str, detail: str | None) -> None:
    with pytest.raises(NoPlace):
        insert(SOURCE, intent, text, detail)


def test_the_file_of_an_intent_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - hi\n", "utf-8")
    (tmp_path / "b.yml").write_text(SOURCE, "utf-8")
    assert place(tmp_path, "stop_contact", "channel").name == "b.yml"
    with pytest.raises(NoPlace):
        place(tmp_path, "report_death")
