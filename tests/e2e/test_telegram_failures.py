"""Telegram when things go wrong: nothing is lost, nothing is doubled, nothing is sent blindly again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, select

from bot.bootstrap import Grace
from bot.channels.telegram import COMMANDS
from bot.channels.telegram_updates import KINDS
from bot.domain.handoff import HandoffReason
from bot.services.conversation import Incoming, Received
from bot.services.enclosures import paper_of
from bot.storage.tables import AddressRow
from tests.e2e.fake_bot_api import (
    BLOCKED,
    BROKEN,
    CHAT,
    CONFLICT,
    EMPTY,
    HALF,
    NO_CHAT,
    PROXY_PAGE,
    SERVER_ERROR,
    SILENT,
    WRONG_TOKEN,
    Answer,
    FakeBotApi,
    flood,
    refusal,
)
from tests.e2e.telegram_fixtures import (
    TOKEN,
    Agreeing,
    Open,
    ScriptedAssistant,
    api,
    bind,
    channel_of,
    messages,
    open_grace,
    running,
)

# Fixtures are imported by their names.
# ruff: noqa: F401, F811
from tests.integration.support import make_agent
from tests.integration.test_files import PDF, PNG
from tests.logged import logged
from tests.stack import until


@pytest.fixture
def grace(open_grace: Open, api: FakeBotApi) -> Grace:
    return open_grace(api.url)


@pytest.fixture
def conversation(grace: Grace) -> str:
    return bind(grace, CHAT)


@contextmanager
def outage(grace: Grace) -> Iterator[None]:
    """Take the database away."""
    engine = grace.kit.db.engine
    grace.kit.db.engine = create_engine("sqlite:////nowhere/at/all.db")
    try:
        yield
    finally:
        grace.kit.db.engine = engine


def acknowledged(api: FakeBotApi) -> list[int]:
    """Every offset that Telegram was told."""
    return [int(call["offset"]) for call in api.made("getUpdates") if "offset" in call]


def dead(grace: Grace) -> str | None:
    with grace.kit.db.begin() as session:
        found = select(AddressRow).where(AddressRow.channel == "telegram")
        return session.scalars(found).one().dead_reason


# Receiving


async def test_an_update_that_comes_twice_is_stored_and_answered_once(grace: Grace, api: FakeBotApi) -> None:
    asks = ScriptedAssistant()
    update = api.push(text="你好")
    api.updates.append({**update, "update_id": update["update_id"] + 50})
    async with running(grace, asks):
        await until(lambda: acknowledged(api))
        await until(lambda: api.texts)
    # The process that stored it died before it could tell Telegram.
    api.updates = [update]
    async with running(grace, asks):
        await until(lambda: not api.updates)
    assert asks.heard == ["你好"]
    assert [one.external_id for one in messages(grace, "in")] == [f"tg:{update['message']['message_id']}"]
    assert len(api.texts) == 1


async def test_while_the_database_is_down_the_offset_stays_and_the_message_arrives_later(
    grace: Grace, api: FakeBotApi
) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks):
        await until(lambda: len(api.made("getUpdates")) > 1)
        with outage(grace):
            api.push(text="我今天还")
            asked = len(api.made("getUpdates"))
            await until(lambda: len(api.made("getUpdates")) > asked + 2)
            assert acknowledged(api) == []
        await until(lambda: asks.heard)
        await until(lambda: acknowledged(api))
    assert asks.heard == ["我今天还"]


@pytest.mark.parametrize(
    "trouble", [CONFLICT, WRONG_TOKEN, SERVER_ERROR, BROKEN, HALF, flood(1), Answer(200, b"[]")], ids=str
)
async def test_trouble_with_telegram_delays_a_message_and_loses_none(
    grace: Grace, api: FakeBotApi, trouble: Answer
) -> None:
    asks = ScriptedAssistant()
    api.give("getUpdates", trouble, trouble)
    api.give("deleteWebhook", trouble)
    api.push(text="在吗")
    async with running(grace, asks):
        await until(lambda: asks.heard)
    assert asks.heard == ["在吗"]


async def test_the_app_starts_while_telegram_is_out_of_reach(grace: Grace, api: FakeBotApi) -> None:
    asks = ScriptedAssistant()
    await api.shut()
    async with running(grace, asks):
        await asyncio.sleep(0.2)
        api.push(text="在吗")
        await api.open()
        await until(lambda: asks.heard)


async def test_an_odd_update_holds_up_no_other(grace: Grace, api: FakeBotApi) -> None:
    asks = ScriptedAssistant()
    kinds: list[dict[str, Any]] = [{}, {"message": 7}, {"message": {"chat": None}}, {"poll_answer": {}}]
    for odd in kinds:
        api.push()
        api.updates[-1] = {"update_id": api.updates[-1]["update_id"], **odd}
    api.push(text="你好")
    async with running(grace, asks):
        await until(lambda: asks.heard)
        await until(lambda: not api.updates)


async def test_an_update_that_breaks_the_service_is_given_up_after_a_few_tries(
    grace: Grace, api: FakeBotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = ScriptedAssistant()
    receive = grace.conversations.receive
    tries = []

    def breaks(incoming: Incoming) -> Received:
        if incoming.text == "13800001234":
            tries.append(incoming.external_id)
            raise ValueError(incoming.text)
        return receive(incoming)

    monkeypatch.setattr(grace.conversations, "receive", breaks)
    api.push(text="13800001234")
    api.push(text="你好")
    with logged() as said:
        async with running(grace, asks):
            await until(lambda: asks.heard)
    assert asks.heard == ["你好"]
    assert len(tries) == 3
    assert "telegram_update_skipped" in said.getvalue()
    assert "13800001234" not in said.getvalue()


async def test_an_edited_message_is_answered_once_and_never_read_as_new(
    grace: Grace, api: FakeBotApi
) -> None:
    asks = ScriptedAssistant()
    edit = {"message_id": 101, "edit_date": 1_772_400_060}
    api.push(text="周五还500")
    api.push("edited_message", text="周五还800", **edit)
    api.push("edited_message", text="周五还800", **edit)
    api.push("edited_message", location={"latitude": 1.0, "longitude": 2.0}, **edit)
    async with running(grace, asks):
        await until(lambda: not api.updates)
        await until(lambda: len(api.texts) == 2)
    assert asks.heard == ["周五还500"]
    assert sum("您改了一条消息" in text for text in api.texts) == 1


async def test_the_spinner_stops_and_a_failure_there_undoes_no_tap(grace: Grace, api: FakeBotApi) -> None:
    asks = ScriptedAssistant()
    conversation = bind(grace, CHAT)
    grace.conversations.say(conversation, "utter_bot", turn="1")
    (shown,) = messages(grace, "out")
    api.give("answerCallbackQuery", EMPTY)
    api.give("editMessageReplyMarkup", SERVER_ERROR)
    api.tap(f"b:{shown.id}:0")
    async with running(grace, asks):
        await until(lambda: api.made("editMessageReplyMarkup"))
        await until(lambda: asks.heard)
    assert asks.heard == ["/ask_human"]
    assert api.made("answerCallbackQuery") == [{"callback_query_id": "q1"}]


async def test_the_menu_speaks_both_languages(grace: Grace, api: FakeBotApi) -> None:
    async with running(grace):
        await until(lambda: len(api.made("setMyCommands")) == 2)
    english, chinese = api.made("setMyCommands")
    assert [one["command"] for one in json.loads(english["commands"])] == list(COMMANDS)
    assert "language_code" not in english
    assert chinese["language_code"] == "zh"
    assert json.loads(chinese["commands"])[0] == {"command": "human", "description": "转人工"}


# Sending


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (EMPTY, "failed"),
        (SERVER_ERROR, "uncertain"),
        (BROKEN, "uncertain"),
        (HALF, "uncertain"),
        (SILENT, "uncertain"),
        (PROXY_PAGE, "uncertain"),
        (Answer(200, {"ok": True}), "uncertain"),
    ],
    ids=["refused", "server error", "not json", "half an answer", "no answer", "a proxy's page", "no result"],
)
async def test_what_may_have_gone_out_is_uncertain_and_not_sent_again(
    grace: Grace, api: FakeBotApi, conversation: str, answer: Answer, state: str
) -> None:
    api.give("sendMessage", answer)
    async with running(grace):
        grace.conversations.say(conversation, "utter_greet", turn="1")
        await until(lambda: messages(grace, "out")[0].state == state, state)
        grace.conversations.say(conversation, "utter_thank", turn="2")
        await until(lambda: messages(grace, "out")[1].state == "sent")
    assert len(api.texts) == 2
    assert dead(grace) is None


@pytest.mark.parametrize("answer", [BLOCKED, NO_CHAT], ids=["blocked", "no chat"])
async def test_a_blocked_chat_is_dead(
    grace: Grace, api: FakeBotApi, conversation: str, answer: Answer
) -> None:
    api.give("sendMessage", answer)
    async with running(grace):
        grace.conversations.say(conversation, "utter_greet", turn="1")
        await until(lambda: messages(grace, "out")[0].state == "failed")
    assert dead(grace)


async def test_a_chat_that_blocks_the_bot_gets_nothing_until_it_lets_it_in_again(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    api.push("my_chat_member", new_chat_member={"status": "kicked"})
    async with running(grace):
        await until(lambda: dead(grace))
        grace.conversations.say(conversation, "utter_greet", turn="1")
        await until(lambda: messages(grace, "out")[0].state == "cancelled")
        api.push("my_chat_member", new_chat_member={"status": "member"})
        await until(lambda: not dead(grace))
        grace.conversations.say(conversation, "utter_greet", turn="2")
        await until(lambda: messages(grace, "out")[1].state == "sent")
    assert len(api.texts) == 1


async def test_a_flood_limit_delays_everything_and_drops_nothing(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    api.give("sendMessage", flood(1))
    began = asyncio.get_running_loop().time()
    async with running(grace):
        for turn in ("1", "2"):
            grace.conversations.say(conversation, "utter_greet", turn=turn)
        await until(lambda: [one.state for one in messages(grace, "out")] == ["sent", "sent"])
    assert asyncio.get_running_loop().time() - began >= 1
    assert len(api.texts) == 3


async def test_what_was_never_handed_over_goes_out_later(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    await api.shut()
    async with running(grace):
        grace.conversations.say(conversation, "utter_greet", turn="1")
        await until(lambda: (messages(grace, "out")[0].failure or "").startswith("no connection"))
        assert messages(grace, "out")[0].state in ("queued", "sending")
        await api.open()
        await until(lambda: messages(grace, "out")[0].state == "sent")
    assert len(api.texts) == 1


async def test_a_refused_token_keeps_messages(grace: Grace, api: FakeBotApi, conversation: str) -> None:
    api.give("sendMessage", WRONG_TOKEN)
    async with running(grace):
        grace.conversations.say(conversation, "utter_greet", turn="1")
        await until(lambda: messages(grace, "out")[0].failure)
        await asyncio.sleep(0.3)
        await until(lambda: messages(grace, "out")[0].state == "queued")
    assert len(api.texts) == 1


async def test_a_message_of_which_a_part_failed_is_uncertain(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    grace.conversations.say(conversation, "utter_greet", turn="1")
    ((queued, _),) = grace.outbox.queued(("telegram",))
    claimed = grace.outbox.claim(queued)
    assert claimed is not None
    api.give("sendMessage", Answer(), BLOCKED)
    async with running(grace) as channel:
        delivery = await channel.send(replace(claimed, text="还" * 9000))
    assert (delivery.outcome, len(api.texts)) == ("uncertain", 2)
    assert "part 2 of 3" in delivery.detail


async def test_a_stopped_channel_hands_nothing_over(grace: Grace, api: FakeBotApi, conversation: str) -> None:
    grace.conversations.say(conversation, "utter_greet", turn="1")
    ((queued, _),) = grace.outbox.queued(("telegram",))
    claimed = grace.outbox.claim(queued)
    assert claimed is not None
    async with running(grace) as channel:
        pass
    assert (await channel.send(claimed)).outcome == "later"
    assert api.texts == []


async def test_a_chat_gets_one_message_a_second_after_a_short_burst(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    began = asyncio.get_running_loop().time()
    async with running(grace):
        for turn in range(5):
            grace.conversations.say(conversation, "utter_greet", turn=str(turn))
        await until(lambda: len(api.texts) == 5)
    assert 1.5 < asyncio.get_running_loop().time() - began < 6


# The webhook


@pytest.fixture
async def hooked(open_grace: Open, api: FakeBotApi) -> Any:
    """A channel that Telegram posts to, and what the assistant hears."""
    grace = open_grace(
        api.url,
        telegram_webhook_url="https://grace.example/telegram/webhook",
        telegram_webhook_secret=SecretStr("open-sesame"),
    )
    asks = ScriptedAssistant()
    async with running(grace, asks) as channel:
        await until(lambda: api.made("setWebhook"))
        yield grace, channel, asks


async def test_the_webhook_is_set_with_its_secret_and_nothing_polls(hooked: Any, api: FakeBotApi) -> None:
    await asyncio.sleep(0.1)
    (call,) = api.made("setWebhook")
    assert (call["url"], call["secret_token"]) == ("https://grace.example/telegram/webhook", "open-sesame")
    assert all(f'"{kind}"' in call["allowed_updates"] for kind in KINDS)
    assert api.made("getUpdates") == []


@pytest.mark.parametrize("secret", [None, "", "open-sesam", "é", "open-sesame\ud800"])
async def test_a_forged_update_is_refused(hooked: Any, api: FakeBotApi, secret: str | None) -> None:
    grace, channel, _ = hooked
    assert await channel.handle_webhook(api.push(text="你好"), secret) == 403
    assert messages(grace, "in") == []


async def test_a_posted_update_is_stored_once(hooked: Any, api: FakeBotApi) -> None:
    _, channel, asks = hooked
    update = api.push(text="你好")
    for _ in range(2):
        assert await channel.handle_webhook(update, "open-sesame") == 200
    assert await channel.handle_webhook(["no", "update"], "open-sesame") == 400
    await until(lambda: api.texts)
    assert asks.heard == ["你好"]


async def test_telegram_is_asked_to_post_again_what_could_not_be_stored(hooked: Any, api: FakeBotApi) -> None:
    grace, channel, asks = hooked
    update = api.push(text="你好")
    with outage(grace):
        assert await channel.handle_webhook(update, "open-sesame") == 503
    assert await channel.handle_webhook(update, "open-sesame") == 200
    await until(lambda: asks.heard)


async def test_without_a_secret_set_nobody_gets_in_with_an_empty_one(
    open_grace: Open, api: FakeBotApi
) -> None:
    channel = channel_of(open_grace(api.url))
    for secret in (None, "", TOKEN):
        assert await channel.handle_webhook(api.push(text="你好"), secret) == 403


# Papers


def papers(grace: Grace) -> list[tuple[str, str]]:
    """Return the state of each paper that went out, or should have, by its kind."""
    found = [(paper_of(one.payload), one.state) for one in messages(grace, "out")]
    return [(paper.kind, state) for paper, state in found if paper is not None]


async def agree(grace: Grace, api: FakeBotApi, conversation: str) -> None:
    """Agree a plan in a chat, and wait until nothing more of it is on its way."""
    grace.identity.vouch(conversation, "test")
    api.push(text="好的，就这样")
    async with running(grace, Agreeing(grace)):
        await until(lambda: papers(grace) and not grace.outbox.queued(("telegram",)), "the papers")
        await until(lambda: "sending" not in {state for _, state in papers(grace)}, "their outcome")


async def test_a_photo_and_two_documents_are_uploaded_with_their_words(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    await agree(grace, api, conversation)
    assert [(method, name) for method, name, _ in api.files] == [
        ("sendPhoto", "plan-1.png"),
        ("sendDocument", "plan-1.ics"),
        ("sendDocument", "plan-1.pdf"),
    ]
    contents = [content for _, _, content in api.files]
    assert [content[:4] for content in contents] == [b"\x89PNG", b"BEGI", b"%PDF"]
    assert all(call["caption"] and call["chat_id"] == str(CHAT) for call in api.made("sendDocument"))
    assert {state for _, state in papers(grace)} == {"sent"}


@pytest.mark.parametrize(
    ("answer", "state", "tries"),
    [
        (flood(1), "sent", 2),
        (refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), "failed", 1),
        (SERVER_ERROR, "uncertain", 1),
        (SILENT, "uncertain", 1),
        (HALF, "uncertain", 1),
    ],
)
async def test_a_paper_is_tried_again_only_when_it_cannot_have_arrived(
    grace: Grace, api: FakeBotApi, conversation: str, answer: Answer, state: str, tries: int
) -> None:
    api.give("sendPhoto", answer)
    await agree(grace, api, conversation)
    assert papers(grace) == [("picture", state), ("calendar", "sent"), ("agreement", "sent")]
    assert len(api.made("sendPhoto")) == tries


async def test_who_blocked_the_bot_is_sent_no_further_paper(
    grace: Grace, api: FakeBotApi, conversation: str
) -> None:
    api.give("sendPhoto", BLOCKED)
    await agree(grace, api, conversation)
    assert papers(grace) == [("picture", "failed"), ("calendar", "cancelled"), ("agreement", "cancelled")]
    assert api.made("sendDocument") == []


# Files from an agent


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(), "sent"),
        (refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), "failed"),
        (SILENT, "uncertain"),
    ],
)
async def test_an_agents_photo_and_document_arrive_as_such_and_what_came_of_them_is_known(
    grace: Grace, api: FakeBotApi, conversation: str, answer: Answer, state: str
) -> None:
    grace.identity.vouch(conversation, "test")
    number = grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
    agent = make_agent(grace)
    grace.attachments.send(number, agent, "slip.png", PNG, "您的凭证", key="1")
    grace.attachments.send(number, agent, "条款.pdf", PDF, key="2")
    api.give("sendPhoto", answer)
    async with running(grace, ScriptedAssistant()):
        await until(lambda: not {"queued", "sending"} & {one.state for one in messages(grace, "out")})
    assert [(method, content) for method, _, content in api.files] == [
        ("sendPhoto", PNG),
        ("sendDocument", PDF),
    ]
    assert [call.get("caption") for call in api.made("sendPhoto")] == ["您的凭证"]
    sent = [one for one in messages(grace, "out") if one.initiator == "agent"]
    assert [one.state for one in sent] == [state, "sent"]
