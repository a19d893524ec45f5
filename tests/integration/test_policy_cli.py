"""`grace policy …` and `grace offers` as an operator types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.bootstrap import Grace
from bot.cli import app
from tests.conftest import ROOT
from tests.factory import make_borrower

BOOK = str(ROOT / "examples/loans.csv")
SHIPPED = ROOT / "policies/consumer-cn.yml"
ON = ("--date", "2026-03-02")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRACE_HOME", str(ROOT))
    monkeypatch.setenv("GRACE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")


def grace_says(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def edited(tmp_path: Path, name: str, *changes: tuple[str, str]) -> Path:
    text = SHIPPED.read_text("utf-8")
    for change in changes:
        assert change[0] in text
        text = text.replace(*change, 1)
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / name


def test_the_shipped_policies_pass_the_check() -> None:
    result = grace_says("policy", "check")
    assert result.exit_code == 0, result.output
    assert "consumer-cn@1-" in result.output
    assert "contact uk-conc@" in result.output


def test_each_wrong_file_is_one_line_and_does_not_hide_the_others(tmp_path: Path) -> None:
    first = edited(tmp_path, "a.yml", ("minimum: 100", "minimun: 100"))
    second = edited(tmp_path, "b.yml", ("currency: CNY\n", ""))
    result = grace_says("policy", "check", str(first), str(SHIPPED), str(second))
    assert result.exit_code == 1
    assert (
        f"{first}:13: instalment.minimun: is no key of this place; did you mean 'minimum'?" in result.output
    )
    assert f"{second}:1: currency: is missing; allowed: an ISO 4217 code such as CNY" in result.output
    assert len(result.output.splitlines()) == 3


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("minimum: 100", "minimum: 1e400", "13: instalment.minimum: 1.000E+400 is no amount of money"),
        ("minimum: 100", "minimum:", "13: instalment.minimum: is empty"),
        ("minimum: 100", "minimum: .inf", "13: instalment.minimum: is no number, not '.inf'"),
        ("version: 1", "version: true", "5: version: is no whole number, not 'true'"),
        ("version: 1", f"version: {'9' * 300}", "5: version: Input should be less than or equal to 999999"),
        ("2026-01-01", "20260101", "6: effective_from: is no day, not '20260101'"),
        ("contact_pack: cn", "contact_pack: moon", "8: contact_pack: 'moon' is none of cn, in-rbi"),
        ("ladder: default", "ladder: steep", "9: ladder: 'steep' is none of default"),
        ("tiers: [gentle]", "tiers: [gentel]", "39: adjustments.1.tiers: 'gentel' is none of"),
        ("name: Consumer", "name: \x07Consumer", "1: (file): no YAML: unacceptable character"),
        ("name: Consumer", "name: \udce9", "4: (file): is no UTF-8 text"),
        ("  minimum: 100", "\tminimum: 100", "13: (file): no YAML: found character that cannot start"),
    ],
)
def test_what_no_file_may_hold_is_said_in_one_line_by_every_command(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    text = SHIPPED.read_text("utf-8")
    assert was in text
    file = tmp_path / "odd.yml"
    file.write_bytes(text.replace(was, becomes, 1).encode("utf-8", "surrogateescape"))
    loan = ("--loan", f"{BOOK}:L0001-1", *ON)
    for words in (("policy", "check", str(file)), ("offers", "--policy", str(file), *loan)):
        if words[0] == "offers" and "is none of" in said:
            continue
        result = grace_says(*words)
        assert result.exit_code in (1, 2)
        assert f"{file}:{said}" in result.output
        assert len(result.output.splitlines()) == 1


def test_files_of_simulations_are_checked_too(tmp_path: Path) -> None:
    assert "mix default@1-" in grace_says("policy", "check").output
    text = (ROOT / "policies/simulation/personas.yml").read_text("utf-8")
    wrong = tmp_path / "personas.yml"
    wrong.write_text(text.replace("verified: 0.6", "verified: 6"), "utf-8")
    result = grace_says("policy", "check", str(wrong))
    assert result.exit_code == 1
    assert f"{wrong}:11: verified: Input should be less than or equal to 1" in result.output


def test_a_policy_may_name_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "ladder").mkdir()
    own = (
        (ROOT / "policies/ladder/default.yml").read_text("utf-8").replace("ladder: default", "ladder: steep")
    )
    (tmp_path / "ladder/steep.yml").write_text(own, "utf-8")
    file = edited(tmp_path, "own.yml", ("ladder: default", "ladder: steep"))
    assert grace_says("policy", "check", str(file)).exit_code == 0


def test_overlapping_files_are_found_by_the_check_of_both(tmp_path: Path) -> None:
    early = edited(tmp_path, "a.yml", ("2026-01-01", "2026-01-01\neffective_to: 2026-08-01"))
    late = edited(tmp_path, "b.yml", ("2026-01-01", "2026-07-01"))
    assert grace_says("policy", "check", str(early)).exit_code == 0
    result = grace_says("policy", "check", str(early), str(late))
    assert result.exit_code == 1
    assert "overlaps with a.yml" in result.output


def test_a_policy_is_shown_with_its_version_and_compared_with_the_one_in_force(tmp_path: Path) -> None:
    shown = json.loads(grace_says("policy", "show", "loan-gb", *ON).output)
    assert shown["version_name"].startswith("loan-gb@1-")
    assert shown["calendar"]["country"] == "GB"
    new = edited(tmp_path, "new.yml", ("max: 12", "max: 18"))
    assert grace_says("policy", "diff", "consumer-cn", str(new)).output == (
        "instalment.count.max: rises from 12 to 18\n"
    )


def test_a_simulation_counts_who_gains_and_writes_every_loan(tmp_path: Path) -> None:
    new = edited(tmp_path, "new.yml", ("max: 12", "max: 18"))
    result = grace_says("policy", "simulate", "--policy", str(new), "--book", BOOK, *ON, "--csv", "out.csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    gains = [row for row in rows if row["change"] == "gains"]
    assert f"{len(rows)} loans" in result.output
    assert {row["change"] for row in rows} == {"gains", "same"}
    assert all(float(row["new_month"]) < float(row["old_month"]) for row in gains)


def test_a_dearer_policy_makes_borrowers_lose(tmp_path: Path) -> None:
    new = edited(tmp_path, "new.yml", ("annual_rate_percent: 0", "annual_rate_percent: 12"))
    grace_says("policy", "simulate", "--policy", str(new), "--book", BOOK, *ON, "--csv", "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert {row["change"] for row in rows} == {"loses"}


def test_a_simulation_of_another_currency_is_refused(tmp_path: Path) -> None:
    new = edited(tmp_path, "new.yml", ("currency: CNY", "currency: HKD"))
    result = grace_says("policy", "simulate", "--policy", str(new), "--book", BOOK, *ON)
    assert result.exit_code == 2
    assert "in CNY" in result.output
    assert "in HKD" in result.output


def offered(*words: str) -> dict[str, object]:
    result = grace_says("offers", "--loan", f"{BOOK}:L0001-1", *ON, "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def test_a_wish_is_answered_with_who_may_grant_it_and_which_limit_binds() -> None:
    wish = offered("--wish", "20 instalments")["wish"]
    assert isinstance(wish, dict)
    assert (wish["verdict"], wish["authority"]) == ("authority", "agent")
    assert wish["limits"] == [
        {"limit": "instalment.count", "allowed": "2-12", "asked": "20", "nearest": "12"}
    ]
    again = offered("--wish", "20 instalments", "--authority", "agent")["wish"]
    assert isinstance(again, dict)
    assert again["verdict"] == "accept"


def test_an_ability_is_met_by_every_option() -> None:
    options = offered("--ability", "1600/month")["options"]
    assert isinstance(options, list)
    assert options
    assert all(float(one["monthly"]) <= 1600 for one in options)


@pytest.mark.parametrize(
    "words",
    [
        ("--wish", "some time"),
        ("--wish", "payday 40"),
        ("--ability", "a bit"),
        ("--authority", "king"),
        ("--date", "yesterday"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(words: tuple[str, str]) -> None:
    result = grace_says("offers", "--loan", f"{BOOK}:L0001-1", *words)
    assert result.exit_code == 2
    assert words[1] in result.output
    assert len(result.output.splitlines()) == 1


def test_a_book_of_many_loans_asks_which() -> None:
    result = grace_says("offers", "--loan", BOOK, *ON)
    assert result.exit_code == 2
    assert "say which" in result.output


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_imported_loan_is_found_by_its_reference(
    grace: Grace, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRACE_DATABASE_URL", database_url)
    ref = make_borrower(grace)
    result = grace_says("offers", "--loan", f"L{ref}", "--wish", "3 instalments", "--json", *ON)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["wish"]["verdict"] == "accept"
    missing = grace_says("offers", "--loan", "nobody")
    assert missing.exit_code == 2
    assert "nobody" in missing.output


@pytest.mark.parametrize(
    ("wish", "verdict", "limits"),
    [
        ("10 days", "accept", []),
        ("3000 now, 20 days", "accept", []),
        ("100 now", "nearest", ["partial.minimum"]),
        ("1 month holiday", "nearest", ["holiday.hardship"]),
        ("waive 50", "authority", ["waiver.interest"]),
        ("waive 8000", "nearest", ["waiver.principal", "waiver.interest"]),
    ],
)
def test_every_kind_of_wish_is_read_and_answered(wish: str, verdict: str, limits: list[str]) -> None:
    found = offered("--wish", wish)["wish"]
    assert isinstance(found, dict)
    assert found["verdict"] == verdict
    assert [one["limit"] for one in found["limits"]] == limits


def test_a_payment_holiday_in_hardship_has_its_review_and_says_what_it_was_held_against() -> None:
    found = offered("--wish", "1 month holiday, 6 instalments", "--hardship")
    wish = found["wish"]
    assert isinstance(wish, dict)
    assert wish["verdict"] == "accept"
    nearest = wish["nearest"]
    assert (nearest["kind"], nearest["months"], nearest["review_on"]) == ("holiday", 1, "2026-03-26")
    assert len(nearest["schedule"]) == 6
    assert nearest["reason"] == "as_wished"
    assert {"limit": "holiday.months", "allowed": "1", "value": "1"} in nearest["checked"]


def test_a_simulation_is_drawn(tmp_path: Path) -> None:
    new = edited(tmp_path, "new.yml", ("max: 12", "max: 18"))
    words = ("policy", "simulate", "--policy", str(new), "--book", BOOK, *ON, "--picture")
    assert grace_says(*words, "out.png").exit_code == 0
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    wrong = grace_says(*words, "out.xyz")
    assert wrong.exit_code == 2
    assert "cannot be drawn" in wrong.output


def test_a_yaml_bomb_is_one_line_and_no_policy(tmp_path: Path) -> None:
    (tmp_path / "bomb.yml").write_text("a: &a [1, 2]\nproduct: [*a, *a, *a]\n", "utf-8")
    for words in (("check", "bomb.yml"), ("simulate", "--policy", "bomb.yml", "--book", BOOK)):
        result = grace_says("policy", *words)
        assert result.exit_code in (1, 2)
        assert result.output.strip() == "bomb.yml:2: *a: aliases have no place in a policy"
