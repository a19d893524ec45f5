"""Members: seen, placed and given roles by supervisors, checked where it happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.bootstrap import Grace
from bot.services.rights import NotAllowed
from bot.services.staff import ROLES, Role
from bot.storage.tables import Agent
from tests.integration.support import change, events, make_agent, only


@pytest.fixture
def boss(grace: Grace) -> int:
    return make_agent(grace, "Chen", "supervisor")


@pytest.mark.parametrize("role", [one for one in ROLES if one != "supervisor"])
def test_nobody_below_a_supervisor_sees_places_or_appoints(grace: Grace, role: Role) -> None:
    by, other = make_agent(grace, "Li", role), make_agent(grace, "Wang")
    for act in (
        lambda: grace.members.all(by),
        lambda: grace.members.appoint(by, other, "senior"),
        lambda: grace.presence.place(by, other, capacity=3),
    ):
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == "role"
    assert only(grace, Agent, id=other).role == "agent"


def test_a_new_role_counts_at_once_and_is_on_record(grace: Grace, boss: int) -> None:
    other = make_agent(grace, "Wang")
    grace.members.appoint(boss, other, "senior")
    grace.members.appoint(boss, other, "senior")
    assert [one.role for one in grace.members.all(boss) if one.id == other] == ["senior"]
    (event,) = events(grace, "agent_changed")
    assert (event.actor, event.detail["before"], event.detail["role"]) == (f"agent {boss}", "agent", "senior")


def test_nobody_changes_their_own_role_so_one_supervisor_always_remains(grace: Grace, boss: int) -> None:
    with pytest.raises(NotAllowed) as refused:
        grace.members.appoint(boss, boss, "agent")
    assert refused.value.code == "oneself"
    assert only(grace, Agent, id=boss).role == "supervisor"


def test_no_role_language_or_member_that_there_is_not(grace: Grace, boss: int) -> None:
    gone = make_agent(grace, "Wang")
    change(grace, Agent, {"id": gone}, active=False)
    tried: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: grace.members.appoint(boss, gone, "senior"), "nobody"),
        (lambda: grace.members.appoint(boss, 4711, "senior"), "nobody"),
        (lambda: grace.members.appoint(boss, gone, "owner"), "unknown"),  # type: ignore[arg-type]
        (lambda: grace.presence.place(boss, boss, languages=["zh", "fr"]), "unknown"),
        (lambda: grace.presence.place(boss, boss, teams=["nowhere"]), "team"),
        (lambda: grace.presence.place(boss, boss, capacity=101), "capacity"),
    )
    for act, code in tried:
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == code
