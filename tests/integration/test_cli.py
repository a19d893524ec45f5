"""Commands as an operator types them: what they print, and the status they end with."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import lock
from bot.bootstrap import Grace
from bot.cli import app
from bot.storage.tables import Agent, HoldRow
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import chat, holds, make_agent, only, say

sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def surroundings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRACE_HOME", str(ROOT))
    monkeypatch.setenv("GRACE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("GRACE_DATABASE_URL", database_url)
    # As wide as it takes, so that no word is cut.
    monkeypatch.setenv("COLUMNS", "200")


def grace_says(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


class TestHolds:
    def test_they_are_listed_and_lifted_by_who_may(self, grace: Grace) -> None:
        ref = make_borrower(grace)
        chat(grace, ref)
        say(grace, ref, "退订")
        boss = make_agent(grace, "陈主管", "supervisor")
        with grace.kit.db.begin() as session:
            login = session.get_one(Agent, boss).login
        hold = only(grace, HoldRow)
        listed = grace_says("holds", "list", ref)
        assert listed.exit_code == 0
        assert "opt_out" in listed.output
        told = ("--by", login, "--reason", "来电要求恢复")
        refused = grace_says("holds", "lift", str(hold.id), *told)
        assert refused.exit_code == 2
        assert "own request" in refused.output
        assert grace_says("holds", "lift", str(hold.id), *told, "--asked").exit_code == 0
        assert holds(grace, ref) == {}
        assert "nothing stops contact" in grace_says("holds", "list", ref).output

    @sqlite
    def test_an_unknown_borrower_and_an_unknown_login_are_named(self, grace: Grace) -> None:
        for words in (("list", "B0"), ("lift", "1", "--by", "B0", "--reason", "x")):
            result = grace_says("holds", *words)
            assert result.exit_code == 2
            assert "B0" in result.output


@sqlite
class TestOneAtATime:
    def test_a_chat_beside_a_running_app_is_refused_in_one_line(self, grace: Grace, tmp_path: Path) -> None:
        with lock.held(tmp_path / "state" / "answering.lock", ""):
            for words in (("chat", "--borrower", "B1"), ("serve",), ("app",)):
                result = grace_says(*words)
                assert result.exit_code == 2
                assert "grace serve rasa actions" in result.output

    def test_an_unknown_process_is_refused(self, grace: Grace) -> None:
        result = grace_says("serve", "raza")
        assert result.exit_code == 2
        assert "rasa, actions and app" in result.output
