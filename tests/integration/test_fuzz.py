"""Every parser of what comes from outside: whatever it is given, it answers or refuses, and never breaks.

`GRACE_FUZZ=5000 pytest tests/integration/test_fuzz.py` looks longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.channels.telegram_updates import read, update_id
from bot.domain.policy import ContactPack, Ladder, ProductPolicy
from bot.services.files import type_of
from bot.services.loanbook.files import BookError, BookFile, Row, RowError
from bot.services.loanbook.lines import LoanLine, PaymentLine, faults_in
from bot.storage import policy_files
from bot.storage.keyring import Keyring, SealError, new_key
from bot.storage.policy_files import PolicyError
from bot.web.api.refs import Refs
from bot.web.session import PaperLinks, Sessions
from tests.conftest import ROOT, settings_for

EXAMPLES = int(os.environ.get("GRACE_FUZZ", "60"))
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_names = st.sampled_from(
    [
        *(
            "message",
            "edited_message",
            "callback_query",
            "my_chat_member",
            "chat",
            "from",
            "id",
            "type",
            "text",
        ),
        *(
            "contact",
            "phone_number",
            "user_id",
            "photo",
            "document",
            "file_id",
            "data",
            "message_id",
            "status",
        ),
        *("new_chat_member", "caption", "sticker", "update_id", "language_code", "private", "entities"),
    ]
)
_json = st.recursive(
    _scalars | st.just("private"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=6),
    max_leaves=25,
)
_MESSAGE = {"message_id": 1, "chat": {"id": 5, "type": "private"}, "from": {"id": 5}, "text": "x"}


def says(refusal: object, what: str) -> None:
    """A refusal names what is wrong, and where."""
    told = list(refusal) if isinstance(refusal, Iterator) else str(refusal)
    assert told
    assert what in str(told)


@fuzzed
@given(_json)
def test_any_webhook_body_is_read_or_passed_over(body: Any) -> None:
    update_id(body)
    read(body)


@fuzzed
@given(st.dictionaries(_names, _json, max_size=5), st.sampled_from(["message", "edited_message"]))
def test_a_message_of_which_parts_are_nonsense_is_read_or_passed_over(
    parts: dict[str, Any], kind: str
) -> None:
    read({"update_id": 1, kind: {**_MESSAGE, **parts}})


@fuzzed
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_any_book_is_read_row_by_row_or_refused_as_a_whole(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzzed{suffix}"
    for line in (LoanLine, PaymentLine):
        columns = line.columns()
        header = ",".join(columns).encode() + b"\n" if suffix == ".csv" else b""
        for start in (b"", header):
            path.write_bytes(start + content)
            try:
                rows = list(BookFile(path, columns, frozenset(columns) - line.spare).rows())
            except BookError as error:
                says(error, path.name)
                continue
            for row in rows:
                assert isinstance(row, Row | RowError)
                _checked(line, row)


def _checked(line: type[LoanLine] | type[PaymentLine], row: Row | RowError) -> None:
    if isinstance(row, RowError):
        assert row.line >= 1
        return
    try:
        line.model_validate(dict(row.cells))
    except ValidationError as error:
        says(faults_in(error), "")


_FILES = [
    (model, next((ROOT / "policies").rglob(pattern)))
    for model, pattern in (
        (ProductPolicy, "consumer-cn.yml"),
        (ContactPack, "contact/*.yml"),
        (Ladder, "ladder/*.yml"),
    )
]


@fuzzed
@given(st.data())
@pytest.mark.parametrize(("model", "source"), _FILES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_policy_with_a_line_of_nonsense_is_read_or_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, model: Any, source: Path, data: st.DataObject
) -> None:
    lines = source.read_text("utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.text(max_size=40)
        | st.sampled_from(["a: *b", "&a [*a]", "? [", "- - -", "\t", "x: 1e999", "x: .nan"])
    )
    path = tmp_path_factory.getbasetemp() / source.name
    path.write_text("\n".join(lines), "utf-8", errors="replace")
    try:
        policy_files.read(path, model)
    except PolicyError as error:
        says(error, source.name)


@fuzzed
@given(st.text(max_size=120) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_forged_link_reference_or_sealed_value_opens(text: str) -> None:
    own = settings_for("sqlite://")
    assert Sessions(own).read(text) is None
    assert PaperLinks(own).read(text) is None
    assert Refs("secret").id("ho", f"ho_{text}") is None
    with pytest.raises(SealError):
        Keyring(_KEY).open(f"\x02s:{text}", "c")


_KEY = new_key()


@fuzzed
@given(st.binary(max_size=64))
def test_only_the_kinds_of_file_that_are_shown_are_known(content: bytes) -> None:
    assert type_of(content) in (None, "image/jpeg", "image/png", "image/webp", "application/pdf")
