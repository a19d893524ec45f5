"""The inbox of doubtful messages: what it shows, what it never shows."""

from __future__ import annotations

import pytest

from bot.bootstrap import Grace
from tests.integration.support import answered, chat, claimed, say


def read(grace: Grace, ref: str, text: str, confidence: float, *acts: str, intent: str | None = None) -> None:
    conversation = chat(grace, ref)
    say(grace, ref, text)
    reading = {
        "intent": intent or (acts[0] if acts else "nlu_fallback"),
        "confidence": confidence,
        "acts": [{"intent": act, "confidence": confidence} for act in acts],
    }
    answered(grace, claimed(grace, conversation), reading=reading)


def test_only_what_was_read_with_doubt_is_shown_newest_first(grace: Grace, ref: str) -> None:
    read(grace, ref, "转数快得唔得", 0.9)
    read(grace, ref, "能分期吗", 0.95, "request_instalment")
    read(grace, ref, "这个嘛", 0.41, "unsure")
    assert [one.text for one in grace.tuning.inbox(0.6)] == ["这个嘛", "转数快得唔得"]


def test_a_corrected_message_is_shown_however_sure_the_reading_was(grace: Grace, ref: str) -> None:
    read(grace, ref, "能分期吗", 0.95, "ask_balance")
    assert grace.tuning.inbox(0.6) == []
    (stored,) = _ids(grace)
    grace.tuning.correct(stored, "request_instalment")
    (one,) = grace.tuning.inbox(0.6)
    assert one.corrected == "request_instalment"


def test_a_labelled_message_leaves_the_inbox(grace: Grace, ref: str) -> None:
    read(grace, ref, "这个嘛", 0.41, "unsure")
    (one,) = grace.tuning.inbox()
    grace.tuning.labelled(one.id)
    assert grace.tuning.inbox() == []


def test_what_names_a_person_is_masked(grace: Grace, ref: str) -> None:
    read(grace, ref, "打我13912345678嘛", 0.3, "request_callback")
    (one,) = grace.tuning.inbox()
    assert "13912345678" not in one.text
    assert all("13912345678" not in row["text"] for row in grace.tuning.stored())


def test_facts_of_identity_are_never_shown(grace: Grace, ref: str) -> None:
    read(grace, ref, "1990年5月12日 5678", 0.3, "state_identity")
    assert grace.tuning.inbox() == []


def test_a_message_that_was_never_read_cannot_be_labelled(grace: Grace, ref: str) -> None:
    with pytest.raises(LookupError):
        grace.tuning.labelled(999)


def _ids(grace: Grace) -> list[int]:
    from sqlalchemy import select

    from bot.storage.tables import Message

    with grace.kit.db.begin() as session:
        return list(session.scalars(select(Message.id).where(Message.direction == "in")))
