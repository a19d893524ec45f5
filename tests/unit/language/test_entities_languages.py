"""Languages that borrowers ask for, in any script; and peoples, schools and dishes that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.language.entities import language_names

Read = Callable[..., list[Any]]

CHINESE = [
    ("我只懂越南话", ["vi"]),
    ("缅甸话会说不", ["my"]),
    ("豪萨语", ["ha"]),
    ("伊博语有吗", ["ig"]),
    ("威尔士语", ["cy"]),
    ("義大利文", ["it"]),
    ("泰國話", ["th"]),
    ("印度话", ["hi"]),
    ("朝鲜语可以吗", ["ko"]),
    ("日本語可以不", ["ja"]),
    ("維吾爾語", ["ug"]),
    ("彝语有没有", ["ii"]),
    ("請用繁體中文", ["zh-Hant"]),
    ("用繁中", ["zh-Hant"]),
    ("烦请使用简体中文", ["zh-Hans"]),
    ("讲白话得唔得", ["yue"]),
    ("台語", ["nan"]),
    ("会讲潮汕话吗", ["nan"]),
    ("侬会讲上海闲话伐", ["wuu"]),
    ("我妈只会温州话", ["wuu"]),
    ("客家话", ["hak"]),
    ("福州话", ["cdo"]),
    ("湖南话可以吧", ["hsn"]),
    ("江西话", ["gan"]),
    ("四川话行不行", ["zh"]),
    ("河南话中不中，普通话俺说不利索", ["zh", "zh"]),
    ("要日语翻译", ["ja"]),
]

ENGLISH = [
    ("can we do this in Welsh", ["cy"]),
    ("is there a spanish version", ["es"]),
    ("please use Hausa", ["ha"]),
    ("you sabi Igbo", ["ig"]),
    ("write am for pidgin abeg", ["pcm"]),
    ("russian or ukrainian", ["ru", "uk"]),
    ("english can", ["en"]),
    ("hello can chinese?", ["zh"]),
    ("can talk malay", ["ms"]),
    ("got malay anot", ["ms"]),
    ("French, I am from Benin", ["fr"]),
    ("im german, is that possible in german", ["de"]),
    ("in Haitian Creole please", ["ht"]),
    ("do you have a Tigrinya interpreter", ["ti"]),
    ("any Somali speakers", ["so"]),
    ("speak Twi", ["tw"]),
    ("Teochew can?", ["nan"]),
    ("Mandarin Chinese", ["zh"]),
    ("bahasa melayu please", ["ms"]),
    ("plain English please", ["en"]),
    ("my english very broken", ["en"]),
    ("I am Indian, not Chinese, talk English to me", ["en"]),
    ("Cymraeg?", ["cy"]),
    ("português?", ["pt"]),
    ("tiếng việt", ["vi"]),
    ("русский?", ["ru"]),
    ("한국어", ["ko"]),
    ("हिंदी", ["hi"]),
]

NONE = [
    "我是中文系毕业的", "英语老师", "我教英语的", "学日语", "英语四级怎么过", "韩文歌", "英文名叫Tom",
    "我是日语翻译", "初中文化", "高中文凭", "别发语音", "电话费", "说外国话", "中国文件", "I'm Chinese",
    "she is polish", "nail polish", "a chinese restaurant", "eat chinese food now, later",
    "full english breakfast", "I teach English", "my english teacher", "in english class",
    "the french bank", "thai massage", "I work at the Chinese embassy", "pardon my french", "going dutch",
    "even", "my turkish neighbour", "indian bank", "german shepherd", "Your English is too perfect",
]  # fmt: skip


@pytest.mark.parametrize(("text", "tags"), [*CHINESE, *ENGLISH])
def test_language(read: Read, text: str, tags: list[str]) -> None:
    assert read("language", text) == tags


@pytest.mark.parametrize("text", NONE)
def test_people_school_or_dish_is_no_language(read: Read, text: str) -> None:
    assert read("language", text) == []


def test_every_name_of_the_tables_is_read_where_a_language_is_asked_for(read: Read) -> None:
    for name, tag in language_names.english().items():
        assert read("language", f"please speak {name}") == [tag], name
    for name, tag in language_names.chinese().items():
        suffix = "语" if name != "中" else "文"
        assert read("language", f"请说{name}{suffix}")[-1:] == [tag], name
