"""Chinese in one script and one written form, so that what was learned of one serves all."""

from __future__ import annotations

import re

from opencc import OpenCC

_SIMPLIFIED = OpenCC("tw2sp")
_HAN = re.compile(r"[㐀-鿿]")
# Written Cantonese and its Mandarin; longer forms first. Only what has one meaning in a borrower's mouth.
_CANTONESE = {
    "唔可以": "不可以",
    "可唔可以": "可不可以",
    "得唔得": "行不行",
    "系唔系": "是不是",
    "唔该晒": "谢谢",
    "唔该": "谢谢",
    "唔使": "不用",
    "唔好": "不要",
    "唔系": "不是",
    "唔": "不",
    "冇": "没有",
    "嘅": "的",
    "咗": "了",
    "哋": "们",
    "佢": "他",
    "啲": "些",
    "嗰": "那",
    "呢个": "这个",
    "呢笔": "这笔",
    "呢期": "这期",
    "呢度": "这里",
    "俾": "给",
    "畀": "给",
    "听日": "明天",
    "琴日": "昨天",
    "寻日": "昨天",
    "今日": "今天",
    "后日": "后天",
    "听晚": "明晚",
    "而家": "现在",
    "依家": "现在",
    "宜家": "现在",
    "几时": "什么时候",
    "点样": "怎么",
    "点解": "为什么",
    "边个": "谁",
    "边度": "哪里",
    "乜嘢": "什么",
    "咩": "什么",
    "仲": "还",
    "争几多": "欠多少",
    "几多": "多少",
    "过数": "转账",
    "出粮": "发工资",
    "返工": "上班",
    "搵": "找",
    "揾": "找",
    "攞": "拿",
    "瞓": "睡",
    "睇": "看",
    "倾": "谈",
    "讲": "说",
    "收线": "挂电话",
    "拜拜": "再见",
    "系呀": "是的",
    "系啊": "是的",
    "㗎": "的",
    "嚟": "来",
    "喺": "在",
    "嘢": "东西",
    "蚊": "块钱",
    "即刻": "马上",
    "过咗身": "去世了",
    "帐": "账",
}
_PATTERN = re.compile("|".join(sorted(map(re.escape, _CANTONESE), key=len, reverse=True)))


def plain_chinese(text: str) -> str:
    """Return the text in simplified characters, Cantonese words as Mandarin ones; other text as it is."""
    if not _HAN.search(text):
        return text
    return _PATTERN.sub(lambda match: _CANTONESE[match[0]], _SIMPLIFIED.convert(text))
