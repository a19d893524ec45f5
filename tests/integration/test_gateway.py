"""The gateway: turns are kept, gathered and answered once, and every message out gets its outcome."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import create_engine

from actions.dialogue import Welcome
from actions.turn import Turn as ActionTurn
from bot.bootstrap import Grace
from bot.channels.assistant import Answer, Assistant, AssistantDown
from bot.channels.channel import Delivery, Door
from bot.channels.gateway import Gateway
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.accounts import IdentityNeeded
from bot.services.conversation import Incoming, Kind
from bot.services.kit import MovableClock
from bot.services.outbox import Outgoing
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.settings import Settings
from bot.storage.db import StorageError
from bot.storage.tables import AddressRow, Conversation, HandoffRow, Message
from tests.conftest import settings_for
from tests.factory import make_borrower
from tests.integration.support import make_agent, only, rows
from tests.stack import free_port, until

PATIENCE = 8.0
SWEEPS = 0.2
"""Long enough for three sweeps of the gateway under test."""
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database; the rest runs on both."""

Body = dict[str, Any]


class Rasa:
    """Stands in for Rasa at its own door: HTTP, a token, a turn in, messages out; well, ill or away."""

    def __init__(self, port: int, token: str | None = "local-only") -> None:
        self.port = port
        self.token = token
        self.asked: list[Body] = []
        self.status = self.health = 200
        self.raw: bytes | None = None
        self.say: Callable[[Body], str] = lambda body: f"heard: {body['text']}"
        self.think: Callable[[Body], Awaitable[None]] | None = None
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Be away: connections are refused and the open ones end."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in list(self._lines):
            line.close()
        await asyncio.sleep(0)

    @property
    def heard(self) -> list[str]:
        """What each turn said."""
        return [body["text"] for body in self.asked]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = next((line for line in head.splitlines() if line.startswith("content-length")), "0")
                body = await reader.readexactly(int(length.split(":")[-1]))
                assert self.token is None or f"authorization: bearer {self.token}" in head
                answer = await self._answer(json.loads(body)) if body else b"{}"
                status = self.status if body else self.health
                writer.write(
                    b"HTTP/1.1 %d .\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (status, len(answer), answer)
                )
                await writer.drain()
        self._lines.discard(writer)
        writer.close()

    async def _answer(self, body: Body) -> bytes:
        self.asked.append(body)
        if self.think is not None:
            await self.think(body)
        messages = [{"text": self.say(body), "key": "utter_test"}]
        whole = {"messages": messages, "expected": None, "intent": "greet"}
        return json.dumps(whole).encode() if self.raw is None else self.raw


class Line:
    """A channel that records what it handed over; it can be told to be slow for a chat, or to fail."""

    rate: float | None = None
    in_hand = 200

    def __init__(self, name: str = "webchat", *, replayable: bool = False) -> None:
        self.name = name
        self.replayable = replayable
        self.carries_files = True
        self.sent: list[Outgoing] = []
        self.tried: list[int] = []
        self.outcomes: deque[Delivery | Exception] = deque()
        self.held: dict[str, asyncio.Event] = {}
        self.pause: Callable[[], float] = lambda: 0.0

    async def start(self, door: Door) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def send(self, message: Outgoing) -> Delivery:
        """Hand it over, as told."""
        self.tried.append(message.id)
        await asyncio.sleep(self.pause())
        if message.address in self.held:
            await self.held[message.address].wait()
        outcome = self.outcomes.popleft() if self.outcomes else Delivery("sent")
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.outcome == "sent":
            self.sent.append(message)
        return outcome

    def hold(self, address: str) -> asyncio.Event:
        """Let a chat's messages wait until the event that this returns is set."""
        return self.held.setdefault(address, asyncio.Event())

    def texts(self, address: str) -> list[str]:
        """What a chat was sent: the last paragraph of each message, so without the disclosure."""
        return [one.text.split("\n\n")[-1] for one in self.sent if one.address == address]


@dataclass
class World:
    """Everything around a gateway, and any number of gateways one after the other."""

    grace: Grace
    clock: MovableClock
    rasa: Rasa
    line: Line = field(default_factory=Line)
    _open: list[tuple[Gateway, Assistant]] = field(default_factory=list)
    _number: int = 0

    async def gateway(self) -> Gateway:
        """Start a gateway."""
        assistant = Assistant(self.grace.kit.settings)
        gateway = Gateway(self.grace, assistant, {self.line.name: self.line})
        self._open.append((gateway, assistant))
        await gateway.start()
        return gateway

    async def stop(self) -> None:
        """Stop the gateways that run."""
        for event in self.line.held.values():
            event.set()
        for gateway, assistant in self._open:
            await gateway.stop()
            await assistant.close()
        self._open.clear()

    def incoming(self, ref: str, text: str, kind: Kind = "text", **more: Any) -> Incoming:
        """Return a message under an id of its own."""
        self._number += 1
        return Incoming(self.line.name, ref, f"test:{self._number}", text, kind, **more)

    def tapped(self, ref: str, payload: str) -> Incoming:
        """Return a tapped button: a turn of its own, whatever comes before and after."""
        return self.incoming(ref, "button", "payload", payload=payload)

    def received(self, ref: str) -> list[Message]:
        """Return the rows of what a chat wrote."""
        return rows(self.grace, Message, conversation_id=self.conversation(ref), direction="in")

    def written(self, ref: str) -> list[Message]:
        """Return the rows of what was written to a chat."""
        return rows(self.grace, Message, conversation_id=self.conversation(ref), direction="out")

    def conversation(self, ref: str) -> str:
        """Return a chat's conversation."""
        return self.grace.conversations.ensure(self.line.name, ref)

    def words(self, key: str, locale: str = "zh_CN", **values: str) -> str:
        """Return a response's text."""
        return self.grace.kit.texts.render(key, locale, values).text

    async def heard(self, ref: str, count: int) -> list[str]:
        """Wait until a chat was sent this many messages; return them."""
        await until(lambda: len(self.line.texts(ref)) >= count, f"message {count} to {ref}")
        return self.line.texts(ref)


@contextmanager
def database_down(grace: Grace) -> Iterator[None]:
    """Put the database out of reach for the length of a block."""
    whole, grace.kit.db.engine = grace.kit.db.engine, create_engine("sqlite:////nowhere/at/all/grace.db")
    try:
        yield
    finally:
        grace.kit.db.engine = whole


@pytest.fixture
def settings(database_url: str) -> Settings:
    update = {
        "rasa_url": f"http://127.0.0.1:{free_port()}",
        "rasa_retry": 0.05,
        "actions_port": free_port(),
    }
    return settings_for(database_url).model_copy(update=update)


@pytest.fixture
async def world(grace: Grace, clock: MovableClock) -> AsyncIterator[World]:
    """Rasa up, a channel, and no gateway yet."""
    rasa = Rasa(int(grace.kit.settings.rasa_url.rsplit(":", 1)[1]))
    await rasa.open()
    world = World(grace, clock, rasa)
    yield world
    await world.stop()
    await rasa.shut()


@sqlite
class TestRasaAway:
    async def test_a_message_is_kept_the_borrower_told_once_and_answered_once_when_rasa_is_back(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        await world.rasa.shut()
        await gateway.receive(world.incoming(ref, "我想问一下"))
        assert await world.heard(ref, 1) == [world.words("utter_outage")]
        await gateway.receive(world.incoming(ref, "还在吗"))
        await asyncio.sleep(SWEEPS)
        assert world.line.texts(ref) == [world.words("utter_outage")]
        assert {one.state for one in world.received(ref)} == {"received"}

        await world.rasa.open()
        await world.heard(ref, 3)
        await asyncio.sleep(SWEEPS)
        assert world.line.texts(ref)[1:] == ["heard: 我想问一下", "heard: 还在吗"]
        assert world.rasa.heard == ["我想问一下", "还在吗"]
        assert {one.state for one in world.received(ref)} == {"handled"}

    async def test_a_second_outage_is_told_again(self, world: World, ref: str) -> None:
        gateway = await world.gateway()
        for count in (1, 3):
            await world.rasa.shut()
            await gateway.receive(world.incoming(ref, "你好"))
            assert (await world.heard(ref, count))[-1] == world.words("utter_outage")
            await world.rasa.open()
            assert (await world.heard(ref, count + 1))[-1] == "heard: 你好"

    async def test_rasa_that_is_starting_is_an_outage_and_not_a_fault(self, world: World, ref: str) -> None:
        world.rasa.status = world.rasa.health = 503
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "你好"))
        assert await world.heard(ref, 1) == [world.words("utter_outage")]
        world.rasa.status = 200
        assert await world.heard(ref, 2) == [world.words("utter_outage"), "heard: 你好"]
        assert rows(world.grace, HandoffRow) == []

    async def test_a_turn_that_never_gets_its_answer_in_time_goes_to_people(
        self, world: World, ref: str
    ) -> None:
        async def forever(body: Body) -> None:
            if body["text"] == "卡住":
                await asyncio.sleep(60)

        world.rasa.think = forever
        world.grace.kit.settings.rasa_timeout = 0.2
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "卡住"))
        await world.heard(ref, 2)
        assert [one.template for one in world.written(ref)] == ["utter_outage", "utter_handoff_failure"]
        assert world.rasa.heard == ["卡住"] * 3
        other = make_borrower(world.grace)
        await gateway.receive(world.incoming(other, "你好"))
        assert await world.heard(other, 1) == ["heard: 你好"]

    async def test_a_turn_whose_action_fails_while_all_else_answers_goes_to_people(
        self, world: World, ref: str
    ) -> None:
        actions = Rasa(world.grace.kit.settings.actions_port, token=None)
        await actions.open()
        world.rasa.status = 503
        await (await world.gateway()).receive(world.incoming(ref, "你好"))
        await until(lambda: rows(world.grace, HandoffRow), "a hand-off")
        await actions.shut()
        assert world.rasa.heard == ["你好"] * 3

    async def test_without_its_action_server_no_turn_goes_to_people(self, world: World, ref: str) -> None:
        world.rasa.status = 503
        await (await world.gateway()).receive(world.incoming(ref, "你好"))
        await until(lambda: len(world.rasa.asked) > 5, "a sixth try")
        assert rows(world.grace, HandoffRow) == []

    async def test_what_a_stopped_gateway_kept_the_next_one_answers_once(
        self, world: World, ref: str
    ) -> None:
        await world.rasa.shut()
        first = await world.gateway()
        await first.receive(world.incoming(ref, "我想问一下"))
        await world.heard(ref, 1)
        await world.stop()
        await world.gateway()
        await asyncio.sleep(SWEEPS)
        await world.rasa.open()
        assert await world.heard(ref, 2) == [world.words("utter_outage"), "heard: 我想问一下"]
        await asyncio.sleep(SWEEPS)
        assert len(world.line.sent) == 2
        assert world.rasa.heard == ["我想问一下"]

    async def test_a_borrower_who_changes_language_meanwhile_is_told_once_and_answered_in_the_new_one(
        self, world: World, ref: str
    ) -> None:
        world.rasa.say = lambda body: world.words("utter_greet", body["context"]["locale"])
        await world.rasa.shut()
        await (await world.gateway()).receive(world.incoming(ref, "我想问一下"))
        await world.heard(ref, 1)
        await world.stop()
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "Could we speak English please"))
        await asyncio.sleep(SWEEPS)
        await world.rasa.open()
        hello = world.words("utter_greet", "en")
        assert await world.heard(ref, 3) == [world.words("utter_outage"), hello, hello]
        await asyncio.sleep(SWEEPS)
        assert len(world.line.sent) == 3

    async def test_stop_is_obeyed_and_confirmed_while_rasa_is_away(self, world: World, ref: str) -> None:
        await world.rasa.shut()
        await (await world.gateway()).receive(world.incoming(ref, "退订"))
        assert len(await world.heard(ref, 1)) == 1
        (row,) = world.received(ref)
        assert row.state == "handled"

    @pytest.mark.parametrize("kind", ["sticker", "photo", "edit"])
    async def test_what_needs_no_reading_is_answered_while_rasa_is_away(
        self, world: World, ref: str, kind: Kind
    ) -> None:
        await world.rasa.shut()
        await (await world.gateway()).receive(world.incoming(ref, "", kind))
        keys = {"sticker": "utter_sticker", "photo": "utter_file_kept", "edit": "utter_edited"}
        (text,) = await world.heard(ref, 1)
        assert text.startswith(world.grace.kit.texts.render(keys[kind], "zh_CN", {"wait": ""}).text)
        assert world.rasa.asked == []


@sqlite
class TestRasaBroken:
    @pytest.mark.parametrize(
        ("status", "raw"),
        [
            (500, None),
            (401, None),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b'{"messages": null}'),
            (200, b'{"messages": ["text"]}'),
            (200, b"\xff\xfe"),
        ],
    )
    async def test_a_turn_that_rasa_cannot_serve_goes_to_people_and_the_borrower_is_told(
        self, world: World, ref: str, status: int, raw: bytes | None
    ) -> None:
        world.rasa.status, world.rasa.raw = status, raw
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "我想问一下"))
        (told,) = await world.heard(ref, 1)
        assert told == world.words("utter_handoff_failure", wait=world.words("utter_wait_now"))
        assert only(world.grace, HandoffRow).reason == HandoffReason.FAILURE
        await asyncio.sleep(SWEEPS)
        assert world.rasa.heard == ["我想问一下"]
        assert [one.state for one in world.received(ref)] == ["handled"]

        world.rasa.status, world.rasa.raw = 200, None
        await gateway.receive(world.incoming(ref, "还在吗"))
        await gateway.idle()
        await asyncio.sleep(SWEEPS)
        assert world.rasa.heard == ["我想问一下"], "people have the conversation"

    async def test_one_chat_that_breaks_leaves_the_others_alone(self, world: World, ref: str) -> None:
        other = make_borrower(world.grace)
        gateway = await world.gateway()
        world.rasa.raw = b"{}"
        await gateway.receive(world.incoming(ref, "你好"))
        await world.heard(ref, 1)
        world.rasa.raw = None
        await gateway.receive(world.incoming(other, "你好"))
        assert await world.heard(other, 1) == ["heard: 你好"]

    async def test_an_answer_computed_before_people_took_over_is_kept_unsent(
        self, world: World, ref: str
    ) -> None:
        agent = make_agent(world.grace)

        async def take_over(_: Body) -> None:
            await asyncio.to_thread(world.grace.handoffs.take_over, world.conversation(ref), agent)

        world.rasa.think = take_over
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "我想问一下"))
        await until(lambda: world.written(ref), "the answer's row")
        await asyncio.sleep(SWEEPS)
        assert [one.state for one in world.written(ref)] == ["cancelled"]
        assert world.line.sent == []


class TestTurns:
    @sqlite
    async def test_a_burst_is_one_turn(self, world: World, ref: str) -> None:
        world.grace.kit.settings.burst = 0.25
        gateway = await world.gateway()
        for text in ("我失业了", "能帮帮我吗", "谢谢"):
            await gateway.receive(world.incoming(ref, text))
        assert await world.heard(ref, 1) == ["heard: 我失业了\n能帮帮我吗\n谢谢"]
        await gateway.idle()
        assert len(world.line.sent) == 1

    @sqlite
    async def test_a_burst_that_begins_while_another_turn_is_read_is_one_turn(
        self, world: World, ref: str
    ) -> None:
        world.grace.kit.settings.burst = 0.25
        reading, read = asyncio.Event(), asyncio.Event()

        async def think(_: Body) -> None:
            reading.set()
            await read.wait()

        world.rasa.think = think
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "你好"))
        await reading.wait()
        await gateway.receive(world.incoming(ref, "我失业了"))
        read.set()
        await world.heard(ref, 1)
        await gateway.receive(world.incoming(ref, "能帮帮我吗"))
        await world.heard(ref, 2)
        assert world.rasa.heard == ["你好", "我失业了\n能帮帮我吗"]

    async def test_a_message_that_comes_just_as_a_turn_ends_does_not_wait_for_the_sweep(
        self, world: World, ref: str
    ) -> None:
        world.grace.kit.settings.rasa_retry = 3600

        def heard(text: str) -> bool:
            return text in "\n".join(world.rasa.heard).split()

        gateway = await world.gateway()
        for number in range(1, 21):
            await gateway.receive(world.incoming(ref, f"m{number}"))
            async with asyncio.timeout(5):
                await until(partial(heard, f"m{number}"), "the turn")
            await asyncio.sleep(0.003 * (number % 7))
        await gateway.idle()
        assert "\n".join(world.rasa.heard).split() == [f"m{number}" for number in range(1, 21)]

    @sqlite
    async def test_two_conversations_are_read_at_the_same_time(self, world: World, ref: str) -> None:
        other = make_borrower(world.grace)
        both = asyncio.Barrier(2)

        async def think(_: Body) -> None:
            async with asyncio.timeout(5):
                await both.wait()

        world.rasa.think = think
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "一"))
        await gateway.receive(world.incoming(other, "二"))
        assert await world.heard(ref, 1) == ["heard: 一"]
        assert await world.heard(other, 1) == ["heard: 二"]

    async def test_the_turns_of_one_conversation_are_read_one_after_the_other(
        self, world: World, ref: str
    ) -> None:
        busy, most = 0, 0

        async def think(_: Body) -> None:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.01)
            busy -= 1

        world.rasa.think = think
        first, second = await world.gateway(), await world.gateway()
        for number in range(10):
            gateway = first if number % 2 else second
            await gateway.receive(world.tapped(ref, f"/act{number}"))
        await world.heard(ref, 10)
        assert most == 1
        assert world.rasa.heard == [f"/act{number}" for number in range(10)]

    async def test_a_message_that_comes_again_and_again_is_one_turn_and_one_answer(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        twice = world.incoming(ref, "我想问一下")
        received = await asyncio.gather(*(gateway.receive(twice) for _ in range(8)))
        assert len({one.message_id for one in received}) == 1
        assert sum(not one.duplicate for one in received) == 1
        await world.heard(ref, 1)
        await gateway.receive(twice)
        await gateway.idle()
        await asyncio.sleep(SWEEPS)
        assert world.rasa.heard == ["我想问一下"]
        assert len(world.line.sent) == len(world.received(ref)) == 1

    async def test_a_double_tap_acts_once(self, world: World, ref: str) -> None:
        gateway = await world.gateway()
        conversation = world.conversation(ref)
        await asyncio.to_thread(world.grace.conversations.say, conversation, "utter_greet", turn="t")
        (shown,) = world.written(ref)
        with world.grace.kit.db.begin() as session:
            session.get_one(Message, shown.id).buttons = [{"title": "好", "payload": "/affirm"}]
        taps = await asyncio.gather(*(gateway.tap("webchat", ref, shown.id, 0) for _ in range(4)))
        assert len({tap.message_id for tap in taps if tap}) == 1
        await gateway.idle()
        assert world.rasa.heard == ["/affirm"]
        assert await gateway.tap("webchat", ref, shown.id, 1) is None

    @sqlite
    async def test_a_chat_that_is_nobodys_is_told_how_to_be_known_and_not_one_fact(
        self, world: World, ref: str
    ) -> None:
        world.rasa.say = lambda body: welcome(world.grace, body)
        gateway = await world.gateway()
        await gateway.receive(world.incoming("stranger", "", "payload", payload="/start_chat"))
        (told,) = await world.heard("stranger", 1)
        assert told == world.words("utter_welcome_unknown", phone=world.grace.kit.settings.lender_phone)
        (asked,) = world.rasa.asked
        context = asked["context"]
        assert (context["known"], context["verified"], context["outstanding"]) == (False, False, None)
        with world.grace.kit.db.begin() as session:
            name = session.query(AddressRow).filter_by(address=ref).one().borrower.name
        sent = f"{asked} {[one.text for one in world.line.sent]}"
        assert not [fact for fact in (ref, name, "3000", "5678", "1990") if fact in sent]
        with pytest.raises(IdentityNeeded):
            world.grace.accounts.standing(world.conversation("stranger"))

    @sqlite
    async def test_nothing_of_the_debt_goes_to_rasa_before_identity_is_verified(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "我欠多少"))
        await world.heard(ref, 1)
        world.grace.identity.vouch(world.conversation(ref), "test")
        await gateway.receive(world.incoming(ref, "我欠多少"))
        await world.heard(ref, 2)
        assert [body["context"]["outstanding"] for body in world.rasa.asked] == [None, "3000.00"]

    @sqlite
    async def test_a_message_too_long_to_read_whole_is_answered_with_a_word_about_it(
        self, world: World, ref: str
    ) -> None:
        await (await world.gateway()).receive(world.incoming(ref, "钱" * 20_001))
        await world.heard(ref, 1)
        assert world.words("utter_too_long") in world.line.sent[0].text


def welcome(grace: Grace, body: Body) -> str:
    """Run the real greeting action on a turn, and return what it says."""
    says = CollectingDispatcher()
    latest = {"text": body["text"], "metadata": body["context"], "intent": {"name": "start_chat"}}
    tracker = Tracker(body["conversation"], {}, latest, [], False, None, {}, "action_listen")
    Welcome().act(ActionTurn(grace, says, tracker))
    values = {"phone": body["context"]["phone"]}
    return grace.kit.texts.render(says.messages[0]["response"], body["context"]["locale"], values).text


@sqlite
class TestHandingOver:
    async def test_replies_leave_in_the_order_in_which_they_were_written(
        self, world: World, ref: str
    ) -> None:
        rng = random.Random(7)
        world.line.pause = lambda: rng.choice((0, 0, 0.02))
        world.line.outcomes.extend([Delivery("sent"), Delivery("later"), Delivery("later")])
        gateway = await world.gateway()
        for number in range(12):
            await gateway.receive(world.tapped(ref, f"/act{number}"))
        assert await world.heard(ref, 12) == [f"heard: /act{number}" for number in range(12)]

    async def test_what_was_written_behind_a_message_put_back_does_not_overtake_it(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        free = world.line.hold(ref)
        world.line.outcomes.append(Delivery("later"))
        await gateway.receive(world.tapped(ref, "/first"))
        await until(lambda: world.line.tried, "the first try")
        await gateway.receive(world.tapped(ref, "/second"))
        await until(lambda: len(world.rasa.heard) == 2, "the second turn")
        await asyncio.sleep(0.05)
        free.set()
        assert await world.heard(ref, 2) == ["heard: /first", "heard: /second"]

    async def test_a_slow_channel_keeps_no_other_chat_waiting(self, world: World, ref: str) -> None:
        other, third = make_borrower(world.grace), make_borrower(world.grace)
        gateway = await world.gateway()
        world.line.hold(ref)
        for number in range(3):
            await gateway.receive(world.tapped(ref, f"/slow{number}"))
        await until(lambda: len(world.rasa.heard) == 3, "the slow chat's turns")
        for count in (1, 2, 3):
            await gateway.receive(world.incoming(other, f"第{count}条"))
            async with asyncio.timeout(5):
                await world.heard(other, count)
        async with asyncio.timeout(5):
            await gateway.wake()
            # Written by another process, which wakes nobody here: the sweep finds it.
            conversation = world.conversation(third)
            await asyncio.to_thread(world.grace.conversations.say, conversation, "utter_greet", turn="x")
            await world.heard(third, 1)
        assert world.line.texts(ref) == []
        world.line.held[ref].set()
        assert await world.heard(ref, 3) == ["heard: /slow0", "heard: /slow1", "heard: /slow2"]

    @pytest.mark.parametrize(
        ("delivery", "state", "dead"),
        [
            (Delivery("sent"), "sent", False),
            (Delivery("failed", "too odd"), "failed", False),
            (Delivery("uncertain", "silence"), "uncertain", False),
            (Delivery("dead", "blocked"), "failed", True),
            (RuntimeError("a bug in the channel"), "uncertain", False),
        ],
    )
    async def test_what_became_of_a_message_is_recorded_and_it_is_not_sent_again(
        self, world: World, ref: str, delivery: Delivery | Exception, state: str, dead: bool
    ) -> None:
        world.line.outcomes.append(delivery)
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "你好"))
        await until(lambda: [one.state for one in world.written(ref)] == [state], state)
        world.clock.move(timedelta(hours=1))
        await asyncio.sleep(SWEEPS)
        (row,) = world.written(ref)
        assert (row.state, world.line.tried) == (state, [row.id])
        assert row.failure == (getattr(delivery, "detail", "RuntimeError") or None)
        assert (only(world.grace, AddressRow, address=ref).dead_at is not None) == dead

    async def test_a_channel_that_is_not_free_is_tried_again(self, world: World, ref: str) -> None:
        world.line.outcomes.extend([Delivery("later", "not free")] * 3)
        await (await world.gateway()).receive(world.incoming(ref, "你好"))
        assert await world.heard(ref, 1) == ["heard: 你好"]
        (row,) = world.written(ref)
        assert world.line.tried == [row.id] * 4

    async def test_a_channel_with_a_bug_stops_neither_its_chat_nor_the_sweep(
        self, world: World, ref: str
    ) -> None:
        world.line.outcomes.append(RuntimeError("a bug in the channel"))
        gateway = await world.gateway()
        await asyncio.to_thread(
            world.grace.conversations.say, world.conversation(ref), "utter_greet", turn="x"
        )
        await until(lambda: world.line.tried, "the sweep's try")
        await gateway.receive(world.incoming(ref, "你好"))
        await world.heard(ref, 1)
        await asyncio.to_thread(
            world.grace.conversations.say, world.conversation(ref), "utter_greet", turn="y"
        )
        assert await world.heard(ref, 2) == ["heard: 你好", world.words("utter_greet")]

    async def test_stopping_while_a_message_is_being_sent_waits_for_its_outcome(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        free = world.line.hold(ref)
        await gateway.receive(world.tapped(ref, "/one"))
        await until(lambda: world.line.tried, "the sending")
        await gateway.receive(world.tapped(ref, "/two"))
        await until(lambda: len(world.written(ref)) == 2, "the second answer")
        stopping = asyncio.create_task(gateway.stop())
        await asyncio.sleep(0.1)
        assert not stopping.done()
        free.set()
        await asyncio.wait_for(stopping, PATIENCE)
        assert [one.state for one in world.written(ref)] == ["sent", "queued"]
        assert world.line.texts(ref) == ["heard: /one"]

        await world.gateway()
        assert await world.heard(ref, 2) == ["heard: /one", "heard: /two"]

    async def test_an_agents_reply_goes_out_while_the_assistant_is_silent(
        self, world: World, ref: str
    ) -> None:
        agent = make_agent(world.grace)
        gateway = await world.gateway()
        handoff = world.grace.handoffs.take_over(world.conversation(ref), agent)
        await gateway.receive(world.incoming(ref, "有人吗"))
        await gateway.idle()
        world.grace.handoffs.reply(handoff, agent, "我在，您请说。")
        await gateway.wake()
        assert (await world.heard(ref, 1))[-1] == "我在，您请说。"
        world.grace.handoffs.close(handoff, agent, Outcome.RESOLVED)
        await gateway.receive(world.incoming(ref, "谢谢"))
        await until(lambda: world.rasa.heard == ["谢谢"], "the assistant")


class TestDatabaseDown:
    async def test_a_message_that_cannot_be_stored_is_refused_and_taken_when_it_comes_again(
        self, world: World, ref: str
    ) -> None:
        gateway = await world.gateway()
        incoming = world.incoming(ref, "我想问一下")
        with database_down(world.grace):
            with pytest.raises(StorageError):
                await gateway.receive(incoming)
            with pytest.raises(StorageError):
                await gateway.tap("webchat", ref, 1, 0)
            await asyncio.sleep(SWEEPS)
        assert rows(world.grace, Message) == []
        assert world.rasa.asked == []
        assert not (await gateway.receive(incoming)).duplicate
        assert await world.heard(ref, 1) == ["heard: 我想问一下"]

    async def test_an_outage_while_a_turn_is_read_loses_and_doubles_nothing(
        self, world: World, ref: str
    ) -> None:
        reading, read = asyncio.Event(), asyncio.Event()

        async def think(_: Body) -> None:
            reading.set()
            await read.wait()

        world.rasa.think = think
        gateway = await world.gateway()
        await gateway.receive(world.incoming(ref, "我想问一下"))
        await reading.wait()
        with database_down(world.grace):
            read.set()
            await asyncio.sleep(SWEEPS)
        world.clock.move(timedelta(seconds=world.grace.kit.settings.lease + 1))
        await world.heard(ref, 1)
        await asyncio.sleep(SWEEPS)
        assert len({body["turn"] for body in world.rasa.asked}) == 1
        assert world.line.texts(ref) == ["heard: 我想问一下"]


class Killed(Exception):
    """The process is dead."""


class Mortal(ThreadPoolExecutor):
    """Runs a process's database work call by call, and dies at one call: before it begins, or just after.

    A dead process does nothing more and hears of nothing more.
    """

    def __init__(self, calls: int | None, *, after: bool, dead: asyncio.Event) -> None:
        super().__init__(max_workers=1)
        self._left = calls
        self._after = after
        self._dead = dead

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a call, or die."""
        if self._left is not None:
            self._left -= 1
            if self._left == 0 and self._after:
                super().submit(fn, *args, **kwargs).exception()
            if self._left <= 0:
                self._dead.set()
                return Future()
        return super().submit(fn, *args, **kwargs)


class Moody(Assistant):
    """Stands in for Rasa within the process: away now and then; the same turn gets the same answer."""

    def __init__(self, rng: random.Random, away: float) -> None:
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.away = away
        self._rng = rng

    async def turn(self, turn: Turn) -> Answer:
        """Answer, or be away."""
        await asyncio.sleep(self._rng.choice((0, 0.001)))
        if self._rng.random() < self.away:
            raise AssistantDown("away")
        self.asked[turn.id].add(turn.text)
        return Answer(Reply(f"answer to {turn.id}"), None, True)


class Round:
    """One borrower-side history, received by processes that are killed at a chosen call each."""

    def __init__(self, grace: Grace, clock: MovableClock, seed: int) -> None:
        self.rng = random.Random(seed)
        self.grace = grace
        self.clock = clock
        self.line = Line(replayable=self.rng.random() < 0.5)
        self.line.pause = lambda: self.rng.choice((0, 0.001))
        self.rasa = Moody(self.rng, away=self.rng.choice((0.0, 0.2)))
        self.chats = [f"round{seed}-{number}" for number in range(self.rng.choice((1, 2, 3)))]
        self.due = deque(
            Incoming("webchat", self.rng.choice(self.chats), f"web:{number}", f"m{number}")
            if self.rng.random() < 0.7
            else Incoming(
                "webchat", self.rng.choice(self.chats), f"web:{number}", "", "payload", payload=f"/m{number}"
            )
            for number in range(self.rng.randint(3, 7))
        )
        self.everything = list(self.due)

    def play(self) -> None:
        """Let processes live and die until all was received, then one that finishes the work."""
        while self.due:
            with suppress(Killed):
                asyncio.run(self._life(self.rng.randint(1, 30)))
            if self.rng.random() < 0.5:
                self.clock.move(timedelta(seconds=self.grace.kit.settings.lease + 1))
        self.rasa.away = 0.0
        self.clock.move(timedelta(seconds=self.grace.kit.settings.lease + 1))
        asyncio.run(self._life(None))

    async def _life(self, calls: int | None) -> None:
        dead = asyncio.Event()
        asyncio.get_running_loop().set_default_executor(
            Mortal(calls, after=self.rng.random() < 0.5, dead=dead)
        )
        gateway = Gateway(self.grace, self.rasa, {"webchat": self.line})
        living = asyncio.create_task(self._live(gateway, calls is None))
        dying = asyncio.create_task(dead.wait())
        await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
        if dead.is_set():
            raise Killed
        await living

    async def _live(self, gateway: Gateway, last: bool) -> None:
        await gateway.start()
        while self.due:
            # What was not acknowledged before the process died, the channel brings again; at times twice.
            await gateway.receive(self.due[0])
            if self.rng.random() < 0.2:
                await gateway.receive(self.due[0])
            self.due.popleft()
            await asyncio.sleep(self.rng.choice((0, 0.001, 0.004)))
        if last:
            await until(self._finished, "the end of all work")
            await gateway.stop()

    def _finished(self) -> bool:
        return not {one.state for one in self.messages()} & {"received", "queued", "sending"}

    def messages(self) -> list[Message]:
        """Return every row of this round's chats."""
        with self.grace.kit.db.begin() as session:
            return (
                session.query(Message)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .filter(Conversation.address.in_(self.chats))
                .order_by(Message.id)
                .all()
            )

    def check(self) -> None:
        """Nothing is lost and nothing doubled."""
        found = self.messages()
        inbound = [one for one in found if one.direction == "in"]
        answers = [one for one in found if one.direction == "out" and "outage" not in (one.turn or "")]
        assert sorted(one.external_id or "" for one in inbound) == sorted(
            one.external_id for one in self.everything
        )
        assert {one.state for one in inbound} == {"handled"}
        assert all(one.turn for one in inbound)
        assert Counter(one.turn for one in answers) == dict.fromkeys({one.turn for one in inbound}, 1)
        assert set(self.rasa.asked) == {one.turn for one in inbound}, "a turn asked again keeps its id"
        for turn in {one.turn or "" for one in inbound}:
            parts = [(one.payload or {}).get("payload") or one.text for one in inbound if one.turn == turn]
            assert self.rasa.asked[turn] == {"\n".join(parts)}, "a turn asked again is the same turn"
        handed = Counter(one.id for one in self.line.sent)
        for answer in answers:
            assert answer.text.endswith(f"answer to {answer.turn}")
            if self.line.replayable:
                assert answer.state == "sent"
                assert handed[answer.id] >= 1
            else:
                assert answer.state in ("sent", "uncertain")
                assert handed[answer.id] == 1 if answer.state == "sent" else handed[answer.id] <= 1


def test_whatever_call_a_process_dies_at_each_message_is_handled_once_and_each_turn_answered_once(
    grace: Grace, clock: MovableClock
) -> None:
    grace.kit.settings.rasa_retry = 0.005
    for seed in range(50) if grace.kit.db.is_sqlite else range(50, 65):
        played = Round(grace, clock, seed)
        played.play()
        try:
            played.check()
        except AssertionError as error:
            raise AssertionError(f"round {seed}: {error}") from error
