"""Protection is honoured in the same turn, at any point, once, and what follows it is silence or kindness."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.storage.tables import AddressRow, Complaint
from tests.conversations.looks import (
    both,
    debt_facts,
    each,
    events,
    expected,
    handoffs,
    holds,
    inside,
    is_human,
    is_verified,
    promises,
    say_all,
    texts,
)
from tests.stack import Talks

pytestmark = pytest.mark.stack

# The hold, what is said in Chinese and in English, the response.
SIGNALS = [
    ("self_harm", "我不想活了", "I can't go on any more", "protect_self_harm"),
    ("threat", "再催我就去你们公司砍人", "I'll come and hurt your staff", "protect_threat"),
    ("death", "他上个月去世了", "he passed away last month", "protect_death"),
    ("underage", "我还在上学，才17岁", "I'm only 17", "protect_underage"),
    ("represented", "请联系我的律师", "my solicitor handles this", "protect_represented"),
    ("bankrupt", "我已经申请个人破产了", "I filed for bankruptcy", "protect_bankrupt"),
    ("dispute", "这笔钱不是我借的", "I never took out this loan", "protect_dispute"),
    ("complaint", "我要投诉你们", "I want to file a complaint", "protect_complaint"),
    ("data_rights", "删除我的个人信息", "what data do you hold on me", "protect_data_rights"),
    ("handoff", "转人工", "let me talk to someone", "handoff_asked"),
    ("opt_out", "别再给我发消息了", "stop texting me", "protect_stop"),
    ("wrong_person", "你打错了，我不认识这个人", "you've got the wrong number", "protect_wrong_person"),
    ("third_party", "我是他老婆", "I'm his wife", "protect_third_party"),
]
# The reason of the hand-off is the hold's name, but here; None where nobody takes over.
_REASONS = {"handoff": "asked", "opt_out": None, "wrong_person": None, "third_party": None}
_PLACES = ("identity", "promise", "options", "terms", "ability", "consent", "possible")


def _signals(*, placed: bool) -> list[Any]:
    """Return every signal in both languages; `placed` each inside another form, so that every form meets
    every kind.
    """
    cases = []
    for n, (hold, zh, en, key) in enumerate(SIGNALS):
        reason = _REASONS.get(hold, hold)
        for m, (locale, said) in enumerate((("zh_CN", zh), ("en", en))):
            form = (_PLACES[(n + 2 * m) % len(_PLACES)],) if placed else ()
            name = "-".join((hold, locale[:2], *form))
            cases.append(pytest.param(locale, *form, said, key, hold, reason, id=name))
    return cases


@pytest.mark.parametrize(("locale", "form", "said", "key", "hold", "reason"), _signals(placed=True))
async def test_a_signal_inside_a_form_ends_it_and_holds(
    talks: Talks, locale: str, form: str, said: str, key: str, hold: str, reason: str | None
) -> None:
    talk = await inside(talks, locale, form)
    heard = await talk.say(said)
    assert heard.keys == (f"utter_{key}",)
    assert hold in holds(talk)
    assert expected(talk) is None
    assert handoffs(talk) == ([(reason, "waiting")] if reason else [])
    assert is_human(talk) is (reason is not None)


@pytest.mark.parametrize(("locale", "said", "key", "hold", "reason"), _signals(placed=False))
async def test_a_signal_needs_no_identity_and_tells_nothing(
    talks: Talks, locale: str, said: str, key: str, hold: str, reason: str | None
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys == (f"utter_{key}",)
    assert hold in holds(talk)
    assert is_human(talk) is (reason is not None)
    # The day on which a complaint will be answered is the only day or amount that may be named.
    assert len(debt_facts(talk)) == (1 if hold == "complaint" else 0)


@pytest.mark.parametrize(
    ("locale", "said", "after"),
    each(
        ("zh_CN", "我不想活了", ["我还欠多少", "能分期吗", "在吗"]),
        ("zh_CN", "我要投诉你们", ["我还欠多少", "周五还500", "在吗"]),
        ("en", "I can't go on any more", ["how much do I owe", "can I pay in instalments", "hello?"]),
        ("en", "I want to file a complaint", ["how much do I owe", "I'll pay 500 on Friday", "hello?"]),
    ),
)
async def test_after_a_hand_off_one_acknowledgement_and_then_silence(
    talks: Talks, locale: str, said: str, after: list[str]
) -> None:
    talk = await talks.new(locale)
    await talk.say(said)
    first, *others = await say_all(talk, *after)
    assert first.keys == ("utter_handoff_waiting",)
    assert [heard.text for heard in others] == ["", ""]


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        ["我是他老婆", "他欠多少钱", "1990-05-12 5678"],
        ["I'm his wife", "how much does he owe", "1990-05-12 5678"],
    ),
)
async def test_a_third_party_learns_nothing_even_with_the_facts(
    talks: Talks, locale: str, said: list[str]
) -> None:
    talk = await talks.new(locale)
    await say_all(talk, *said)
    assert not is_verified(talk)
    assert debt_facts(talk) == []
    with talk.grace.kit.db.begin() as session:
        address = session.scalars(select(AddressRow).where(AddressRow.address == talk.ref)).one()
        assert address.dead_at is not None
        assert not address.consent


@pytest.mark.parametrize("form", ["promise", "options", "ability"])
@pytest.mark.parametrize(("locale", "said"), both("别再给我妈打电话了", "stop calling my mum"))
async def test_leaving_others_alone_is_promised_and_the_form_goes_on(
    talks: Talks, locale: str, said: str, form: str
) -> None:
    talk = await inside(talks, locale, form)
    before = expected(talk)
    heard = await talk.say(said)
    assert heard.keys[0] == "utter_protect_stop_third_party"
    assert len(heard.keys) == 2
    assert expected(talk) == before
    assert "opt_out" not in holds(talk)
    assert "opt_out" in events(talk)


@pytest.mark.parametrize(
    ("locale", "said"), both("我在上班，晚上八点后再说", "at work, message me after 8 this evening")
)
async def test_a_time_to_be_left_alone_is_kept_and_the_form_waits(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await inside(talks, locale, "promise")
    heard = await talk.say(said)
    assert heard.keys == ("utter_protect_contact_time",)
    assert expected(talk) == "promise_confirmed"
    until = holds(talk)["contact_window"].until
    assert until == datetime(2026, 3, 2, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    await talk.say({"zh_CN": "好的，确认", "en": "yes, confirm"}[locale])
    assert len(promises(talk)) == 1


@pytest.mark.parametrize(("locale", "said"), both("我在开会，不方便", "busy right now, not a good time"))
async def test_not_now_without_a_time_is_no_answer_to_the_open_question(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await inside(talks, locale, "promise")
    heard = await talk.say(said)
    assert heard.keys == ("utter_protect_contact_time_ask",)
    assert expected(talk) == "promise_confirmed"


@pytest.mark.parametrize(
    ("locale", "said"),
    both("我失业了，能分三期吗，别再给我发消息了", "I lost my job, can I split it in 3, and stop texting me"),
)
async def test_stop_beside_a_request_stops_first_and_the_request_is_served(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys[0] == "utter_protect_stop"
    assert heard.keys[-1] == "utter_plan_options"
    assert {"opt_out", "hardship"} <= set(holds(talk))


@pytest.mark.parametrize(
    ("locale", "said"),
    both("不想活了，我还欠多少，别再给我发消息了", "I want to die. how much do I owe? stop texting me"),
)
async def test_beside_danger_to_life_nothing_else_is_said_but_all_protection_holds(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert heard.keys == ("utter_protect_self_harm",)
    assert {"self_harm", "opt_out", "handoff"} <= set(holds(talk))
    assert handoffs(talk) == [("self_harm", "waiting")]
    assert debt_facts(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"), both("我要投诉，别再给我发消息了", "I want to complain, and stop messaging me")
)
async def test_two_signals_are_both_honoured_in_one_answer(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    assert set(heard.keys) == {"utter_protect_stop", "utter_protect_complaint"}
    assert {"opt_out", "complaint"} <= set(holds(talk))


@pytest.mark.parametrize(("locale", "said"), both("我要投诉你们", "I want to file a complaint"))
async def test_a_complaint_is_registered_once_with_its_number_and_day(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale)
    heard = await talk.say(said)
    with talk.grace.kit.db.begin() as session:
        rows = session.scalars(select(Complaint).where(Complaint.conversation_id == talk.conversation)).all()
        assert [row.number in heard.text for row in rows] == [True]


@pytest.mark.parametrize(
    ("locale", "word"),
    each(("zh_CN", "停"), ("zh_CN", "退订"), ("zh_CN", "ＴＤ"), ("en", "STOP"), ("en", "unsubscribe.")),
)
async def test_a_plain_stop_word_is_honoured_inside_a_form_and_binds_nothing(
    talks: Talks, locale: str, word: str
) -> None:
    talk = await inside(talks, locale, "promise")
    assert (await talk.say(word)).keys == ("utter_protect_stop",)
    assert "opt_out" in holds(talk)
    assert promises(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"),
    each(
        ("zh_CN", "我的分期什么时候结束"),
        ("zh_CN", "别停，我还想继续谈"),
        ("en", "when does my plan stop"),
        ("en", "I don't want to stop talking about the plan"),
    ),
)
async def test_what_only_sounds_like_a_stop_stops_nothing(talks: Talks, locale: str, said: str) -> None:
    talk = await talks.new(locale)
    assert (await talk.say(said)).text
    assert "opt_out" not in holds(talk)


@pytest.mark.parametrize(("locale", "said"), both("好，别再联系我了", "ok, stop contacting me"))
async def test_a_yes_beside_a_stop_binds_nothing(talks: Talks, locale: str, said: str) -> None:
    talk = await inside(talks, locale, "terms")
    heard = await talk.say(said)
    assert heard.keys == ("utter_protect_stop",)
    assert "plan" not in holds(talk)
    later = await talk.say({"zh_CN": "好的", "en": "ok"}[locale])
    assert later.keys == ("utter_ack",)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_words_of_despair_get_the_crisis_lines_and_none_of_the_account(
    talks: Talks, locale: str
) -> None:
    talk = await inside(talks, locale, "identity")
    heard = await talk.say({"zh_CN": "活着没意思，我不想活了", "en": "I want to kill myself"}[locale])
    assert "12356" in heard.text
    assert not any(word in texts(talk)[-1] for word in ("还款", "欠", "pay", "loan", "owe"))
