"""The files of the desk: what they say is checked, and what is wrong is named by line and field."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from bot.domain.handoff import HandoffReason
from bot.domain.policy import CannedReplies, Checklist, Routing, variables_of
from bot.language.lint import Context
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies, PolicyError
from bot.storage.policy_files import read

POLICIES = Path(__file__).parents[2] / "policies"
ROUTING = POLICIES / "routing/default.yml"
CANNED = POLICIES / "canned/default.yml"
CHECKLIST = POLICIES / "quality/default.yml"


def said(tmp_path: Path, source: Path, old: str, new: str) -> str:
    """Return what is said of a file in which something was replaced, without its name."""
    text = source.read_text("utf-8")
    assert old in text
    file = tmp_path / "changed.yml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError) as error:
        read(file)
    return str(error.value).removeprefix(f"{file}:").split(":", 1)[1].strip()


def test_the_shipped_file_routes_every_reason_and_gives_danger_the_first_place() -> None:
    routing = read(ROUTING, Routing)
    assert routing.route(HandoffReason.SELF_HARM).priority == 0
    assert routing.route(HandoffReason.LADDER).priority == max(route.priority for route in routing.routes)
    for reason in HandoffReason:
        assert routing.team_for(reason, "zh").languages
        if reason.protects:
            assert routing.route(reason).unclaimed.return_minutes is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "team: care",
            "team: carers",
            "routes.0.team: 'carers' is none of desk, care, disputes, plans, leads",
        ),
        ("reasons: [threat]", "reasons: [self_harm]", "routes.1.reasons.0: self_harm is routed twice"),
        ("- reasons: [ladder]", "- reasons: [broken]", "routes.11.reasons.0: broken is routed twice"),
        (
            "reasons: [document, evidence, broken, review]",
            "reasons: [document, evidence, review]",
            "routes: no route for broken",
        ),
        (
            "{alert_minutes: 1, escalate_minutes: 3}",
            "{alert_minutes: 1, return_minutes: 3}",
            "routes.0.unclaimed.return_minutes: self_harm is never given back to the assistant by itself",
        ),
        (
            "{alert_minutes: 1, escalate_minutes: 3}",
            "{alert_minutes: 4, escalate_minutes: 3}",
            "routes.0.unclaimed.escalate_minutes: must be more than alert_minutes, 4",
        ),
        ("priority: 0", "priority: 7", "routes.0.priority: Input should be less than or equal to 6, not '7'"),
        ("first_reply_minutes: 5", "reply_minutes: 5", "routes.0.reply_minutes: is no key of this place"),
        (
            "- id: leads\n",
            "- id: leads\n  escalates_to: desk\n",
            "teams.0.escalates_to: leads back to 'desk'",
        ),
        ("capacity: 5", "timezone: Mars/Base", "teams.0.timezone: there is no such time zone"),
        ("capacity: 5", 'hours: ["09:00", "09:00"]', "teams.0.hours: a team opens and closes at different"),
        ("capacity: 5", "calendar: {country: XX}", "there is no holiday calendar of country XX"),
        ("id: care", "id: desk", "teams.1.id: 'desk' stands twice"),
        ("CNY: 5000", "CNY: 5000.001", "paid.two_person_from.CNY:"),
        ("CNY: 5000", "CNY: -5000", "paid.two_person_from.CNY: -5000 is less than nothing"),
        ("zh_CN: 客服组, en: Service desk", "zh_CN: ' '", "teams.0.name.zh_CN: is empty"),
        ("capacity: 5", 'hours: ["09:00Z", "18:00"]', "teams.0.hours.0: is read on a wall"),
    ],
)
def test_what_is_wrong_in_a_routing_file_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in said(tmp_path, ROUTING, old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{agent}", "{agnet}", "replies.0.text.zh_CN: {agnet} is none of name, agent,"),
        ("id: looking", "id: hello", "replies.1.id: 'hello' stands twice"),
        ("{agent}", "{agent", "replies.0.text.zh_CN: a brace stands alone"),
        (
            "title: {zh_CN: 打招呼, en: Greeting}",
            "title: {en: Greeting}",
            "title and text need the same locales",
        ),
        ("zh_CN: 收到，我这就去查，请稍等几分钟。", "zh_CN: ''", "replies.1.text.zh_CN: is empty"),
    ],
)
def test_what_is_wrong_in_the_replies_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in said(tmp_path, CANNED, old, new)


def test_a_checklist_asks_each_thing_once(tmp_path: Path) -> None:
    assert "items.1.id: 'identity' stands twice" in said(
        tmp_path, CHECKLIST, "id: respectful", "id: identity"
    )


def test_the_shipped_replies_may_be_said_and_answer_what_is_understood() -> None:
    canned, lexicon = read(CANNED, CannedReplies), load_rules(POLICIES / "lint")
    intents = {
        next(iter(one)) if isinstance(one, dict) else one
        for one in yaml.safe_load((POLICIES.parent / "domain.yml").read_text("utf-8"))["intents"]
    }
    for reply in canned.replies:
        assert set(reply.answers) <= intents
        assert {"zh_CN", "en"} == set(reply.text)
        for text in reply.text.values():
            filled = text
            for name in variables_of(text):
                filled = filled.replace(f"{{{name}}}", "1")
            assert lexicon.lint(filled, Context(verified=True, hosts=frozenset(), names=())) == []


def test_there_is_one_routing_file_of_a_house(tmp_path: Path) -> None:
    house = tmp_path / "policies"
    shutil.copytree(POLICIES, house)
    shutil.copy(house / "routing/default.yml", house / "routing/second.yml")
    with pytest.raises(PolicyError, match=r"needs one file \(\*\.yml\), and has default\.yml, second\.yml"):
        Policies.load(house, "cn")


def test_a_reply_of_a_team_that_the_routing_lacks_is_refused(tmp_path: Path) -> None:
    house = tmp_path / "policies"
    shutil.copytree(POLICIES, house)
    file = house / "canned/default.yml"
    file.write_text(
        file.read_text("utf-8").replace("- id: hello\n", "- id: hello\n  teams: [sales]\n"), "utf-8"
    )
    with pytest.raises(PolicyError, match=r"replies\.0\.teams\.0: 'sales' is none of care, desk"):
        Policies.load(house, "cn")


class TestChecklist:
    def marks(self, **changed: bool | None) -> dict[str, bool | None]:
        return {**{item.id: True for item in read(CHECKLIST, Checklist).items}, **changed}

    def test_all_right_is_a_hundred(self) -> None:
        score = read(CHECKLIST, Checklist).score(self.marks())
        assert (score.percent, score.failed) == (100, False)

    def test_what_does_not_apply_does_not_count(self) -> None:
        score = read(CHECKLIST, Checklist).score(self.marks(options=None, vulnerable=None))
        assert (score.percent, score.failed) == (100, False)

    def test_one_critical_fault_fails_the_case_however_well_the_rest_went(self) -> None:
        score = read(CHECKLIST, Checklist).score(self.marks(identity=False))
        assert score.percent == 81
        assert score.failed

    def test_too_few_points_fail_it(self) -> None:
        score = read(CHECKLIST, Checklist).score(self.marks(listened=False, accurate=False))
        assert (score.percent, score.failed) == (75, True)

    def test_a_mark_too_few_or_too_many_is_named(self) -> None:
        checklist, marks = read(CHECKLIST, Checklist), self.marks()
        with pytest.raises(ValueError, match="no item smile"):
            checklist.score({**marks, "smile": True})
        del marks["recorded"]
        with pytest.raises(ValueError, match="no mark for recorded"):
            checklist.score(marks)
