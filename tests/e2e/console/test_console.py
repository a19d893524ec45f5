"""The agents' console in a real browser: signing in, the live queue, a case from claim to close."""

from __future__ import annotations

import ast
import time
from datetime import timedelta
from typing import Any, get_args

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from bot.domain.handoff import HandoffReason, HandoffState, Outcome
from bot.domain.model import HoldKind
from bot.domain.policy.routing import LEAST_URGENT
from bot.language.texts import Texts
from bot.services.conversation import Incoming
from bot.services.kit import MovableClock
from bot.services.records import BOOK, record
from bot.services.replies import Reply
from bot.services.rights import Code
from bot.services.staff import ROLES
from bot.storage.tables import Agent, AuditEvent, Borrower, Conversation, Message
from bot.web.console import terms
from bot.web.console.words import CONTEXT, SOURCES
from tests.conftest import ROOT
from tests.e2e.console.stage import PASSWORD, SECOND, Console, sign_in
from tests.factory import make_plan
from tests.integration.support import add_loan

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200
MARKUP = '<img src=x onerror="window.harmed=1"><b>bold</b> {{ 7*7 }}'


@pytest.mark.browser
def test_a_wrong_password_and_an_unknown_login_get_the_same_sentence(console: Console) -> None:
    page = console.page()
    sentences = []
    for login in ("wang", "nobody"):
        sign_in(page, login, "not the password")
        expect(page.locator(".wrong")).not_to_be_empty()
        sentences.append(page.locator(".wrong").inner_text())
        expect(page.get_by_label("Password")).to_have_value("")
    assert sentences[0] == sentences[1] == "That login and password do not match."
    assert page.url.startswith(f"{console.url}/console/login")


@pytest.mark.browser
def test_signing_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang", f"/case/{number}")
    expect(page.locator(".said")).to_have_text("Hello, is somebody there?")
    page.get_by_label("Sign out").click()
    expect(page.get_by_label("Login")).to_be_visible()
    for path in ("/", f"/case/{number}"):
        page.goto(f"{console.url}/console{path}")
        expect(page.get_by_label("Login")).to_be_visible()
    page.goto(f"{console.url}/console/login?next=//example.org/")
    sign_in(page, "anna", PASSWORD)
    expect(page.locator(".me-name")).to_have_text("Anna Smith")
    assert page.url == f"{console.url}/console/"


@pytest.mark.browser
def test_a_session_ends_after_its_hours(console: Console, clock: MovableClock) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang")
    clock.move(timedelta(hours=console.grace.kit.settings.session_hours, seconds=1))
    page.locator(".take").click()
    expect(page.get_by_label("Login")).to_be_visible()
    assert console.handoff(number).state == HandoffState.WAITING
    page.goto(f"{console.url}/console/")
    expect(page.get_by_label("Login")).to_be_visible()


@pytest.mark.browser
def test_an_agent_who_left_cannot_act_any_more(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang")
    with console.grace.kit.db.begin() as session:
        session.get_one(Agent, console.agent("wang")).active = False
    page.locator(".take").click()
    expect(page.get_by_label("Login")).to_be_visible()
    assert console.handoff(number).state == HandoffState.WAITING


@pytest.mark.browser
def test_a_role_without_the_right_is_told_so(console: Console) -> None:
    with console.grace.kit.db.begin() as session:
        session.get_one(Agent, console.agent("wang")).role = "visitor"
    page = console.page()
    sign_in(page, "wang", PASSWORD)
    expect(page.get_by_text("Your role does not open this page.")).to_be_visible()
    assert page.locator(".bar").count() == 0
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Login")).to_be_visible()


@pytest.mark.browser
def test_a_new_handoff_is_seen_within_a_second_without_reload(console: Console) -> None:
    quiet = console.hand_over(console.borrower("Zhao Fang", "B-9"), HandoffReason.MISUNDERSTOOD)
    conversation = console.borrower()
    page = console.page("wang")
    elsewhere = console.page("anna", f"/case/{quiet}")
    expect(page.locator(".entries .entry")).to_have_count(1)
    page.evaluate("window.sameDocument = true")
    console.hand_over(conversation, HandoffReason.SELF_HARM)
    expect(page.locator(".entries .entry")).to_have_count(2, timeout=SECOND)
    expect(page.locator(".toast")).to_contain_text("Risk of self-harm", timeout=SECOND)
    expect(page).to_have_title("(2) Queue · Grace", timeout=SECOND)
    expect(elsewhere.locator(".toast")).to_contain_text("Li Ming", timeout=SECOND)
    assert page.evaluate("window.sameDocument") is True
    first = page.locator(".entries .entry").first
    expect(first).to_contain_text("Emergency")
    expect(first).to_contain_text("Li Ming")


@pytest.mark.browser
def test_a_handoff_that_grows_more_urgent_alerts_again_and_moves_up(console: Console) -> None:
    console.hand_over(console.borrower("Zhao Fang", "B-9"), HandoffReason.DISPUTE)
    conversation = console.borrower()
    console.hand_over(conversation, HandoffReason.MISUNDERSTOOD)
    page = console.page("wang")
    expect(page.locator(".entries .entry").nth(1)).to_contain_text("Li Ming")
    console.grace.protection.honour(conversation, "signal_self_harm", turn="2", locale="en")
    expect(page.locator(".toast")).to_contain_text("Emergency", timeout=SECOND)
    expect(page.locator(".entries .entry").first).to_contain_text("Li Ming", timeout=SECOND)


@pytest.mark.browser
def test_two_agents_claim_and_one_wins(console: Console) -> None:
    number = console.hand_over(console.borrower())
    pages = [console.page("wang"), console.page("anna")]
    for page in pages:
        expect(page.locator(".take")).to_be_visible()
    for page in pages:
        page.evaluate("document.querySelector('.entry .take').click()")
    row = console.handoff(number)
    give_up = time.monotonic() + 5
    while row.state != HandoffState.CLAIMED and time.monotonic() < give_up:
        row = console.handoff(number)
    won = 0 if row.agent_id == console.agent("wang") else 1
    expect(pages[won].locator(".case-title")).to_contain_text("You have this conversation.")
    loser = pages[1 - won]
    expect(loser.locator(".entry .holder").first).to_have_text(("Wang Li", "Anna Smith")[won])
    assert loser.url == f"{console.url}/console/"
    with console.grace.kit.db.begin() as session:
        claims = session.scalars(select(AuditEvent).where(AuditEvent.kind == "handoff_claimed")).all()
    assert len(claims) == 1


@pytest.mark.browser
def test_mine_shows_what_i_hold(console: Console) -> None:
    mine = console.hand_over(console.borrower("Zhao Fang", "B-9"))
    console.hand_over(console.borrower())
    console.grace.handoffs.claim(mine, console.agent("wang"))
    page = console.page("wang")
    expect(page.locator(".entries .entry")).to_have_count(2)
    page.get_by_role("tab", name="Mine").click()
    expect(page.locator(".entries .entry")).to_have_count(1)
    expect(page.locator(".entries .entry")).to_contain_text("Zhao Fang")


@pytest.mark.browser
def test_a_borrowers_message_appears_within_a_second_in_an_open_case(console: Console) -> None:
    number = console.hand_over(console.borrower(timezone="Europe/London"))
    page = console.page("wang", f"/case/{number}")
    expect(page.locator(".said")).to_have_count(1)
    page.evaluate("window.sameDocument = true")
    console.write("I can pay on Friday")
    expect(page.locator(".line.from-borrower .said").nth(1)).to_have_text(
        "I can pay on Friday", timeout=SECOND
    )
    # 01:00 UTC, on the borrower's wall in London.
    expect(page.locator(".line time").first).to_have_text("01:00")
    assert page.evaluate("window.sameDocument") is True


@pytest.mark.browser
def test_a_reply_reaches_the_outbox_once_however_often_it_is_pressed(console: Console) -> None:
    conversation = console.borrower()
    number = console.hand_over(conversation)
    page = console.page("wang", f"/case/{number}")
    box = page.get_by_label("Reply to Li Ming")
    box.fill("I am here, take your time.")
    page.evaluate(
        """() => {
            const box = document.querySelector(".reply textarea");
            for (let press = 0; press < 3; press++)
                box.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true}));
        }"""
    )
    expect(page.locator(".from-agent .said")).to_have_text(["I am here, take your time."])
    expect(box).to_have_value("")
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    sent = console.replies(conversation)
    assert [(one.text, one.state) for one in sent] == [("I am here, take your time.", "queued")]
    assert console.woken
    expect(page.locator(".from-agent [aria-label=Queued]")).to_be_visible()
    outgoing = console.grace.outbox.claim(sent[0].id)
    assert outgoing is not None
    assert (outgoing.address, outgoing.initiator) == ("chat-B-1", "agent")
    console.grace.outbox.settle(sent[0].id, "sent")
    expect(page.locator(".from-agent [aria-label=Sent]")).to_be_visible(timeout=SECOND)


@pytest.mark.browser
def test_the_same_words_can_be_sent_again_on_purpose(console: Console) -> None:
    conversation = console.borrower()
    page = console.page("wang", f"/case/{console.hand_over(conversation)}")
    for count in (1, 2):
        page.get_by_label("Reply to Li Ming").fill("Are you there?")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".from-agent")).to_have_count(count)
        expect(page.get_by_label("Reply to Li Ming")).to_have_value("")
    assert len(console.replies(conversation)) == 2


@pytest.mark.browser
def test_a_draft_survives_a_reload(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang", f"/case/{number}")
    page.get_by_label("Reply to Li Ming").press_sequentially("half a sen")
    page.wait_for_timeout(300)
    page.reload()
    expect(page.get_by_label("Reply to Li Ming")).to_have_value("half a sen")


@pytest.mark.browser
def test_a_refusal_is_said_in_words_and_nothing_is_sent(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = console.borrower()
    number = console.hand_over(conversation)
    page = console.page("wang", f"/case/{number}")
    handoffs, rival = console.grace.handoffs, console.agent("anna")
    reply = handoffs.reply

    def a_moment_too_late(*args: Any, **options: Any) -> int:
        handoffs.claim(number, rival)
        return reply(*args, **options)

    monkeypatch.setattr(handoffs, "reply", a_moment_too_late)
    page.get_by_label("Reply to Li Ming").fill("Hello")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Anna Smith has this conversation.")
    expect(page.locator(".for-reply")).to_be_hidden()
    assert console.replies(conversation) == []


@pytest.mark.browser
def test_closing_needs_an_outcome_and_hands_back_to_the_assistant(console: Console) -> None:
    conversation = console.borrower()
    number = console.hand_over(conversation)
    page = console.page("wang", f"/case/{number}")
    page.get_by_role("button", name="Take").click()
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    page.get_by_role("button", name="Close conversation").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Please choose an outcome.")).to_be_visible()
    assert console.handoff(number).state == HandoffState.CLAIMED
    page.get_by_label("Outcome").click()
    page.get_by_role("option", name="Promise to pay").click()
    page.get_by_label("Note for colleagues").fill("Pays on Friday")
    page.get_by_role("button", name="Close it").click()
    expect(page.locator(".queue .empty")).to_be_visible()
    row = console.handoff(number)
    assert (row.state, row.outcome, row.note) == (HandoffState.RETURNED, Outcome.PROMISE, "Pays on Friday")
    assert console.woken
    with console.grace.kit.db.begin() as session:
        assert session.get_one(Conversation, conversation).mode == "bot"
    page.goto(f"{console.url}/console/case/{number}")
    expect(page.locator(".case-title")).to_contain_text("Closed: Promise to pay")
    expect(page.locator(".for-reply")).to_be_hidden()
    page.get_by_role("button", name="Take over again").click()
    expect(page.locator(".case-title")).to_contain_text("You have this conversation.")
    assert page.url != f"{console.url}/console/case/{number}"


@pytest.mark.browser
def test_after_a_signal_of_self_harm_the_assistant_stays_silent_by_default(console: Console) -> None:
    conversation = console.borrower()
    number = console.hand_over(conversation, HandoffReason.SELF_HARM)
    page = console.page("wang", f"/case/{number}")
    page.get_by_role("button", name="Close conversation").click()
    page.get_by_label("Outcome").click()
    page.get_by_role("option", name="Passed to another team").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.locator(".queue .empty")).to_be_visible()
    assert console.handoff(number).state == HandoffState.CLOSED
    with console.grace.kit.db.begin() as session:
        assert session.get_one(Conversation, conversation).mode == "human"


@pytest.mark.browser
def test_a_stop_is_undone_by_a_supervisor_with_a_reason_at_the_borrowers_request(console: Console) -> None:
    conversation = console.borrower()
    console.write("STOP")
    number = console.hand_over(conversation)
    colleague = console.page("anna", f"/case/{number}")
    expect(colleague.locator(".holds")).to_contain_text("Wants no messages")
    assert colleague.get_by_role("button", name="Lift").count() == 0
    page = console.page("boss", f"/case/{number}")
    page.get_by_role("button", name="Lift: Wants no messages").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This is the borrower's own wish.")
    dialog.get_by_role("button", name="Lift").click()
    expect(dialog.get_by_text("Please give a reason.")).to_be_visible()
    dialog.get_by_label("Reason").fill("Called and asked for reminders again")
    dialog.get_by_role("button", name="Lift").click()
    expect(page.get_by_role("alert")).to_contain_text("Only the borrower's own request undoes this.")
    dialog.get_by_text("The borrower has asked for this themself.").click()
    dialog.get_by_role("button", name="Lift").click()
    expect(page.locator(".holds")).not_to_contain_text("Wants no messages")
    expect(page.locator(".events")).to_contain_text("Wants messages again")
    expect(colleague.locator(".holds")).not_to_contain_text("Wants no messages", timeout=SECOND)
    with console.grace.kit.db.begin() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.kind == "opt_in"))
    assert event.actor == f"agent {console.agent('boss')}"
    assert event.detail["reason"] == "Called and asked for reminders again"


@pytest.mark.browser
def test_who_has_the_case_may_confirm_the_identity_by_saying_how_it_was_checked(console: Console) -> None:
    conversation = console.borrower()
    number = console.hand_over(conversation)
    page = console.page("wang", f"/case/{number}")
    expect(page.get_by_text("Identity not confirmed")).to_be_visible()
    assert page.get_by_role("button", name="Confirm identity").count() == 0
    page.get_by_role("button", name="Take").click()
    page.get_by_role("button", name="Confirm identity").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("How was it checked?").fill("Call back to the number on file")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Identity confirmed").first).to_be_visible()
    expect(page.get_by_role("button", name="Confirm identity")).to_have_count(0)
    assert console.grace.conversations.verified(conversation)


@pytest.mark.browser
def test_a_file_is_opened_by_staff_alone_inert_and_on_record(console: Console) -> None:
    conversation = console.borrower()
    for key, name, content in (("f1", "slip.png", PNG), ("f2", 'a"b.pdf', b"%PDF-1.7 <script>")):
        kept = console.grace.files.keep(conversation, name, content)
        assert not isinstance(kept, str)
        sent = Incoming("webchat", "chat-B-1", key, "", kind="photo", attachment=kept.attachment())
        console.grace.conversations.receive(sent)
    page = console.page("wang", f"/case/{console.hand_over(conversation)}")
    expect(page.locator(".file-name span")).to_have_text(["slip.png · 1 KB", 'a"b.pdf · 1 KB'])
    for place, (kind, disposition) in enumerate((("image/png", "inline"), ("application/pdf", "attachment"))):
        url = page.locator(".file").nth(place).get_attribute("href")
        assert url is not None
        assert page.locator(".file").nth(place).get_attribute("rel") == "noopener noreferrer"
        answer = page.request.get(f"{console.url}{url}")
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-disposition"].startswith(disposition)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        stranger = console.browser.new_context()
        console.contexts.append(stranger)
        assert stranger.request.get(f"{console.url}{url}").status == 401
    assert page.request.get(f"{console.url}/console/file/999").status == 404
    with console.grace.kit.db.begin() as session:
        reads = session.scalars(select(AuditEvent.actor).where(AuditEvent.kind == "file_read")).all()
    # The picture was shown in the thread besides, and that is a reading of it as well.
    assert reads == [f"agent {console.agent('wang')}"] * 3


@pytest.mark.browser
def test_what_a_loan_book_brought_is_one_line(console: Console) -> None:
    number = console.hand_over(console.borrower())
    now = console.grace.kit.clock.now()
    with console.grace.kit.db.begin() as session:
        borrower = session.scalars(select(Borrower.id)).one()
        for _ in range(12):
            record(session, now, "due", cause="file loans.csv", actor=BOOK, borrower_id=borrower)
    page = console.page("wang", f"/case/{number}")
    expect(page.locator(".events li").first).to_contain_text("Amount due × 12")
    expect(page.locator(".events li").first).to_contain_text("Loan book")


@pytest.mark.browser
def test_markup_of_a_borrower_is_shown_as_text_everywhere(console: Console) -> None:
    conversation = console.borrower(name=MARKUP)
    page = console.page("wang")
    console.write(MARKUP)
    number = console.hand_over(conversation, HandoffReason.SELF_HARM)
    expect(page.locator(".toast")).to_contain_text(MARKUP)
    expect(page.locator(".entries .name")).to_have_text(MARKUP)
    page.goto(f"{console.url}/console/case/{number}")
    expect(page.locator(".said").nth(1)).to_have_text(MARKUP)
    expect(page.locator(".account h2")).to_have_text(MARKUP)
    console.write(MARKUP)
    expect(page.locator(".said").nth(2)).to_have_text(MARKUP)
    page.wait_for_timeout(300)
    assert page.evaluate("window.harmed") is None
    assert page.locator("img").count() == 0


@pytest.mark.browser
def test_reading_a_case_is_recorded_once_for_each_opening(console: Console) -> None:
    number = console.hand_over(console.borrower())
    page = console.page("wang", f"/case/{number}")
    console.write("One more thing")
    expect(page.locator(".from-borrower .said")).to_have_count(2)
    page.wait_for_timeout(500)
    with console.grace.kit.db.begin() as session:
        reads = session.scalars(select(AuditEvent).where(AuditEvent.kind == "case_read")).all()
    assert [one.actor for one in reads] == [f"agent {console.agent('wang')}"]


@pytest.mark.browser
@pytest.mark.parametrize("number", ["999", "abc", "99999999999999999999"])
def test_a_case_that_does_not_exist_says_so(console: Console, number: str) -> None:
    page = console.page("wang")
    page.goto(f"{console.url}/console/case/{number}")
    expect(page.get_by_text("There is no such case.")).to_be_visible()


@pytest.mark.browser
def test_the_language_is_chosen_in_the_header_and_remembered(console: Console) -> None:
    page = console.page("wang")
    expect(page.locator("html")).to_have_attribute("lang", "en-US")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="会话队列")).to_be_visible()
    page.get_by_label("退出登录").click()
    expect(page.get_by_label("账号")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_scrolls_sideways(console: Console, width: int) -> None:
    conversation = console.borrower(name="W" * 60)
    console.write("x" * 400)
    number = console.hand_over(conversation)
    page = console.page("wang", viewport={"width": width, "height": 844})
    for path in ("/", f"/case/{number}"):
        page.goto(f"{console.url}/console{path}")
        expect(page.locator(".bar")).to_be_visible()
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_string_of_the_console_is_translated() -> None:
    texts = Texts.load(ROOT)
    for locale in texts.locales:
        for source in sorted(SOURCES):
            assert texts.translate(CONTEXT, source, locale)


def test_every_string_that_a_page_asks_for_is_listed() -> None:
    asked = set()
    for path in (ROOT / "bot/web/console").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("words", "_fact"):
                choice = node.args[0]
                parts = [choice.body, choice.orelse] if isinstance(choice, ast.IfExp) else [choice]
                asked |= {part.value for part in parts if isinstance(part, ast.Constant)}
    assert len(asked) > 50
    assert asked <= SOURCES


def test_every_code_has_a_word() -> None:
    assert set(terms.REASONS) == {one.value for one in HandoffReason}
    assert set(terms.OUTCOMES) == {one.value for one in Outcome}
    assert set(terms.STATES) == {one.value for one in HandoffState}
    assert set(terms.HOLDS) == {one.value for one in HoldKind}
    assert set(terms.ROLES) == set(ROLES)
    assert set(terms.REFUSALS) == set(get_args(Code))
    assert len(terms.PRIORITIES) - 1 == LEAST_URGENT


@pytest.mark.browser
def test_a_plans_papers_stand_in_the_thread_for_staff_alone_and_reading_is_on_record(
    console: Console,
) -> None:
    conversation = console.borrower()
    console.grace.identity.vouch(conversation, "test")
    today = console.grace.kit.clock.now().date()
    add_loan(console.grace, "B-1", amount="3000", due_on=today - timedelta(days=7), name="L-1")
    plan = make_plan(console.grace, conversation)
    console.grace.conversations.receive(Incoming("webchat", "chat-B-1", "p1", "好的"))
    turn = console.grace.turns.claim(conversation)
    assert turn is not None
    console.grace.turns.finish(turn, Reply("都安排好了。"), expected=None, understood=True)
    # What has not gone out when people take over is never sent.
    with console.grace.kit.db.begin() as session:
        waiting = (Message.direction == "out", Message.state == "queued")
        session.execute(update(Message).where(*waiting).values(state="sent"))
    page = console.page("wang", f"/case/{console.hand_over(conversation)}")
    names = [f"plan-{plan}.{ending}" for ending in ("png", "ics", "pdf")]
    expect(page.locator(".file-name span")).to_have_text(names)
    stranger = console.browser.new_context()
    console.contexts.append(stranger)
    for place, kind in enumerate(("image/png", "text/calendar", "application/pdf")):
        url = page.locator(".file").nth(place).get_attribute("href")
        answer = page.request.get(f"{console.url}{url}")
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, kind)
        assert stranger.request.get(f"{console.url}{url}").status == 401
    with console.grace.kit.db.begin() as session:
        reads = session.scalars(select(AuditEvent.actor).where(AuditEvent.kind == "file_read")).all()
    # The picture was shown in the thread besides.
    assert reads == [f"agent {console.agent('wang')}"] * 4
