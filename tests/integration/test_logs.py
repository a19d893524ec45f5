"""Nobody's data stands in the log of a conversation, an import, a delivery, nor of what breaks in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from bot import clock
from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant, AssistantBroken, AssistantDown
from bot.channels.channel import Delivery, Door
from bot.channels.gateway import Gateway
from bot.services.conversation import Incoming
from bot.services.outbox import Outgoing
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.storage.tables import AddressRow, Borrower
from tests.factory import make_borrower
from tests.integration.support import change
from tests.logged import logged
from tests.planted import cards, chinese_names, emails, identity_numbers, mobiles, words


class Faulty(Assistant):
    """Answers, breaks or is away, in turn; its errors quote what it was sent, as a library's may."""

    def __init__(self) -> None:
        """Connect to nothing."""
        self._turn = 0

    async def turn(self, turn: Turn) -> Answer:
        """Do the next of them."""
        if turn.channel == "webchat":
            raise ValueError(f"unexpected {turn.text!r} in {turn.context}")
        self._turn += 1
        if self._turn == 1:
            return Answer(Reply(f"您说：{turn.text}"), None, False)
        if self._turn == 2:
            raise AssistantDown("ConnectError") from OSError(turn.text)
        raise AssistantBroken("Rasa answered 500") from ValueError(turn.text)

    async def ready(self) -> bool:
        """It is."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


class FaultyChannel:
    """Refuses, loses or breaks over messages in turn, quoting them."""

    replayable, in_hand, carries_files = False, 10, True
    rate: float | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self._sent = 0

    async def start(self, door: Door) -> None:
        """Begin nothing."""

    async def stop(self) -> None:
        """End nothing."""

    async def send(self, message: Outgoing) -> Delivery:
        """Do the next of them."""
        self._sent += 1
        match self._sent % 3:
            case 1:
                raise RuntimeError(f"cannot send {message.text!r} to {message.address}")
            case 2:
                return Delivery("failed", f"refused: {message.text}")
            case _:
                return Delivery("sent")


def _planted(grace: Grace, name: str, phone: str, email: str) -> str:
    ref = make_borrower(grace, channel="email", days_past_due=3)
    change(grace, Borrower, {"ref": ref}, name=name, phone=phone)
    change(grace, AddressRow, {"address": ref}, address=email)
    return ref


async def _live(grace: Grace, email: str, said: list[str]) -> None:
    gateway = Gateway(grace, Faulty(), {name: FaultyChannel(name) for name in ("email", "webchat")})
    for number, text in enumerate(said):
        await gateway.receive(Incoming("email", email, f"in-{number}", text))
        await gateway.idle()
    await gateway.receive(Incoming("webchat", make_borrower(grace), "in-0", said[0]))
    await gateway.idle()
    clock.work(grace)
    await gateway.dispatcher.look_around()
    await gateway.idle()
    # The database goes away in the middle of it all.
    db = grace.kit.db
    engine, reading = db.engine, db._reading
    db.engine = create_engine("sqlite:////nowhere/grace.db")
    db._reading = db.engine.execution_options()
    gateway.dispatcher.soon(grace.kit.new_id())
    gateway._work_on(grace.kit.new_id())
    await gateway.idle()
    db.engine, db._reading = engine, reading
    await gateway.stop()


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=chinese_names.filter(lambda one: len(one) > 2),
    phone=mobiles,
    number=identity_numbers,
    card=cards,
    email=emails,
    complaint=words,
    data=st.data(),
)
def test_a_whole_life_in_the_log_names_nobody(
    fresh_grace: Callable[[], Grace], tmp_path: Path, data: Any, **drawn: str
) -> None:
    grace = fresh_grace()
    drawn["name"] = drawn["name"] + "喆"
    _planted(grace, drawn["name"], drawn["phone"], drawn["email"])
    said = data.draw(
        st.permutations([f"我叫{drawn['name']}", drawn["number"], drawn["card"], drawn["complaint"]])
    )
    book = tmp_path / "loans.csv"
    book.write_text(
        "borrower_ref,name,phone,birth_date,id_last4,locale,timezone,loan_ref,product,opened_on,principal,"
        "due_number,due_on,due_principal,due_interest,due_fee\n"
        f"{drawn['email']},{drawn['name']},{drawn['phone']},x,1234,zh_CN,Asia/Shanghai,{drawn['card']},none,"
        "2026-13-01,1,1,2026-01-01,x,0,0\n",
        "utf-8",
    )
    with logged() as buffer:
        asyncio.run(_live(grace, drawn["email"], list(said)))
        grace.loanbook.import_loans(book)
    grace.close()
    lines = [json.loads(line) for line in buffer.getvalue().splitlines()]
    told = {line["event"] for line in lines}
    assert {
        "turn_taken",
        "turn_broken",
        "turn_failed",
        "assistant_down",
        "channel_failed",
        "not_sent",
    } <= told
    assert "gateway_waits" in told
    assert {line["turn"] for line in lines if line["event"] == "turn_taken"} <= {str(n) for n in range(1, 30)}
    for value in drawn.values():
        assert value not in buffer.getvalue()


@pytest.mark.parametrize("event", ["turn_broken", "turn_failed"])
def test_a_fault_is_told_with_the_turn_and_the_place(event: str, fresh_grace: Callable[[], Grace]) -> None:
    grace = fresh_grace()
    _planted(grace, "欧阳喆", "13812345678", "a@mail.example")
    with logged() as buffer:
        asyncio.run(_live(grace, "a@mail.example", ["一", "二", "三"]))
    grace.close()
    found = [json.loads(line) for line in buffer.getvalue().splitlines()]
    line = next(one for one in found if one["event"] == event)
    assert "test_logs.py:" in line["raised"]
    assert line["conversation"]
