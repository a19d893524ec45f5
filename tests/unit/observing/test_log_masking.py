"""No log line holds what a person wrote or who they are, whichever way it comes to the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.observing.masking import _CODES, _IDS, _NUMBERS, _OURS, _PLACES, HIDDEN, Ours, Plain, masked
from bot.storage.db import StorageError
from tests.logged import logged
from tests.planted import personal

FIELDS = sorted(
    _IDS | _CODES | _NUMBERS | _OURS | _PLACES | {"error", "text", "name", "detail", "level", "trace"}
)


class Broken(Exception):
    """Of a library: nobody knows what it quotes."""


def _raised(text: str) -> BaseException:
    try:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise Broken(f"cannot store {text!r}") from error
    except Broken as error:
        return error


def own_field(text: str, field: str) -> None:
    structlog.get_logger().warning("something", **{field: text})


def own_nested(text: str, field: str) -> None:
    structlog.get_logger().info("something", **{field: {"a": [text]}})


def own_event(text: str, _: str) -> None:
    structlog.get_logger().error(text)


def own_context(text: str, field: str) -> None:
    with structlog.contextvars.bound_contextvars(**{field: text}):
        structlog.get_logger().info("something")


def own_traceback(text: str, _: str) -> None:
    error = _raised(text)
    try:
        raise error
    except Broken:
        structlog.get_logger().exception("something")


def own_error(text: str, _: str) -> None:
    structlog.get_logger().error("something", error=_raised(text))


def library_argument(text: str, _: str) -> None:
    logging.getLogger("some.library").error("cannot handle %s", text)


def library_sentence(text: str, _: str) -> None:
    logging.getLogger("some.library").error(f"cannot handle {text}")


def library_traceback(text: str, _: str) -> None:
    error = _raised(text)
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=error)


def library_object(text: str, _: str) -> None:
    logging.getLogger("some.library").error(Broken(text))


def library_misuse(text: str, _: str) -> None:
    logging.getLogger("some.library").error("%d things", text)


WAYS: list[Callable[[str, str], None]] = [
    own_field,
    own_nested,
    own_event,
    own_context,
    own_traceback,
    own_error,
    library_argument,
    library_sentence,
    library_traceback,
    library_object,
    library_misuse,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(max_examples=40)
@given(text=personal, field=st.sampled_from(FIELDS), as_json=st.booleans())
def test_planted_personal_data_never_comes_out(
    way: Callable[[str, str], None], text: str, field: str, as_json: bool
) -> None:
    with logged(as_json=as_json) as buffer:
        way(text, field)
    line = buffer.getvalue()
    assert line.strip()
    assert text not in line
    # Nor in the way that JSON or Python would write it.
    assert text.encode("unicode_escape").decode() not in line
    assert json.dumps(text)[1:-1] not in line


@given(text=personal, name=st.text(min_size=1))
def test_a_field_that_nobody_allowed_is_hidden_whatever_it_holds(text: str, name: str) -> None:
    if name in FIELDS or name in ("event", "exc_info"):
        return
    assert text not in json.dumps(masked({"event": "x", name: text}), ensure_ascii=False)


@given(text=personal)
def test_an_operators_error_shows_its_words_and_no_number_or_address(text: str) -> None:
    if not any(one.isdigit() for one in text) and "@" not in text:
        return
    said = masked({"event": "x", "error": StorageError(f"the database does not answer: {text}")})["error"]
    assert said.startswith("StorageError: the database does not answer: ")
    assert text not in said


def test_what_operators_need_comes_through() -> None:
    with logged() as buffer, structlog.contextvars.bound_contextvars(turn="12:1"):
        structlog.get_logger().warning(
            "turn_waits",
            conversation="32a29d10-6730-43ad-b760-edacfa67f960",
            seconds=0.25,
            outcome="down",
            hint=Ours("set a webhook for several"),
            error=Plain("no answer in time"),
        )
        logging.getLogger("some.library").warning("cannot reach %s", "x")
        own_traceback("王伟", "")
    ours, theirs, broke = map(json.loads, buffer.getvalue().splitlines())
    assert ours["turn"] == "12:1"
    assert ours["conversation"] == "32a29d10-6730-43ad-b760-edacfa67f960"
    assert (ours["seconds"], ours["outcome"]) == (0.25, "down")
    assert (ours["hint"], ours["error"]) == ("set a webhook for several", "Plain: no answer in time")
    assert (theirs["said"], theirs["logger"]) == ("cannot reach %s", "some.library")
    assert broke["error"] == "Broken, after KeyError"
    assert "tests/unit/observing/test_log_masking.py:" in broke["raised"]
    assert "own_traceback" in broke["raised"]


@pytest.mark.parametrize("value", [13812345678, "13812345678", "110101199005171234", 6222021234567890])
def test_a_long_number_is_no_id(value: Any) -> None:
    assert masked({"event": "x", "message": value})["message"] == HIDDEN
    assert masked({"event": "x", "message": 4711})["message"] == 4711
