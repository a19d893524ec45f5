"""Money, days and lists as each locale writes them; which language a message is in; where clauses end."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import formats
from bot.language.acts import COURTESY, PROTECTION, in_order, tier
from bot.language.clauses import MAX_CLAUSES, clauses
from bot.language.detect import plain_language, script_language
from bot.language.texts import TextError, Texts

HOME = Path(__file__).parents[2]
fixed = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts.load(HOME)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        ("3000", "CNY", "zh_CN", "3,000元"),
        ("2300.50", "CNY", "zh_CN", "2,300.50元"),
        ("3000.00", "CNY", "en", "CNY\xa03,000"),
        ("2300.5", "CNY", "en", "CNY\xa02,300.50"),
        ("0.01", "CNY", "zh_CN", "0.01元"),
        ("0", "CNY", "zh_CN", "0元"),
        ("1234567.89", "CNY", "zh_CN", "1,234,567.89元"),
        ("1200", "JPY", "en", "JPY\xa01,200"),
        ("1.234", "KWD", "en", "KWD\xa01.234"),
        ("1.5", "KWD", "en", "KWD\xa01.500"),
        ("99.90", "USD", "zh_CN", "USD\xa099.90"),
    ],
)
def test_money_is_written_as_the_locale_writes_it(
    amount: str, currency: str, locale: str, written: str
) -> None:
    assert formats.money(Decimal(amount), currency, locale) == written


@fixed
@given(st.integers(0, 10**13), st.sampled_from(formats.LOCALES))
def test_no_cent_is_lost_in_writing(minor: int, locale: str) -> None:
    amount = Decimal(minor).scaleb(-2)
    written = formats.money(amount, "CNY", locale)
    assert (
        Decimal("".join(one for one in written if one.isascii() and (one.isdigit() or one == "."))) == amount
    )


def test_days_near_by_bear_their_weekday_and_others_their_year() -> None:
    today = date(2026, 3, 2)
    assert formats.day(date(2026, 3, 6), "zh_CN", today) == "3月6日（周五）"
    assert formats.day(date(2026, 3, 6), "en", today) == "Friday 6 March"
    assert formats.day(date(2027, 1, 1), "zh_CN", today) == "2027年1月1日"
    assert formats.day(date(2027, 1, 1), "en", today) == "1 January 2027"
    assert formats.day(date(2026, 3, 6), "en") == "6 March 2026"


def test_instants_are_written_in_the_zone_they_come_in() -> None:
    at = datetime(2026, 3, 2, 20, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert formats.instant(at, "zh_CN") == "3月2日 20:05"
    assert formats.instant(at, "en") == "2 Mar 20:05"
    assert formats.clock(at, "en") == "20:05"


def test_lists_are_joined_as_a_sentence_joins_them() -> None:
    assert formats.listed(["12356", "120", "110"], "zh_CN") == "12356、120和110"
    assert formats.listed(["a", "b", "c"], "en") == "a, b, and c"
    assert formats.listed(["a"], "en") == "a"


def test_of_which_one_is_enough_is_joined_by_or() -> None:
    assert formats.either(["12356", "120"], "zh_CN") == "12356或120"
    assert formats.either(["a", "b", "c"], "en") == "a, b, or c"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我想分期还款", "zh"),
        ("可以", "zh"),
        ("I lost my job last week", "en"),
        ("ok", None),
        ("800", None),
        ("好", None),
        ("", None),
        ("👍", None),
        ("分三期 please let me know if that is fine", None),
    ],
)
def test_a_language_is_named_only_where_there_is_no_doubt(text: str, language: str | None) -> None:
    assert plain_language(text) == language


def test_one_chinese_character_decides_the_script() -> None:
    assert script_language("ok 吗") == "zh"
    assert script_language("ok") == "en"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("我失业了，能分三期吗，别再打给我妈了", ["我失业了", "能分三期吗", "别再打给我妈了"]),
        ("I lost my job, can I pay in three parts?", ["I lost my job", "can I pay in three parts"]),
        ("I can pay 1,200.50 on Friday", ["I can pay 1,200.50 on Friday"]),
        ("ok", ["ok"]),
        ("我下岗了 别打我老婆 能分六期吗", ["我下岗了", "别打我老婆", "能分六期吗"]),
        ("made redundant in june - could I split it", ["made redundant in june", "could I split it"]),
        ("take the fee off and i'll pay the rest", ["take the fee off", "and i'll pay the rest"]),
        ("hi who's this", ["hi", "who's this"]),
        ("fine, which account is it", ["fine", "which account is it"]),
        ("lost my job in may can I split it", ["lost my job in may", "can I split it"]),
        ("when can I pay it", ["when can I pay it"]),
        ("my hours are cut so 30 a week is my limit", ["my hours are cut", "so 30 a week is my limit"]),
        ("give me time or I swear I'll jump", ["give me time", "or I swear I'll jump"]),
        ("ring me monday please, thanks", ["ring me monday please", "thanks"]),
        ("住院好久了所以晚了", ["住院好久了", "所以晚了"]),
        ("1 - 2 weeks", ["1 - 2 weeks"]),
        (
            "my wages come on Tuesday and I hope that helps",
            ["my wages come on Tuesday and I hope that helps"],
        ),
        ("，，，", ["，，，"]),
    ],
)
def test_a_message_falls_into_its_clauses(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts


def test_the_end_of_a_long_message_is_read() -> None:
    told = "，".join(["去年店里生意就不好"] * 12)
    assert clauses(f"{told}，能不能分六期还")[-1] == "能不能分六期还"


@fixed
@given(st.text(max_size=200))
def test_any_text_has_at_least_one_clause_and_not_too_many(text: str) -> None:
    assert 1 <= len(clauses(text)) <= MAX_CLAUSES


def test_the_most_protective_act_is_served_first_and_a_tie_keeps_the_order_of_saying() -> None:
    said = ["ask_balance", "request_instalment", "request_extension", "stop_contact", "signal_self_harm"]
    assert [act for act, _ in in_order((act, None) for act in said)] == [
        "signal_self_harm",
        "stop_contact",
        "request_instalment",
        "request_extension",
        "ask_balance",
    ]
    assert max(tier(act) for act in PROTECTION) < tier("report_hardship") < min(tier(c) for c in COURTESY)


def test_every_response_is_there_in_every_language_with_the_same_variables(texts: Texts) -> None:
    assert set(formats.LOCALES) == set(texts.locales)
    for key in sorted(texts.keys()):
        variables = {locale: texts.variables(key, locale) for locale in texts.locales}
        assert variables["zh_CN"] == variables["en"], key
        for locale in texts.locales:
            assert texts.render(key, locale, dict.fromkeys(variables[locale], "x")).text


def test_what_is_missing_is_an_error_that_names_it(texts: Texts) -> None:
    with pytest.raises(TextError, match="utter_nonsense"):
        texts.render("utter_nonsense", "en")
    with pytest.raises(TextError, match="lender"):
        texts.render("utter_reminder_unverified", "en", {})
    with pytest.raises(TextError, match="fr"):
        texts.render("utter_reminder_unverified", "fr", {"lender": "x"})


def test_a_value_is_put_in_as_it_is_and_never_read_as_a_pattern(texts: Texts) -> None:
    hostile = "{lender.__class__} {0} %s <b>"
    assert hostile in texts.render("utter_reminder_unverified", "en", {"lender": hostile}).text


def test_texts_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot be read"):
        Texts.load(tmp_path)
    (tmp_path / "domain.yml").write_text("responses: [", "utf-8")
    with pytest.raises(TextError, match="cannot be read"):
        Texts.load(tmp_path)
