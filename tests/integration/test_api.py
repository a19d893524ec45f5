"""The API over HTTP: who may what on every route, answers given once, events told, and a desk that works."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI, HTTPException
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from nicegui.storage import Storage

from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.services.conversation import Incoming, Received
from bot.services.kit import MovableClock
from bot.services.rights import RIGHTS
from bot.services.staff import ROLES
from bot.services.tokens import SCOPES
from bot.services.webhooks import TRIES, WebhookError, announce
from bot.storage.tables import Approval, AuditEvent, Message, OfferRow, WebhookCall
from bot.web.api import handoffs, lending, terms
from bot.web.api.app import PATH, api_app
from bot.web.api.refs import Refs
from bot.web.app import create_app
from bot.web.hooks import Hooks, signature
from bot.web.sizes import LARGEST, Sizes
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import at_once, chat, events, handoff, make_agent, only, rows, say, wait
from tests.integration.test_web import Scripted
from tests.stack import until

EXAMPLES = int(os.environ.get("GRACE_API_EXAMPLES", "6"))
"""How many requests schemathesis makes up for each operation; more by setting."""


class Counter:
    """A door that stores, and asks no assistant."""

    def __init__(self, grace: Grace) -> None:
        self.grace = grace

    async def receive(self, incoming: Incoming) -> Received:
        return await asyncio.to_thread(self.grace.conversations.receive, incoming)

    async def tap(self, channel: str, address: str, message_id: int, index: int) -> Received | None:
        return None

    async def wake(self) -> None:
        """Nothing is sent."""


@pytest.fixture
def api(grace: Grace) -> FastAPI:
    door = Counter(grace)
    return api_app(grace, door, door.wake)


Client = Callable[..., TestClient]


@pytest.fixture
def client(grace: Grace, api: FastAPI) -> Client:
    """Return a client of a role, with all scopes or those named."""

    def make(role: str = "supervisor", *scopes: str) -> TestClient:
        agent = make_agent(grace, role=role)
        login = grace.staff.get(agent)
        assert login is not None
        token = grace.tokens.add(str(uuid.uuid4()), login.login, scopes or SCOPES)
        return TestClient(api, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)

    return make


@pytest.fixture
def ref(grace: Grace) -> str:
    """A hand-off that waits, by its reference."""
    borrower = make_borrower(grace)
    got = say(grace, borrower, "我想找人工")
    number = grace.handoffs.open(got.conversation_id, HandoffReason.ASKED, cause="test")
    return Refs("for tests only").of("ho", number)


def calls(api: FastAPI) -> list[tuple[str, str]]:
    """Return method and path of every operation, with values in the path."""
    filled = {
        "{ref}": "ho_x",
        "{conversation}": str(uuid.uuid4()),
        "{borrower}": "B1",
        "{part}": "loans",
        "{chain}": "contacts",
    }
    found = []
    for path, methods in api.openapi()["paths"].items():
        for name, value in filled.items():
            path = path.replace(name, value)
        found += [(method.upper(), path) for method in methods]
    # Nothing is served that is not described.
    every = [*handoffs.routes.routes, *lending.routes.routes, *terms.routes.routes]
    assert len(found) == sum(len(route.methods or ()) for route in every if isinstance(route, APIRoute))
    assert len(found) >= 16
    return found


class TestEveryRoute:
    def test_without_a_token_nothing_is_answered(self, api: FastAPI) -> None:
        nobody = TestClient(api, raise_server_exceptions=False)
        for method, path in calls(api):
            for headers in ({}, {"Authorization": "Bearer grace_x"}, {"Authorization": "Basic eDp5"}):
                answer = nobody.request(method, path, json={}, headers=headers)
                assert answer.status_code == 401, (method, path)
                assert answer.json()["code"] == "unauthenticated"

    def test_a_token_without_the_scope_is_refused_on_every_route(self, api: FastAPI, client: Client) -> None:
        for scope in SCOPES:
            program = client("supervisor", scope)
            refused = [
                '"code":"scope"' in program.request(method, path, json={}).text for method, path in calls(api)
            ]
            assert 0 < sum(refused) < len(refused)

    def test_a_role_without_the_right_is_refused_on_every_route(self, api: FastAPI, client: Client) -> None:
        program = client("visitor")
        for method, path in calls(api):
            answer = program.request(method, path, json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "role"), (method, path)

    def test_an_auditor_changes_nothing(self, api: FastAPI, client: Client, grace: Grace) -> None:
        program = client("auditor")
        for method, path in calls(api):
            answer = program.request(method, path, json={})
            assert (answer.status_code == 403) is (method == "POST"), (method, path, answer.status_code)

    def test_whoever_left_takes_their_programs_along(self, grace: Grace, client: Client) -> None:
        program = client()
        assert program.get("/handoffs").status_code == 200
        for staff, _ in grace.staff.everyone():
            grace.staff.change(staff.login, active=False)
        assert program.get("/handoffs").status_code == 401

    def test_the_rights_name_every_role(self) -> None:
        assert set().union(*RIGHTS.values()) == set(ROLES)
        assert all(roles < set(ROLES) or right == "read" for right, roles in RIGHTS.items())


class TestWholeApp:
    def test_no_route_of_the_app_shows_anything_to_a_stranger(
        self, grace: Grace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Storage, "path", tmp_path)
        app = create_app(grace, Scripted())
        open_to_all = {
            "/health",
            "/ready",
            "/metrics",
            "/chat",
            "/chat/",
            "/chat/session",
            "/chat/texts.js",
            "/chat/{name}",
            "/chat/l/{token}",
            "/console",
            "/console/login",
            "/console/favicon.ico",
        }
        seen = 0
        with TestClient(app, follow_redirects=False) as stranger:
            for path in _paths(app):
                if path in open_to_all or "_nicegui" in path or path.startswith(PATH):
                    continue
                seen += 1
                filled = path.replace("{number}", "1").replace("{token}", "x").replace("{path:path}", "x")
                for method in ("GET", "POST"):
                    answer = stranger.request(method, filled)
                    if answer.status_code == 303:
                        assert answer.headers["location"].startswith("/console/login"), path
                    else:
                        assert answer.status_code in (401, 403, 404, 405, 410), (
                            method,
                            path,
                            answer.status_code,
                        )
                    assert "nosniff" in answer.headers["x-content-type-options"]
                    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert seen >= 8

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
    def test_another_site_opens_no_socket_of_the_console(
        self, grace: Grace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str
    ) -> None:
        monkeypatch.setattr(Storage, "path", tmp_path)
        path = "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        with TestClient(create_app(grace, Scripted())) as browser:
            assert browser.get(path, headers={"Origin": origin}).status_code == 403
            assert browser.get(path, headers={"Origin": "http://testserver"}).status_code != 403

    @pytest.mark.parametrize("path", ["book/loans", "book/payments", "handoffs/ho_x/replies", "tokens"])
    @pytest.mark.parametrize("declared", [True, False])
    def test_nobody_fills_the_memory(
        self, grace: Grace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, declared: bool
    ) -> None:
        monkeypatch.setattr(Storage, "path", tmp_path)
        taken = 0

        def parts() -> Iterator[bytes]:
            nonlocal taken
            for _ in range(64):
                taken += 1
                yield b"x" * 2**20

        login = grace.staff.get(make_agent(grace, role="supervisor"))
        assert login is not None
        token = grace.tokens.add(str(uuid.uuid4()), login.login, SCOPES)
        headers = {"Content-Type": "text/csv", "Authorization": f"Bearer {token}"}
        if declared:
            headers["Content-Length"] = str(64 * 2**20)
        with TestClient(create_app(grace, Scripted())) as program:
            answer = program.post(f"{PATH}/{path}", content=parts(), headers=headers)
        if path == "tokens":
            assert (answer.status_code, taken) == (404, 0)
            return
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        # The client of these tests gathers what is not declared before the app is asked.
        assert not (declared and taken)

    async def test_what_comes_undeclared_is_read_no_further_than_it_may_be(self) -> None:
        taken = 0

        async def send_part() -> dict[str, Any]:
            nonlocal taken
            taken += 1
            return {"type": "http.request", "body": b"x" * 2**20, "more_body": True}

        async def reads_all(scope: Any, receive: Any, send: Any) -> None:
            while True:
                await receive()

        with pytest.raises(HTTPException, match="bytes at most"):
            await Sizes(reads_all)({"type": "http", "headers": []}, send_part, None)  # type: ignore[arg-type]
        assert taken == LARGEST // 2**20 + 1


def _paths(app: Any, under: str = "") -> Iterator[str]:
    for route in app.routes:
        path = under + (getattr(route, "path", "") or "")
        inner = getattr(route, "app", None) or getattr(route, "original_router", None)
        if hasattr(inner, "routes") and not isinstance(route, APIRoute):
            yield from _paths(inner, path)
        elif getattr(route, "methods", None):
            yield path


class TestHandoffs:
    def test_a_case_goes_through_a_desk_of_the_lenders_own(
        self, grace: Grace, client: Client, ref: str
    ) -> None:
        desk = client()
        (listed,) = desk.get("/handoffs").json()["items"]
        assert (listed["ref"], listed["state"]) == (ref, "waiting")
        assert desk.post(f"/handoffs/{ref}/claim").json()["won"] is True
        assert desk.get(f"/handoffs/{ref}/messages").json()["items"][0]["text"] == "我想找人工"
        assert desk.post(f"/handoffs/{ref}/replies", json={"text": "您好，我看一下。"}).status_code == 201
        assert desk.post(f"/handoffs/{ref}/notes", json={"text": "打过电话"}).status_code == 201
        closing = {"outcome": "resolved", "to_bot": True}
        assert desk.post(f"/handoffs/{ref}/close", json=closing).status_code == 204
        assert desk.get("/handoffs").json()["items"] == []
        assert handoff(grace, listed["conversation"]).state == "returned"
        assert len(events(grace, "case_read")) == 1

    def test_of_two_desks_one_wins_and_the_other_is_told_who(self, client: Client, ref: str) -> None:
        one, other = client(), client()
        first, second = at_once(
            lambda: one.post(f"/handoffs/{ref}/claim").json(),
            lambda: other.post(f"/handoffs/{ref}/claim").json(),
        )
        assert sorted([first["won"], second["won"]]) == [False, True]
        loser = one if second["won"] else other
        answer = loser.post(f"/handoffs/{ref}/replies", json={"text": "您好"})
        assert (answer.status_code, answer.json()["code"]) == (409, "taken")
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("guess", ["1", "ho_", "ho_aaaa", "ap_aaaa", "ho_" + "a" * 60, "%00"])
    def test_nothing_is_found_by_guessing(self, client: Client, ref: str, guess: str) -> None:
        assert client().get(f"/handoffs/{guess}").status_code == 404

    def test_a_reference_of_another_kind_finds_nothing(self, client: Client, ref: str) -> None:
        refs = Refs("for tests only")
        number = refs.id("ho", ref)
        assert number is not None
        assert refs.id("ho", refs.of("ap", number).replace("ap_", "ho_")) is None

    def test_a_text_that_a_rule_forbids_says_which_words(self, client: Client, ref: str) -> None:
        answer = client().post(f"/handoffs/{ref}/replies", json={"text": "再不还钱就让你坐牢！"})
        assert (answer.status_code, answer.json()["code"]) == (422, "wording")
        assert answer.json()["errors"]

    def test_pages_of_the_queue_hold_each_case_once(self, grace: Grace, client: Client) -> None:
        for _ in range(5):
            conversation = grace.conversations.ensure("webchat", make_borrower(grace))
            grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        desk, found, cursor = client(), [], None
        while True:
            page = desk.get("/handoffs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            found += [one["ref"] for one in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert len(found) == len(set(found)) == 5

    def test_a_page_after_a_case_that_has_left_the_queue_is_refused_and_not_empty(
        self, grace: Grace, client: Client
    ) -> None:
        for _ in range(3):
            conversation = grace.conversations.ensure("webchat", make_borrower(grace))
            grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test")
        desk, agent = client(), make_agent(grace)
        cursor = desk.get("/handoffs", params={"limit": 1}).json()["next"]
        number = Refs("for tests only").id("ho", cursor)
        assert number is not None
        grace.handoffs.claim(number, agent)
        grace.handoffs.close(number, agent, Outcome.RESOLVED)
        answer = desk.get("/handoffs", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (409, "cursor")


class TestTerms:
    @pytest.fixture
    def case(self, grace: Grace) -> str:
        """A hand-off of somebody known who owes 9,000, by its reference."""
        borrower = make_borrower(grace, amount="9000.00")
        conversation = chat(grace, borrower)
        say(grace, borrower, "能分期吗")
        number = grace.handoffs.open(conversation, HandoffReason.BEYOND_POLICY, cause="test")
        return Refs("for tests only").of("ho", number)

    def test_terms_within_the_level_are_offered_once_in_the_chat(
        self, grace: Grace, client: Client, case: str
    ) -> None:
        desk, wish = client("agent"), {"kind": "instalment", "count": 6}
        again = {"Idempotency-Key": "1"}
        made = desk.post(f"/handoffs/{case}/offers", json=wish, headers=again)
        assert made.status_code == 201, made.text
        offer = made.json()
        assert len(offer["payments"]) == 6
        assert sum(float(one["amount"]) for one in offer["payments"]) == float(offer["total"])
        assert desk.post(f"/handoffs/{case}/offers", json=wish, headers=again).json() == offer
        (row,) = rows(grace, OfferRow)
        assert (row.state, row.authority) == ("offered", "agent")
        said = [one for one in rows(grace, Message) if one.initiator == "agent"]
        assert [one.template for one in said] == ["utter_approval_offered"]

    def test_terms_above_the_level_are_refused_with_their_limits_and_asked_for(
        self, grace: Grace, client: Client, case: str
    ) -> None:
        desk, wish = client("agent"), {"kind": "instalment", "count": 30}
        refused = desk.post(f"/handoffs/{case}/offers", json=wish)
        assert (refused.status_code, refused.json()["code"]) == (422, "terms")
        assert refused.json()["errors"]
        asked = desk.post(f"/handoffs/{case}/approvals", json={"terms": wish, "note": "Long good record"})
        assert asked.status_code == 201, asked.text
        assert (asked.json()["state"], asked.json()["level"]) == ("waiting", "senior")
        assert only(grace, Approval).note == "Long good record"
        again = desk.post(f"/handoffs/{case}/approvals", json={"terms": wish})
        assert (again.status_code, again.json()["errors"][0]["limit"]) == (409, "approval.waiting")

    def test_nobody_is_asked_for_what_is_in_ones_own_hands_or_in_nobodys(
        self, grace: Grace, client: Client, case: str
    ) -> None:
        desk = client("agent")
        for count, status, code in ((6, 409, "not_needed"), (600, 422, "terms")):
            wish = {"terms": {"kind": "instalment", "count": count}}
            answer = desk.post(f"/handoffs/{case}/approvals", json=wish)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert rows(grace, Approval) == []

    def test_no_terms_without_a_debt_or_an_amount_that_is_money(
        self, grace: Grace, client: Client, case: str
    ) -> None:
        desk = client("agent")
        odd = {"kind": "partial", "pay_now": "10.001", "days": 5}
        assert desk.post(f"/handoffs/{case}/offers", json=odd).status_code == 422
        stranger = grace.conversations.ensure("webchat", "nobody")
        number = grace.handoffs.open(stranger, HandoffReason.ASKED, cause="test")
        ref = Refs("for tests only").of("ho", number)
        answer = desk.post(f"/handoffs/{ref}/offers", json={"kind": "instalment", "count": 6})
        assert (answer.status_code, answer.json()["code"]) == (409, "loan")


class TestOnce:
    def test_a_request_with_a_key_is_done_once(self, grace: Grace, client: Client, ref: str) -> None:
        desk, headers = client(), {"Idempotency-Key": "k1"}
        asked = [
            desk.post(f"/handoffs/{ref}/replies", json={"text": "您好。"}, headers=headers) for _ in range(3)
        ]
        assert len({one.text for one in asked}) == 1
        assert [one.headers.get("idempotency-replayed") for one in asked] == [None, "true", "true"]
        assert len([one for one in rows(grace, Message, direction="out") if one.initiator == "agent"]) == 1

    def test_requests_with_one_key_at_once_do_it_once(self, grace: Grace, client: Client, ref: str) -> None:
        desk = client()

        def ask() -> int:
            headers = {"Idempotency-Key": "k1"}
            answer = desk.post(f"/handoffs/{ref}/notes", json={"text": "x"}, headers=headers)
            return int(answer.status_code)

        assert set(at_once(*[ask] * 4)) <= {201, 409}
        assert len(events(grace, "note_added")) == 1

    def test_a_refusal_is_given_again_too_and_a_key_serves_one_request(
        self, client: Client, ref: str
    ) -> None:
        desk, headers = client(), {"Idempotency-Key": "k1"}
        first = desk.post(f"/handoffs/{ref}/replies", json={"text": " "}, headers=headers)
        again = desk.post(f"/handoffs/{ref}/replies", json={"text": " "}, headers=headers)
        assert (first.status_code, again.status_code) == (422, 422)
        assert first.json() == again.json()
        other = desk.post(f"/handoffs/{ref}/replies", json={"text": "y"}, headers=headers)
        assert other.json()["code"] == "key_reused"


class TestMessages:
    def test_a_message_from_the_lenders_app_lands_once_with_its_borrower(
        self, grace: Grace, client: Client
    ) -> None:
        borrower, desk = make_borrower(grace), client()
        body = {"borrower": borrower, "id": "m1", "text": "我想分期"}
        first, second = (desk.post("/messages", json=body).json() for _ in range(2))
        assert (first["duplicate"], second["duplicate"]) == (False, True)
        read = desk.get(f"/conversations/{first['conversation']}/messages").json()["items"]
        assert [one["text"] for one in read] == ["我想分期"]
        assert only(grace, Message, direction="in").text == "我想分期"
        assert desk.post("/messages", json={**body, "borrower": "nobody"}).status_code == 404
        assert desk.get(f"/conversations/{uuid.uuid4()}/messages").status_code == 404

    def test_contact_is_answered_by_the_rules(
        self, grace: Grace, client: Client, clock: MovableClock
    ) -> None:
        borrower, desk = make_borrower(grace), client()
        now = {
            one["channel"]: one["status"]
            for one in desk.get(f"/borrowers/{borrower}/contact").json()["items"]
        }
        wait(clock, hours=14)
        night = {
            one["channel"]: one["status"]
            for one in desk.get(f"/borrowers/{borrower}/contact").json()["items"]
        }
        assert now["webchat"] == "allowed"
        assert night["webchat"] == "held"

    def test_a_book_lands_and_bad_rows_are_named(self, grace: Grace, client: Client) -> None:
        book = b"nothing in particular"
        desk = client()
        bad = desk.post("/book/payments", content=b"nonsense\n1", headers={"Content-Type": "text/csv"})
        assert (bad.status_code, bad.json()["code"]) == (422, "book")
        assert desk.post("/book/loans", content=book).status_code == 415

    def test_records_are_exported_with_their_hashes_and_that_is_recorded(
        self, grace: Grace, client: Client, ref: str
    ) -> None:
        grace.ledger.append()
        lines = client("auditor").get("/exports/contacts").text.splitlines()
        assert json.loads(lines[0])["hash"]
        assert len(events(grace, "exported")) == 1


class TestTokens:
    def test_a_token_is_not_stored_and_ends_when_it_is_revoked(self, grace: Grace, client: Client) -> None:
        agent = grace.staff.get(make_agent(grace))
        assert agent is not None
        token = grace.tokens.add("t", agent.login, ["handoffs:read"], days=1)
        assert grace.tokens.check(token) is not None
        assert token not in str([vars(one) for one in rows(grace, AuditEvent)])
        assert grace.tokens.revoke("t")
        assert not grace.tokens.revoke("t")
        assert grace.tokens.check(token) is None

    def test_a_token_expires(self, grace: Grace, clock: MovableClock) -> None:
        agent = grace.staff.get(make_agent(grace))
        assert agent is not None
        token = grace.tokens.add("t", agent.login, ["handoffs:read"], days=1)
        wait(clock, days=1)
        assert grace.tokens.check(token) is None


class TestWebhooks:
    def test_an_event_is_written_with_its_fact_or_not_at_all(self, grace: Grace) -> None:
        grace.webhooks.add("https://desk.example/hook", ["message.in", "handoff.opened"])
        borrower = make_borrower(grace)
        got = say(grace, borrower, "你好")

        def fail() -> None:
            with grace.kit.db.begin() as session:
                announce(session, grace.kit.clock.now(), "message.in", conversation="c")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        grace.handoffs.open(got.conversation_id, HandoffReason.ASKED, cause="test")
        told = rows(grace, WebhookCall)
        assert [one.event for one in told] == ["message.in", "handoff.opened"]
        assert "你好" not in "".join(one.body for one in told), "words are read through the API"

    def test_a_call_that_fails_is_tried_again_ever_later_and_then_given_up(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        number, _ = grace.webhooks.add("https://desk.example/hook", ["message.in"])
        grace.webhooks.test(number)
        waits = []
        for _ in range(TRIES):
            (call,) = grace.webhooks.claim()
            assert grace.webhooks.claim() == []
            grace.webhooks.settle(call.id, "status 500")
            row = only(grace, WebhookCall)
            waits.append((row.next_at - clock.now()).total_seconds())
            if row.state == "queued":
                clock.at = row.next_at
        assert waits[:4] == [10, 20, 40, 80]
        assert only(grace, WebhookCall).state == "dead"
        assert grace.webhooks.dead()[0][3] == "status 500"
        assert grace.webhooks.again(number) == 1
        assert len(grace.webhooks.claim()) == 1

    def test_a_process_that_dies_with_a_call_leaves_it_to_the_next(
        self, grace: Grace, clock: MovableClock
    ) -> None:
        number, _ = grace.webhooks.add("https://desk.example/hook", ["message.in"])
        grace.webhooks.test(number)
        (first,) = grace.webhooks.claim()
        wait(clock, seconds=61)
        (again,) = grace.webhooks.claim()
        assert again.event_id == first.event_id

    @pytest.mark.parametrize(
        "url", ["http://desk.example", "ftp://x", "https://", "https://u:p@x.example", "file:///etc/passwd"]
    )
    def test_what_is_no_address_for_a_webhook_is_refused(self, grace: Grace, url: str) -> None:
        with pytest.raises(WebhookError):
            grace.webhooks.add(url, ["message.in"])

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "localhost"])
    async def test_no_webhook_reaches_our_own_networks(self, grace: Grace, host: str) -> None:
        number, _ = grace.webhooks.add(f"https://{host}/hook", ["message.in"])
        grace.webhooks.test(number)
        assert await Hooks(grace.webhooks, "s", private=False).once() == 1
        row = only(grace, WebhookCall)
        assert (row.state, row.failure) == ("dead", "the address is within a private network")


def test_the_example_desk_hears_of_a_case_answers_and_closes_it(
    grace: Grace, api: FastAPI, client: Client
) -> None:
    spec = importlib.util.spec_from_file_location("desk", ROOT / "examples/desk/desk.py")
    assert spec is not None
    assert spec.loader is not None
    desk = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(desk)
    server = HTTPServer(("127.0.0.1", 0), desk.Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    grace.kit.settings.webhook_private = True
    _, secret = grace.webhooks.add(f"http://127.0.0.1:{server.server_port}/", ["handoff.opened"])
    desk.Listener.api, desk.Listener.secret = client(), secret
    desk.Listener.served.clear()
    got = say(grace, make_borrower(grace), "我要投诉你们")
    grace.handoffs.open(got.conversation_id, HandoffReason.ASKED, cause="test")
    try:
        asyncio.run(Hooks(grace.webhooks, "for tests only", private=True).once())
        asyncio.run(until(lambda: handoff(grace, got.conversation_id).state == "returned"))
    finally:
        server.shutdown()
    assert desk.Listener.served == ["我要投诉你们"]
    assert only(grace, WebhookCall).state == "sent"
    body = b"{}"
    assert not desk.genuine(secret, f"t=1,v1={signature(secret, '1', body)}", body), "too old"
    assert not desk.genuine(secret, "nonsense", body)


def test_made_up_requests_break_nothing(grace: Grace, api: FastAPI, client: Client, ref: str) -> None:
    program, made = client(), 0
    schema = schemathesis.openapi.from_asgi("/openapi.json", api)
    known = {"ref": ref, "conversation": rows(grace, Message)[0].conversation_id}

    def ask(case: Any) -> None:
        nonlocal made
        made += 1
        if made % 2:
            # Half of them about what there is: a reference that is none ends early.
            case.path_parameters.update(
                {name: value for name, value in known.items() if name in (case.path_parameters or {})}
            )
        kwargs = case.as_transport_kwargs(base_url="http://testserver")
        kwargs.pop("cookies", None)
        kwargs["headers"] = {**dict(kwargs.get("headers") or {}), **dict(program.headers)}
        answer = program.request(**kwargs)
        assert answer.status_code < 500, (case.method, case.path, answer.status_code, answer.text[:200])

    few = hypothesis_settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    for operation in schema.get_all_operations():
        found: Any = operation.ok()  # type: ignore[union-attr]
        few(given(case=found.as_strategy())(ask))()
    assert made >= EXAMPLES * 10


def test_an_unforeseen_error_tells_nothing_of_itself(
    api: FastAPI, client: Client, grace: Grace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise httpx.HTTPError("SELECT password")

    monkeypatch.setattr(grace.queue, "entries", broken)
    answer = client().get("/handoffs")
    assert answer.status_code == 500
    assert "password" not in answer.text
