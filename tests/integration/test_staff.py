"""Staff accounts: roles, passwords, and a lock after five wrong tries."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from bot.services.kit import MovableClock
from bot.services.rights import RIGHTS, NotAllowed, Right, reason_of, require
from bot.services.staff import ROLES, Staff, StaffError
from bot.storage.tables import Agent, LoginTries
from tests.integration.support import at_once, change, events, make_agent, only, wait

PASSWORD = "correct horse battery"


def sign_in(grace: Grace, login: str, password: str) -> Staff | None:
    return grace.access.sign_in(login, password).staff


@pytest.fixture
def login(grace: Grace) -> str:
    return grace.staff.add("limin", "李敏", "agent", PASSWORD).login


def test_who_has_an_account_signs_in_with_name_and_role(grace: Grace, login: str) -> None:
    found = sign_in(grace, login, PASSWORD)
    assert found is not None
    assert (found.login, found.name, found.role) == ("limin", "李敏", "agent")
    assert grace.staff.get(found.id) == found
    assert grace.staff.exists(login)
    assert len(events(grace, "login")) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [("limin", "wrong"), ("limin", ""), ("limin", PASSWORD + " "), ("nobody", PASSWORD), ("LIMIN", PASSWORD)],
)
def test_a_wrong_login_and_a_wrong_password_are_refused_alike(
    grace: Grace, login: str, name: str, password: str
) -> None:
    assert sign_in(grace, name, password) is None


def test_the_password_is_not_stored(grace: Grace, login: str) -> None:
    stored = only(grace, Agent).password_hash
    assert PASSWORD not in stored
    assert stored.startswith("$argon2id$")


def test_five_wrong_tries_lock_the_account_for_a_quarter_of_an_hour(
    grace: Grace, login: str, clock: MovableClock
) -> None:
    for _ in range(5):
        assert sign_in(grace, login, "wrong") is None
    assert sign_in(grace, login, PASSWORD) is None
    wait(clock, minutes=15, seconds=-1)
    assert sign_in(grace, login, PASSWORD) is None
    wait(clock, seconds=1)
    assert sign_in(grace, login, PASSWORD) is not None
    assert len(events(grace, "login_failed")) == 5


def test_four_wrong_tries_do_not_and_a_right_one_begins_anew(grace: Grace, login: str) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in(grace, login, "wrong")
        assert sign_in(grace, login, PASSWORD) is not None


def test_threads_that_guess_at_once_are_all_counted(grace: Grace, login: str) -> None:
    assert at_once(*[lambda: sign_in(grace, login, "wrong")] * 5) == [None] * 5
    assert sign_in(grace, login, PASSWORD) is None
    assert only(grace, LoginTries).locked_until is not None


def test_who_has_left_cannot_sign_in_but_is_still_named(grace: Grace, login: str) -> None:
    agent = only(grace, Agent)
    change(grace, Agent, {"id": agent.id}, active=False)
    assert sign_in(grace, login, PASSWORD) is None
    assert grace.staff.get(agent.id) is None
    assert grace.staff.names() == {agent.id: "李敏"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_given(grace: Grace, role: str) -> None:
    assert grace.staff.add("x", "X", role, PASSWORD).role == role


@pytest.mark.parametrize(
    ("login_name", "role", "password", "words"),
    [
        ("new", "boss", PASSWORD, "boss"),
        ("new", "agent", "short", "10 characters"),
        ("limin", "agent", PASSWORD, "taken"),
    ],
)
def test_a_bad_account_is_refused_with_the_reason(
    grace: Grace, login: str, login_name: str, role: str, password: str, words: str
) -> None:
    with pytest.raises(StaffError, match=words):
        grace.staff.add(login_name, "New", role, password)
    assert only(grace, Agent).login == login


def test_a_login_that_two_take_at_once_is_given_once(grace: Grace) -> None:
    def add() -> str:
        try:
            grace.staff.add("limin", "李敏", "agent", PASSWORD)
        except StaffError as error:
            return str(error)
        return "made"

    assert sorted(at_once(add, add, add)) == ["login 'limin' is taken"] * 2 + ["made"]


class TestFinding:
    def test_staff_are_found_by_their_login_as_it_is_written(self, grace: Grace, login: str) -> None:
        found = grace.staff.by_login(login)
        assert found is not None
        assert (found.name, found.role) == ("李敏", "agent")
        assert [grace.staff.by_login(one) for one in ("LIMIN", "", "nobody")] == [None] * 3

    def test_who_has_left_is_not_found_by_login(self, grace: Grace, login: str) -> None:
        change(grace, Agent, {"login": login}, active=False)
        assert grace.staff.by_login(login) is None
        assert grace.staff.exists(login), "the login stays taken: the records go on naming it"

    def test_a_change_of_role_counts_from_the_next_act_on(self, grace: Grace, login: str) -> None:
        agent = only(grace, Agent).id
        with grace.kit.db.begin() as session, pytest.raises(NotAllowed):
            require(session, agent, "lift")
        change(grace, Agent, {"id": agent}, role="senior")
        with grace.kit.db.begin() as session:
            assert require(session, agent, "lift").id == agent


class TestRights:
    @pytest.mark.parametrize("right", RIGHTS)
    def test_a_role_that_nobody_knows_has_none_of_them(self, grace: Grace, right: Right) -> None:
        agent = make_agent(grace, role="visitor")
        with grace.kit.db.begin() as session, pytest.raises(NotAllowed) as refusal:
            require(session, agent, right)
        assert refusal.value.code == "role"

    @pytest.mark.parametrize("right", RIGHTS)
    def test_a_supervisor_has_all_of_them(self, grace: Grace, right: Right) -> None:
        agent = make_agent(grace, role="supervisor")
        with grace.kit.db.begin() as session:
            assert require(session, agent, right).id == agent

    @pytest.mark.parametrize(("given", "kept"), [(" x ", "x"), ("y" * 900, "y" * 500)])
    def test_a_reason_is_kept_without_what_stands_around_it(self, given: str, kept: str) -> None:
        assert reason_of(given) == kept


def test_a_locked_account_locks_no_other(grace: Grace, login: str) -> None:
    grace.staff.add("wang", "王强", "senior", PASSWORD)
    for _ in range(5):
        sign_in(grace, login, "wrong")
    assert sign_in(grace, login, PASSWORD) is None
    assert sign_in(grace, "wang", PASSWORD) is not None


def test_guesses_at_a_login_that_nobody_has_lock_nothing_and_leave_no_record(
    grace: Grace, login: str
) -> None:
    for _ in range(6):
        assert sign_in(grace, "nobody", "wrong") is None
    assert events(grace, "login_failed") == []
    assert sign_in(grace, login, PASSWORD) is not None
