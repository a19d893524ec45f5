"""The complaint desk: an answer goes out once, and a complaint is closed only after it."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from bot.services.rights import NotAllowed
from bot.storage.tables import Complaint
from tests.integration.support import events, make_agent, only, out

ANSWER = "我们查过了，是我们的错，费用已经退给您。"


@pytest.fixture
def complaint(grace: Grace, conversation: str) -> int:
    grace.protection.honour(conversation, "file_complaint", turn="1", locale="zh_CN")
    return only(grace, Complaint).id


def test_an_answer_sent_twice_under_one_key_goes_out_once(
    grace: Grace, conversation: str, complaint: int
) -> None:
    agent, before = make_agent(grace), len(out(grace, conversation))
    first, second = (grace.complaints.answer(complaint, agent, ANSWER, key="k1") for _ in range(2))
    assert first == second
    (said,) = out(grace, conversation)[before:]
    assert (said.id, said.text, said.initiator, said.agent_id, said.state) == (
        first,
        ANSWER,
        "agent",
        agent,
        "queued",
    )
    assert only(grace, Complaint).answer == ANSWER
    assert len(events(grace, "complaint_answered")) == 1


def test_a_complaint_is_closed_only_once_it_was_answered(grace: Grace, complaint: int) -> None:
    boss = make_agent(grace, role="supervisor")
    with pytest.raises(NotAllowed):
        grace.complaints.close(complaint, boss, "upheld", "费用算错了")
    grace.complaints.answer(complaint, boss, ANSWER, key="k1")
    grace.complaints.close(complaint, boss, "upheld", "费用算错了")
    assert only(grace, Complaint).state == "closed"
