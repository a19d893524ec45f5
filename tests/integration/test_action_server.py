"""The action server acts for Rasa alone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests.stack import Stack, running

CALL = {"next_action": "action_session_start", "sender_id": "nobody", "tracker": {"sender_id": "nobody"}}
OURS = {"Authorization": "Bearer ours"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The action server alone, with a token of its own."""
    with running(tmp_path_factory.mktemp("actions"), "actions", rasa_token=SecretStr("ours")) as found:
        yield found


@pytest.fixture(scope="module")
def server(stack: Stack) -> Iterator[httpx.Client]:
    """A caller on the same machine."""
    url = f"http://127.0.0.1:{stack.settings.actions_port}"
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer local-only"}, {"Authorization": "Bearer our"}]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/webhook"), ("GET", "/actions"), ("GET", "/nothing")])
def test_nobody_else_is_let_in(server: httpx.Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = server.request(method, path, json=CALL if method == "POST" else None, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "wrong token"})


def test_rasa_is_let_in(server: httpx.Client) -> None:
    names = {one["name"] for one in server.get("/actions", headers=OURS).json()}
    assert "action_answer_account" in names
    answer = server.post("/webhook", json={**CALL, "next_action": "action_no_such"}, headers=OURS)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_its_health_is_told_to_whoever_asks(server: httpx.Client, path: str) -> None:
    assert server.get(path).status_code == 200
