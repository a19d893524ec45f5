"""A photo or a document is seen by a person, belongs to its hardship, and stops no conversation."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from bot.services.conversation import Incoming
from bot.storage.tables import HardshipRow
from tests.conversations.looks import expected, handoffs, inside, is_human
from tests.stack import Heard, Talk, Talks

pytestmark = pytest.mark.stack

LANGUAGES = pytest.mark.parametrize("locale", ["zh_CN", "en"])


async def send_file(talk: Talk, kind: str = "photo") -> Heard:
    """Send a file that stayed with its channel."""
    attachment = {"kind": kind, "file_id": uuid.uuid4().hex}
    incoming = Incoming("webchat", talk.ref, f"f:{uuid.uuid4()}", "", kind="photo", attachment=attachment)
    await talk.gateway.receive(incoming)
    return await talk._heard()


def files(talk: Talk) -> int:
    """Return how many files belong to the borrower's newest hardship."""
    with talk.grace.kit.db.begin() as session:
        query = select(HardshipRow.evidence).where(HardshipRow.conversation_id == talk.conversation)
        return len(list(session.scalars(query))[-1])


@LANGUAGES
async def test_a_file_by_itself_opens_a_case_that_people_see(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    heard = await send_file(talk, "document")
    assert heard.keys == ("utter_file_kept",)
    assert handoffs(talk) == [("evidence", "waiting")]
    assert not is_human(talk)


@LANGUAGES
async def test_a_file_amid_the_questions_belongs_to_the_hardship_and_they_go_on(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "possible")
    assert (await send_file(talk)).keys == ("utter_hardship_evidence",)
    assert files(talk) == 1
    assert expected(talk) == "hardship_ability"
    heard = await talk.say({"zh_CN": "每月500", "en": "500 a month"}[locale])
    assert heard.keys == ("utter_hardship_noted", "utter_plan_options")
    await send_file(talk)
    assert files(talk) == 2
    assert handoffs(talk) == [("evidence", "waiting")]


@LANGUAGES
async def test_without_consent_a_file_goes_to_the_case_alone(talks: Talks, locale: str) -> None:
    talk = await inside(talks, locale, "consent")
    await talk.say({"zh_CN": "不用了，直接看方案", "en": "no, just show me the options"}[locale])
    assert (await send_file(talk)).keys == ("utter_file_kept",)
    assert files(talk) == 0


@LANGUAGES
async def test_once_somebody_takes_the_case_the_assistant_is_silent(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    await send_file(talk)
    agent = talk.grace.staff.add(f"lin-{uuid.uuid4().hex[:6]}", "林", "agent", "long enough for a test")
    queue = [row.id for row in talk.grace.handoffs.queue() if row.conversation_id == talk.conversation]
    assert talk.grace.handoffs.claim(queue[0], agent.id).won
    assert is_human(talk)
