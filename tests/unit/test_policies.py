"""Policy files: the shipped ones load, and a wrong one is named with its file, line and field."""

from __future__ import annotations

import json
import re
import shutil
import time as stopwatch
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.policy import Cap, QuietHours
from bot.language.texts import Texts
from bot.services.policy_words import differences, schema
from bot.storage.policies import Policies, PolicyError, check_files, versioned
from bot.storage.policy_checks import check_texts
from bot.storage.policy_files import read
from tests.conftest import ROOT

HOME = Path(__file__).parents[2]
PRODUCT, PACK, LADDER = "consumer-cn.yml", "contact/cn.yml", "ladder/default.yml"
CARD = "tiers/default.yml"
ON = date(2026, 5, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped policies of one product that a test may spoil."""
    copy = Path(shutil.copytree(HOME / "policies", tmp_path / "policies"))
    for name in (
        "card-cn.yml",
        "loan-gb.yml",
        "loan-us.yml",
        "contact/uk-conc.yml",
        "contact/us-regf.yml",
        "contact/in-rbi.yml",
    ):
        (copy / name).unlink()
    edited(copy, PACK, lambda text: text.replace("strangers: true\n", ""))
    return copy


def edited(folder: Path, name: str, edit: Callable[[str], str]) -> Path:
    file = folder / name
    before = file.read_text("utf-8")
    after = edit(before)
    assert after != before
    file.write_text(after, "utf-8")
    return file


def line_with(file: Path, words: str) -> int:
    lines = file.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_the_shipped_policies_load() -> None:
    policies = Policies.load(HOME / "policies")
    product = policies.product("consumer-cn", ON)
    assert policies.knows("consumer-cn")
    assert policies.currency("consumer-cn") == "CNY"
    assert product.instalment.minimum == Decimal(100)
    assert [step.id for step in policies.ladder(product).steps][:3] == ["D-3", "D-1", "D0"]
    assert policies.default_pack == policies.pack(product)


def test_a_file_is_understood_once_for_what_it_says_and_anew_when_it_says_something_else(
    folder: Path,
) -> None:
    first = read(folder / LADDER)
    assert read(folder / LADDER) is first
    edited(folder, LADDER, lambda text: text.replace("version: ", "version: 9"))
    assert read(folder / LADDER) != first


def test_the_shipped_pack_is_what_the_contact_rules_say() -> None:
    policies = Policies.load(HOME / "policies")
    rules = {rule.id: rule for rule in policies.pack(policies.product("consumer-cn", ON)).rules}
    night, daily, weekly = rules["CN1"], rules["CN4"], rules["CN40"]
    assert isinstance(night, QuietHours)
    assert (night.start, night.end, night.scope) == (time(22), time(8), "all")
    assert isinstance(daily, Cap)
    assert isinstance(weekly, Cap)
    assert [(cap.count, cap.days, cap.scope) for cap in (daily, weekly)] == [(1, 1, "text"), (3, 7, "text")]
    assert all(rule.source and rule.certainty for rule in rules.values())


def test_every_rung_of_the_shipped_ladders_can_be_said_in_every_language() -> None:
    texts = Texts.load(HOME)
    for ladder in Policies.load(HOME / "policies").ladders():
        for template in (step.template for step in ladder.steps if step.template):
            for locale in texts.locales:
                values = dict.fromkeys(texts.variables(template, locale), "x")
                assert texts.render(template, locale, values).text


WRONG = {
    "an unknown key": (PRODUCT, ("version: 1", "version: 1\ncolour: red"), "colour", "colour: red"),
    "an unknown key inside": (
        PRODUCT,
        ("minimum: 100", "minimum: 100\n  maximum: 900"),
        "instalment.maximum",
        "maximum: 900",
    ),
    "a minimum above its maximum": (
        PRODUCT,
        ("{min: 2, max: 12}", "{min: 13, max: 12}"),
        "instalment.count",
        "min: 13",
    ),
    "no currency": (PRODUCT, ("currency: CNY\n", ""), "currency", "# yaml-language-server"),
    "a currency that is none": (PRODUCT, ("currency: CNY", "currency: yuan"), "currency", "currency: yuan"),
    "no number": (PRODUCT, ("minimum: 100", "minimum: a lot"), "instalment.minimum", "minimum: a lot"),
    "a date that does not exist": (PRODUCT, ("2026-01-01", "2026-02-30"), "effective_from", "2026-02-30"),
    "counts that are offered but not allowed": (
        PRODUCT,
        ("[3, 6, 12]", "[3, 24]"),
        "instalment.offered_counts",
        "offered_counts:",
    ),
    "an unknown pack": (PRODUCT, ("contact_pack: cn", "contact_pack: mars"), "contact_pack", "mars"),
    "an unknown ladder": (PRODUCT, ("ladder: default", "ladder: steep"), "ladder", "ladder: steep"),
    "a rung out of order": (LADDER, ("day: 7,", "day: 70,"), "(file)", "# yaml-language-server"),
    "a rung id twice": (LADDER, ("id: D+7,", "id: D+3,"), "(file)", "# yaml-language-server"),
    "a rung without words or task": (
        LADDER,
        ("task: agency_review, ", ""),
        "steps.12",
        "id: D+90",
    ),
    "a rule id twice": (PACK, ("id: CN40", "id: CN4"), "(file)", "# yaml-language-server"),
    "a rule of no known kind": (PACK, ("kind: quiet_hours", "kind: siesta"), "rules.0", "id: CN1"),
    "a rule without its source": (PACK, ("  source: project\n", ""), "rules.3.cap.source", "id: CN4"),
    "a key twice": (PACK, ("version: 3", "version: 3\nversion: 4"), "version", "version: 4"),
    "a country in two packs": (PACK, ("[CN]", "[CN, CN]"), "countries.1", "countries"),
    "an outcome of no call": (
        PACK,
        ("  scope: text\n  count: 1", "  scope: text\n  outcome: answered\n  count: 1"),
        "rules.3.cap",
        "id: CN4",
    ),
    "a step for a tier that is none": (
        LADDER,
        ("tiers: [gentle]", "tiers: [gentel]"),
        "steps.6.audience.tiers",
        "id: D+10-gentle",
    ),
    "two steps on a day for one audience": (
        LADDER,
        ("day: 30,", "day: 20,"),
        "(file)",
        "# yaml-language-server",
    ),
    "a task that sends": (
        LADDER,
        ("task: agency_review,", "task: agency_review, approval: true,"),
        "steps.12",
        "id: D+90",
    ),
    "a channel that no pack knows": (LADDER, ("[telegram, webchat]", "[fax]"), "steps.0.channels", "id: D-3"),
    "an audience of a product that is none": (
        LADDER,
        ("{tiers: [close]}", "{tiers: [close], products: [gone]}"),
        "steps.10.audience.products",
        "id: D+45",
    ),
    "receipts of a channel that is none": (LADDER, ("[webchat]\n", "[pager]\n"), "receipts", "receipts: ["),
    "an approval of nobody": (
        LADDER,
        ("valid_days: 7,", "valid_days: 7, approval: {level: king},"),
        "steps.9.approval.level",
        "id: D+30",
    ),
    "quiet hours of no length": (PACK, ('end: "08:00"', 'end: "22:00"'), "rules.0.quiet_hours", "id: CN1"),
    "a notice that passes the night": (PACK, ("[CN4, CN40]", "[CN1]"), "notices.0.passes", "agency_takeover"),
    "a notice for a rule that is none": (
        PACK,
        ("rule: CN13", "rule: CN99"),
        "notices.0.rule",
        "agency_takeover",
    ),
    "a ground twice": (PACK, ("credit_warning", "agency_takeover"), "notices.1.ground", "rule: CN21"),
    "a last tier that leaves somebody over": (
        CARD,
        ("{tier: standard,", "{tier: standard, most_days: 9,"),
        "(file)",
        "# yaml-language-server",
    ),
    "a tier that nobody fits": (
        CARD,
        ("most_days: 30,", "most_days: 30, least_days: 31,"),
        "tiers.0.most_days",
        "tier: gentle",
    ),
    "a grade that is a number": (
        CARD,
        ("is_one_of: [A, AA, AAA], ", ""),
        "signals.0",
        "id: grade_high",
    ),
    "an unknown score card": (
        PRODUCT,
        ("ladder: default", "ladder: default\nscore_card: harsh"),
        "score_card",
        "score_card: harsh",
    ),
    "quiet hours in a zone": (
        PACK,
        ('start: "22:00"', 'start: "22:00+08:00"'),
        "rules.0.quiet_hours.start",
        'start: "22:00',
    ),
    "an hour that there is not": (
        PACK,
        ('start: "22:00"', 'start: "25:00"'),
        "rules.0.quiet_hours.start",
        'start: "25:00',
    ),
    "people who are never there": (
        PACK,
        ('["09:00", "20:00"]', '["09:00", "09:00"]'),
        "agent_hours",
        "agent_hours:",
    ),
    "two terms for a complaint": (
        PACK,
        ("complaint_days: 15", "complaint_days: 10"),
        "complaint.days",
        "complaint: {",
    ),
    "a list that is a mapping": (
        PACK,
        ('["12356", "120", "110"]', "{police: 110}"),
        "crisis_lines",
        "police",
    ),
    "reminders in a zone": (LADDER, ('send_at: "09:00"', 'send_at: "09:00Z"'), "send_at", "send_at:"),
    "channels that are a word": (
        LADDER,
        ("channels: [telegram, webchat]", "channels: telegram"),
        "steps.0.channels",
        "id: D-3",
    ),
    "a way to pay that says nothing": (
        PRODUCT,
        ("how_to_pay:\n  zh_CN: ", "how_to_pay:\n  zh_CN: ' '\n  yue: "),
        "how_to_pay.zh_CN",
        "zh_CN: ' '",
    ),
    "a minimum that is no number": (
        PRODUCT,
        ("minimum: 100", "minimum: .nan"),
        "instalment.minimum",
        "minimum: .nan",
    ),
    "a key without a name": (PRODUCT, ("version: 1", "version: 1\n~: 2"), "(key)", "~: 2"),
    "a key that is a list": (PRODUCT, ("version: 1", "version: 1\n? [a]\n: 2"), "(key)", "? [a]"),
    "an empty file": (PACK, None, "(file)", None),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_one_error_that_names_file_line_and_field(folder: Path, case: str) -> None:
    name, change, field, words = WRONG[case]
    file = edited(folder, name, lambda text: text.replace(*change, 1) if change else "")
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    line = line_with(file, words) if words else 1
    assert str(error.value).startswith(f"{file}:{line}: {field}: ")
    assert len(str(error.value)) > len(f"{file}:{line}: {field}: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pack: cn\nrules: [1, 2\nversion: 1", 3),
        ("\tpack: cn", 1),
        ("pack: 'cn", 1),
        ("pack: cn\x00", 1),
        ("pack: cn\n---\npack: uk", 2),
        ("[" * 100_000, 1),
        ("pack: !!python/object:os.system x", 1),
        ("- a list\n- not a mapping", 1),
        ("just words", 1),
    ],
    ids=["unclosed", "tab", "quote", "nul", "two documents", "deep", "python tag", "list", "words"],
)
def test_what_is_no_yaml_of_a_policy_is_one_error_with_file_and_line(
    folder: Path, text: str, line: int
) -> None:
    file = edited(folder, PACK, lambda _: text)
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    assert re.match(rf"{re.escape(str(file))}:{line}: \S+: ", str(error.value))


def test_bytes_that_are_no_text_are_one_error(folder: Path) -> None:
    (folder / PACK).write_bytes(b"pack: \xff\xfe\x00cn")
    with pytest.raises(PolicyError, match=re.escape(str(folder / PACK))):
        Policies.load(folder)


NAMES = "abcdefghij"
BOMBS = {
    "lists of lists": "a: &a [x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in pairwise(NAMES)),
    "merged mappings": "a: &a {k: x}\n"
    + "".join(f"{n}: &{n} {{<<: [{', '.join([f'*{p}'] * 10)}]}}\n" for p, n in pairwise(NAMES)),
    "itself": "a: &a [*a]\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", [PRODUCT, PACK, LADDER])
def test_a_yaml_bomb_is_refused_before_it_is_built(folder: Path, name: str, bomb: str) -> None:
    file = edited(folder, name, lambda text: BOMBS[bomb] + text)
    started = stopwatch.perf_counter()
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    assert stopwatch.perf_counter() - started < 20
    assert re.match(rf"{re.escape(str(file))}:[12]: \*a: ", str(error.value))
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("name", [PRODUCT, PACK, LADDER, CARD, "routing/default.yml", "canned/default.yml"])
@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "version: [1", "- a\n- b\n"], ids=["empty", "comment", "no YAML", "list"]
)
def test_a_check_of_all_files_says_of_a_wrong_one_only_what_is_wrong_with_it(
    folder: Path, name: str, text: str
) -> None:
    file = edited(folder, name, lambda _: text)
    found = check_files([*folder.glob("*.yml"), *folder.glob("[!ls]*/*.yml"), folder / LADDER], folder)
    (fault,) = [result for _, result in found if isinstance(result, PolicyError)]
    assert re.match(rf"{re.escape(str(file))}:\d+: \(file\): ", str(fault))


def test_no_message_about_a_wrong_file_speaks_of_the_program(folder: Path) -> None:
    for name, old, new in (
        (PACK, '["12356", "120", "110"]', "{police: 110}"),
        (PRODUCT, "extension:\n", "extension: [1]\nx:\n"),
        (LADDER, "version: 2", "version: [2]"),
        (CARD, "good_record: {cycles: 3, on_time_percent: 90, broken_promises: 0}", "good_record: often"),
    ):
        file = edited(folder, name, lambda text, old=old, new=new: text.replace(old, new, 1))  # type: ignore[misc]
        with pytest.raises(PolicyError) as error:
            read(file)
        for word in ("dictionary", "instance", "tuple", "Input", "validation"):
            assert word not in str(error.value)


def test_two_policies_of_one_product_on_one_day_are_refused_with_the_line(folder: Path) -> None:
    file = folder / "consumer-cn-later.yml"
    shutil.copyfile(folder / PRODUCT, file)
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    # The files are read in order of their names, and the second one is the one that clashes.
    clash = folder / PRODUCT
    assert str(error.value).startswith(
        f"{clash}:{line_with(clash, 'effective_from')}: effective_from: 2026-01-01 stands twice"
    )


@pytest.mark.parametrize(("name", "field"), [(PACK, "pack"), (LADDER, "ladder")])
def test_two_packs_or_ladders_of_one_name_are_refused(folder: Path, name: str, field: str) -> None:
    shutil.copyfile(folder / name, (folder / name).with_name("zz.yml"))
    with pytest.raises(PolicyError, match=rf"zz\.yml:\d+: {field}: .* stands in another file"):
        Policies.load(folder)


def test_a_folder_without_a_product_policy_is_refused(folder: Path) -> None:
    (folder / PRODUCT).unlink()
    with pytest.raises(PolicyError, match="no product policy"):
        Policies.load(folder)


def test_times_and_words_mean_what_is_written_with_and_without_quotes(folder: Path) -> None:
    # Plain YAML reads 22:00 as the number 1320 and `no` as false.
    edited(folder, PACK, lambda text: text.replace('"22:00"', "22:00").replace("pack: cn", "pack: no"))
    edited(folder, PRODUCT, lambda text: text.replace("contact_pack: cn", "contact_pack: no"))
    edited(folder, LADDER, lambda text: text.replace('"09:00"', "9:00:00").replace("9:00:00", "19:00"))
    policies = Policies.load(folder)
    product = policies.product("consumer-cn", ON)
    night = policies.pack(product).rules[0]
    assert isinstance(night, QuietHours)
    assert night.start == time(22)
    assert policies.pack(product).pack == "no"
    assert policies.ladder(product).send_at == time(19)


def test_the_policy_in_force_is_the_latest_that_has_begun(folder: Path) -> None:
    later = folder / "consumer-cn-june.yml"
    shutil.copyfile(folder / PRODUCT, later)
    edited(
        folder,
        later.name,
        lambda text: text.replace("2026-01-01", "2026-06-01").replace("version: 1", "version: 2"),
    )
    policies = Policies.load(folder)
    assert policies.product("consumer-cn", date(2026, 5, 31)).version == 1
    assert policies.product("consumer-cn", date(2026, 6, 1)).version == 2
    with pytest.raises(PolicyError, match="2025-12-31"):
        policies.product("consumer-cn", date(2025, 12, 31))
    with pytest.raises(PolicyError, match="moon"):
        policies.product("moon", ON)


def test_a_version_is_named_by_its_content(folder: Path) -> None:
    before = Policies.load(folder).product("consumer-cn", ON)
    edited(folder, PRODUCT, lambda text: "# a comment changes nothing\n" + text)
    same = Policies.load(folder).product("consumer-cn", ON)
    edited(folder, PRODUCT, lambda text: text.replace("minimum: 100", "minimum: 101"))
    other = Policies.load(folder).product("consumer-cn", ON)
    names = [versioned(policy).version for policy in (before, same, other)]
    assert names[0] == names[1] != names[2]
    assert all(re.fullmatch(r"consumer-cn@1-[0-9a-f]{12}", name) for name in names)


def second_country(folder: Path) -> None:
    """Add a product whose borrowers live under other contact rules, and one pack that no product uses."""
    for name in ("us", "unused"):
        text = (folder / PACK).read_text("utf-8").replace("pack: cn\n", f"pack: {name}\n")
        text = text.replace("countries: [CN]\n", "")
        (folder / f"contact/{name}.yml").write_text(text, "utf-8")
    text = (folder / PRODUCT).read_text("utf-8")
    text = text.replace("product: consumer-cn\n", "product: consumer-us\n").replace(
        "contact_pack: cn\n", "contact_pack: us\n"
    )
    (folder / "consumer-us.yml").write_text(text.replace("2026-01-01", "2026-06-01"), "utf-8")


def test_with_two_packs_in_use_the_one_for_strangers_has_to_be_named(folder: Path) -> None:
    second_country(folder)
    with pytest.raises(PolicyError, match=r"several contact packs \(cn, us\).*GRACE_CONTACT_PACK"):
        Policies.load(folder)
    for name in ("cn", "us", "unused"):
        assert Policies.load(folder, name).default_pack.pack == name


def test_a_pack_for_strangers_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(PolicyError, match="'fr' is none of cn"):
        Policies.load(folder, "fr")


def test_a_pack_that_no_product_uses_stands_in_nobody_s_way(folder: Path) -> None:
    second_country(folder)
    (folder / "consumer-us.yml").unlink()
    assert Policies.load(folder).default_pack.pack == "cn"


def test_the_rules_that_protect_are_there_before_a_policy_is_in_force(folder: Path) -> None:
    second_country(folder)
    policies = Policies.load(folder, "cn")
    assert [policies.pack_of("consumer-us", on).pack for on in (date(2020, 1, 1), ON)] == ["us", "us"]
    assert policies.pack_of("sold long ago", ON).pack == "cn"


def test_all_shipped_products_load_together_and_a_loan_finds_its_policy_by_product() -> None:
    policies = Policies.load(HOME / "policies")
    found = {name: policies.product(name, ON) for name in ("consumer-cn", "card-cn", "loan-gb", "loan-us")}
    assert {name: one.currency for name, one in found.items()} == {
        "consumer-cn": "CNY",
        "card-cn": "CNY",
        "loan-gb": "GBP",
        "loan-us": "USD",
    }
    assert {name: policies.pack(one).pack for name, one in found.items()} == {
        "consumer-cn": "cn",
        "card-cn": "cn",
        "loan-gb": "uk-conc",
        "loan-us": "us-regf",
    }
    assert policies.default_pack.pack == "cn"
    assert found["card-cn"].at("supervisor").instalment.count.max == 60


def test_two_packs_that_both_claim_the_strangers_are_refused(folder: Path) -> None:
    second_country(folder)
    for name in ("cn", "us"):
        edited(
            folder,
            f"contact/{name}.yml",
            lambda text: text.replace("text_channels", "strangers: true\ntext_channels"),
        )
    with pytest.raises(PolicyError, match=r"strangers: true.*GRACE_CONTACT_PACK"):
        Policies.load(folder)


SAID = {
    "a key that is nearly right": (
        PRODUCT,
        ("  minimum: 100", "  minimun: 100"),
        "instalment.minimun: is no key of this place; did you mean 'minimum'?",
    ),
    "a key like no other": (
        PRODUCT,
        ("{min: 2, max: 12}", "{min: 2, max: 12, zzz: 1}"),
        "instalment.count.zzz: is no key of this place; allowed: min, max",
    ),
    "a key of a level that is nearly right": (
        PRODUCT,
        ("agent: {instalments: 24", "agent: {instalment: 24"),
        "authority.agent.instalment: is no key of this place; did you mean 'instalments'?",
    ),
    "a minimum above its maximum": (
        PRODUCT,
        ("{min: 2, max: 12}", "{min: 13, max: 12}"),
        "instalment.count: min 13 is above max 12",
    ),
    "no currency": (
        PRODUCT,
        ("currency: CNY\n", ""),
        "currency: is missing; allowed: an ISO 4217 code such as CNY",
    ),
    "a currency in words": (
        PRODUCT,
        ("currency: CNY", "currency: yuan"),
        "currency: String should match pattern '^[A-Z]{3}$', not 'yuan'; "
        "allowed: an ISO 4217 code such as CNY",
    ),
    "a level below the one under it": (
        PRODUCT,
        ("    instalments: 60", "    instalments: 30"),
        "authority.supervisor.instalments: 30 is less than senior may grant, 36",
    ),
    "a stage that is none": (
        PRODUCT,
        ("stages: [late]", "stages: [latest]"),
        "adjustments.0.stages: 'latest' is not known; allowed: early, middle, late",
    ),
    "a tier that is none": (
        PRODUCT,
        ("tiers: [gentle]", "tiers: [soft]"),
        "adjustments.1.tiers: 'soft' is none of close, gentle, standard, support",
    ),
    "an adjustment for nobody": (
        PRODUCT,
        ("  - tiers: [gentle]\n    limits:", "  - limits:"),
        "adjustments.1: names stages, tiers or both that it holds for",
    ),
    "stages that do not rise": (
        PRODUCT,
        ("ladder: default", "ladder: default\nstages: [{name: a, to: 9}, {name: b, to: 3}, {name: c}]"),
        "stages.1.to: 3 is not above 9",
    ),
    "decimals that the currency lacks": (
        PRODUCT,
        ("limits: {minimum: 50}", "limits: {minimum: 50.005}"),
        "adjustments.1.limits.minimum: 50.005 has more than the 2 decimals of CNY",
    ),
    "a waiver by the bot": (
        PRODUCT,
        ("waiver: {days: 15}", "waiver: {days: 15, fees_percent: 5}"),
        "waiver.fees_percent: the bot waives within a campaign alone; allowed: 0",
    ),
    "a campaign that ends before it begins": (
        PRODUCT,
        (
            "waiver: {days: 15}",
            "waiver: {campaign: {name: x, begins: 2026-02-01, ends: 2026-01-01, fees_percent: 5}}",
        ),
        "waiver.campaign.ends: 2026-01-01 is before the beginning, 2026-02-01",
    ),
    "an order that forgets the principal": (
        PRODUCT,
        ("allocation: [fees, interest, principal]", "allocation: [fees, interest]"),
        "allocation: takes fees, interest and principal, each once, in any order",
    ),
    "a bot as second person": (
        PRODUCT,
        ("  waiver: [supervisor]", "  waiver: [bot]"),
        "two_person.waiver: allowed: agent, senior, supervisor",
    ),
    "a calendar of nowhere": (
        PRODUCT,
        ("ladder: default", "ladder: default\ncalendar: {country: ZZ}"),
        "calendar: there is no holiday calendar of country ZZ",
    ),
    "a misspelt key of a rule": (
        PACK,
        ("  waived_by_consent: true", "  waived_by_consnt: true"),
        "rules.0.quiet_hours.waived_by_consnt: is no key of this place; did you mean 'waived_by_consent'?",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_fault_is_said_exactly_with_what_is_allowed(folder: Path, case: str) -> None:
    name, change, said = SAID[case]
    file = edited(folder, name, lambda text: text.replace(*change, 1))
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    assert re.fullmatch(rf"{re.escape(str(file))}:\d+: {re.escape(said)}", str(error.value))


def dated(folder: Path, name: str, begins: str, ends: str | None) -> Path:
    text = (folder / PRODUCT).read_text("utf-8")
    until = f"\neffective_to: {ends}" if ends else ""
    (folder / name).write_text(text.replace("2026-01-01", f"{begins}{until}"), "utf-8")
    return folder / name


def test_an_end_that_reaches_into_the_next_policy_is_refused_with_both_days(folder: Path) -> None:
    file = dated(folder, "zz.yml", "2026-06-01", None)
    early = folder / PRODUCT
    early.write_text(
        early.read_text("utf-8").replace("2026-01-01", "2026-01-01\neffective_to: 2026-06-01"), "utf-8"
    )
    with pytest.raises(PolicyError) as error:
        Policies.load(folder)
    assert str(error.value) == (
        f"{file}:{line_with(file, 'effective_from')}: effective_from: overlaps with consumer-cn.yml: "
        "one policy of consumer-cn ends on 2026-06-01, the other begins on 2026-06-01; "
        "the end must be before the beginning"
    )


def test_after_the_end_of_the_last_policy_nothing_may_be_agreed(folder: Path) -> None:
    dated(folder, PRODUCT, "2026-01-01", "2026-05-31")
    policies = Policies.load(folder)
    assert policies.product("consumer-cn", date(2026, 5, 31)).version == 1
    with pytest.raises(PolicyError, match="ended before"):
        policies.product("consumer-cn", date(2026, 6, 1))


def test_one_product_has_one_currency(folder: Path) -> None:
    file = dated(folder, "zz.yml", "2026-06-01", None)
    file.write_text(file.read_text("utf-8").replace("currency: CNY", "currency: HKD"), "utf-8")
    with pytest.raises(PolicyError, match=r"zz\.yml:\d+: currency: HKD here, CNY in consumer-cn\.yml"):
        Policies.load(folder)


def test_the_published_schema_is_the_one_the_files_are_read_by() -> None:
    assert json.loads((HOME / "docs/policy.schema.json").read_text("utf-8")) == schema()


def test_every_shipped_policy_points_an_editor_to_the_schema() -> None:
    others = {*(HOME / "policies/lint").iterdir(), HOME / "policies/simulation/personas.yml"}
    for file in {*(HOME / "policies").rglob("*.yml")} - others:
        first = file.read_text("utf-8").splitlines()[0]
        path = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / path).resolve() == HOME / "docs/policy.schema.json"


def test_a_difference_is_said_field_by_field_in_words(folder: Path) -> None:
    old = versioned(read(folder / PRODUCT)).content
    words = {
        "minimum: 100": "minimum: 80",
        "max: 12": "max: 18",
        "ladder: default": "ladder: default\neffective_to: 2027-01-01",
    }
    for was, becomes in words.items():
        (folder / PRODUCT).write_text((folder / PRODUCT).read_text("utf-8").replace(was, becomes), "utf-8")
    assert differences(old, versioned(read(folder / PRODUCT)).content) == [
        "effective_to: is new, 2027-01-01",
        "instalment.count.max: rises from 12 to 18",
        "instalment.minimum: falls from 100 to 80",
    ]
    assert differences(old, old) == []


def test_rules_are_compared_by_their_id(folder: Path) -> None:
    old = versioned(read(folder / PACK)).content
    edited(folder, PACK, lambda text: text.replace("count: 1\n", "count: 2\n", 1))
    assert differences(old, versioned(read(folder / PACK)).content) == ["rules.CN4.count: rises from 1 to 2"]


@pytest.mark.parametrize(
    ("name", "edit", "field"),
    [
        (LADDER, ("template: utter_reminder_notice", "template: utter_none"), "steps.9.template"),
        (LADDER, ("several: utter_reminder_several_open", "several: utter_none"), "steps.3.several"),
        (PACK, ("template: utter_notice_agency", "template: utter_none"), "notices.0.template"),
    ],
)
def test_a_text_that_is_not_there_is_said_with_file_line_and_field(
    folder: Path, name: str, edit: tuple[str, str], field: str
) -> None:
    file = edited(folder, name, lambda text: text.replace(*edit, 1))
    with pytest.raises(PolicyError) as error:
        check_texts(folder, Texts.load(ROOT).keys())
    assert str(error.value).startswith(
        f"{file}:{line_with(file, edit[1])}: {field}: 'utter_none' is no response"
    )
