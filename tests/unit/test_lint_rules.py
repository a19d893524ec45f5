"""Rule files for wording: a wrong one is named with line and key; every shipped text keeps the rules."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.language.texts import Texts
from bot.services.proofreading import proofread
from bot.settings import Settings
from bot.storage.lint_rules import DUTIES, load_rules
from bot.storage.policies import Policies, PolicyError

HOME = Path(__file__).parents[2]
SETTINGS = Settings(_env_file=None, home=HOME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rules that a test may spoil."""
    return Path(shutil.copytree(HOME / "policies/lint", tmp_path / "lint"))


WRONG = {
    "an unknown category": ("category: contempt", "category: rude", "rules.7.category", "'rude' is none of"),
    "an unknown key": ("version: 1", "version: 1\ncolour: red", "colour", "no key of this place"),
    "an id that stands twice": ("id: en-shame", "id: en-threat", "rules.2.id", "stands twice"),
    "an id of no form": ("id: en-shame", "id: Shame", "rules.2.id", "pattern"),
    "a duty left out": ("complaint:", "grumble:", "duties", "needs exactly"),
    "upper case": ("[deadbeat,", "[Deadbeat,", "rules.2.phrases.0", "folded form: 'deadbeat'"),
}
PATTERNS = {
    "no regular expression": ("(?:", "no regular expression"),
    "a group that captures": ("(abc)", "groups have to be"),
    "one that is found everywhere": ("a*", "matches an empty text"),
    "full-width forms": ("ＯＴＰ", "folded form: 'otp'"),
    "Traditional characters": ("驗證碼", "folded form: '验证码'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_named_with_line_key_and_reason(folder: Path, case: str) -> None:
    before, after, key, reason = WRONG[case]
    file = folder / "en.yml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(PolicyError) as error:
        load_rules(folder)
    assert re.match(rf"{re.escape(str(file))}:\d+: {re.escape(key)}: ", str(error.value))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("case", PATTERNS)
@pytest.mark.parametrize("key", ["patterns", "unless"])
def test_a_pattern_that_could_not_work_is_refused(tmp_path: Path, case: str, key: str) -> None:
    pattern, reason = PATTERNS[case]
    duties = "".join(f"  {duty}: [x]\n" for duty in DUTIES)
    (tmp_path / "xx.yml").write_text(
        "language: xx\nversion: 1\nrules:\n- id: xx-a\n  category: contempt\n  phrases: [abc]\n"
        f"  {key}: ['{pattern}']\nduties:\n{duties}",
        "utf-8",
    )
    with pytest.raises(PolicyError, match=rf"xx\.yml:7: rules\.0\.{key}\.0: .*{re.escape(reason)}"):
        load_rules(tmp_path)


def test_a_rule_without_words_is_refused(folder: Path) -> None:
    file = folder / "zh.yml"
    text = file.read_text("utf-8")
    start, end = text.index("- id: zh-debt"), text.index("duties:")
    file.write_text(f"{text[:start]}- id: zh-debt\n  category: debt\n{text[end:]}", "utf-8")
    with pytest.raises(PolicyError, match="neither phrases nor patterns"):
        load_rules(folder)


def test_a_language_stands_in_one_file(folder: Path) -> None:
    shutil.copy(folder / "en.yml", folder / "en2.yml")
    with pytest.raises(PolicyError, match=r"en2\.yml:.*language: 'en' stands in another file too"):
        load_rules(folder)


def test_without_rules_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no rules for wording"):
        load_rules(tmp_path)


def test_the_version_follows_the_content(folder: Path) -> None:
    before = load_rules(folder).version
    assert load_rules(folder).version == before
    file = folder / "en.yml"
    file.write_text(file.read_text("utf-8").replace("deadbeats,", "", 1), "utf-8")
    assert load_rules(folder).version != before


class TestShippedTexts:
    LEXICON = load_rules(HOME / "policies/lint")
    POLICIES = Policies.load(HOME / "policies")

    def faults(self, home: Path) -> list[tuple[str, str, str, str]]:
        found = proofread(Texts.load(home), self.POLICIES, self.LEXICON, SETTINGS)
        return [(one.file, one.key, one.locale, one.finding.rule) for one in found]

    def test_every_one_keeps_the_rules_in_every_language_and_the_first_message_its_duties(self) -> None:
        assert self.faults(HOME) == []

    @pytest.mark.parametrize(
        ("file", "before", "after", "fault"),
        [
            ("domain.yml", "Goodbye, and", "Final chance, and", ("utter_goodbye", "en", "en-urgency")),
            ("zh", "再见，您多保重。", "再见，后果自负。", ("utter_goodbye", "zh_CN", "zh-threat")),
            ("zh", "再见，您多保重。", "再见，记得还款。", ("utter_goodbye", "zh_CN", "zh-debt")),
            ("zh", "不再接收消息", "告诉我密码", ("telegram", "zh_CN", "zh-credentials")),
            ("zh", "“投诉”提意见，", "", ("utter_disclosure", "zh_CN", "zh-complaint")),
            ("domain.yml", "Goodbye, and", "Goodbye {{name}}", ("utter_goodbye", "en", "variable")),
        ],
    )
    def test_a_text_that_breaks_one_is_named(
        self, tmp_path: Path, file: str, before: str, after: str, fault: tuple[str, str, str]
    ) -> None:
        po = "locales/zh_CN/LC_MESSAGES/grace.po"
        name = po if file == "zh" else file
        (tmp_path / po).parent.mkdir(parents=True)
        for one in (po, "domain.yml"):
            text = (HOME / one).read_text("utf-8")
            # A changed source keeps its translation: both files know it.
            text = text.replace(before, after) if file == "domain.yml" or one == name else text
            (tmp_path / one).write_text(text, "utf-8")
        assert (name, *fault) in self.faults(tmp_path)
