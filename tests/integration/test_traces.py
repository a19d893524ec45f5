"""One trace for a turn: the app's span, Rasa's under it, an action's call under that, statements beside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.assistant import tracing as of_rasa
from bot.bootstrap import Grace
from bot.channels.assistant import Assistant
from bot.channels.gateway import Gateway
from bot.channels.webchat import StoredChannel
from bot.observing import tracing
from bot.processes import ROOT
from bot.services.conversation import Incoming
from tests.factory import make_borrower

WORDS = "我叫欧阳雪梅，13812345678"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced while a test runs."""
    exporter = InMemorySpanExporter()
    tracing.start("app", "", exporter)
    yield exporter
    tracing.stop()


def rasa(calls: list[dict[str, str]]) -> TestServer:
    """Rasa's door: traced by Rasa's own code, with one action called."""

    async def answer(request: web.Request) -> web.Response:
        calls.append({name.lower(): value for name, value in request.headers.items()})
        with (
            of_rasa.traced(request.headers.get("traceparent")) as told,
            of_rasa.span("rasa action") as headers,
        ):
            calls.append(headers)
        body: dict[str, object] = {
            "messages": [{"text": "好的"}],
            "intent": "greet",
            "expected": None,
            "reading": {},
        }
        return web.json_response({**body, "spans": told} if told else body)

    served = web.Application()
    served.router.add_post("/webhooks/gateway/turn", answer)
    return TestServer(served)


async def turn(grace: Grace, calls: list[dict[str, str]]) -> None:
    ref = make_borrower(grace)
    async with rasa(calls) as door:
        settings = grace.kit.settings.model_copy(update={"rasa_url": str(door.make_url(""))})
        assistant = Assistant(settings)
        gateway = Gateway(grace, assistant, {"webchat": StoredChannel()})
        await gateway.receive(Incoming("webchat", ref, "web:1", WORDS))
        await gateway.idle()
        await gateway.stop()
        await assistant.close()


def test_a_turn_is_one_trace_over_all_processes(grace: Grace, spans: InMemorySpanExporter) -> None:
    tracing.watch(grace.kit.db.engine)
    calls: list[dict[str, str]] = []
    asyncio.run(turn(grace, calls))
    found = {one.name: one for one in spans.get_finished_spans()}
    top, inner, action = found["turn"], found["rasa turn"], found["rasa action"]

    def under(child: ReadableSpan, parent: ReadableSpan) -> bool:
        assert child.parent is not None
        assert parent.context is not None
        return (child.parent.trace_id, child.parent.span_id) == (
            parent.context.trace_id,
            parent.context.span_id,
        )

    assert under(inner, top)
    assert under(action, inner)
    assert inner.resource.attributes["service.name"] == "grace-rasa"
    assert action.context is not None
    # What the action server is told is the span of the call to it.
    assert calls[1]["traceparent"].split("-")[2] == f"{action.context.span_id:016x}"
    statements = [one for one in spans.get_finished_spans() if one.name.startswith("db ")]
    assert statements
    assert all(one.parent is not None for one in statements)
    assert {one.context.trace_id for one in statements if one.context} == {action.context.trace_id}
    assert "欧阳雪梅" not in "".join(one.to_json() for one in spans.get_finished_spans())


def test_untraced_nothing_is_sent_along_and_nothing_measured(grace: Grace) -> None:
    calls: list[dict[str, str]] = []
    asyncio.run(turn(grace, calls))
    assert "traceparent" not in calls[0]
    assert calls[1] == {}
    assert tracing.span("turn") is tracing.span("another")


def test_untraced_opentelemetry_is_not_even_loaded() -> None:
    code = (
        "import sys, bot.channels.gateway\nfrom bot.observing import tracing\n"
        "tracing.start('app', '')\nwith tracing.span('x'): pass\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
