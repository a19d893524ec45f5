"""The pure parts of the Telegram channel: reading any update, cutting a message, judging a failure."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from bot.channels.telegram_sending import compose, judge, split
from bot.channels.telegram_updates import (
    Closed,
    Event,
    Helped,
    Opened,
    Reopened,
    Said,
    Shared,
    Tapped,
    read,
)
from bot.channels.telegram_wire import BrokenAnswer
from bot.services.conversation import Incoming
from bot.services.outbox import Outgoing

CHAT = {"id": 7001, "type": "private"}
SENDER = {"id": 7001, "is_bot": False, "language_code": "en"}
ORIGIN: dict[str, Any] = {"message_id": 11, "date": 1, "chat": CHAT, "from": SENDER}
WHOLE: list[dict[str, Any]] = [
    {"update_id": 1, "message": {**ORIGIN, "text": "/start abc"}},
    {"update_id": 2, "message": {**ORIGIN, "photo": [{"file_id": "p"}], "caption": "paid"}},
    {"update_id": 3, "message": {**ORIGIN, "contact": {"user_id": 7001, "phone_number": "1"}}},
    {"update_id": 4, "edited_message": {**ORIGIN, "edit_date": 5, "text": "x"}},
    {"update_id": 5, "callback_query": {"id": "q", "data": "b:5:0", "message": ORIGIN, "from": SENDER}},
    {"update_id": 6, "my_chat_member": {"chat": CHAT, "new_chat_member": {"status": "kicked"}}},
]


def message(**fields: Any) -> Event | None:
    return read({"update_id": 1, "message": {**ORIGIN, **fields}})


def only(event: Event | None) -> Incoming:
    assert isinstance(event, Said)
    (one,) = event.messages
    return one


# Reading

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(anything)
def test_any_json_is_read_or_passed_over(update: object) -> None:
    _is_storable(read(update))


@given(st.data())
def test_a_known_update_with_anything_anywhere_in_it_is_read_or_passed_over(data: st.DataObject) -> None:
    update = copy.deepcopy(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(update, data)
    _is_storable(read(update))


def _spoil(node: Any, data: st.DataObject) -> None:
    """Put anything in the place of one value, at any depth."""
    while isinstance(node, dict | list) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(anything)
            return
        node = node[key]


def _is_storable(event: Event | None) -> None:
    """What was read fits the database: short ids, whole characters."""
    if event is None:
        return
    if isinstance(event, Tapped | Closed | Reopened):
        assert int(event.address)
        return
    for one in event.messages if isinstance(event, Said) else (event.message,):
        assert len(one.external_id) <= 120
        assert len(one.address) <= 255
        one.text.encode()


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("kicked", Closed("7001")),
        ("left", Closed("7001")),
        ("member", Reopened("7001")),
        ("restricted", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_blocked_chat_and_one_that_is_open_again_are_told_apart(status: Any, event: Event | None) -> None:
    change = {"chat": CHAT, "from": SENDER, "date": 1, "new_chat_member": {"status": status}}
    assert read({"update_id": 1, "my_chat_member": change}) == event
    assert read({"update_id": 1, "my_chat_member": {**change, "chat": {"id": -5, "type": "group"}}}) is None


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel", None])
def test_only_private_chats_are_read(kind: str | None) -> None:
    assert message(text="hi", chat={"id": -5, "type": kind}) is None


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", "/start_chat"),
        ("/START@GraceBot", "/start_chat"),
        ("/human please", "/ask_human"),
        ("/language", "/change_language"),
        ("/language English", '/change_language{"language": "en"}'),
        ("/language 中文", '/change_language{"language": "zh"}'),
        ('/language "}', "/change_language"),
        ("/nothing", None),
        ("/ start", None),
        ("please /start", None),
    ],
)
def test_a_command_is_one_only_as_a_whole_message(text: str, payload: str | None) -> None:
    one = only(message(text=text))
    assert (one.payload, one.kind) == (payload, "payload" if payload else "text")


def test_a_link_gives_its_token_and_no_record_of_it() -> None:
    event = message(text="/start aB_c-9")
    assert isinstance(event, Opened)
    assert (event.token, event.message.text, event.message.payload) == ("aB_c-9", "/start", "/start_chat")


def test_the_other_commands_are_what_they_say() -> None:
    assert isinstance(message(text="/help"), Helped)
    assert only(message(text="/stop it")).text == "STOP"


@pytest.mark.parametrize("kind", ["sticker", "voice", "video", "location", "dice", "poll"])
def test_what_cannot_be_read_says_so(kind: str) -> None:
    assert only(message(**{kind: {"file_id": "x"}})).kind == "sticker"


def test_a_film_with_a_caption_is_its_caption() -> None:
    one = only(message(video={"file_id": "x"}, caption="I lost my job"))
    assert (one.kind, one.text, one.attachment) == ("text", "I lost my job", {"kind": "video"})


def test_a_moving_picture_is_no_document() -> None:
    assert only(message(animation={"file_id": "x"}, document={"file_id": "x"})).kind == "sticker"


def test_a_document_is_kept_like_a_photo() -> None:
    one = only(message(document={"file_id": "d"}))
    assert (one.kind, one.attachment) == ("photo", {"file_id": "d", "kind": "document", "caption": None})


def test_a_caption_is_a_message_of_its_own() -> None:
    event = message(photo=[{"file_id": "p"}], caption="paid")
    assert isinstance(event, Said)
    assert [(one.kind, one.text, one.external_id) for one in event.messages] == [
        ("photo", "", "tg:11:file"),
        ("text", "paid", "tg:11"),
    ]


@pytest.mark.parametrize(
    "service",
    ["pinned_message", "new_chat_title", "message_auto_delete_timer_changed", "write_access_allowed"],
)
def test_what_telegram_itself_says_in_a_chat_is_no_message(service: str) -> None:
    assert message(**{service: {"x": 1}}) is None


def test_a_contact_counts_only_as_the_senders_own() -> None:
    own = message(contact={"user_id": 7001, "phone_number": "+8613800001234"})
    others = message(contact={"user_id": 7002, "phone_number": "+8613800001234"})
    nobodys = message(contact={"phone_number": "+8613800001234"})
    assert [event.phone for event in (own, others, nobodys) if isinstance(event, Shared)] == [
        "+8613800001234",
        None,
        None,
    ]


def test_half_a_character_is_replaced() -> None:
    assert only(message(text="a\ud83d")).text == "a\ufffd"
    assert only(message(text="\ud83d\ude00")).text == "😀"


@pytest.mark.parametrize("data", ["b:1", "b:1:2:3", "c:1:2", "b:-1:0", "b:٣:0", "", "b:1:0\n"])
def test_a_button_that_is_not_ours_is_passed_over(data: str) -> None:
    query = {"id": "q", "data": data, "message": ORIGIN, "from": SENDER}
    assert read({"update_id": 1, "callback_query": query}) is None


# Cutting and dressing

SAMPLE = Outgoing(
    5, "c", "telegram", "7001", "Hello", (), "en", initiator="bot", template=None, asks_identity=False
)


@given(st.text(st.sampled_from("ab \n还😀"), max_size=300), st.integers(2, 40))
def test_parts_fit_and_lose_nothing_but_line_ends(text: str, longest: int) -> None:
    parts = split(text, longest)
    assert all(len(part.encode("utf-16-le")) <= 2 * longest for part in parts)
    assert all(part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_is_cut_at_a_lines_end() -> None:
    assert split("one\ntwo\nthree", 9) == ["one\ntwo", "three"]
    assert split("one two three", 9) == ["one two", " three"]
    assert split("😀😀😀", 4) == ["😀😀", "😀"]


def test_buttons_stand_under_the_last_part_one_a_row() -> None:
    buttons = ({"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"})
    *early, last = compose(replace(SAMPLE, text="x" * 5000, buttons=buttons), "Share")
    assert [sorted(part) for part in early] == [["link_preview_options", "text"]]
    assert last["reply_markup"] == {
        "inline_keyboard": [
            [{"text": "Yes", "callback_data": "b:5:0"}],
            [{"text": "No", "callback_data": "b:5:1"}],
        ]
    }


def test_a_message_without_a_paragraph_keeps_its_buttons() -> None:
    both = replace(SAMPLE, buttons=({"title": "Yes", "payload": "/affirm"},), asks_identity=True)
    (part,) = compose(both, "Share")
    assert "inline_keyboard" in part["reply_markup"]


def test_nothing_to_say_makes_no_part() -> None:
    assert compose(replace(SAMPLE, text=" \n "), "Share") == []


# Judging


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def _refused() -> aiohttp.ClientConnectorError:
    key = ConnectionKey("api.telegram.org", 443, True, True, None, None, None)
    return aiohttp.ClientConnectorError(key, OSError("refused"))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), "dead"),
        (BadRequest("Bad Request: chat not found"), "dead"),
        (BadRequest("Bad Request: message is too long"), "failed"),
        (ChatMigrated(-5), "failed"),
        (InvalidToken("Unauthorized"), "later"),
        (_caused(NetworkError("x"), _refused()), "later"),
        (_caused(TimedOut(), aiohttp.ConnectionTimeoutError("x")), "later"),
        (_caused(NetworkError("x"), aiohttp.InvalidUrlClientError("x")), "later"),
        (_caused(TimedOut(), aiohttp.SocketTimeoutError("x")), "uncertain"),
        (_caused(NetworkError("x"), aiohttp.ServerDisconnectedError()), "uncertain"),
        (_caused(NetworkError("x"), aiohttp.ClientOSError("reset")), "uncertain"),
        (_caused(NetworkError("x"), aiohttp.ClientPayloadError("half")), "uncertain"),
        (NetworkError("Bad Gateway (502)"), "uncertain"),
        (_caused(Forbidden("Forbidden (403)"), BrokenAnswer("no JSON")), "uncertain"),
        (BrokenAnswer("no JSON"), "uncertain"),
        (ValueError("anything"), "uncertain"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_only_what_was_never_handed_over_may_be_sent_again(error: Exception, outcome: str) -> None:
    assert judge(error).outcome == outcome


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_a_flood_limit_is_only_a_delay() -> None:
    assert judge(RetryAfter(30)).outcome == "later"
