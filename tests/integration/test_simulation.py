"""Made-up borrowers live for some weeks under the real rules: none is broken, and a seed says the same."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import processes
from bot.domain.chain import verify
from bot.services.ledger import CHAINS, parquet
from bot.services.ledger import files as ledger_files
from bot.simulation import AssistanceError, Orders, Result, SimulationError, compare, load_mix, simulate
from bot.simulation.people import PLACES
from tests.checker.streams import check_folder
from tests.conftest import ROOT

LOANS, DAYS = 120, 30
FILES = ("contacts.csv", "contacts.parquet", "events.csv", "events.parquet", "summary.json")
MIX = load_mix(ROOT / "policies/simulation/personas.yml")


def orders(pack: str, loans: int = LOANS, days: int = DAYS, **more: object) -> Orders:
    return Orders(pack, loans, days, 11, MIX, ROOT, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A simulation under the Chinese pack, made once and not changed."""
    return simulate(orders("cn"), tmp_path_factory.mktemp("lived"))


def forged(lived: Result, folder: Path, change: Callable[[dict[str, str]], None]) -> Path:
    """Copy a log with its first reminder changed."""
    for chain in CHAINS:
        with (lived.folder / f"{chain}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if chain == "contacts":
            change(next(row for row in rows if row["purpose"] == "reminder"))
        with (folder / f"{chain}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    return folder


@pytest.mark.parametrize("pack", [pack for pack in sorted(PLACES) if pack != "cn"])
def test_no_rule_of_the_pack_is_broken(pack: str, tmp_path: Path) -> None:
    simulate(orders(pack), tmp_path)
    report = check_folder(tmp_path, pack)
    assert report.findings == ()
    assert report.contacts > LOANS


def test_no_rule_is_broken_and_enough_happens_to_mean_something(lived: Result) -> None:
    report = check_folder(lived.folder, "cn")
    assert report.findings == ()
    totals = lived.summary["totals"]
    assert totals["loans"] == LOANS
    assert totals["messages"] > LOANS
    assert min(totals["replies"], totals["promises"], totals["promises kept"]) > 0
    assert lived.summary["holds_by_rule"]["CN40"] > 0


def test_the_same_seed_gives_the_same_bytes_in_another_process(lived: Result, tmp_path: Path) -> None:
    words = ["simulate", "--pack", "cn", "--loans", str(LOANS), "--days", str(DAYS), "--seed", "11"]
    subprocess.run(
        [sys.executable, "-m", "bot.cli", *words, "--report", str(tmp_path), "--jobs", "1"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4242"},
        capture_output=True,
    )
    different = [
        name for name in FILES if (tmp_path / name).read_bytes() != (lived.folder / name).read_bytes()
    ]
    assert different == []


def test_the_joined_log_is_one_chain_and_parquet_says_the_same(lived: Result) -> None:
    for chain in CHAINS:
        _, records = ledger_files.read(lived.folder / f"{chain}.csv")
        rows = list(records)
        assert verify(rows).broken is None
        assert list(parquet.read(lived.folder / f"{chain}.parquet")) == rows


def test_four_pictures_are_drawn(lived: Result) -> None:
    pictures = sorted(path.name for path in lived.folder.glob("*.png"))
    assert pictures == ["cure_curve.png", "holds_by_rule.png", "hours_of_day.png", "messages_per_day.png"]


def test_a_changed_word_is_found(lived: Result, tmp_path: Path) -> None:
    def change(row: dict[str, str]) -> None:
        row["text"] += " "

    found = check_folder(forged(lived, tmp_path, change), "cn").findings
    assert {one.rule for one in found} == {"chain"}


def test_a_message_moved_into_the_night_is_found(lived: Result, tmp_path: Path) -> None:
    def change(row: dict[str, str]) -> None:
        day = row["at_utc"][:10]
        row["at_utc"] = f"{day}T18:30:00.000000+00:00"
        row["at_local"] = f"{day}T18:30:00.000000+00:00"

    found = check_folder(forged(lived, tmp_path, change), "cn").findings
    assert {"chain", "CN1"} <= {one.rule for one in found}


def test_the_log_does_not_depend_on_how_many_processes_share_the_portfolios(tmp_path: Path) -> None:
    for jobs in (1, 2):
        simulate(orders("cn", 40, 8, portfolio=15, jobs=jobs), tmp_path / str(jobs))
    different = [
        name for name in FILES if (tmp_path / "1" / name).read_bytes() != (tmp_path / "2" / name).read_bytes()
    ]
    assert different == []
    assert check_folder(tmp_path / "2", "cn").findings == ()


def test_another_ladder_meets_the_same_borrowers(lived: Result, tmp_path: Path) -> None:
    ladder = tmp_path / "silent.yml"
    text = (ROOT / "policies/ladder/default.yml").read_text("utf-8")
    ladder.write_text("\n".join(line for line in text.splitlines() if "{id: D-" not in line), "utf-8")
    changed = simulate(orders("cn", instead=(ladder,)), tmp_path / "report").summary
    assert changed["personas"] == lived.summary["personas"]
    assert changed["totals"]["messages"] < lived.summary["totals"]["messages"]
    found = compare(lived.summary, changed, tmp_path)
    messages = found["totals"]["messages"]
    assert messages["difference"] == messages["against"] - messages["as_is"] < 0
    assert found["by_template"]["utter_reminder_upcoming"]["against"] == 0
    assert json.loads((tmp_path / "comparison.json").read_text("utf-8")) == found
    assert (tmp_path / "figures.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"pack": "mars"}, "--pack 'mars' is none of"), ({"pack": "cn", "loans": 0}, "--loans 0 is not from")],
)
def test_what_cannot_be_simulated_is_said_at_once(
    wrong: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(SimulationError, match=words):
        simulate(orders(**wrong), tmp_path / "report")  # type: ignore[arg-type]
    assert not (tmp_path / "report").exists()


def test_without_a_trained_model_no_dialogue_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MODEL", Path("models/none.tar.gz"))
    with pytest.raises(AssistanceError, match=r"no trained model at models/none\.tar\.gz"):
        simulate(orders("cn", 2, 2, dialogue=True), tmp_path / "report")
    assert not (tmp_path / "report").exists()
