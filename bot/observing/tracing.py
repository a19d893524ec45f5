"""One trace for a turn, over app, Rasa, actions and database; by setting, and off it costs nothing.

Rasa's environment has no OpenTelemetry. It passes the trace on and says in its answer when it worked on a
turn; the app tells that on its behalf (see `told`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from sqlalchemy import Engine

_NOTHING: AbstractContextManager[None] = nullcontext()
_state: dict[str, Any] = {"provider": None, "tracer": None, "processor": None}


def start(process: str, url: str, exporter: Any = None) -> TracerProvider | None:
    """Begin to trace to an OTLP/HTTP endpoint, or to an exporter; without either nothing is loaded."""
    if not url and exporter is None:
        return None
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")
        processor: Any = BatchSpanProcessor(exporter, schedule_delay_millis=1000)
    else:
        processor = SimpleSpanProcessor(exporter)
    provider = TracerProvider(resource=Resource({"service.name": f"grace-{process}"}))
    provider.add_span_processor(processor)
    _state.update(provider=provider, tracer=provider.get_tracer("grace"), processor=processor)
    return provider


def stop() -> None:
    """Send what is left, and trace no more."""
    provider = _state["provider"]
    if provider is not None:
        provider.shutdown()
    _state.update(provider=None, tracer=None, processor=None)


def is_on() -> bool:
    """Tell whether this process traces."""
    return _state["tracer"] is not None


def span(name: str, **facts: str | int | float) -> AbstractContextManager[Any]:
    """Return a context that is one span of the trace; facts are ids and codes, never a person's."""
    tracer = _state["tracer"]
    if tracer is None:
        return _NOTHING
    found: AbstractContextManager[Any] = tracer.start_as_current_span(
        name, attributes=facts, record_exception=False
    )
    return found


def headers() -> dict[str, str]:
    """Return what tells another process of the trace that is running."""
    if not is_on():
        return {}
    from opentelemetry.propagate import inject

    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier


def told(spans: Sequence[Mapping[str, Any]], service: str) -> None:
    """Add spans that another process has measured: dicts of name, trace, id, parent, and Unix nanoseconds."""
    if not is_on():
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, TraceFlags

    def context(trace: str, number: str) -> SpanContext:
        return SpanContext(int(trace, 16), int(number, 16), is_remote=True, trace_flags=TraceFlags(1))

    resource = Resource({"service.name": f"grace-{service}"})
    for one in spans:
        _state["processor"].on_end(
            ReadableSpan(
                one["name"],
                context(one["trace"], one["id"]),
                context(one["trace"], one["parent"]),
                resource,
                start_time=one["start"],
                end_time=one["end"],
            )
        )


def watch(engine: Engine) -> None:
    """Make every statement of an engine a span: its verb and table, not its values."""
    if not is_on():
        return
    from sqlalchemy import event

    def before(_c: Any, _cursor: Any, _s: str, _p: Any, context: Any, _many: bool) -> None:
        context.grace_began = time.time_ns()

    def after(_c: Any, _cursor: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        from opentelemetry.trace import INVALID_SPAN, get_current_span

        # What runs outside of a turn, such as a look at the queue, makes no trace of its own.
        if is_on() and get_current_span() is not INVALID_SPAN:
            words = statement.split(None, 1)
            verb = (words[0] if words else "?").upper()[:10]
            made = _state["tracer"].start_span(f"db {verb}", start_time=context.grace_began)
            made.end()

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
