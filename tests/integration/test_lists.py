"""The lists of the desk: each is refused by its service to every role that lacks the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from bot.bootstrap import Grace
from bot.services.rights import RIGHTS, NotAllowed, Right
from bot.services.staff import ROLES
from bot.storage.tables import Agent
from tests.integration.support import change, make_agent

OUTSIDE = "visitor"
"""A role of which no right knows: what an account has that was never given one."""
Read = Callable[[Grace, int], object]


def _since_yesterday(grace: Grace, read: Callable[..., object], agent: int) -> object:
    now = grace.kit.clock.now()
    return read(agent, now - timedelta(days=1), now)


LISTS: Mapping[str, tuple[Right, Read]] = {
    "requests that wait": ("read", lambda grace, agent: grace.approvals.waiting(agent)),
    "requests decided": ("read", lambda grace, agent: grace.approvals.decided(agent)),
    "requests of a loan": ("read", lambda grace, agent: grace.approvals.of_loan(1, agent)),
    "payments that wait": ("read", lambda grace, agent: grace.paid.waiting(agent)),
    "payments decided": ("read", lambda grace, agent: grace.paid.decided(agent)),
    "complaints": ("read", lambda grace, agent: grace.complaints.list(agent)),
    "calls": ("read", lambda grace, agent: grace.call_list.list(agent)),
    "notices": ("read", lambda grace, agent: grace.notices.waiting(agent)),
    "members": ("assign", lambda grace, agent: grace.members.all(agent)),
    "cases to review": (
        "review",
        lambda grace, agent: _since_yesterday(grace, grace.quality.sample, agent),
    ),
    "reviews": ("review", lambda grace, agent: grace.quality.reviews(1, agent)),
    "figures": ("review", lambda grace, agent: _since_yesterday(grace, grace.figures.of, agent)),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", [*ROLES, OUTSIDE])
def test_a_role_reads_a_list_only_with_its_right(grace: Grace, name: str, role: str) -> None:
    right, read = LISTS[name]
    agent = make_agent(grace, role=role)
    if role in RIGHTS[right]:
        read(grace, agent)
        return
    with pytest.raises(NotAllowed) as refused:
        read(grace, agent)
    assert refused.value.code == "role"


@pytest.mark.parametrize("name", LISTS)
def test_an_account_that_was_closed_reads_none(grace: Grace, name: str) -> None:
    agent = make_agent(grace, role="supervisor")
    change(grace, Agent, {"id": agent}, active=False)
    with pytest.raises(NotAllowed) as refused:
        LISTS[name][1](grace, agent)
    assert refused.value.code == "role"
