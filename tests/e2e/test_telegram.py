"""Telegram as a borrower sees it: the real client library, gateway and database, at an emulated Bot API."""

# Fixtures are imported by their names.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import base64
import itertools
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.bootstrap import Grace, build
from bot.channels.assistant import Assistant
from bot.services.kit import MovableClock
from bot.services.replies import Reply
from bot.storage.tables import AddressRow, Borrower, LoanRow, Paper, Plan
from tests.e2e.telegram_fixtures import (
    PHONE,
    TOKEN,
    Agreeing,
    Open,
    ScriptedAssistant,
    TelegramUser,
    add_borrower,
    bind,
    emulator,
    messages,
    open_grace,
    running,
)
from tests.stack import Stack, until

# Every test has a chat of its own: the emulator is shared.
_CHATS = itertools.count(9001)


@pytest.fixture
def chat() -> int:
    return next(_CHATS)


@pytest.fixture
def grace(open_grace: Open, emulator: str) -> Grace:
    return open_grace(emulator)


@pytest.fixture
def phone(emulator: str, chat: int) -> TelegramUser:
    return TelegramUser(emulator, chat)


def said(grace: Grace, chat: int) -> list[str]:
    """What the bot put on the way to a chat."""
    return [message.text for message in messages(grace, "out", chat)]


def owner(grace: Grace, chat: int) -> str | None:
    with grace.kit.db.begin() as session:
        row = session.scalars(select(AddressRow).where(AddressRow.address == str(chat))).first()
        return row.borrower.ref if row else None


async def test_a_personal_link_binds_the_chat_once(grace: Grace, phone: TelegramUser, emulator: str) -> None:
    ref, token = add_borrower(grace)
    asks = ScriptedAssistant()
    stranger = TelegramUser(emulator, next(_CHATS))
    async with running(grace, asks), phone, stranger:
        await phone.command(f"/start {token}")
        await phone.hear()
        await stranger.command(f"/start {token}")
        (refused,) = await stranger.hear()
        await phone.command(f"/start {token}")
        await phone.hear()
    assert asks.heard == ["/start_chat", "/start_chat"]
    assert owner(grace, phone.chat) == ref
    assert owner(grace, stranger.chat) is None
    assert "已经用过" in refused["text"]


async def test_the_link_is_not_kept_in_the_record(grace: Grace, phone: TelegramUser) -> None:
    _, token = add_borrower(grace)
    async with running(grace), phone:
        await phone.command(f"/start {token}")
        await phone.hear()
    (message,) = messages(grace, "in", phone.chat)
    assert token not in message.text + str(message.payload)


async def test_a_new_chat_speaks_the_language_of_the_app(grace: Grace, emulator: str) -> None:
    async with running(grace), TelegramUser(emulator, next(_CHATS), language="en-GB") as phone:
        await phone.command("/help")
        (answer,) = await phone.hear()
    assert "in your own words" in answer["text"]


async def test_help_answers_while_the_assistant_is_never_asked(grace: Grace, phone: TelegramUser) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.command("/help@GraceBot")
        (answer,) = await phone.hear()
    assert "直接用平常的话说就行" in answer["text"]
    assert asks.heard == []


async def test_commands_are_the_payloads_of_the_dialogue(grace: Grace, phone: TelegramUser) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        for command in ("/start", "/human", "/language", "/language 中文", "/nonsense here"):
            await phone.command(command)
            await phone.hear()
    assert asks.heard == [
        "/start_chat",
        "/ask_human",
        "/change_language",
        '/change_language{"language": "zh"}',
        "nonsense here",
    ]


async def test_the_stop_command_is_honoured_without_the_assistant(grace: Grace, phone: TelegramUser) -> None:
    bind(grace, phone.chat)
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.command("/stop")
        await phone.hear()
    assert asks.heard == []
    (message,) = messages(grace, "in", phone.chat)
    assert (message.text, message.state) == ("STOP", "handled")


async def test_a_burst_of_messages_is_one_turn(open_grace: Open, emulator: str, phone: TelegramUser) -> None:
    grace = open_grace(emulator, burst=0.6)
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.say("我失业了")
        await phone.say("能分三期吗")
        await phone.hear()
    assert asks.heard == ["我失业了\n能分三期吗"]


async def test_a_tapped_button_acts_once_and_goes_away(grace: Grace, phone: TelegramUser) -> None:
    button = {"title": "转人工", "payload": "/ask_human"}
    asks = ScriptedAssistant(Reply("好的", [button]))
    async with running(grace, asks), phone:
        await phone.say("你好")
        (shown,) = await phone.hear()
        assert await phone.keyboard(shown) == shown["reply_markup"]["inline_keyboard"]
        await asyncio.gather(phone.tap(shown, 0), phone.tap(shown, 0))
        await phone.hear()
        await phone.say("在吗")
        await phone.hear()
        assert await phone.keyboard(shown) == []
    assert asks.heard == ["你好", "/ask_human", "在吗"]
    assert [one["text"] for row in shown["reply_markup"]["inline_keyboard"] for one in row] == ["转人工"]


async def test_a_yes_under_an_older_message_confirms_nothing(grace: Grace, phone: TelegramUser) -> None:
    yes = {"title": "好的", "payload": "/affirm"}
    asks = ScriptedAssistant(Reply("这样可以吗？", [yes]), Reply("还是那样？", [yes]))
    async with running(grace, asks), phone:
        await phone.say("能分期吗")
        (older,) = await phone.hear()
        await phone.say("延期呢")
        await phone.hear()
        await phone.tap(older, 0)
        (answer,) = await phone.hear()
    assert "/affirm" not in asks.heard
    assert "之前的消息" in answer["text"]


async def test_a_button_of_another_chat_does_nothing(
    grace: Grace, phone: TelegramUser, emulator: str
) -> None:
    button = {"title": "转人工", "payload": "/ask_human"}
    asks = ScriptedAssistant(Reply("好的", [button]))
    async with running(grace, asks), phone, TelegramUser(emulator, next(_CHATS)) as other:
        await phone.say("你好")
        (shown,) = await phone.hear()
        await other.tap(shown, 0)
        await other.say("在吗")
        await other.hear()
    assert asks.heard == ["你好", "在吗"]


async def test_pictures_and_stickers_are_answered_and_kept(grace: Grace, phone: TelegramUser) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.send(sticker={"file_id": "s"})
        (sticker,) = await phone.hear()
        await phone.send(photo=[{"file_id": "small"}, {"file_id": "large"}])
        (photo,) = await phone.hear()
    assert asks.heard == []
    assert "文字" in sticker["text"]
    assert "收到" in photo["text"]
    assert "同事" in photo["text"]
    assert messages(grace, "in", phone.chat)[1].payload == {
        "kind": "photo",
        "attachment": {"file_id": "large", "kind": "photo", "caption": None},
    }


async def test_a_caption_is_understood_and_its_picture_kept(grace: Grace, phone: TelegramUser) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.send(photo=[{"file_id": "receipt"}], caption="我已经还了")
        await phone.hear(2)
    assert asks.heard == ["我已经还了"]
    kinds = [(one.payload or {})["kind"] for one in messages(grace, "in", phone.chat)]
    assert kinds == ["photo", "text"]


async def test_twenty_thousand_characters_are_kept_and_one_more_is_said_to_be_cut(
    grace: Grace, phone: TelegramUser
) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.say("还" * 20_000)
        (whole,) = await phone.hear()
        await phone.say("还" * 20_001)
        (cut,) = await phone.hear()
    assert [len(text) for text in asks.heard] == [20_000, 20_000]
    assert "前面一部分" not in whole["text"]
    assert "前面一部分" in cut["text"]


async def test_a_long_answer_arrives_whole_in_parts(grace: Grace, phone: TelegramUser) -> None:
    lines = "\n".join(f"第{n}行：{n}00.00" for n in range(900))
    asks = ScriptedAssistant(Reply(lines, [{"title": "好的", "payload": "/affirm"}]))
    async with running(grace, asks), phone:
        await phone.say("明细")
        parts = await phone.hear()
        while "reply_markup" not in parts[-1]:
            parts += await phone.hear()
        await until(lambda: messages(grace, "out", phone.chat)[-1].state == "sent")
    assert len(parts) > 3
    assert all(len(part["text"].encode("utf-16-le")) <= 2 * 4096 for part in parts)
    assert "\n".join(part["text"] for part in parts).endswith(lines)
    assert ["reply_markup" in part for part in parts] == [False] * (len(parts) - 1) + [True]


async def test_the_own_phone_number_verifies(grace: Grace, phone: TelegramUser) -> None:
    conversation = bind(grace, phone.chat)
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.send(contact={"user_id": phone.chat, "phone_number": f"+86{PHONE}"})
        await phone.hear()
    assert grace.conversations.verified(conversation)
    assert asks.heard == ["/present_contact"]
    assert PHONE not in str([(one.text, one.payload) for one in messages(grace, "in", phone.chat)])


@pytest.mark.parametrize("own", [True, False])
async def test_another_number_or_anothers_contact_verifies_nobody(
    grace: Grace, phone: TelegramUser, own: bool
) -> None:
    conversation = bind(grace, phone.chat)
    asks = ScriptedAssistant()
    contact = {"user_id": phone.chat if own else 1, "phone_number": "13999999999" if own else PHONE}
    async with running(grace, asks), phone:
        await phone.send(contact=contact)
        (answer,) = await phone.hear()
    assert not grace.conversations.verified(conversation)
    assert asks.heard == []
    assert "出生日期" in answer["text"]
    assert "后四位" in answer["text"]


async def test_a_stranger_who_shares_a_contact_is_told_where_to_turn(
    grace: Grace, phone: TelegramUser
) -> None:
    async with running(grace), phone:
        await phone.send(contact={"user_id": phone.chat, "phone_number": PHONE})
        (answer,) = await phone.hear()
    assert "专属链接" in answer["text"]


async def test_the_contact_button_comes_with_the_question_and_goes_with_the_answer(
    grace: Grace, phone: TelegramUser
) -> None:
    bind(grace, phone.chat)
    options = [{"title": "分三期", "payload": "/choose_option"}]
    asks = ScriptedAssistant(
        Reply("请告诉我您的出生日期", keys=("utter_identity_ask",)),
        Reply("谢谢，确认了。\n\n可以这样安排：", options, ("utter_identity_done", "utter_plan_options")),
        expected="identity_confirmed",
    )
    async with running(grace, asks), phone:
        await phone.say("我想分期")
        (asked,) = await phone.hear()
        asks.expected = "plan_option"
        await phone.say("1990年5月12日，1234")
        done, offered = await phone.hear(2)
    ((button,),) = asked["reply_markup"]["keyboard"]
    assert button == {"text": "分享我的手机号", "request_contact": True}
    assert (done["text"], done["reply_markup"]) == ("谢谢，确认了。", {"remove_keyboard": True})
    assert offered["text"] == "可以这样安排："
    assert [row[0]["text"] for row in offered["reply_markup"]["inline_keyboard"]] == ["分三期"]


async def test_markup_stays_text(grace: Grace, phone: TelegramUser) -> None:
    evil = "<b>您好</b> *0* [点这里](x) _x_"
    asks = ScriptedAssistant(Reply(evil))
    async with running(grace, asks), phone:
        await phone.say(evil)
        (answer,) = await phone.hear()
    assert answer["text"].endswith(evil)
    assert "parse_mode" not in answer
    assert asks.heard == [evil]


async def test_groups_get_nothing(grace: Grace, phone: TelegramUser) -> None:
    asks = ScriptedAssistant()
    async with running(grace, asks), phone:
        await phone.say("大家好", chat={"id": -100123, "type": "supergroup", "title": "x"})
        await phone.say("你好")
        await phone.hear()
    assert asks.heard == ["你好"]
    assert said(grace, -100123) == []


async def test_what_was_sent_before_a_crash_is_uncertain_and_never_sent_again(
    grace: Grace,
    clock: MovableClock,
    phone: TelegramUser,
) -> None:
    conversation = bind(grace, phone.chat)
    async with running(grace) as channel, phone:
        grace.conversations.say(conversation, "utter_greet", turn="hello")
        ((queued, _),) = grace.outbox.queued(("telegram",))
        claimed = grace.outbox.claim(queued)
        assert claimed is not None
        assert (await channel.send(claimed)).outcome == "sent"
        # Here the process dies: nobody settles the message.
        clock.move(timedelta(seconds=grace.kit.settings.lease + 1))
        await until(lambda: messages(grace, "out", phone.chat)[0].state == "uncertain")
        assert len(await phone.hear()) == 1
        await phone.say("在吗")
        (answer,) = await phone.hear()
    assert "heard" in answer["text"]


@pytest.mark.stack
async def test_a_borrower_who_lost_their_job_agrees_a_plan_in_telegram(stack: Stack, emulator: str) -> None:
    changes = {"telegram_token": SecretStr(TOKEN), "telegram_api_base": emulator}
    grace = build(stack.settings.model_copy(update=changes), stack.grace.kit.clock, migrate=False)
    phone = TelegramUser(emulator, next(_CHATS))
    ref, token = add_borrower(grace)
    assistant = Assistant(grace.kit.settings)
    try:
        async with running(grace, assistant), phone:
            await phone.command(f"/start {token}")
            welcome = (await phone.hear())[-1]
            assert "出生日期" in welcome["text"]
            await phone.say(f"1990年5月12日，手机后四位{PHONE[-4:]}")
            conversation = grace.conversations.ensure("telegram", str(phone.chat))
            await until(lambda: grace.conversations.verified(conversation), "verification")
            await _hear_buttons(phone)
            await phone.say("我失业了，能分三期吗")
            options = await _hear_buttons(phone)
            await phone.tap(options, 0)
            confirm = await _hear_buttons(phone)
            await phone.tap(confirm, 0)
            (plan,) = await until(lambda: _plans(grace, ref), "the plan")
            terms, picture, *files = await phone.hear(4)
    finally:
        await assistant.close()
        grace.close()
    assert (plan.kind, plan.state) == ("instalment", "active")
    assert len(plan.items) == 3
    assert "元" in terms["text"] or "¥" in terms["text"]
    assert picture["photo"]["name"].endswith(".png")
    assert [file["document"]["name"][-4:] for file in files] == [".ics", ".pdf"]


async def _hear_buttons(phone: TelegramUser) -> dict[str, Any]:
    """Wait for the next message that offers a choice."""
    while True:
        # An answer in two parts may arrive in one look, or in two.
        heard: list[dict[str, Any]] = await phone.hear()
        for shown in heard[::-1]:
            if (shown.get("reply_markup") or {}).get("inline_keyboard"):
                return shown


def _plans(grace: Grace, ref: str) -> list[Plan]:
    with grace.kit.db.begin() as session:
        found = list(
            session.scalars(
                select(Plan)
                .join(LoanRow, LoanRow.id == Plan.loan_id)
                .join(Borrower, Borrower.id == LoanRow.borrower_id)
                .where(Borrower.ref == ref)
            )
        )
        for plan in found:
            assert plan.items
        return found


async def test_the_papers_of_a_plan_arrive_whole_behind_its_terms(grace: Grace, phone: TelegramUser) -> None:
    conversation = bind(grace, phone.chat)
    grace.identity.vouch(conversation, "test")
    async with running(grace, Agreeing(grace, Reply("都安排好了。"))), phone:
        await phone.say("好的，就这样")
        terms, *heard = await phone.hear(4)
        await phone.say("谢谢")
        (thanks,) = await phone.hear()
    assert "都安排好了" in terms["text"]
    kept = {one.part: one.content for one in _papers(grace)}
    expected = (
        ("photo", "plan-1.png", "picture-1"),
        ("document", "plan-1.ics", "calendar"),
        ("document", "plan-1.pdf", "agreement"),
    )
    for message, (field, name, part) in zip(heard, expected, strict=True):
        assert message["caption"].strip()
        assert message[field]["name"] == name
        assert base64.b64decode(message[field]["content"]) == kept[part]
    assert "heard" in thanks["text"]
    assert {one.state for one in messages(grace, "out", phone.chat)} == {"sent"}


def _papers(grace: Grace) -> list[Paper]:
    with grace.kit.db.begin() as session:
        return list(session.scalars(select(Paper)))
