"""Killed at any statement of a claim, a reply, an approval or a close: nothing lost, nothing doubled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.plans import Wish
from bot.services.approval_rows import ApprovalView
from bot.services.rights import NotAllowed
from bot.storage.tables import Approval, HandoffRow, Message, OfferRow
from tests.factory import make_borrower
from tests.integration.support import chat, events, make_agent, only, rows

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MOST_STATEMENTS = 200


class Killed(BaseException):
    """The process is gone: nothing catches this on the way out."""


@contextlib.contextmanager
def killed_at(grace: Grace, statement: int) -> Iterator[list[int]]:
    """Kill whoever runs the n-th statement from here on; yield how many were run."""
    seen: list[int] = []

    def count(*_: object) -> None:
        seen.append(len(seen) + 1)
        if len(seen) == statement:
            raise Killed

    event.listen(grace.kit.db.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(grace.kit.db.engine, "before_cursor_execute", count)


def killed_everywhere(grace: Grace, act: Callable[[], object], check: Callable[[bool], None]) -> int:
    """Kill an act at each of its statements in turn; then let it through, and once more: it came and went.

    `check` is told whether the act has gone through whole. Returns at how many statements it was killed.
    """
    for statement in range(1, MOST_STATEMENTS):
        with killed_at(grace, statement) as seen:
            try:
                act()
            except Killed:
                pass
            else:
                break
        assert len(seen) == statement
        check(False)
    check(True)
    # Whoever did not hear that it went through asks again.
    with contextlib.suppress(NotAllowed):
        act()
    check(True)
    return statement - 1


@pytest.fixture
def agent(grace: Grace) -> int:
    return make_agent(grace)


@pytest.fixture
def case(grace: Grace) -> int:
    return grace.handoffs.open(chat(grace, make_borrower(grace)), HandoffReason.ASKED, cause="test")


def test_a_claim_is_whole_or_was_not(grace: Grace, case: int, agent: int) -> None:
    def check(done: bool) -> None:
        row = only(grace, HandoffRow)
        assert (row.state, row.agent_id) == (("claimed", agent) if done else ("waiting", None))
        assert len(events(grace, "handoff_claimed")) == done

    assert killed_everywhere(grace, lambda: grace.handoffs.claim(case, agent), check) > 3


def test_a_reply_is_said_once_and_its_draft_is_there_until_it_is(grace: Grace, case: int, agent: int) -> None:
    grace.drafts.save(case, agent, "您好，我是李敏。")

    def check(done: bool) -> None:
        assert len(rows(grace, Message, initiator="agent")) == done
        assert (grace.drafts.get(case, agent) is None) is done

    act = lambda: grace.handoffs.reply(case, agent, "您好，我是李敏。", key="k")  # noqa: E731
    assert killed_everywhere(grace, act, check) > 8


def test_an_approval_is_decided_once(grace: Grace, agent: int) -> None:
    conversation = chat(grace, make_borrower(grace))
    view = grace.approvals.request(conversation, Wish(count=18), level="agent", turn="1")
    assert isinstance(view, ApprovalView), view
    number = view.id

    def check(done: bool) -> None:
        assert (only(grace, Approval).state == "approved") is done
        assert len(rows(grace, OfferRow, approval_id=number)) == done

    def act() -> object:
        return grace.approvals.decide(number, agent_id=agent, verdict="approve", reason="能承受")

    assert killed_everywhere(grace, act, check) > 5


def test_a_close_is_whole_or_was_not(grace: Grace, case: int, agent: int) -> None:
    grace.handoffs.claim(case, agent)

    def check(done: bool) -> None:
        assert only(grace, HandoffRow).state == ("returned" if done else "claimed")
        assert len(rows(grace, Message, template="utter_handoff_returned")) == done
        assert len(events(grace, "handoff_closed")) == done

    act = lambda: grace.handoffs.close(case, agent, Outcome.RESOLVED)  # noqa: E731
    assert killed_everywhere(grace, act, check) > 8
