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
    assert "contact uk-conc@2-" in result.output


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
    assert wish["limits"] == [{"limit": "instalment.count", "allowed": "2-12", "asked": "20"}]
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
