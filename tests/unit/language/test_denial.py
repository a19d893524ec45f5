"""What a message denies is not what it says; what it says besides still stands."""

from __future__ import annotations

import pytest

from bot.language.denial import LONGEST, denied


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("他没死，只是联系不上", "report_death"),
        ("我妈还活着", "report_death"),
        ("he's not dead, he just never answers", "report_death"),
        ("she hasn't passed away", "report_death"),
        ("我没申请破产", "report_bankruptcy"),
        ("i haven't filed for bankruptcy", "report_bankruptcy"),
        ("我早就不是学生了", "report_underage"),
        ("i'm not a student any more", "report_underage"),
        ("没请律师", "report_legal_representation"),
        ("i don't have a lawyer", "report_legal_representation"),
        ("我不是要投诉你们", "file_complaint"),
        ("i'm not complaining", "file_complaint"),
        ("别停，继续发", "stop_contact"),
        ("please don't stop the reminders", "stop_contact"),
        ("没打错", "wrong_person"),
        ("not the wrong number", "wrong_person"),
        ("不用转人工", "ask_human"),
        ("no need to talk to a person", "ask_human"),
        ("i'm not disputing it", "dispute_debt"),
        ("don't delete my data", "request_data_rights"),
        ("我没说不还，月底肯定给", "refuse_to_pay"),
        ("不是不想还，是真没有", "refuse_to_pay"),
        ("i never said i wouldn't pay", "refuse_to_pay"),
        ("not refusing, just waiting for payday", "refuse_to_pay"),
        ("i'm no student any longer", "report_underage"),
        ("如果借款人去世了谁来还", "report_death"),
        ("借款人过世的话谁来还", "report_death"),
        ("what happens if the borrower dies", "report_death"),
        ("要是申请个人破产还用还吗", "report_bankruptcy"),
        ("what if i went bankrupt", "report_bankruptcy"),
    ],
)
def test_a_denied_act_is_named(text: str, act: str) -> None:
    assert act in denied(text)


@pytest.mark.parametrize(
    "text",
    [
        "昨天没死成",
        "he died last month",
        "如果你们再打，他已经去世了",
        "if you had asked you would know he died",
        "he died, if you must know",
        "if you don't stop i'll report you",
        "they don't stop calling",
        "这笔钱不是我借的",
        "i'm not going to kill myself",
        "我不想活了",
        "this isn't a threat, it's a promise",
        "别停车",
        "下周五还两千",
        "我不还",
        "i'm not paying",
        "i said i'm not paying",
    ],
)
def test_what_denies_nothing_of_the_kind_is_left_alone(text: str) -> None:
    assert denied(text) == {}


def test_what_is_left_is_the_message_without_the_denial() -> None:
    rest = denied("我不是来投诉客服的，我要去银保监投诉你们公司")["file_complaint"]
    assert "银保监投诉你们公司" in rest
    assert "不是来投诉" not in rest


def test_a_long_message_keeps_its_end() -> None:
    text = "no complaints " + "x" * LONGEST + " i will see you in court"
    assert denied(text)["file_complaint"].endswith("i will see you in court")
