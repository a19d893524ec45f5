"""Syllables typed for characters where values are named: hou天, 分9qi, xia ge yue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.normalise import Edit, Normalised

_N = "0-9一二两三四五六七八九十几半"
_DIGITS = {
    "yi": "一", "er": "二", "liang": "两", "san": "三", "si": "四", "wu": "五", "liu": "六", "qi": "七",
    "ba": "八", "jiu": "九",
}  # fmt: skip
_WEEKDAYS = {"ri": "日", "tian": "天", "mo": "末"}
_STEPS = {"xia": "下", "shang": "上", "zhe": "这", "ben": "本", "ge": "个"}
_WEEKS = {"zhou": "周", "xing": "星", "qi": "期", "li": "礼", "bai": "拜"}
_DAYS = {"da": "大", "hou": "后", "ming": "明", "jin": "今", "zuo": "昨", "qian": "前"}
_PARTS = {"tian": "天", "wan": "晚", "zao": "早", "ri": "日"}
_EDGES = {"di": "底", "chu": "初", "zhong": "中", "mo": "末"}
_SCALES = {"bai": "百", "qian": "千", "wan": "万"}
_UNITS = _SCALES | {
    "tian": "天", "zhou": "周", "yue": "月", "nian": "年", "hao": "号", "ri": "日", "qi": "期", "ci": "次",
    "ge": "个", "cheng": "成", "dian": "点",
}  # fmt: skip
_LANGUAGES = {"ying": "英", "zhong": "中", "wen": "文"}


def _any(syllables: dict[str, str]) -> str:
    return "|".join(sorted(syllables, key=len, reverse=True))


_SP = r"\s?"
_WEEK = rf"(?:zhou|xing{_SP}qi|li{_SP}bai)"
_DAY_OF_WEEK = rf"(?:{_any(_DIGITS)}|{_any(_WEEKDAYS)})"
# Whole words, each with what its syllables stand for.
_WORDS: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = tuple(
    (re.compile(rf"(?<![a-z'])(?:{pattern})(?![a-z'])"), syllables)
    for pattern, syllables in (
        (
            rf"(?:da{_SP})?(?:hou|qian){_SP}tian|(?:ming|jin|zuo){_SP}(?:{_any(_PARTS)})|hou{_SP}ri",
            _DAYS | _PARTS,
        ),
        (
            rf"(?:xia|shang|zhe|ben){_SP}(?:ge{_SP})?{_WEEK}(?:{_SP}{_DAY_OF_WEEK})?|{_WEEK}{_DAY_OF_WEEK}",
            _STEPS | _WEEKS | _WEEKDAYS | {key: char for key, char in _DIGITS.items() if key != "qi"},
        ),
        (
            rf"(?:xia|shang|zhe|ben){_SP}(?:ge{_SP})?yue(?:{_SP}(?:{_any(_EDGES)}))?|(?:yue|"
            rf"nian){_SP}(?:{_any(_EDGES)})",
            _STEPS | _EDGES | {"yue": "月", "nian": "年"},
        ),
        (rf"(?:{_any(_DIGITS)}){_SP}(?:{_any(_SCALES)})(?:{_SP}(?:{_any(_DIGITS)}))?", _DIGITS | _SCALES),
        (rf"(?:ying|zhong){_SP}wen", _LANGUAGES),
    )
)
# Single syllables beside characters or figures.
_MIXED: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = tuple(
    (re.compile(pattern), syllables)
    for pattern, syllables in (
        (rf"(?<=[{_N}百千万]){_SP}(?P<s>{_any(_UNITS)})(?![a-z])", _UNITS),
        (r"(?<![a-z])(?P<s>hou|ming|jin|zuo|qian)(?=天|晚|早上|日)", _DAYS),
        (r"(?<=[明今昨后前])(?P<s>tian|wan|zao)(?![a-z])", _PARTS),
        (r"(?<![a-z])(?P<s>xia|shang|zhe|ben)(?=个?(?:周|月|礼拜|星期)|ge|zhou|yue)", _STEPS),
        (r"(?<=[下上这本两三四五六几半])(?P<s>ge)(?=周|月|礼拜|星期|yue|zhou)", _STEPS),
        (r"(?<=[下上这本个])(?P<s>zhou|yue)(?![a-z])", {"zhou": "周", "yue": "月"}),
        (r"(?<=周|拜|期)(?P<s>yi|er|san|si|wu|liu|ri|tian)(?![a-z])", _DIGITS | _WEEKDAYS),
        (r"(?<=[月年])(?P<s>di|chu|mo|zhong)(?![a-z])", _EDGES),
        (rf"(?<![a-z])(?P<s>di)(?={_SP}[0-9一二三四五六七八九十]{_SP}[个种项套])", {"di": "第"}),
        (r"(?<=第)(?P<s>yi|er|san|si|wu)(?=[个种项套])", _DIGITS),
        (rf"(?<![a-z])(?P<s>fen)(?={_SP}(?:[{_N}]{{1,2}}{_SP}(?:期|次|笔|个)|期))", {"fen": "分"}),
        (r"(?<=一)(?P<s>ban)(?![a-z])", {"ban": "半"}),
        (r"(?<![a-z])(?P<s>quan)(?=[部款额还])", {"quan": "全"}),
        (r"(?<=全)(?P<s>bu)(?![a-z])", {"bu": "部"}),
        (r"(?<![a-z])(?P<s>ying|zhong|yue)(?=[文语])", {**_LANGUAGES, "yue": "粤"}),
        (r"(?<=[英中])(?P<s>wen|yu)(?![a-z])", {"wen": "文", "yu": "语"}),
    )
)
_ROUNDS = 2
_LETTER = re.compile(r"[a-z]")


def read(folded: Normalised) -> Normalised:
    """Return a folded text with such syllables written as characters."""
    if not _LETTER.search(folded.text):
        return folded
    folded = folded.edited(_words(folded.text))
    for _ in range(_ROUNDS):  # one syllable shows what the next one is
        edits = _mixed(folded.text)
        if not edits:
            break
        folded = folded.edited(edits)
    return folded


def _words(text: str) -> list[Edit]:
    """Words all in syllables: mingtian, xia ge yue di, wubai."""
    edits: list[Edit] = []
    for pattern, syllables in _WORDS:
        for match in pattern.finditer(text):
            edits += _spelt(match, syllables)
    return _apart(edits)


def _spelt(match: re.Match[str], syllables: dict[str, str]) -> Iterator[Edit]:
    place, end = match.span()
    while place < end:
        if match.string[place] == " ":
            yield Edit(place, place + 1, "")
            place += 1
            continue
        found = next(
            syllable
            for syllable in sorted(syllables, key=len, reverse=True)
            if match.string.startswith(syllable, place, end)
        )
        yield Edit(place, place + len(found), syllables[found])
        place += len(found)


def _mixed(text: str) -> list[Edit]:
    """Single syllables among characters: hou天, 分9qi, 下zhou五."""
    edits = [
        Edit(match.start(), match.end("s"), syllables[match["s"]])
        for pattern, syllables in _MIXED
        for match in pattern.finditer(text)
    ]
    return _apart(edits)


def _apart(edits: list[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept
