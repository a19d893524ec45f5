"""What the files of a dialogue promise each other: texts, translations, actions, training sentences."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages.pofile import read_po

import actions
from bot.language.texts import SOURCE_LOCALE, Texts

ROOT = Path(__file__).parents[2]
LOCALES = (SOURCE_LOCALE, "zh_CN")
LANGUAGES = ("zh", "en")
LEAST_EXAMPLES = 200
# What is said in the most ways is learnt from the most sentences.
MANY_EXAMPLES = 350
VARIED = {
    "report_hardship",
    "promise_to_pay",
    "request_extension",
    "request_instalment",
    "stop_contact",
    "dispute_debt",
    "file_complaint",
    "signal_self_harm",
    "out_of_scope",
}
# The rarer language of an act has at least that share of the sentences of the other.
PARITY = 0.7
# Chats are opened, numbers shared and facts stated, but no such sentence is learnt.
UNSPOKEN = {"start_chat", "present_contact", "state_identity"}
_KEY = re.compile(r"utter_[a-z0-9_]+")
_LEFT_OVER = re.compile(r"\{\{|\}\}|<[a-z/]|\*\*|\]\(|\bTODO\b|\bFIXME\b|&[a-z]+;|%\(|\$\{|\\[nt](?![a-z])")


@cache
def domain() -> dict[str, Any]:
    """Return `domain.yml`."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    return loaded


@cache
def texts() -> Texts:
    """Return the texts as every process loads them."""
    return Texts.load(ROOT)


KEYS = sorted(domain()["responses"])


def values(key: str, locale: str) -> dict[str, str]:
    """Return a value for every variable of a response."""
    return dict.fromkeys(texts().variables(key, locale), "1")


class TestResponses:
    @pytest.mark.parametrize("locale", LOCALES)
    def test_every_response_and_its_buttons_are_written_in_each_language(self, locale: str) -> None:
        for key in KEYS:
            rendered = texts().render(key, locale, values(key, locale))
            assert rendered.text.strip()
            assert all(button.title.strip() for button in rendered.buttons)

    @pytest.mark.parametrize("key", KEYS)
    def test_a_response_asks_for_the_same_values_in_each_language(self, key: str) -> None:
        assert texts().variables(key, "en") == texts().variables(key, "zh_CN")

    def test_the_wordings_of_a_response_ask_for_the_same_values_and_lead_to_the_same_acts(self) -> None:
        for key, wordings in domain()["responses"].items():
            asked = [set(re.findall(r"\{(\w+)\}", one["text"])) for one in wordings]
            acts = [[button["payload"] for button in one.get("buttons", ())] for one in wordings]
            assert all(one == asked[0] for one in asked), key
            assert all(one == acts[0] for one in acts), key

    @pytest.mark.parametrize("locale", LOCALES)
    def test_no_markup_is_left_in_a_text(self, locale: str) -> None:
        for key in KEYS:
            rendered = texts().render(key, locale, values(key, locale))
            spoken = [rendered.text, *(button.title for button in rendered.buttons)]
            assert not [text for text in spoken if _LEFT_OVER.search(text)], key

    def test_borrowers_are_addressed_politely_and_punctuated_as_chinese_is(self) -> None:
        for key in KEYS:
            text = texts().render(key, "zh_CN", values(key, "zh_CN")).text
            assert "你" not in text, key
            assert not re.search(r"[一-鿿][,;:?!](?!\w)", text), key

    def test_the_catalogue_holds_nothing_that_nobody_says_any_more(self) -> None:
        spoken = {
            (key, source)
            for key, wordings in domain()["responses"].items()
            for response in wordings
            for source in (response["text"], *(button["title"] for button in response.get("buttons", ())))
        }
        for locale in LOCALES[1:]:
            with (ROOT / f"locales/{locale}/LC_MESSAGES/grace.po").open("rb") as file:
                written = {(one.context, str(one.id)) for one in read_po(file) if one.id}
            assert {pair for pair in written if str(pair[0]).startswith("utter_")} == spoken

    def test_a_button_leads_to_an_act_that_exists(self) -> None:
        payloads = [
            button["payload"]
            for wordings in domain()["responses"].values()
            for response in wordings
            for button in response.get("buttons", ())
        ]
        assert {re.sub(r"\{.*", "", one).lstrip("/") for one in payloads} <= set(intents())


class TestUse:
    def test_every_response_is_used(self) -> None:
        literal, made = used()
        unused = [key for key in KEYS if key not in literal and not any(one.fullmatch(key) for one in made)]
        assert unused == []

    def test_every_response_that_is_used_exists(self) -> None:
        literal, made = used()
        assert literal <= set(KEYS)
        assert [one.pattern for one in made if not any(one.fullmatch(key) for key in KEYS)] == []

    def test_actions_of_the_domain_and_of_the_code_are_the_same(self) -> None:
        for module in pkgutil.iter_modules(actions.__path__):
            importlib.import_module(f"actions.{module.name}")
        # Rasa hands out the class as abstract to a type checker, hence by name.
        base: type = importlib.import_module("actions.base").GraceAction
        keys = [key for one in _subclasses(base) if (key := vars(one).get("key"))]
        assert Counter(domain()["actions"]) == Counter(keys)

    def test_every_act_of_a_rule_or_a_policy_exists_and_every_act_leads_somewhere(self) -> None:
        config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["policies"][0]
        listed = {act for acts in config["answers"].values() for act in acts} | set(config["open_acts"])
        assert listed <= {*intents(), "nlu_fallback"}
        ruled = {act for path in rules() for act in re.findall(r"intent: (\w+)", path.read_text("utf-8"))}
        assert ruled == {*intents(), "nlu_fallback"}


class TestTrainingSentences:
    def test_both_languages_have_the_same_files_with_the_same_acts(self) -> None:
        held = [
            {
                path.name: {intent for intent, _ in examples(path)}
                for path in sorted((ROOT / "data/nlu" / language).glob("*.yml"))
            }
            for language in LANGUAGES
        ]
        assert held[0] == held[1]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_act_is_learnt_from_enough_sentences(self, language: str) -> None:
        counted = Counter(
            intent for path in (ROOT / "data/nlu" / language).glob("*.yml") for intent, _ in examples(path)
        )
        assert set(counted) == set(intents()) - UNSPOKEN
        least = {intent: MANY_EXAMPLES if intent in VARIED else LEAST_EXAMPLES for intent in counted}
        assert {intent: n for intent, n in counted.items() if n < least[intent]} == {}

    def test_neither_language_learns_an_act_or_a_detail_from_far_fewer_sentences(self) -> None:
        counts = [details(language) for language in LANGUAGES]
        assert counts[0].keys() == counts[1].keys()
        uneven = {
            key: (one, counts[1][key])
            for key, one in counts[0].items()
            if min(one, counts[1][key]) < PARITY * max(one, counts[1][key])
        }
        assert uneven == {}

    def test_no_sentence_teaches_two_acts(self) -> None:
        taught: dict[str, set[str]] = {}
        for path in sorted(ROOT.glob("data/nlu/*/*.yml")):
            for intent, example in examples(path):
                taught.setdefault(" ".join(example.casefold().split()), set()).add(intent)
        assert {example: acts for example, acts in taught.items() if len(acts) > 1} == {}

    def test_no_markup_is_left_in_a_sentence(self) -> None:
        marked = [
            example
            for path in ROOT.glob("data/nlu/*/*.yml")
            for _, example in examples(path)
            if re.search(r"\]\(|\]\{|^/", example)
        ]
        assert marked == []


def intents() -> list[str]:
    """Return the acts of the domain."""
    return [one if isinstance(one, str) else next(iter(one)) for one in domain()["intents"]]


def rules() -> list[Path]:
    """Return the files of rules."""
    return sorted((ROOT / "data/rules").glob("*.yml"))


def details(language: str) -> Counter[tuple[str, str]]:
    """Count a language's sentences by act and detail (a hardship reason, a scope; none for most)."""
    counted: Counter[tuple[str, str]] = Counter()
    for path in (ROOT / "data/nlu" / language).glob("*.yml"):
        for block in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["nlu"]:
            detail = ", ".join(str(value) for value in (block.get("metadata") or {}).values())
            counted[block["intent"], detail] += len(block["examples"].splitlines())
    return counted


@cache
def examples(path: Path) -> tuple[tuple[str, str], ...]:
    """Return every sentence of a file with its act."""
    loaded = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return tuple(
        (block["intent"], line.removeprefix("- ").strip())
        for block in loaded["nlu"]
        for line in block["examples"].splitlines()
        if line.strip()
    )


@cache
def used() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return the response keys that code, rules and policies name, and patterns of those that code makes."""
    literal: set[str] = set()
    made: set[str] = set()
    for path in (*ROOT.glob("data/rules/*.yml"), *ROOT.glob("policies/**/*.yml")):
        literal |= set(_KEY.findall(path.read_text("utf-8")))
    for folder in ("actions", "bot"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    literal |= {node.value} if _KEY.fullmatch(node.value) else set()
                if isinstance(node, ast.JoinedStr):
                    made |= set(_pattern(node))
    # A prefix is no key, and `utter_action` is Rasa's own word for one.
    keys = frozenset(one for one in literal if not one.endswith("_") and one != "utter_action")
    return keys, tuple(re.compile(one) for one in sorted(made))


def _pattern(node: ast.JoinedStr) -> Iterator[str]:
    parts = [
        re.escape(part.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        else "[a-z0-9_]+"
        for part in node.values
    ]
    if parts and parts[0].startswith("utter_"):
        yield "".join(parts)


def _subclasses(kind: type) -> Iterator[type]:
    below: list[type] = kind.__subclasses__()
    for one in below:
        yield one
        yield from _subclasses(one)
