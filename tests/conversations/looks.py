"""What the conversation tests share: a pair of languages, and looks at what a chat left behind."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from bot.domain.handoff import Outcome
from bot.services.conversation import Incoming
from bot.storage.tables import (
    Agent,
    Approval,
    AuditEvent,
    Conversation,
    HandoffRow,
    HardshipRow,
    HoldRow,
    LoanRow,
    Message,
    Plan,
    Promise,
)
from tests.stack import Heard, Talk, Talks

# Amounts with their currency, loan references of test borrowers, and days as both languages write them.
_DEBT_FACT = re.compile(
    r"\d[\d,.]*元|CNY|¥|L?T\d{5}|\d+月\d+日"
    r"|\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)"
)

# Whose form asks next, and what holds for one turn only.
_OF_THE_TURN = frozenset({"requested_slot", "turn_ended", "turn_locale"})


def both(zh: Any, en: Any) -> list[Any]:
    """Return the parameters of one test in Chinese and in English; a tuple gives several."""
    return [
        pytest.param(locale, *(case if isinstance(case, tuple) else (case,)), id=locale[:2])
        for locale, case in (("zh_CN", zh), ("en", en))
    ]


def each(*cases: tuple[Any, ...]) -> list[Any]:
    """Return parameters, named by locale and the first thing that is said."""
    return [pytest.param(*case, id=f"{case[0][:2]}-{case[1]}") for case in cases]


# What brings a chat into each form, and the slot that is asked for then.
_INTO = {
    "identity": ({"zh_CN": ["我还欠多少"], "en": ["how much do I owe"]}, "identity_confirmed"),
    "promise": ({"zh_CN": ["我下周五还两千"], "en": ["I'll pay 2000 next Friday"]}, "promise_confirmed"),
    "options": ({"zh_CN": ["能分期吗"], "en": ["can I pay in instalments"]}, "plan_option"),
    "terms": (
        {"zh_CN": ["能分期吗", "第一个"], "en": ["can I pay in instalments", "the first one"]},
        "plan_confirmed",
    ),
    "ability": (
        {
            "zh_CN": ["能分期吗", "都不要", "每个月少一点"],
            "en": ["can I pay in instalments", "none of these", "something smaller"],
        },
        "plan_ability",
    ),
    "consent": ({"zh_CN": ["我生病住院了，还不上"], "en": ["I'm ill and can't pay"]}, "hardship_consent"),
    "possible": (
        {
            "zh_CN": ["我生病住院了，还不上", "可以", "大概三个月"],
            "en": ["I'm ill and can't pay", "yes", "about three months"],
        },
        "hardship_ability",
    ),
}
FORMS = tuple(_INTO)


async def inside(talks: Talks, locale: str, form: str) -> Talk:
    """Start a chat and bring it to the question of a form: one of FORMS."""
    talk = await talks.new(locale, verified=form != "identity")
    said, slot = _INTO[form]
    await say_all(talk, *said[locale])
    assert expected(talk) == slot
    return talk


async def say_all(talk: Talk, *texts: str) -> list[Heard]:
    """Say one thing after another; return every answer."""
    return [await talk.say(text) for text in texts]


async def open_chat(talk: Talk) -> Heard:
    """Open the chat page for the first time."""
    await talk.gateway.receive(
        Incoming("webchat", talk.ref, "web:start", "", kind="payload", payload="/start_chat")
    )
    return await talk._heard()


def texts(talk: Talk) -> list[str]:
    """Return everything that was ever sent or queued to this borrower, cancelled texts included."""
    with talk.grace.kit.db.begin() as session:
        query = select(Message.text).where(
            Message.conversation_id == talk.conversation, Message.direction == "out"
        )
        return list(session.scalars(query.order_by(Message.id)))


def debt_facts(talk: Talk) -> list[str]:
    """Return every amount, loan reference and day in what was sent."""
    return [found for text in texts(talk) for found in _DEBT_FACT.findall(text)]


def holds(talk: Talk) -> dict[str, HoldRow]:
    """Return the borrower's holds that are not lifted, by kind."""
    with talk.grace.kit.db.begin() as session:
        conversation = session.get_one(Conversation, talk.conversation)
        rows = session.scalars(
            select(HoldRow).where(
                HoldRow.borrower_id == conversation.borrower_id, HoldRow.lifted_at.is_(None)
            )
        ).all()
        session.expunge_all()
        return {row.kind: row for row in rows}


def handoffs(talk: Talk) -> list[tuple[str, str]]:
    """Return reason and state of the conversation's hand-offs."""
    with talk.grace.kit.db.begin() as session:
        rows = session.scalars(
            select(HandoffRow).where(HandoffRow.conversation_id == talk.conversation).order_by(HandoffRow.id)
        )
        return [(row.reason, row.state) for row in rows]


def hand_back(talk: Talk) -> None:
    """Let an agent take the newest hand-off and close it, so that the assistant speaks again."""
    talk.grace.handoffs.close(handoff_id(talk), mei(talk), Outcome.RESOLVED, "", to_bot=True)


def take_over(talk: Talk) -> None:
    """Let an agent step in, as the console does."""
    talk.grace.handoffs.take_over(talk.conversation, mei(talk))


def mei(talk: Talk) -> int:
    """Return the agent who looks after the chats of these tests."""
    with talk.grace.kit.db.begin() as session:
        agent = session.scalars(select(Agent).where(Agent.login == "mei")).first()
        found = None if agent is None else agent.id
    return found or talk.grace.staff.add("mei", "周梅", "agent", "long enough for a test").id


def slots(talk: Talk) -> dict[str, object]:
    """Return what Rasa remembers of a chat, but for what belongs to the turn alone."""
    engine = create_engine(talk.stack.settings.tracker_url)
    with engine.connect() as connection:
        stored = connection.execute(
            text("SELECT data FROM events WHERE sender_id = :chat AND type_name = 'slot' ORDER BY id"),
            {"chat": talk.conversation},
        ).all()
    engine.dispose()
    found = {event["name"]: event["value"] for (data,) in stored for event in [json.loads(data)]}
    return {name: value for name, value in found.items() if value is not None and name not in _OF_THE_TURN}


def handoff_id(talk: Talk) -> int:
    """Return the id of the newest hand-off."""
    with talk.grace.kit.db.begin() as session:
        row = session.scalars(
            select(HandoffRow)
            .where(HandoffRow.conversation_id == talk.conversation)
            .order_by(HandoffRow.id.desc())
        ).first()
        assert row is not None
        return row.id


def told(talk: Talk) -> list[tuple[bool, str | None, int | None, int | None, int | None]]:
    """Return consent, reason, days, ability in minor units and payday of every hardship on record."""
    with talk.grace.kit.db.begin() as session:
        borrower = session.get_one(Conversation, talk.conversation).borrower_id
        query = select(HardshipRow).where(HardshipRow.borrower_id == borrower).order_by(HardshipRow.id)
        return [
            (row.consent, row.reason, row.lasts_days, row.ability_minor, row.payday)
            for row in session.scalars(query)
        ]


def asked_of_people(talk: Talk) -> list[tuple[str, str, list[str]]]:
    """Return level, state and broken limits of every request that was put before people for this borrower."""
    with talk.grace.kit.db.begin() as session:
        query = select(Approval).where(Approval.conversation_id == talk.conversation).order_by(Approval.id)
        return [
            (row.level, row.state, [one["limit"] for one in row.limits]) for row in session.scalars(query)
        ]


def promises(talk: Talk) -> list[tuple[int, str, str]]:
    """Return amount in minor units, day and state of every promise."""
    with talk.grace.kit.db.begin() as session:
        rows = session.scalars(
            select(Promise).where(Promise.conversation_id == talk.conversation).order_by(Promise.id)
        )
        return [(row.amount_minor, row.due_on.isoformat(), row.state) for row in rows]


def plans(talk: Talk) -> list[tuple[str, list[int]]]:
    """Return kind and amounts in minor units of every plan on the borrower's loan."""
    with talk.grace.kit.db.begin() as session:
        query = select(Plan).join(LoanRow, LoanRow.id == Plan.loan_id).where(LoanRow.ref == f"L{talk.ref}")
        return [(row.kind, [item.amount_minor for item in row.items]) for row in session.scalars(query)]


def events(talk: Talk) -> list[str]:
    """Return the kinds of all audit events about the borrower."""
    with talk.grace.kit.db.begin() as session:
        borrower = session.get_one(Conversation, talk.conversation).borrower_id
        query = select(AuditEvent.kind).where(AuditEvent.borrower_id == borrower).order_by(AuditEvent.id)
        return list(session.scalars(query))


def expected(talk: Talk) -> str | None:
    """Return the slot that is being asked for; None when no form runs."""
    with talk.grace.kit.db.begin() as session:
        return session.get_one(Conversation, talk.conversation).expected


def is_human(talk: Talk) -> bool:
    """Tell whether people have the conversation."""
    with talk.grace.kit.db.begin() as session:
        return session.get_one(Conversation, talk.conversation).mode == "human"


def is_verified(talk: Talk) -> bool:
    """Tell whether debt facts may be spoken of."""
    return talk.grace.conversations.verified(talk.conversation)


def pay_off(talk: Talk, minor: int | None = None) -> None:
    """Book a payment on the loan's only due item, of all of it unless an amount is given."""
    with talk.grace.kit.db.begin() as session:
        loan = session.scalars(select(LoanRow).where(LoanRow.ref == f"L{talk.ref}")).one()
        due = loan.dues[0]
        due.paid_minor = due.principal_minor if minor is None else minor
