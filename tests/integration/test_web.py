"""The app over real HTTP and WebSockets: who gets in, what is served, and what hostile frames achieve."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import logging
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from nicegui.storage import Storage
from pydantic import SecretStr
from sqlalchemy import create_engine, func, select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from bot.bootstrap import Grace, build
from bot.channels.assistant import Answer, Assistant
from bot.domain.handoff import HandoffReason
from bot.services.kit import MovableClock
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.storage.tables import Conversation, Message
from bot.web.app import create_app
from bot.web.chat.texts import WORDS, page_texts
from bot.web.session import CHAT_COOKIE, PaperLinks, Sessions
from tests.conftest import MORNING, settings_for
from tests.e2e.conftest import served
from tests.factory import make_borrower, make_plan
from tests.integration.support import make_agent
from tests.stack import free_port

PATIENCE = 10.0
Frame = dict[str, Any]
_numbers = itertools.count(1)


class Scripted(Assistant):
    """Stands in for Rasa where the dialogue does not matter; whoever opens the chat is shown two buttons."""

    def __init__(self) -> None:
        """Connect to nothing."""

    async def turn(self, turn: Turn) -> Answer:
        """Answer."""
        if turn.text == "/start_chat":
            buttons = [{"title": "分三期", "payload": "/three"}, {"title": "晚点付", "payload": "/later"}]
            return Answer(Reply("您好", buttons), None, True)
        return Answer(Reply("好的"), None, True)

    async def ready(self) -> bool:
        """It is."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Site:
    """The app as it is served, with the errors that its server logged."""

    grace: Grace
    clock: MovableClock
    url: str
    errors: list[str]

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    def get(self, path: str, cookie: str | None = None) -> httpx.Response:
        """Fetch a path, redirects not followed."""
        headers = {} if cookie is None else {b"Cookie": f"{CHAT_COOKIE}={cookie}".encode()}
        return httpx.get(self.url + path, headers=headers, trust_env=False, verify=False)

    def post(self, path: str, **headers: str) -> httpx.Response:
        """Post to a path, redirects not followed."""
        return httpx.post(self.url + path, headers=headers, trust_env=False)

    def raw(self, path: str) -> tuple[int, bytes]:
        """Fetch a path exactly as it is written."""
        line = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def link(self, ref: str, channel: str = "webchat") -> str:
        """Return the path of a one-time link."""
        return f"/chat/l/{self.grace.links.issue(ref, channel)}"

    def cookie(self, ref: str) -> str:
        """Open a borrower's link, and return the cookie."""
        return self.post(self.link(ref)).cookies[CHAT_COOKIE]

    @contextmanager
    def line(self, cookie: str | None, origin: str | None = None) -> Iterator[Connection]:
        """Open a socket."""
        headers = {} if cookie is None else {"Cookie": f"{CHAT_COOKIE}={cookie}"}
        if origin is not None:
            headers["Origin"] = origin
        url = f"ws://{self.host}/chat/ws"
        with connect(url, additional_headers=headers, proxy=None, close_timeout=1) as line:
            yield line

    def rows(self, ref: str) -> list[Message]:
        """Return the rows of a chat but for its opening."""
        with self.grace.kit.db.begin() as session:
            found = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
            return list(session.scalars(found.where(Conversation.address == ref).order_by(Message.id)))

    def written(self, ref: str) -> list[Message]:
        """Return what a borrower has written or tapped, in order."""
        return [
            one for one in self.rows(ref) if one.direction == "in" and one.external_id != "web:start"
        ]  # fmt: skip

    def count(self) -> int:
        """Return how many messages came in, in all chats."""
        with self.grace.kit.db.begin() as session:
            incoming = select(func.count()).select_from(Message).where(Message.direction == "in")
            return session.scalar(incoming) or 0


class Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its traceback."""
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def whole_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("web")
    shutil.copyfile(sqlite_template, folder / "grace.db")
    clock, errors = MovableClock(MORNING), Errors()
    secret = {"secret": SecretStr("signs for these tests only"), "state": folder / "state"}
    grace = build(
        settings_for(f"sqlite:///{folder}/grace.db").model_copy(update=secret), clock, migrate=False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "path", folder)
        with served(create_app(grace, Scripted())) as url:
            logging.getLogger("uvicorn.error").addHandler(errors)
            yield Site(grace, clock, url, errors.lines)
            logging.getLogger("uvicorn.error").removeHandler(errors)
    grace.close()


@pytest.fixture
def site(whole_site: Site) -> Iterator[Site]:
    """The app; a test in which its server logs an error has failed."""
    whole_site.errors.clear()
    yield whole_site
    assert whole_site.errors == []


@pytest.fixture
def ref(site: Site) -> str:
    return make_borrower(site.grace, prefix="W")


def greet(line: Connection, after: Any = 0) -> Frame:
    """Say hello, and return the answer."""
    line.send(json.dumps({"type": "hello", "after": after}))
    return hear(line, "ready")


def hear(line: Connection, *kinds: str, check: Callable[[Frame], Any] = lambda _: True) -> Frame:
    """Return the next frame of these kinds that passes a check."""
    give_up = time.monotonic() + PATIENCE
    while True:
        frame: Frame = json.loads(line.recv(timeout=max(0.0, give_up - time.monotonic())))
        if frame["type"] in kinds and check(frame):
            return frame


def send(line: Connection, text: Any, key: str | None = None) -> Frame:
    """Send a message, and return what the server says of it."""
    key = key or f"c{next(_numbers)}"
    line.send(json.dumps({"type": "message", "client_id": key, "text": text}))
    return hear(line, "ack", "error", check=lambda frame: frame["client_id"] == key)


class TestHealth:
    def test_a_living_process_says_so(self, site: Site) -> None:
        answer = site.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_readiness_names_the_part_that_is_ill(self, site: Site) -> None:
        async def ready(rasa: bool, database: bool) -> tuple[int, list[str]]:
            port = free_port()
            address = f"http://127.0.0.1:{port}"
            settings = site.grace.kit.settings.model_copy(
                update={"rasa_url": address, "actions_url": f"{address}/webhook"}
            )
            grace = build(settings, migrate=False)
            if not database:
                grace.kit.db.engine = create_engine("sqlite:////nowhere/at/all/grace.db")
            server = await asyncio.start_server(_yes, "127.0.0.1", port) if rasa else None
            transport = httpx.ASGITransport(create_app(grace))
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as web:
                answer = await web.get("/ready")
            if server is not None:
                server.close()
            grace.close()
            return answer.status_code, answer.json()["ill"]

        assert asyncio.run(ready(True, True)) == (200, [])
        assert asyncio.run(ready(False, True)) == (503, ["rasa", "actions"])
        assert asyncio.run(ready(True, False)) == (503, ["database", "migrations"])

    def test_without_a_telegram_token_there_is_no_webhook(self, site: Site) -> None:
        assert httpx.post(f"{site.url}/telegram/webhook", json={}, trust_env=False).status_code == 404


async def _yes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()


class TestLinks:
    def test_a_link_opens_the_chat_once_and_then_says_so_in_both_languages(
        self, site: Site, ref: str
    ) -> None:
        link = site.link(ref)
        first, second = site.post(link), site.post(link)
        assert (first.status_code, first.headers["location"]) == (303, "/chat/")
        cookie = first.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", "Path=/chat", "Max-Age=43200"):
            assert part in cookie
        assert second.status_code == 410
        assert "set-cookie" not in second.headers
        phone = {"phone": site.grace.kit.settings.lender_phone}
        for locale in ("zh_CN", "en"):
            words = site.grace.kit.texts.render("utter_link_used", locale, phone).text
            assert words in second.text
            assert words in site.get(link).text
        assert site.get(link).status_code == 410

    def test_looking_at_a_link_uses_nothing_up_and_shows_one_button(self, site: Site, ref: str) -> None:
        link = site.link(ref)
        for _ in range(3):
            seen = site.get(link)
            assert (seen.status_code, "set-cookie" in seen.headers) == (200, False)
            assert seen.text.count("<button") == 1
            assert "打开聊天 / Open chat" in seen.text
            for fact in (ref, "张伟", "3,000"):
                assert fact not in seen.text
            rules = seen.headers["content-security-policy"]
            assert "form-action 'self'" in rules
            assert "script-src" not in rules
            assert seen.headers["referrer-policy"] == "no-referrer"
            assert seen.headers["cache-control"] == "no-store"
        assert site.post(link).status_code == 303

    @pytest.mark.parametrize("origin", ["cross-site", "same-site"])
    def test_another_site_cannot_open_a_link_in_a_visitors_browser(
        self, site: Site, ref: str, origin: str
    ) -> None:
        link = site.link(ref)
        refused = site.post(link, **{"Sec-Fetch-Site": origin})
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
        assert site.post(link, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303

    def test_a_link_that_is_wrong_too_old_or_another_channels_opens_nothing(
        self, site: Site, ref: str
    ) -> None:
        old, telegram = site.link(ref), site.link(ref, "telegram")
        site.clock.move(timedelta(hours=site.grace.kit.settings.link_hours))
        for link in ("/chat/l/guess", "/chat/l/%00", "/chat/l/" + "x" * 5000, old, telegram):
            for answer in (site.get(link), site.post(link)):
                assert (answer.status_code, "set-cookie" in answer.headers) == (410, False)

    def test_over_https_the_cookie_never_travels_in_the_clear(self, site: Site, ref: str) -> None:
        settings = site.grace.kit.settings.model_copy(update={"public_url": "https://grace.example"})
        grace = build(settings, site.clock, migrate=False)

        async def cookie() -> str:
            transport = httpx.ASGITransport(create_app(grace, Scripted()))
            async with httpx.AsyncClient(transport=transport, base_url="https://grace.example") as web:
                return (await web.post(site.link(ref))).headers["set-cookie"]

        assert "Secure" in asyncio.run(cookie())
        grace.close()


class TestSessions:
    def test_without_a_cookie_there_is_no_session_and_nothing_personal(self, site: Site, ref: str) -> None:
        site.cookie(ref)
        answer = site.get("/chat/session")
        assert answer.status_code == 401
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["conversation"], body["locale"]) == ("", "zh_CN")
        assert set(body) == {"conversation", "locale", "lender", "texts"}
        for fact in (ref, "张伟", "5678", "3000", *(one.conversation_id for one in site.rows(ref))):
            assert fact not in answer.text

    def test_a_forged_altered_or_expired_cookie_is_none(
        self, site: Site, ref: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = site.cookie(ref)
        settings = site.grace.kit.settings
        other = Sessions(settings.model_copy(update={"secret": SecretStr("another")})).issue(ref)
        with monkeypatch.context() as patch:
            patch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 12 * 3600 - 1)
            old = Sessions(settings).issue(ref)
        payload, stamp, signature = good.split(".")
        altered = [
            f"{payload}.{stamp}.{signature[:-2]}",
            f"{payload}x.{stamp}.{signature}",
            f"{payload}.{stamp}",
        ]
        for cookie in ("", ref, f'"{ref}"', other, old, "..", "é", *altered):
            answer = site.get("/chat/session", cookie)
            assert (answer.status_code, answer.json()["conversation"]) == (401, ""), cookie
            page = site.get("/chat/", cookie)
            assert page.status_code == 401
            assert "<script" not in page.text
            assert not opens(site, cookie)
        assert opens(site, good)

    def test_a_session_speaks_the_borrowers_language(self, site: Site) -> None:
        for locale, lender in (("zh_CN", "明达消费金融"), ("en", "Mingda Consumer Finance")):
            ref = make_borrower(site.grace, locale=locale, prefix="W")
            answer = site.get("/chat/session", site.cookie(ref))
            body = answer.json()
            assert (body["locale"], body["lender"]) == (locale, lender)
            assert body["texts"] == page_texts(site.grace.kit.texts, locale, lender)
            assert body["texts"].keys() == WORDS.keys()
            assert body["conversation"] == site.grace.conversations.ensure("webchat", ref)
            assert answer.headers["cache-control"] == "no-store"


def opens(site: Site, cookie: str | None, origin: str | None = None) -> bool:
    """Tell whether a socket opens and answers, or is refused before it opens."""
    try:
        with site.line(cookie, origin) as line:
            greet(line)
            return True
    except InvalidStatus:
        return False


class TestFiles:
    def test_the_page_and_all_that_it_loads_come_with_the_headers_that_guard_it(
        self, site: Site, ref: str
    ) -> None:
        page = site.get("/chat/", site.cookie(ref))
        names = {"chat.css", "chat.js", "icon.svg"} | set(re.findall(r'(?:href|src)="([\w.]+)"', page.text))
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        found: dict[str, httpx.Response] = {}
        while names - found.keys():
            name = (names - found.keys()).pop()
            found[name] = site.get(f"/chat/{name}")
            assert found[name].status_code == 200, name
            assert found[name].headers["content-type"].startswith(kinds[name.rsplit(".")[-1]])
            names |= set(re.findall(r'from "\./([\w.]+)"', found[name].text))
        assert {"view.js", "store.js", "transport.js", "composer.js", "paint.js"} < found.keys()
        for answer in (page, *found.values()):
            guard_rules(site, answer)

    def test_a_notice_is_guarded_too_and_runs_nothing(self, site: Site) -> None:
        for path in ("/chat/", "/chat/l/guess"):
            answer = site.get(path)
            rules = answer.headers["content-security-policy"]
            assert "default-src 'none'" in rules
            assert "script-src" not in rules
            assert "frame-ancestors 'none'" in rules
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        "path",
        [
            "routes.py",
            "socket.py",
            "__init__.py",
            "../app.py",
            "..%2fapp.py",
            "%2e%2e/app.py",
            "%2e%2e%2fapp.py",
            "..%5capp.py",
            "....//app.py",
            "../../../domain.yml",
            "..%2f..%2f..%2fdomain.yml",
            "../chat/chat.js",
            "..%2fchat%2fchat.js",
            "%2fetc%2fpasswd",
            "/etc/passwd",
            "chat.js%00",
            "chat.js%00.py",
            "%00.js",
            "chat.js/",
            ".",
            "..",
            "chat",
            ".js",
            "%ff%fe.js",
            "a" * 300 + ".js",
            "a" * 5000 + ".css",
        ],
    )
    def test_nothing_outside_the_pages_own_files_is_served(self, site: Site, path: str) -> None:
        status, body = site.raw(f"/chat/{path}")
        assert status in (301, 307, 308, 404), body[:200]
        assert b"import" not in body
        assert b"root:" not in body


def guard_rules(site: Site, answer: httpx.Response) -> None:
    """Check the headers of something that a page is made of."""
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";") if rule
    )
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["img-src"] == "'self'"
    assert rules["connect-src"] == f"'self' ws://{site.host} wss://{site.host}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


class TestSocket:
    def test_only_the_pages_own_origin_may_open_a_socket(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        port = site.host.split(":")[1]
        for origin in (
            "https://evil.example",
            "null",
            "",
            f"http://{site.host}.evil.example",
            f"http://localhost:{port}",
            "http://127.0.0.1:1",
            f"evil://user@{site.host}",
        ):
            assert not opens(site, cookie, origin), origin
        assert opens(site, cookie, site.url)
        assert opens(site, cookie), "a program without an origin is no page of somebody else"

    def test_a_visitor_who_does_not_begin_with_hello_is_shown_out(self, site: Site, ref: str) -> None:
        cookie, before = site.cookie(ref), site.count()
        for frame in ('{"type": "message", "client_id": "a", "text": "hi"}', "[]", "hello", "7", "{}"):
            with site.line(cookie) as line:
                line.send(frame)
                with pytest.raises(ConnectionClosed) as closed:
                    line.recv(timeout=PATIENCE)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4000
        assert site.count() == before

    def test_a_page_that_is_left_open_ends_with_its_session(
        self, site: Site, ref: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = site.grace.kit.settings
        with monkeypatch.context() as patch:
            almost = settings.session_hours * 3600 - 3
            patch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - almost)
            cookie = Sessions(settings).issue(ref)
        with site.line(cookie) as line:
            greet(line)
            assert hear(line, "closed")["reason"] == "expired"
            with pytest.raises(ConnectionClosed) as closed:
                line.recv(timeout=PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        assert not opens(site, cookie)

    def test_what_comes_too_fast_is_given_back_and_may_be_sent_again(self, site: Site, ref: str) -> None:
        most = site.grace.kit.settings.chat_frames
        with site.line(site.cookie(ref)) as line:
            greet(line)
            hear(line, "message")
            for number in range(2 * most):
                line.send(json.dumps({"type": "message", "client_id": f"f{number}", "text": "快"}))
            answers = [hear(line, "ack", "error") for _ in range(2 * most)]
            refused = [one for one in answers if one["type"] == "error"]
            assert {one["client_id"] for one in answers} == {f"f{number}" for number in range(2 * most)}
            assert refused
            assert refused[0]["text"] == page_texts(site.grace.kit.texts, "zh_CN", "")["too_fast"]
            assert len(site.written(ref)) == 2 * most - len(refused)
            time.sleep(0.2)
            assert send(line, "快", refused[0]["client_id"])["type"] == "ack"

    def test_opening_greets_once_in_whatever_many_pages(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as first, site.line(cookie) as second:
            for line in (first, second):
                assert greet(line)["mode"] == "bot"
                shown = hear(line, "message")
                assert shown["text"].endswith("您好")
                assert [button["label"] for button in shown["buttons"]] == ["分三期", "晚点付"]
            assert len([one for one in site.rows(ref) if one.direction == "out"]) == 1

    def test_a_message_is_acknowledged_shown_and_answered(self, site: Site, ref: str) -> None:
        with site.line(site.cookie(ref)) as line:
            greet(line)
            hear(line, "message")
            line.send(json.dumps({"type": "message", "client_id": "one", "text": "我想分期"}))
            frames = [hear(line, "ack", "message") for _ in range(3)]
            ack = next(frame for frame in frames if frame["type"] == "ack")
            own = next(frame for frame in frames if frame.get("from") == "borrower")
            answer = next(frame for frame in frames if frame.get("from") == "bot")
            assert (ack["client_id"], own["client_id"], own["text"]) == ("one", "one", "我想分期")
            assert ack["seq"] == own["seq"] < answer["seq"]

    def test_a_message_sent_again_after_a_cut_is_the_same_message(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        acks = []
        for _ in range(3):
            with site.line(cookie) as line:
                greet(line)
                acks.append(send(line, "我想分期", "same"))
        assert len({ack["seq"] for ack in acks}) == len(site.written(ref)) == 1

    def test_one_borrowers_page_reaches_nothing_of_anothers(self, site: Site, ref: str) -> None:
        other = make_borrower(site.grace, prefix="W")
        with site.line(site.cookie(other)) as line:
            greet(line)
            foreign = hear(line, "message")["seq"]
        with site.line(site.cookie(ref)) as line:
            greet(line)
            hear(line, "message")
            line.send(json.dumps({"type": "tap", "client_id": "t", "seq": foreign, "index": 0}))
            assert hear(line, "ack", "error")["type"] == "error"
        assert site.written(ref) == site.written(other) == []

    def test_a_long_thread_arrives_whole_and_once(self, site: Site, ref: str) -> None:
        conversation = site.grace.conversations.ensure("webchat", ref)
        with site.grace.kit.db.begin() as session:
            session.add_all(
                Message(
                    conversation_id=conversation,
                    direction="out",
                    initiator="bot",
                    purpose="reply",
                    state="sent",
                    external_id=f"long:{number}",
                    text=f"line {number}",
                    locale="zh_CN",
                    created_at=MORNING,
                )
                for number in range(1203)
            )
        with site.line(site.cookie(ref)) as line:
            ready = greet(line)
            frames = [hear(line, "message") for _ in range(1203)]
            assert [frame["text"] for frame in frames] == [f"line {number}" for number in range(1203)]
            assert ready["last"] == frames[-1]["seq"]
            send(line, "你好")
            assert hear(line, "message")["text"] == "你好"

    def test_a_tap_in_one_page_is_shown_in_the_other(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as first, site.line(cookie) as second:
            greet(first)
            greet(second)
            shown = hear(first, "message")
            assert hear(second, "message")["used"] is None
            first.send(json.dumps({"type": "tap", "client_id": "t", "seq": shown["seq"], "index": 1}))
            for line in (first, second):
                again = hear(line, "message", check=lambda frame: frame["seq"] == shown["seq"])
                assert again["used"] == 1

    def test_a_change_of_language_brings_the_words_and_the_lenders_name(self, site: Site, ref: str) -> None:
        with site.line(site.cookie(ref)) as line:
            assert greet(line)["locale"] == "zh_CN"
            send(line, "Could we speak English please")
            frame = hear(line, "locale")
            assert (frame["locale"], frame["lender"]) == ("en", "Mingda Consumer Finance")
            assert frame["texts"]["send"] == WORDS["send"]

    def test_while_the_database_is_down_nothing_is_acknowledged_and_the_page_may_try_again(
        self, site: Site, ref: str
    ) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as line:
            greet(line)
            hear(line, "message")
            with database_down(site.grace):
                answer = send(line, "我想分期", "kept")
                assert (answer["type"], answer["client_id"]) == ("error", "kept")
                assert answer["text"] == page_texts(site.grace.kit.texts, "zh_CN", "")["failed"]
                with site.line(cookie) as late, pytest.raises(ConnectionClosed):
                    greet(late)
            assert site.written(ref) == []
            assert send(line, "我想分期", "kept")["type"] == "ack"
        assert [one.text for one in site.written(ref)] == ["我想分期"]


@contextmanager
def database_down(grace: Grace) -> Iterator[None]:
    """Put the database out of reach for the length of a block."""
    whole, grace.kit.db.engine = grace.kit.db.engine, create_engine("sqlite:////nowhere/at/all/grace.db")
    try:
        yield
    finally:
        grace.kit.db.engine = whole


HUGE = 10**30
HOSTILE: list[str | bytes] = [
    "",
    "not json",
    "null",
    "true",
    "7",
    '"text"',
    "[]",
    '[{"type": "message", "client_id": "a", "text": "hi"}]',
    "{}",
    '{"type": null}',
    '{"type": ["message"], "client_id": "a", "text": "hi"}',
    '{"type": {"message": 1}, "client_id": "a", "text": "hi"}',
    '{"type": "admin", "client_id": "a"}',
    '{"type": "hello", "after": 0}',
    '{"type": "pong"}',
    '{"type": "message"}',
    '{"type": "message", "text": "no id"}',
    '{"type": "message", "client_id": 7, "text": "hi"}',
    '{"type": "message", "client_id": "", "text": "hi"}',
    '{"type": "message", "client_id": "\\ud800", "text": "hi"}',
    '{"type": "message", "client_id": "a\\u0000", "text": "hi"}',
    '{"type": "message", "client_id": "%s", "text": "hi"}' % ("i" * 65),
    '{"type": "message", "client_id": "a"}',
    '{"type": "message", "client_id": "a", "text": null}',
    '{"type": "message", "client_id": "a", "text": 7}',
    '{"type": "message", "client_id": "a", "text": ["hi"]}',
    '{"type": "message", "client_id": "a", "text": {"$gt": ""}}',
    '{"type": "message", "client_id": "a", "text": "   \\n\\t "}',
    '{"type": "message", "client_id": "a", "text": "\\u0000\\u0000"}',
    '{"type": "tap", "client_id": "a"}',
    '{"type": "tap", "client_id": "a", "seq": "1", "index": "0"}',
    '{"type": "tap", "client_id": "a", "seq": 1.0, "index": 0}',
    '{"type": "tap", "client_id": "a", "seq": true, "index": false}',
    '{"type": "tap", "client_id": "a", "seq": SEQ, "index": true}',
    '{"type": "tap", "client_id": "a", "seq": SEQ, "index": -1}',
    '{"type": "tap", "client_id": "a", "seq": SEQ, "index": 2}',
    '{"type": "tap", "client_id": "a", "seq": SEQ, "index": 1000000000000000000000000000000}',
    '{"type": "tap", "client_id": "a", "seq": SEQ, "index": NaN}',
    '{"type": "tap", "client_id": "a", "seq": -1, "index": 0}',
    '{"type": "tap", "client_id": "a", "seq": 1000000000000000000000000000000, "index": 0}',
    '{"type": "tap", "client_id": "a", "seq": -1000000000000000000000000000000, "index": 0}',
    '{"type": "tap", "client_id": "a", "seq": 1e400, "index": 0}',
    '{"type": "tap", "client_id": "a", "seq": %s, "index": 0}' % ("9" * 5000),
    "[" * 100_000,
    '{"a":' * 20_000,
    '{"type": "message", "client_id": "a", "text": "%s"}' % ("x" * 250_000),
    b'{"type": "message", "client_id": "a", "text": "binary"}',
    b"\xff\xfe\x00",
    b"",
]


class TestHostileFrames:
    @pytest.mark.parametrize("frame", HOSTILE, ids=range(len(HOSTILE)))
    def test_a_hostile_frame_neither_acts_nor_breaks_the_page(
        self, site: Site, ref: str, frame: str | bytes
    ) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as line:
            greet(line)
            shown = hear(line, "message")
            line.send(frame.replace("SEQ", str(shown["seq"])) if isinstance(frame, str) else frame)
            with suppress(ConnectionClosed):
                assert send(line, "still here", "after")["type"] == "ack"
        with site.line(cookie) as line:
            greet(line)
            assert send(line, "still here", "after")["type"] == "ack"
        assert [one.text for one in site.written(ref)] == ["still here"]

    @pytest.mark.parametrize("after", [-1, HUGE, -HUGE, 1.5, True, "0", None, [], {}, "9" * 5000])
    def test_an_odd_beginning_shows_the_thread_or_ends_the_line(
        self, site: Site, ref: str, after: Any
    ) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as line:
            greet(line)
            hear(line, "message")
        with site.line(cookie) as line:
            assert greet(line, after)["type"] == "ready"
            assert send(line, "你好")["type"] == "ack"

    def test_half_a_character_and_control_characters_do_not_cut_the_line(self, site: Site, ref: str) -> None:
        with site.line(site.cookie(ref)) as line:
            greet(line)
            for text in ("还\ud83d款", "\udc00", "a\x00b", "\u202ereversed", "😀" * 100):
                assert send(line, text)["type"] == "ack", ascii(text)
        assert [one.text for one in site.written(ref)][2:] == ["ab", "\u202ereversed", "😀" * 100]

    def test_a_page_that_vanishes_at_any_moment_leaves_no_error(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        for step in range(12):
            with suppress(ConnectionClosed, OSError), site.line(cookie) as line:
                if step % 4 > 0:
                    line.send('{"type": "hello", "after": 0}')
                if step % 4 > 1:
                    hear(line, "ready")
                if step % 4 > 2:
                    line.send(json.dumps({"type": "message", "client_id": f"c{step}", "text": "你好"}))
                line.socket.shutdown(socket.SHUT_RDWR)
        with site.line(cookie) as line:
            greet(line)
            assert send(line, "还在", "last")["type"] == "ack"
            time.sleep(0.1)

    def test_typed_commands_are_words(self, site: Site, ref: str) -> None:
        with site.line(site.cookie(ref)) as line:
            greet(line)
            send(line, "/affirm")
        (row,) = site.written(ref)
        assert (row.payload or {}).get("payload") is None


ids = st.one_of(
    st.just("a"), st.text(max_size=70), st.none(), st.integers(), st.lists(st.integers(), max_size=2)
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
frames = st.one_of(
    odd,
    st.fixed_dictionaries(
        {"type": st.sampled_from(["message", "tap", "hello", "pong", "ack"]) | odd},
        optional={
            "client_id": ids,
            "text": st.text(max_size=30) | odd,
            "seq": odd,
            "index": odd,
            "after": odd,
        },
    ),
)


def lawful(frame: Any) -> bool:
    """Tell whether a frame is a message that the page could have sent."""
    return (
        isinstance(frame, dict)
        and frame.get("type") == "message"
        and isinstance(frame.get("client_id"), str)
        and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", frame["client_id"]) is not None
        and isinstance(frame.get("text"), str)
        and frame["text"].replace("\x00", "").strip() != ""
    )


@hypothesis_settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(frames, max_size=6))
def test_whatever_frames_come_only_lawful_messages_are_stored_each_once(site: Site, sent: list[Any]) -> None:
    ref = make_borrower(site.grace, prefix="F")
    with site.line(site.cookie(ref)) as line:
        greet(line)
        for frame in sent:
            line.send(json.dumps(frame))
        assert send(line, "still here", "last")["type"] == "ack"
    wanted: dict[str, None] = {}
    for frame in sent:
        if lawful(frame):
            wanted.setdefault(f"web:{frame['client_id']}")
    assert [one.external_id for one in site.written(ref)] == [*wanted, "web:last"]


@hypothesis_settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.text(max_size=60) | st.binary(max_size=60), min_size=1, max_size=4))
def test_whatever_bytes_come_nothing_is_stored_and_the_next_page_works(
    site: Site, sent: list[str | bytes]
) -> None:
    ref = make_borrower(site.grace, prefix="F")
    cookie = site.cookie(ref)
    with site.line(cookie) as line, suppress(ConnectionClosed):
        greet(line)
        for frame in sent:
            line.send(frame.encode("utf-8", "replace").decode() if isinstance(frame, str) else frame)
    assert opens(site, cookie)
    assert site.written(ref) == []


JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200


class TestUploads:
    def put(self, site: Site, cookie: str | None, content: bytes, key: str = "up1", **headers: str) -> Any:
        """Upload a file as the page does."""
        sent = {"X-File-Name": "%E5%87%AD%E8%AF%81.jpg", **headers}
        if cookie is not None:
            sent["Cookie"] = f"{CHAT_COOKIE}={cookie}"
        url = f"{site.url}/chat/file?client_id={key}"
        return httpx.post(url, content=content, headers=sent, trust_env=False)

    def files(self, site: Site) -> int:
        folder = site.grace.files.folder
        return sum(one.is_file() for one in folder.rglob("*")) if folder.is_dir() else 0

    def test_a_photo_becomes_a_message_that_both_sides_see_and_is_answered(
        self, site: Site, ref: str
    ) -> None:
        cookie = site.cookie(ref)
        with site.line(cookie) as line:
            greet(line)
            answer = self.put(site, cookie, JPEG)
            assert answer.status_code == 200
            shown = hear(line, "message", check=lambda frame: frame["client_id"] == "up1")
            assert shown["seq"] == answer.json()["seq"]
            assert shown["attachments"] == [{"name": "凭证.jpg", "type": "image/jpeg"}]
            thanks = hear(line, "message", check=lambda frame: frame["seq"] > shown["seq"])
            kept = site.grace.kit.texts.render("utter_file_kept", "zh_CN", {"wait": ""}).text
            assert thanks["text"].startswith(kept)

    def test_sent_again_it_is_the_same_message_and_one_file(self, site: Site, ref: str) -> None:
        cookie, before = site.cookie(ref), self.files(site)
        answers = [self.put(site, cookie, JPEG, "same") for _ in range(3)]
        assert len({one.json()["seq"] for one in answers}) == len(site.written(ref)) == 1
        assert self.files(site) == before + 1

    @pytest.mark.parametrize(
        ("content", "status", "key"),
        [
            (b"<svg onload=alert(1)>", 415, "file_type"),
            (b"", 415, "file_type"),
            (JPEG.ljust(5 * 2**20 + 1, b"\0"), 413, "file_large"),
        ],
        ids=["no photo", "nothing", "too large"],
    )
    def test_what_is_not_taken_is_said_in_the_borrowers_words(
        self, site: Site, ref: str, content: bytes, status: int, key: str
    ) -> None:
        before = self.files(site)
        answer = self.put(site, site.cookie(ref), content)
        assert answer.status_code == status
        assert answer.json()["text"] == page_texts(site.grace.kit.texts, "zh_CN", "")[key]
        assert (site.written(ref), self.files(site)) == ([], before)

    def test_nobody_without_a_session_uploads_and_no_other_site_may(self, site: Site, ref: str) -> None:
        cookie, before = site.cookie(ref), self.files(site)
        assert self.put(site, None, JPEG).status_code == 401
        assert self.put(site, "forged", JPEG).status_code == 401
        assert self.put(site, cookie, JPEG, **{"Sec-Fetch-Site": "cross-site"}).status_code == 401
        for key in ("", "a b", "x" * 65, "../x"):
            assert self.put(site, cookie, JPEG, key).status_code == 400
        assert (site.written(ref), self.files(site)) == ([], before)

    def test_while_the_database_is_down_nothing_is_kept_and_the_page_may_try_again(
        self, site: Site, ref: str
    ) -> None:
        cookie, before = site.cookie(ref), self.files(site)
        site.get("/chat/session", cookie)
        with database_down(site.grace):
            assert self.put(site, cookie, JPEG).status_code == 503
        assert self.files(site) == before
        assert self.put(site, cookie, JPEG).status_code == 200

    def test_the_borrower_fetches_no_file_and_neither_does_a_stranger(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        seq = self.put(site, cookie, JPEG).json()["seq"]
        for path in (f"/console/file/{seq}", "/console/file/0", f"/console/file/{2**40}"):
            assert site.get(path, cookie).status_code == 401
        assert site.get(f"/chat/file/{seq}", cookie).status_code == 410
        links = PaperLinks(site.grace.kit.settings)
        conversation = site.grace.conversations.ensure("webchat", ref)
        assert site.get(links.issue(conversation, seq, "file"), cookie).status_code == 404

    def test_a_file_from_an_agent_is_served_inert_to_its_own_chat(self, site: Site, ref: str) -> None:
        cookie, other = site.cookie(ref), site.cookie(make_borrower(site.grace, prefix="W"))
        conversation = site.grace.conversations.ensure("webchat", ref)
        site.grace.identity.vouch(conversation, "test")
        number = site.grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        agent, send_file = make_agent(site.grace), site.grace.attachments.send
        with site.line(cookie) as line:
            greet(line)
            send_file(number, agent, "图.jpg", JPEG, key="1")
            send_file(number, agent, 'a"b.pdf', b"%PDF-1.7 <script>", "Your terms", key="2")
            found = [hear(line, "message", check=lambda frame: frame["attachments"]) for _ in range(2)]
        assert [one["text"] for one in found] == ["", "Your terms"]
        for one, disposition in zip(found, ("inline", "attachment"), strict=True):
            (file,) = one["attachments"]
            answer = site.get(file["url"], cookie)
            assert (answer.status_code, answer.headers["content-type"]) == (200, file["type"])
            assert answer.headers["content-disposition"].startswith(f"{disposition}; filename*=utf-8''")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert site.get(file["url"], other).status_code == 404
            assert site.get(file["url"]).status_code == 410


class TestPapers:
    def given(self, site: Site, ref: str, cookie: str) -> list[Frame]:
        """Agree a plan in a borrower's chat; return the frames that carry its papers."""
        conversation = site.grace.conversations.ensure("webchat", ref)
        site.grace.identity.vouch(conversation, "test")
        make_plan(site.grace, conversation)
        with site.line(cookie) as line:
            # Neither is waited for: the papers may come with the answer to the one or to the other.
            line.send(json.dumps({"type": "hello", "after": 0}))
            line.send(json.dumps({"type": "message", "client_id": "yes", "text": "好的"}))
            return [hear(line, "message", check=lambda frame: frame["attachments"]) for _ in range(3)]

    def test_they_are_shown_or_saved_by_the_page_of_their_own_conversation(
        self, site: Site, ref: str
    ) -> None:
        cookie = site.cookie(ref)
        found = [frame["attachments"][0] for frame in self.given(site, ref, cookie)]
        assert [one["type"] for one in found] == ["image/png", "text/calendar", "application/pdf"]
        assert "还款安排图" in found[0]["alt"]
        for one, disposition in zip(found, ("inline", "attachment", "attachment"), strict=True):
            answer = site.get(one["url"], cookie)
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == one["type"]
            assert answer.headers["content-disposition"] == f'{disposition}; filename="{one["name"]}"'
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "private, no-store"
            assert "sandbox" in answer.headers["content-security-policy"]

    def test_a_link_opens_nothing_for_others_or_once_identity_has_run_out(self, site: Site, ref: str) -> None:
        cookie, other = site.cookie(ref), site.cookie(make_borrower(site.grace, prefix="W"))
        frame = self.given(site, ref, cookie)[0]
        url, seq = frame["attachments"][0]["url"], frame["seq"]
        assert site.get(url, other).status_code == 404
        assert site.get(url).status_code == 410
        for path in (f"{url}x", f"/chat/paper/{seq}", f"/chat/paper/{url[-20:]}"):
            assert site.get(path, cookie).status_code == 410
        with site.grace.kit.db.begin() as session:
            session.get_one(Conversation, site.grace.conversations.ensure("webchat", ref)).verified_at = None
        assert site.get(url, cookie).status_code == 404

    def test_no_paper_of_another_kind_of_message_is_served(self, site: Site, ref: str) -> None:
        cookie = site.cookie(ref)
        frame = self.given(site, ref, cookie)[0]
        links = PaperLinks(site.grace.kit.settings)
        conversation = site.grace.conversations.ensure("webchat", ref)
        assert site.get(links.issue(conversation, frame["seq"]), cookie).status_code == 200
        for number in (0, frame["seq"] - 1, 2**40):
            assert site.get(links.issue(conversation, number), cookie).status_code == 404

    def test_a_link_ends_with_its_session(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = site.grace.kit.settings
        links = PaperLinks(settings)
        then = int(time.time()) - settings.session_hours * 3600 - 5
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: then)
        old = links.issue("c", 1).rsplit("/", 1)[1]
        monkeypatch.undo()
        assert links.read(old) is None
        assert links.read(links.issue("c", 1).rsplit("/", 1)[1]) == ("c", 1)
