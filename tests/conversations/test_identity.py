"""Nothing of a debt before identity; two facts in free words, few tries, and the request served after."""

from __future__ import annotations

import uuid

import pytest

from bot.storage.tables import Conversation
from tests.conversations.looks import (
    both,
    debt_facts,
    each,
    expected,
    handoffs,
    is_human,
    is_verified,
    open_chat,
    say_all,
    texts,
)
from tests.stack import FACTS, Talk, Talks

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        [
            "我还欠多少", "哪天到期", "利息怎么算的", "怎么还款", "不还会怎么样", "我的分期还剩几期",
            "下周五还两千", "能分六期吗", "我失业了还不上", "昨天已经还了", "我不还", "你是谁", "没看懂",
        ],
        [
            "how much do I owe", "when is it due", "why is the interest so high", "how do I pay",
            "what happens if I don't pay", "how many instalments are left", "I'll pay 2000 on Friday",
            "can I pay in six instalments", "I lost my job and can't pay", "I already paid yesterday",
            "I'm not paying", "who are you", "what do you mean",
        ],
    ),
)  # fmt: skip
async def test_no_debt_fact_leaves_before_identity(talks: Talks, locale: str, said: list[str]) -> None:
    talk = await talks.new(locale, verified=False)
    heard = await say_all(talk, *said)
    assert all(answer.text for answer in heard)
    assert debt_facts(talk) == []
    assert not is_verified(talk)


@pytest.mark.parametrize(
    ("locale", "question", "said"),
    both(
        ("我还欠多少", ["ok", "好的", "是我本人", "对"]),
        ("how much do I owe", ["ok", "yes", "it's me", "sure"]),
    ),
)
async def test_ok_never_verifies(talks: Talks, locale: str, question: str, said: list[str]) -> None:
    talk = await talks.new(locale, verified=False)
    first = await talk.say(question)
    assert first.keys == ("utter_identity_ask",)
    heard = await say_all(talk, *said)
    assert {answer.keys for answer in heard} == {("utter_identity_again",)}
    assert not is_verified(talk)
    assert debt_facts(talk) == []


@pytest.mark.parametrize(
    ("locale", "question", "facts"),
    each(
        ("zh_CN", "我还欠多少", "我是1990年5月12日生的，手机尾号5678"),
        ("zh_CN", "欠多少钱", "19900512，5678"),
        ("zh_CN", "还剩多少没还", "生日1990.5.12 手机19900005678"),
        ("en", "how much do I owe", "born 12 May 1990, ends 5678"),
        ("en", "what's my balance", "May 12, 1990 and my number ends in 5678"),
        ("en", "what do I owe", "12/05/1990 5678"),
    ),
)
async def test_facts_in_free_words_verify(talks: Talks, locale: str, question: str, facts: str) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(question)
    heard = await talk.say(facts)
    assert heard.keys == ("utter_identity_done", "utter_account_overdue")
    assert is_verified(talk)


@pytest.mark.parametrize(
    ("locale", "question", "birth", "phone"),
    both(
        ("我还欠多少", "1990年5月12日", "尾号5678"),
        ("how much do I owe", "I was born on 12 May 1990", "it ends in 5678"),
    ),
)
async def test_facts_may_come_one_by_one_and_only_the_other_is_asked(
    talks: Talks, locale: str, question: str, birth: str, phone: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(question)
    more = await talk.say(birth)
    assert more.keys == ("utter_identity_more",)
    assert "5678" not in more.text
    again = await talk.say("ok")
    assert again.keys == ("utter_identity_again",)
    done = await talk.say(phone)
    assert done.keys[0] == "utter_identity_done"


@pytest.mark.parametrize(
    ("locale", "request_", "key"),
    each(
        ("zh_CN", "能分6期吗", "utter_plan_options"),
        ("zh_CN", "我下周五还两千", "utter_promise_confirm"),
        ("zh_CN", "我失业了，暂时还不上", "utter_hardship_paused"),
        ("zh_CN", "怎么还款", "utter_account_how_to_pay"),
        ("en", "can I pay in six instalments", "utter_plan_options"),
        ("en", "I'll pay 2000 on Friday", "utter_promise_confirm"),
        ("en", "I lost my job, can't pay right now", "utter_hardship_paused"),
        ("en", "how do I pay", "utter_account_how_to_pay"),
    ),
)
async def test_what_was_wanted_before_identity_is_served_after_it(
    talks: Talks, locale: str, request_: str, key: str
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(request_)).keys[-1] == "utter_identity_ask"
    heard = await talk.verify()
    assert heard.keys[:2] == ("utter_identity_done", key)


@pytest.mark.parametrize(
    ("locale", "said", "keys"),
    each(
        ("zh_CN", "1990年5月12日，5678，我能分三期吗", ("plan_options",)),
        ("zh_CN", "能分三期吗 19900512 5678", ("plan_options",)),
        ("zh_CN", "能分期吗\n1990/5/12\n尾号5678", ("plan_options",)),
        ("zh_CN", "１９９０年５月１２日 ５６７８ 能分期吗", ("plan_options",)),
        ("zh_CN", "我是1990年5月12日的手机尾号5678还欠多少", ("account_overdue",)),
        ("zh_CN", "一九九〇年五月十二日 尾号五六七八 下周五还两千", ("promise_confirm",)),
        ("zh_CN", "我是王芳，尾号5678，生日1990年5月12日，昨天已经还了", ("paid_claim",)),
        (
            "zh_CN",
            "我是王芳，尾号5678，生日90年5月12日，失业了能分期吗",
            ("hardship_job_loss", "hardship_paused", "plan_options"),
        ),
        ("en", "born 12 May 1990, ends 5678. can I split it into three?", ("plan_options",)),
        ("en", "can I split it into three? 1990-05-12 5678", ("plan_options",)),
        ("en", "how much do I owe\nDOB 12/05/1990\nlast 4 digits 5678", ("account_overdue",)),
        ("en", "I'll pay 2000 on Friday, DOB 1990-05-12, phone 5678", ("promise_confirm",)),
        ("en", "i already paid yesterday, may 12th 1990, 19900005678", ("paid_claim",)),
        (
            "en",
            "I'm Sam Reed, born 12 May 1990, phone ends in 5678 and I lost my job, can I split it in 3?",
            ("hardship_job_loss", "hardship_paused", "plan_options"),
        ),
    ),
)
async def test_facts_and_request_in_one_unasked_message(
    talks: Talks, locale: str, said: str, keys: tuple[str, ...]
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys == ("utter_identity_done", *(f"utter_{key}" for key in keys))


@pytest.mark.parametrize(
    ("locale", "said", "rest"),
    both(
        ("我1990年5月12日生的，还欠多少", "5678"),
        ("my number ends in 5678, how much do I owe?", "12 May 1990"),
    ),
)
async def test_one_fact_beside_a_request_is_taken_and_only_the_other_is_asked(
    talks: Talks, locale: str, said: str, rest: str
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys == ("utter_identity_more",)
    assert (await talk.say(rest)).keys == ("utter_identity_done", "utter_account_overdue")


@pytest.mark.parametrize(
    ("locale", "said"),
    both(
        "别再给我妈打电话了，1990年5月12日5678，还欠多少",
        "stop calling my mum. born 12 May 1990, ends 5678. how much do I owe",
    ),
)
async def test_what_protects_comes_before_the_facts_in_the_same_message(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys == (
        "utter_protect_stop_third_party",
        "utter_identity_done",
        "utter_account_overdue",
    )


@pytest.mark.parametrize(
    ("locale", "first", "second", "keys"),
    each(
        ("zh_CN", "我失业了", "能分三期吗", ("hardship_paused", "plan_options")),
        ("zh_CN", "我还欠多少", "怎么还款", ("account_overdue", "account_how_to_pay")),
        ("en", "I lost my job", "can I split it into three", ("hardship_paused", "plan_options")),
        ("en", "how much do I owe", "how do I pay", ("account_overdue", "account_how_to_pay")),
    ),
)
async def test_what_was_asked_in_two_messages_before_identity_is_answered_together(
    talks: Talks, locale: str, first: str, second: str, keys: tuple[str, ...]
) -> None:
    talk = await talks.new(locale, verified=False)
    await say_all(talk, first, second)
    assert (await talk.verify()).keys == ("utter_identity_done", *(f"utter_{key}" for key in keys))


@pytest.mark.parametrize(("locale", "question"), both("我还欠多少", "how much do I owe"))
async def test_with_too_few_facts_on_file_a_person_takes_over_at_once(
    talks: Talks, locale: str, question: str
) -> None:
    talk = await talks.new(locale, verified=False)
    with talk.grace.kit.db.begin() as session:
        borrower = session.get_one(Conversation, talk.conversation).borrower
        assert borrower is not None
        borrower.birth_date = borrower.id_last4 = None
    assert (await talk.say(question)).keys == ("utter_identity_short",)
    assert handoffs(talk) == [("identity", "waiting")]
    assert debt_facts(talk) == []


@pytest.mark.parametrize(
    ("locale", "said"), both("我用尾号1234的银行卡还了", "I paid with my card ending 1234")
)
async def test_the_tail_of_a_bank_card_is_no_fact_and_costs_no_try(
    talks: Talks, locale: str, said: str
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(said)).keys[-1] == "utter_identity_ask"
    with talk.grace.kit.db.begin() as session:
        assert session.get_one(Conversation, talk.conversation).identity_failures == 0


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_facts_without_a_request_tell_where_the_borrower_stands(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.verify()).keys == ("utter_identity_done", "utter_account_overdue")


@pytest.mark.parametrize(("locale", "question"), both("我还欠多少", "how much do I owe"))
async def test_three_wrong_tries_lock_and_hand_over_for_good(
    talks: Talks, locale: str, question: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(question)
    first, second, third = await say_all(talk, "1991-01-01 1111", "1992-02-02 2222", "1993-03-03 3333")
    assert first.keys == second.keys == ("utter_identity_wrong",)
    assert third.keys == ("utter_identity_locked",)
    assert handoffs(talk) == [("identity", "waiting")]
    await talk.verify()
    assert not is_verified(talk)
    assert debt_facts(talk) == []


@pytest.mark.parametrize(
    ("locale", "question", "promise"),
    both(("我还欠多少", "下周五还2000"), ("how much do I owe", "I'll pay 2000 on Friday")),
)
async def test_an_amount_costs_no_try_and_is_served_after_identity(
    talks: Talks, locale: str, question: str, promise: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(question)
    assert (await talk.say(promise)).keys == ("utter_identity_again",)
    with talk.grace.kit.db.begin() as session:
        assert session.get_one(Conversation, talk.conversation).identity_failures == 0
    heard = await talk.verify()
    assert heard.keys == ("utter_identity_done", "utter_promise_confirm")


@pytest.mark.parametrize(
    ("locale", "question", "refusal"),
    both(("我还欠多少", "算了，不要"), ("how much do I owe", "no, I won't tell you that")),
)
async def test_nobody_has_to_say_who_they_are_and_may_do_so_later(
    talks: Talks, locale: str, question: str, refusal: str
) -> None:
    talk = await talks.new(locale, verified=False)
    await talk.say(question)
    heard = await talk.say(refusal)
    assert heard.keys == ("utter_identity_refused",)
    assert len(heard.buttons) == 1
    assert expected(talk) is None
    later = await talk.verify()
    assert later.keys == ("utter_identity_done", "utter_account_overdue")


@pytest.mark.parametrize(
    ("locale", "worry"), both("我生病住院了，这个月还不上", "I'm in hospital and can't pay this month")
)
async def test_a_worry_gets_a_warm_word_before_the_check(talks: Talks, locale: str, worry: str) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(worry)).keys == ("utter_hardship_illness", "utter_identity_ask")
    assert "utter_hardship_illness" not in (await talk.verify()).keys


@pytest.mark.parametrize(
    ("locale", "question"), both("你是谁，我还欠多少", "who are you? how much do I owe?")
)
async def test_a_question_beside_the_request_is_answered_once_and_not_again_after_identity(
    talks: Talks, locale: str, question: str
) -> None:
    talk = await talks.new(locale, verified=False)
    assert (await talk.say(question)).keys == ("utter_who", "utter_identity_ask")
    assert (await talk.verify()).keys == ("utter_identity_done", "utter_account_overdue")


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_opening_a_chat_greets_and_asks_who_it_is(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale, verified=False)
    heard = await open_chat(talk)
    assert heard.keys == ("utter_welcome", "utter_identity_ask")
    assert debt_facts(talk) == []


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_opening_a_verified_chat_only_greets(talks: Talks, locale: str) -> None:
    talk = await talks.new(locale)
    assert (await open_chat(talk)).keys == ("utter_welcome",)


@pytest.mark.parametrize(("locale", "question"), both("我还欠多少", "how much do I owe"))
async def test_a_chat_of_nobody_we_know_learns_how_to_reach_us(
    talks: Talks, locale: str, question: str
) -> None:
    talk = Talk(talks.stack, talks.gateway, f"nobody-{uuid.uuid4()}")
    heard = await talk.say(question)
    assert heard.keys == ("utter_welcome_unknown",)
    assert (await talk.say(FACTS)).keys == ("utter_welcome_unknown",)
    assert debt_facts(talk) == []
    assert not is_human(talk)


@pytest.mark.parametrize(
    ("locale", "wish", "choice"),
    both(("能分期吗", "第一个"), ("can I pay in instalments", "the first one")),
)
async def test_a_verification_that_ran_out_is_asked_again_before_anything_is_said(
    talks: Talks, locale: str, wish: str, choice: str
) -> None:
    talk = await talks.new(locale)
    await talk.say(wish)
    with talk.grace.kit.db.begin() as session:
        row = session.get_one(Conversation, talk.conversation)
        row.verified_at, row.identity_facts = None, []
    before = len(texts(talk))
    assert (await talk.say(choice)).keys == ("utter_identity_ask",)
    assert not any("元" in text or "CNY" in text for text in texts(talk)[before:])
    assert (await talk.verify()).keys[0] == "utter_identity_done"
