"""The borrower's chat page in a real browser, against the real app: links, sending, cuts, options, people."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from nicegui.storage import Storage
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from pydantic import SecretStr
from sqlalchemy import create_engine, select

from bot.bootstrap import Grace, build
from bot.channels.assistant import Answer, Assistant
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.kit import MovableClock
from bot.services.replies import Reply
from bot.services.turns import Turn
from bot.storage.tables import Agent, Conversation, Message
from bot.web.app import create_app
from bot.web.chat.texts import page_texts
from bot.web.session import CHAT_COOKIE
from tests.conftest import MORNING, settings_for
from tests.e2e.conftest import served
from tests.factory import make_borrower, make_plan

pytestmark = pytest.mark.browser

SECOND = 1000.0
PATIENCE = 10 * SECOND
MARKUP = (
    '<img src=x onerror="window.harmed=1"><script>window.harmed=2</script><b>粗</b> '
    "javascript:window.harmed=3"
)
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200
OPTIONS = [
    {"title": "分三期", "payload": "/choose_first"},
    {"title": "延后七天", "payload": "/later"},
    {"title": "<i>都不要</i>", "payload": "/none"},
]
Cut = Literal["", "before", "after"]
_numbers = itertools.count(1)


class Scripted(Assistant):
    """Stands in for Rasa: greets, offers options, changes the language, hands over, or repeats the words."""

    def __init__(self, grace: Grace) -> None:
        self.grace = grace
        self.turns: list[Turn] = []

    def heard(self, conversation: str) -> list[str]:
        """Return what each turn of a conversation said, but for its opening."""
        turns = [turn for turn in self.turns if turn.conversation_id == conversation]
        return [turn.text for turn in turns if turn.text != "/start_chat"]

    async def turn(self, turn: Turn) -> Answer:
        """Answer in the conversation's language."""
        self.turns.append(turn)
        return Answer(await asyncio.to_thread(self._reply, turn), None, True)

    def _reply(self, turn: Turn) -> Reply:
        locale = turn.context["locale"]
        if turn.text == "/start_chat":
            return self._say("utter_welcome", locale)
        if turn.text == "English":
            return self._say(
                "utter_language_changed", self.grace.conversations.set_locale(turn.conversation_id, "en")
            )
        if turn.text == "转人工":
            self.grace.handoffs.open(turn.conversation_id, HandoffReason.ASKED, cause="test")
            wait = self.grace.handoffs.waiting_words(turn.conversation_id, locale)
            return self._say("utter_handoff_asked", locale, wait=wait)
        if "分期" in turn.text:
            return Reply("您可以这样安排：", OPTIONS)
        # What no message may say is not repeated: it would be held.
        return Reply("收到。" if "{" in turn.text else f"收到：{turn.text}")

    def _say(self, key: str, locale: str | None, **values: str) -> Reply:
        rendered = self.grace.kit.texts.render(key, locale or "en", values)
        return Reply(rendered.text, purpose=rendered.metadata.get("purpose", "reply"))

    async def ready(self) -> bool:
        """It is."""
        return True

    async def close(self) -> None:
        """Nothing is open."""


class Wire:
    """Stands before the app: refuses sockets, or cuts one just before or just after a message passed."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cut: Cut = ""
        self.refusing = False
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on, or do not."""
        self.loop = asyncio.get_running_loop()
        if scope["type"] != "websocket" or not scope["path"].startswith("/chat"):
            await self.app(scope, receive, send)
        elif self.refusing:
            await receive()
            await send({"type": "websocket.close", "code": 1013})
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Any, receive: Any, send: Any) -> None:
        broken = False

        async def hear() -> Any:
            nonlocal broken
            event = await receive()
            if self.cut and re.search(r'"type":\s*"(message|tap)"', event.get("text") or ""):
                broken, now, self.cut = True, self.cut == "before", ""
                await send({"type": "websocket.close", "code": 1001})
                return {"type": "websocket.disconnect", "code": 1001} if now else event
            return event

        async def say(event: Any) -> None:
            if not broken:
                await send(event)

        await self.app(scope, hear, say)


@dataclass(frozen=True)
class Site:
    """The app as it is served: one for all tests, each of which has its own borrowers."""

    grace: Grace
    url: str
    wire: Wire
    assistant: Scripted
    wake: Callable[[], None]


@dataclass
class Chat:
    """The app, and the browsers that look at it in one test."""

    grace: Grace
    url: str
    wire: Wire
    assistant: Scripted
    wake: Callable[[], None]
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    expected: str = r"^$"
    """What a browser may complain about in this test."""

    def context(self, **options: Any) -> BrowserContext:
        """Return a browser of its own."""
        self.contexts.append(self.browser.new_context(**options))
        return self.contexts[-1]

    def page(self, context: BrowserContext) -> Page:
        """Return an empty page whose complaints are kept."""
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._complain)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        return page

    def _complain(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def link(self, ref: str) -> str:
        """Return a one-time link."""
        return f"{self.url}/chat/l/{self.grace.links.issue(ref, 'webchat')}"

    def open(self, ref: str, context: BrowserContext | None = None) -> Page:
        """Open a borrower's link, and wait until the assistant has greeted."""
        page = self.page(context or self.context())
        self.enter(page, ref)
        page.locator(".from-bot .bubble").first.wait_for()
        return page

    def enter(self, page: Page, ref: str) -> None:
        """Open a fresh one-time link in a page, and press its button."""
        page.goto(self.link(ref))
        page.get_by_role("button").click()

    def words(self, locale: str = "zh_CN") -> dict[str, str]:
        """Return the page's words."""
        return page_texts(self.grace.kit.texts, locale, self.grace.kit.settings.lender(locale))

    def conversation(self, ref: str) -> str:
        """Return a borrower's conversation."""
        return self.grace.conversations.ensure("webchat", ref)

    def rows(self, ref: str, direction: str = "in") -> list[Message]:
        """Return what was received or written in a chat, but for its opening."""
        with self.grace.kit.db.begin() as session:
            found = session.scalars(
                select(Message)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Conversation.address == ref, Message.direction == direction)
                .order_by(Message.id)
            )
            return [row for row in found if row.external_id != "web:start"]

    def agent(self) -> int:
        """Return an agent."""
        with self.grace.kit.db.begin() as session:
            agent = Agent(
                login=f"agent{next(_numbers)}",
                name="王丽",
                role="agent",
                password_hash="-",
                created_at=self.grace.kit.clock.now(),
            )
            session.add(agent)
            session.flush()
            return agent.id

    @contextmanager
    def database_down(self) -> Iterator[None]:
        """Put the database out of reach for the length of a block."""
        whole = self.grace.kit.db.engine
        self.grace.kit.db.engine = create_engine("sqlite:////nowhere/at/all/grace.db")
        try:
            yield
        finally:
            self.grace.kit.db.engine = whole


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("chat")
    shutil.copyfile(sqlite_template, folder / "grace.db")
    settings = settings_for(f"sqlite:///{folder}/grace.db").model_copy(
        update={"secret": SecretStr("signs for these tests only"), "state": folder / "state"}
    )
    grace = build(settings, MovableClock(MORNING), migrate=False)
    assistant = Scripted(grace)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "path", folder)
        app = create_app(grace, assistant)
        wire = Wire(app)

        def wake() -> None:
            assert wire.loop is not None
            asyncio.run_coroutine_threadsafe(app.state.gateway.wake(), wire.loop).result(PATIENCE)

        with served(wire) as url:
            yield Site(grace, url, wire, assistant, wake)
    grace.close()


@pytest.fixture
def chat(browser: Browser, site: Site) -> Iterator[Chat]:
    """The app; a browser that complains of anything unexpected fails the test."""
    chat = Chat(site.grace, site.url, site.wire, site.assistant, site.wake, browser)
    yield chat
    for context in chat.contexts:
        context.close()
    site.wire.cut, site.wire.refusing = "", False
    assert [one for one in chat.problems if not re.search(chat.expected, one)] == []


@pytest.fixture
def ref(chat: Chat) -> str:
    return make_borrower(chat.grace, prefix="P")


def write(page: Page, text: str) -> None:
    """Write a message, and send it by Enter."""
    page.locator("#input").fill(text)
    page.locator("#input").press("Enter")


def bubbles(page: Page) -> list[str]:
    """Return the text of every bubble, top to bottom."""
    return page.locator("#log .bubble").all_inner_texts()


def bubble(page: Page, text: str, sender: str = "bot") -> Locator:
    """Return the bubbles of a sender that hold a text."""
    return page.locator(f".from-{sender} .bubble", has_text=text)


def same_page(page: Page) -> Callable[[], None]:
    """Return a check that the page has not been loaded anew."""
    page.evaluate("window.mark = 'kept'")

    def check() -> None:
        assert page.evaluate("window.mark") == "kept"

    return check


def shown(page: Page, text: str, sender: str = "bot") -> None:
    """Wait until a sender's text shows, in one bubble."""
    found = bubble(page, text, sender)
    found.first.wait_for()
    expect(found).to_have_count(1)


def settled(page: Page) -> None:
    """Wait until nothing is on its way."""
    page.locator(".entry.pending").first.wait_for(state="detached")


class TestGettingIn:
    def test_the_link_opens_the_chat_once_and_a_second_use_says_so(self, chat: Chat, ref: str) -> None:
        chat.expected = "status of 410"
        link = chat.link(ref)
        first = chat.page(chat.context())
        answer = first.goto(link)
        assert answer is not None
        assert answer.status == 200
        again = chat.page(chat.context())
        again.goto(link)
        expect(first.get_by_text("明达消费金融")).to_be_visible()
        expect(first.get_by_text("Mingda Consumer Finance")).to_be_visible()
        first.get_by_role("button", name="打开聊天 / Open chat").click()
        expect(first.locator("#input")).to_be_visible()
        expect(first.locator("#lender")).to_have_text("明达消费金融")
        assert first.url == f"{chat.url}/chat/"
        again.get_by_role("button").click()
        expect(again.locator("button")).to_have_count(0)
        second = chat.page(chat.context())
        answer = second.goto(link)
        assert answer is not None
        assert answer.status == 410
        for locale in ("zh_CN", "en"):
            phone = {"phone": chat.grace.kit.settings.lender_phone}
            words = chat.grace.kit.texts.render("utter_link_used", locale, phone).text
            expect(second.get_by_text(words)).to_be_visible()
        expect(second.locator("textarea")).to_have_count(0)

    @pytest.mark.parametrize("cookie", [None, "IlAwMDAwMSI.aSDmHA.forged"])
    def test_without_a_true_cookie_there_is_no_chat_and_no_socket(
        self, chat: Chat, ref: str, cookie: str | None
    ) -> None:
        chat.expected = "status of 401|WebSocket connection"
        chat.open(ref)
        context = chat.context()
        if cookie is not None:
            context.add_cookies([{"name": CHAT_COOKIE, "value": cookie, "url": f"{chat.url}/chat"}])
        page = chat.page(context)
        sockets: list[Any] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        answer = page.goto(f"{chat.url}/chat/")
        assert answer is not None
        assert answer.status == 401
        expect(page.locator("textarea, script")).to_have_count(0)
        # The page's own file, without a session: it says that it has expired, and opens nothing.
        page.goto(f"{chat.url}/chat/chat.html")
        expect(page.locator("#status-text")).to_have_text(chat.words()["closed_expired"])
        expect(page.locator("#input")).to_be_disabled()
        assert bubbles(page) == []
        assert sockets == []
        outcome = page.evaluate(
            "() => new Promise((done) => { const line = new WebSocket(new URL('ws', location.href));"
            " line.onopen = () => done('open'); line.onerror = () => done('refused'); })"
        )
        assert outcome == "refused"

    @pytest.mark.parametrize(
        ("locale", "tag", "lender"),
        [("zh_CN", "zh-CN", "明达消费金融"), ("en", "en", "Mingda Consumer Finance")],
    )
    def test_the_page_and_its_greeting_speak_the_borrowers_language(
        self, chat: Chat, locale: str, tag: str, lender: str
    ) -> None:
        page = chat.open(make_borrower(chat.grace, locale=locale, prefix="P"))
        words = chat.words(locale)
        (greeting,) = bubbles(page)
        assert greeting.endswith(chat.grace.kit.texts.render("utter_welcome", locale).text)
        assert lender in greeting, "whoever opens the chat is told who is writing"
        assert page.locator("html").get_attribute("lang") == tag
        expect(page.locator("#lender")).to_have_text(lender)
        expect(page.locator("#state")).to_have_text(words["header_bot"])
        expect(page.locator("#input")).to_have_attribute("placeholder", words["input_placeholder"])
        expect(page.locator(".entry.intro")).to_have_text(words["intro"])
        expect(page).to_have_title(words["title"])


class TestWriting:
    def test_a_message_shows_once_and_its_answer_comes_without_reloading(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        check = same_page(page)
        write(page, "我什么时候方便？")
        shown(page, "收到：我什么时候方便？")
        page.locator("#input").fill("谢谢")
        page.locator("#send").click()
        shown(page, "收到：谢谢")
        settled(page)
        assert bubbles(page)[1:] == ["我什么时候方便？", "收到：我什么时候方便？", "谢谢", "收到：谢谢"]
        assert [row.text for row in chat.rows(ref)] == ["我什么时候方便？", "谢谢"]
        expect(page.locator("#input")).to_have_value("")
        check()

    def test_a_reload_shows_the_same_thread_once_and_keeps_the_draft(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        for text in ("第一条\n两行", "第二条"):
            page.locator("#input").fill(text)
            page.locator("#send").click()
            shown(page, f"收到：{text[:3]}")
        settled(page)
        before = bubbles(page)
        assert len(before) == len(set(before)) == 5
        page.locator("#input").fill("还没写完")
        page.reload()
        expect(page.locator("#log .bubble")).to_have_count(5)
        assert bubbles(page) == before
        expect(page.locator("#input")).to_have_value("还没写完")
        assert len(chat.rows(ref)) == 2
        assert len(chat.assistant.heard(chat.conversation(ref))) == 2

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_a_line_cut_while_sending_makes_one_row_and_one_bubble(
        self, chat: Chat, ref: str, cut: Cut
    ) -> None:
        page = chat.open(ref)
        check = same_page(page)
        chat.wire.cut = cut
        write(page, "我想问一下")
        shown(page, "收到：我想问一下")
        settled(page)
        assert chat.wire.cut == ""
        assert bubbles(page)[1:] == ["我想问一下", "收到：我想问一下"]
        assert [row.text for row in chat.rows(ref)] == ["我想问一下"]
        assert chat.assistant.heard(chat.conversation(ref)) == ["我想问一下"]
        check()

    def test_what_is_written_without_a_line_outlives_a_reload_and_is_sent_once(
        self, chat: Chat, ref: str
    ) -> None:
        chat.expected = "WebSocket connection"
        page = chat.open(ref)
        chat.wire.refusing = True
        chat.wire.cut = "before"
        write(page, "信号不好")
        expect(page.locator(".entry.pending .bubble")).to_have_text("信号不好")
        expect(page.locator("#status-text")).to_have_text(chat.words()["offline"])
        expect(page.locator(".progress")).to_have_text(chat.words()["waiting"])
        page.reload()
        expect(page.locator(".entry.pending .bubble")).to_have_text("信号不好")
        assert chat.rows(ref) == []
        chat.wire.refusing = False
        shown(page, "收到：信号不好")
        settled(page)
        expect(page.locator("#status")).to_be_hidden()
        assert bubbles(page)[1:] == ["信号不好", "收到：信号不好"]
        assert [row.text for row in chat.rows(ref)] == ["信号不好"]

    def test_a_message_that_could_not_be_stored_is_kept_to_be_tried_again(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        with chat.database_down():
            write(page, "我想问一下")
            failed = page.locator(".progress.failed")
            expect(failed).to_contain_text(chat.words()["failed"])
            expect(failed.get_by_role("button")).to_have_text(
                [chat.words()["retry"], chat.words()["discard"]]
            )
        failed.get_by_role("button", name=chat.words()["retry"]).click()
        shown(page, "收到：我想问一下")
        settled(page)
        assert bubbles(page)[1:] == ["我想问一下", "收到：我想问一下"]
        assert [row.text for row in chat.rows(ref)] == ["我想问一下"]

    def test_enter_that_ends_a_composition_does_not_send(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        field = page.locator("#input")
        field.focus()
        keyboard = page.context.new_cdp_session(page)
        keyboard.send("Input.imeSetComposition", {"text": "wo xiang", "selectionStart": 8, "selectionEnd": 8})
        page.evaluate(
            "window.keys = []; document.getElementById('input').addEventListener('keydown',"
            " (event) => window.keys.push([event.key, event.isComposing]), true)"
        )
        page.keyboard.press("Enter")
        assert page.evaluate("window.keys") == [["Enter", True]]
        keyboard.send("Input.insertText", {"text": "我想"})
        # Safari ends the composition first: its Enter then comes with the code of a key that an IME has used.
        field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
        expect(page.locator(".from-borrower")).to_have_count(0)
        assert "我想" in field.input_value()
        field.fill("我想分两次")
        field.press("Shift+Enter")
        field.press_sequentially("可以吗")
        assert chat.rows(ref) == []
        field.press("Enter")
        shown(page, "收到：我想分两次")
        assert [row.text for row in chat.rows(ref)] == ["我想分两次\n可以吗"]

    def test_a_text_too_long_is_said_so_and_stays_in_the_field(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        page.locator("#input").fill("😀" * 20_001)
        expect(page.locator("#send")).to_be_disabled()
        expect(page.locator("#too-long")).to_have_text(chat.words()["too_long"])
        page.locator("#input").press("Enter")
        page.locator("#input").fill("😀" * 20_000)
        expect(page.locator("#send")).to_be_enabled()
        expect(page.locator("#too-long")).to_have_text("")
        assert chat.rows(ref) == []

    def test_markup_stays_words_whoever_writes_it(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        foreign = "{{7*7}} https://evil.example/a"
        write(page, foreign)
        shown(page, "收到。")
        own = f"{MARKUP} {chat.url}/pay?a=1&b=2. {MARKUP}"
        write(page, own)
        shown(page, f"收到：{own}")
        agent = chat.agent()
        handoff = chat.grace.handoffs.take_over(chat.conversation(ref), agent)
        chat.grace.handoffs.reply(handoff, agent, own)
        shown(page, own, "agent")
        page.reload()
        expect(page.locator("#log .bubble")).to_have_count(6)
        assert bubbles(page)[1:] == [foreign, "收到。", own, f"收到：{own}", own]
        assert page.evaluate("window.harmed") is None
        expect(page.locator("#log :is(img, script, b, i, iframe)")).to_have_count(0)
        links = page.locator("#log a")
        expect(links).to_have_count(3)
        for link in links.all():
            assert link.get_attribute("href") == f"{chat.url}/pay?a=1&b=2"
            assert link.get_attribute("rel") == "noopener noreferrer"


def choose(page: Page, content: bytes, name: str = "凭证.jpg") -> None:
    """Choose a file as from a phone's album."""
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})


class TestFiles:
    def test_a_photo_is_sent_shown_by_its_name_and_thanked_for(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        check = same_page(page)
        choose(page, JPEG)
        expect(page.locator(".from-borrower .attachment")).to_have_text("凭证.jpg")
        shown(page, chat.grace.kit.texts.render("utter_file_kept", "zh_CN", {"wait": ""}).text)
        settled(page)
        (row,) = chat.rows(ref)
        assert row.payload is not None
        attachment = row.payload["attachment"]
        assert (attachment["kind"], attachment["type"]) == ("photo", "image/jpeg")
        assert attachment["size"] == len(JPEG)
        assert (chat.grace.files.folder / attachment["file"]).read_bytes() == JPEG
        check()
        page.reload()
        expect(page.locator(".attachment")).to_have_count(1)
        expect(page.locator("a.attachment")).to_have_count(0)

    def test_what_is_not_taken_is_said_and_can_be_removed(self, chat: Chat, ref: str) -> None:
        chat.expected = "status of 415"
        page, words = chat.open(ref), chat.words()
        choose(page, b"MZ not a photo")
        expect(page.locator(".progress.failed")).to_contain_text(words["file_type"])
        page.get_by_role("button", name=words["discard"]).click()
        choose(page, JPEG.ljust(5 * 2**20 + 1, b"\0"))
        expect(page.locator(".progress.failed")).to_contain_text(words["file_large"])
        assert chat.rows(ref) == []

    def test_a_photo_chosen_without_a_line_is_sent_once_when_it_is_back(self, chat: Chat, ref: str) -> None:
        chat.expected = "WebSocket connection|ERR_INTERNET_DISCONNECTED|Failed to load"
        context = chat.context()
        page = chat.open(ref, context)
        context.set_offline(True)
        expect(page.locator("#status-text")).to_have_text(chat.words()["offline"])
        choose(page, JPEG)
        expect(page.locator(".entry.pending .attachment")).to_have_text("凭证.jpg")
        context.set_offline(False)
        settled(page)
        expect(page.locator(".from-borrower .attachment")).to_have_count(1)
        assert len(chat.rows(ref)) == 1

    def test_a_photo_that_a_reload_lost_is_said_to_be_lost(self, chat: Chat, ref: str) -> None:
        chat.expected = "WebSocket connection|Failed to load"
        page = chat.open(ref)
        chat.wire.refusing = True
        page.route("**/chat/file*", lambda route: route.abort())
        page.evaluate("window.dispatchEvent(new Event('online'))")
        choose(page, JPEG)
        page.locator(".entry.pending .attachment").wait_for()
        chat.wire.refusing = False
        page.reload()
        expect(page.locator(".progress.failed")).to_contain_text(chat.words()["file_lost"])
        page.get_by_role("button", name=chat.words()["discard"]).click()
        expect(page.locator(".attachment")).to_have_count(0)
        assert chat.rows(ref) == []

    def test_the_button_for_files_is_reached_and_named_by_keyboard_and_reader(
        self, chat: Chat, ref: str
    ) -> None:
        page = chat.open(ref)
        expect(page.get_by_label(chat.words()["attach"])).to_have_attribute("type", "file")
        page.locator("#input").focus()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "file"


class TestOptions:
    def test_options_are_buttons_and_a_double_tap_acts_once(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        write(page, "能分期吗")
        options = page.get_by_role("group", name=chat.words()["options_label"]).get_by_role("button")
        expect(options).to_have_text([option["title"] for option in OPTIONS])
        options.nth(1).dblclick()
        shown(page, "收到：/later")
        settled(page)
        expect(options.nth(1)).to_have_class(re.compile("chosen"))
        expect(options.nth(1)).to_contain_text(chat.words()["chosen"])
        for option in options.all():
            expect(option).to_have_attribute("aria-disabled", "true")
            option.evaluate("(button) => { button.click(); button.click(); }")
        taps = [row for row in chat.rows(ref) if (row.external_id or "").startswith("tap:")]
        assert [(row.text, (row.payload or {})["payload"]) for row in taps] == [("延后七天", "/later")]
        assert bubbles(page)[1:] == ["能分期吗", "您可以这样安排：", "延后七天", "收到：/later"]
        page.reload()
        expect(page.locator(".option.chosen")).to_have_text(re.compile("^延后七天"))
        expect(page.locator('.option[aria-disabled="true"]')).to_have_count(3)
        assert bubbles(page)[1:] == ["能分期吗", "您可以这样安排：", "延后七天", "收到：/later"]

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_a_tap_whose_line_is_cut_acts_once(self, chat: Chat, ref: str, cut: Cut) -> None:
        page = chat.open(ref)
        write(page, "能分期吗")
        chat.wire.cut = cut
        page.get_by_role("button", name="分三期").click()
        shown(page, "收到：/choose_first")
        settled(page)
        assert [row.text for row in chat.rows(ref)] == ["能分期吗", "分三期"]
        assert bubbles(page)[3:] == ["分三期", "收到：/choose_first"]
        expect(page.locator(".option.chosen")).to_have_text(re.compile("^分三期"))


class TestPeople:
    def test_an_agents_reply_appears_within_a_second_without_reloading(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        agent = chat.agent()
        handoff = chat.grace.handoffs.take_over(chat.conversation(ref), agent)
        expect(page.locator("#state")).to_have_text(chat.words()["header_human"])
        check = same_page(page)
        waited = []
        for text in ("您好，我来帮您。", "请问方便说说情况吗？", "不着急。"):
            begun = time.monotonic()
            chat.grace.handoffs.reply(handoff, agent, text)
            chat.wake()
            bubble(page, text, "agent").wait_for()
            waited.append(time.monotonic() - begun)
        assert min(waited) < 1.0, "the least of three: a busy machine is no fault of the page"
        expect(page.locator(".from-agent .sender")).to_have_text(["王丽"])
        expect(page.locator(".notice", has_text="王丽 加入了对话")).to_have_count(1)
        assert {row.state for row in chat.rows(ref, "out")} <= {"sent", "read"}
        check()

    def test_the_page_says_who_has_the_conversation(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        words = chat.words()
        page.get_by_role("button", name=words["menu_human"]).dblclick()
        handed = page.locator(".notice", has_text=words["notice_human"])
        expect(handed).to_have_count(1)
        expect(page.locator("#state")).to_have_text(words["header_human"])
        assert [row.text for row in chat.rows(ref)] == ["转人工"], "a double tap asks once"
        write(page, "有人吗")
        settled(page)
        assert chat.assistant.heard(chat.conversation(ref)) == ["转人工"]
        queue = chat.grace.handoffs.queue()
        (handoff,) = [one for one in queue if one.conversation_id == chat.conversation(ref)]
        agent = chat.agent()
        chat.grace.handoffs.claim(handoff.id, agent)
        chat.grace.handoffs.close(handoff.id, agent, Outcome.RESOLVED)
        chat.wake()
        expect(page.locator(".notice", has_text=words["notice_bot"])).to_have_count(1)
        expect(page.locator("#state")).to_have_text(words["header_bot"])
        write(page, "谢谢")
        shown(page, "收到：谢谢")

    def test_the_language_switch_labels_the_page_anew(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref)
        check = same_page(page)
        page.get_by_role("button", name="English").click()
        words = chat.words("en")
        shown(page, "English.")
        expect(page.locator("#input")).to_have_attribute("placeholder", words["input_placeholder"])
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("#lender")).to_have_text("Mingda Consumer Finance")
        expect(page.locator("#menu button")).to_have_text(
            [words["menu_human"], words["menu_stop"], words["menu_language"]]
        )
        expect(page.locator("#send")).to_have_attribute("aria-label", words["send"])
        expect(page.locator(".entry.intro")).to_have_text(words["intro"])
        expect(page).to_have_title(words["title"])
        write(page, "还是说中文吧")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("#lender")).to_have_text("明达消费金融")
        expect(page.locator("#input")).to_have_attribute("placeholder", chat.words()["input_placeholder"])
        check()


class TestTwoTabs:
    def test_two_tabs_show_the_same(self, chat: Chat, ref: str) -> None:
        context = chat.context()
        first = chat.open(ref, context)
        second = chat.page(context)
        second.goto(f"{chat.url}/chat/")
        expect(second.locator("#log .bubble")).to_have_count(1)
        write(first, "能分期吗")
        expect(second.locator(".option")).to_have_count(3)
        write(second, "让我想想")
        shown(first, "收到：让我想想")
        second.get_by_role("button", name="分三期").click()
        shown(first, "收到：/choose_first")
        for page in (first, second):
            settled(page)
            expect(page.locator(".option.chosen")).to_have_text(re.compile("^分三期"))
        expected = [
            "能分期吗",
            "您可以这样安排：",
            "让我想想",
            "收到：让我想想",
            "分三期",
            "收到：/choose_first",
        ]
        assert bubbles(first)[1:] == bubbles(second)[1:] == expected
        assert len(chat.rows(ref)) == 3
        agent = chat.agent()
        handoff = chat.grace.handoffs.take_over(chat.conversation(ref), agent)
        chat.grace.handoffs.reply(handoff, agent, "您好")
        for page in (first, second):
            shown(page, "您好", "agent")
            expect(page.locator("#state")).to_have_text(chat.words()["header_human"])

    def test_another_borrowers_link_in_the_same_browser_shows_only_that_borrowers_chat(
        self, chat: Chat, ref: str
    ) -> None:
        context = chat.context()
        first = chat.open(ref, context)
        write(first, "只给我看")
        shown(first, "收到：只给我看")
        other = make_borrower(chat.grace, prefix="P")
        second = chat.open(other, context)
        assert len(bubbles(second)) == 1
        first.reload()
        expect(first.locator("#log .bubble")).to_have_count(1)
        expect(bubble(first, "只给我看", "borrower")).to_have_count(0)

    def test_what_one_borrower_left_unsent_is_never_sent_in_anothers_chat(self, chat: Chat, ref: str) -> None:
        chat.expected = "WebSocket connection"
        page = chat.open(ref)
        chat.wire.refusing = True
        chat.wire.cut = "before"
        write(page, "只给我看")
        page.locator(".entry.pending").wait_for()
        other = make_borrower(chat.grace, prefix="P")
        chat.enter(page, other)
        chat.wire.refusing = False
        page.locator(".from-bot .bubble").first.wait_for()
        write(page, "你好")
        shown(page, "收到：你好")
        assert [row.text for row in chat.rows(other)] == ["你好"]
        assert chat.rows(ref) == []


class TestGuards:
    def test_the_page_runs_its_own_scripts_only_and_talks_to_its_own_origin_only(
        self, chat: Chat, ref: str
    ) -> None:
        chat.expected = "Content Security Policy|status of 404"
        page = chat.page(chat.context())
        chat.enter(page, ref)
        page.locator(".from-bot .bubble").first.wait_for()
        answer = page.reload()
        assert answer is not None
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page.locator(".from-bot .bubble").first.wait_for()
        assert chat.problems == []
        page.evaluate(
            "() => { const script = document.createElement('script');"
            " script.textContent = 'window.harmed = 1'; document.body.append(script);"
            " document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.harmed = 2\">'); }"
        )
        blocked = page.evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'blocked')")
        assert blocked == "blocked"
        assert page.evaluate("window.harmed") is None
        assert any("script-src" in problem for problem in chat.problems)

    def test_on_a_small_phone_nothing_sticks_out(self, chat: Chat, ref: str) -> None:
        page = chat.open(ref, chat.context(viewport={"width": 320, "height": 568}, has_touch=True))
        write(page, "长" * 300 + "x" * 200)
        write(page, "能分期吗")
        expect(page.locator(".option")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.locator(".option").first.tap()
        expect(bubble(page, "收到：/choose_first")).to_be_in_viewport()
        expect(page.locator("#input")).to_be_in_viewport()


class TestPapers:
    @pytest.mark.parametrize("locale", ["zh_CN", "en"])
    def test_a_plans_papers_are_a_picture_to_see_and_files_to_save(
        self, chat: Chat, ref: str, locale: str
    ) -> None:
        page, conversation = chat.open(ref), chat.conversation(ref)
        chat.grace.conversations.set_locale(conversation, locale)
        chat.grace.identity.vouch(conversation, "test")
        plan = make_plan(chat.grace, conversation)
        write(page, "好的" if locale == "zh_CN" else "fine with me")
        picture = page.locator("a.attachment img")
        expect(picture).to_have_attribute("alt", re.compile("还款安排图|Picture of your payment plan"))
        alt = chat.grace.kit.texts.render("utter_paper_alt", locale).text
        expect(page.get_by_role("img", name=alt)).to_be_visible()
        expect(page.locator("a.attachment img")).to_have_js_property("naturalWidth", 1080)
        for name, start in ((f"plan-{plan}.ics", b"BEGIN:VCALENDAR"), (f"plan-{plan}.pdf", b"%PDF-")):
            link = page.get_by_role("link", name=name)
            expect(link).to_be_visible()
            with page.expect_download() as saved:
                link.click()
            assert saved.value.suggested_filename == name
            assert Path(saved.value.path()).read_bytes().startswith(start)
        page.reload()
        expect(page.locator("a.attachment")).to_have_count(3)
        expect(page.locator("a.attachment img")).to_have_js_property("naturalWidth", 1080)
