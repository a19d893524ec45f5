"""The agents' group in Telegram: told at once, told again, told nothing of whom."""

from __future__ import annotations

import pytest
from telegram.error import NetworkError

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.services.kit import MovableClock
from bot.web.group import Group, group_of
from tests.factory import make_borrower
from tests.integration.support import chat, make_agent, say, wait

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Chat:
    """What the group reads; Telegram may be out of reach."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.away = False

    async def send(self, text: str) -> None:
        """Post."""
        if self.away:
            raise NetworkError("no route to https://api.example/bot-secret")
        self.read.append(text)


@pytest.fixture
def told() -> Chat:
    return Chat()


@pytest.fixture
def group(grace: Grace, told: Chat) -> Group:
    return Group(grace, told.send)


async def test_it_reads_number_reason_and_urgency_and_nothing_of_whom(
    grace: Grace, group: Group, told: Chat
) -> None:
    ref = make_borrower(grace)
    where = chat(grace, ref)
    say(grace, ref, "我叫张伟，电话19900005678")
    number = grace.handoffs.open(where, HandoffReason.SELF_HARM, cause="test")
    assert await group.look()
    assert told.read == [f"{number}号会话等待接入：有轻生风险 · 危急"]
    for secret in (ref, "张伟", "5678", where, "3000"):
        assert secret not in told.read[0]


async def test_it_is_told_again_until_somebody_takes_the_case(
    grace: Grace, clock: MovableClock, group: Group, told: Chat
) -> None:
    number = grace.handoffs.open(chat(grace, make_borrower(grace)), HandoffReason.ASKED, cause="test")
    for _ in range(3):
        await group.look()
        await group.look()
        wait(clock, minutes=5)
    assert len(told.read) == 3
    assert told.read[1] == told.read[2] != told.read[0]
    grace.handoffs.claim(number, make_agent(grace))
    await group.look()
    assert len(told.read) == 3


async def test_what_telegram_did_not_take_is_told_when_it_is_back(
    grace: Grace, group: Group, told: Chat
) -> None:
    for _ in range(2):
        grace.handoffs.open(chat(grace, make_borrower(grace)), HandoffReason.ASKED, cause="test")
    told.away = True
    assert not await group.look()
    told.away = False
    assert await group.look()
    assert len(told.read) == 2


def test_without_a_group_or_a_bot_nobody_is_told(grace: Grace) -> None:
    assert group_of(grace) is None
    grace.kit.settings.alert_chat = "-100123"
    assert group_of(grace) is None
