"""Which of the options offered: 第二个, "the last one", 选2, B."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities.model import Candidate, Message
from bot.language.entities.numbers_zh import D, small

_MOST_OPTIONS = 20
_WORDS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "1st": 1, "2nd": 2,
    "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "last": -1, "final": -1, "former": 1, "latter": -1,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
}  # fmt: skip
_THING_EN = "option|choice|one|plan|offer|proposal|deal|suggestion|alternative|arrangement"
_ORDINAL_WORD = "first|second|third|fourth|fifth|sixth|1st|2nd|3rd|4th|5th|6th|last|final"
_OPTION_ZH = "方案|选项|选择|选|计划|档|套餐|第"
_NOT_OPTION = (
    r"(?!月|星期|礼拜|人|问题|电话|孩子|儿子|女儿|老公|老婆|家|小时|还款|债|平台|贷款|原因|工作|年|"
    r"天|钟|账|订单|短信|公司|跟我|让我|对我|肯)"
)
_ZH = re.compile(
    rf"倒数第(?P<fromlast>{D}|[0-9]{{1,2}})(?:个|种|项)?|第(?P<nth>[一二三四五六七八九十]|"
    rf"[0-9]{{1,2}})(?P<measure>个|种|项|条|款|套|档|号)(?:方案|选项|计划)?{_NOT_OPTION}"
    rf"|(?P<last>最[后末](?:一)?(?:个|种|项|条|款|套|那个)|末一个){_NOT_OPTION}|(?P<fore>前者)|(?P<aft>后者)"
    rf"|(?:方案|选项|选择|套餐|计划)\s?(?P<option>[一二三四五六七八九十]|[0-9]{{1,2}}|"
    rf"[a-f](?![a-z]))(?![0-9百千万十块元个天期月次年])"
    rf"|(?:选|挑)(?:择)?(?:第|方案)?\s?(?P<pick>[0-9](?![0-9.,:/百千万十块元kw天"
    rf"期月次年点号笔成折%])|[一二三四五六](?![一二三四五六七八九十百千万点块元个天期月次年定下样"
    rf"起直些笔成折种分"
    rf"])|[a-f](?![a-z])|[①②③④⑤⑥])"
    r"|(?P<number>[一二三四五六]|[1-9])号(?:方案|选项)|(?P<letter>[a-f])\s?(?:方案|选项|计划)|"
    r"(?P<circled>[①②③④⑤⑥])(?=[\s.,!?，。]*$)"
)
_EN = re.compile(
    rf"\b(?:(?:the\s+)?(?!final (?:offer|proposal|"
    rf"deal))(?P<word>{_ORDINAL_WORD})\s+(?:{_THING_EN})s?\b(?!\s+(?:month|payment|instal))"
    rf"|(?:(?:{_THING_EN.replace('one|', '')})(?:\s+#?|#|(?=[1-9]))|(?:number\s*|no\.\s*|"
    rf"#)(?![a-f]\b))(?P<named>[1-9](?![0-9.,:/%])|one|two|three|four|five|six|[a-f])\b(?!\s*(?:month|"
    rf"week|day|year|payment|%|k\b))"
    rf"|(?:(?:take|choose|pick|prefer|go (?:for|with)|select|accept)\s+(?:the\s+)?|(?:want|like|do|"
    rf"have|be|it's|say)\s+the\s+)(?P<picked>first|second|third|fourth|fifth|sixth|1st|2nd|3rd|4th|"
    rf"latter|former)\b(?=\s*(?:$|[.,!?;]|please|pls|thanks|then|thx|if|as|because))"
    r"|(?:take|choose|pick|prefer|go (?:for|with)|select)\s+(?P<chosen>[1-9](?![0-9.,:/%])|[b-f]|"
    r"a(?=[\s.,!?]*$))\b(?=\s*(?:$|[.,!?;]|please|pls|thanks|then|thx))"
    r"|the (?P<side>former|latter)\b)",
    re.A,
)
_WANTED = re.compile(r"(?:要|就)\s?(?P<pick>[1-6a-f一二三四五六])(?=\s*(?:吧|$|[，。,.!?]))")
_ALONE = re.compile(
    r"[\s.,!?;:()'\"，。、]*(?:第(?P<zh>[一二三四五六七八九十]|[0-9])|the\s+(?P<en>first|second|"
    r"third|fourth|fifth|sixth|1st|2nd|3rd|4th|last)|(?P<letter>[a-f]))(?:吧|"
    r"please|pls|thanks)?[\s.,!?;:()'\"，。、]*"
)
_SAID = re.compile(
    rf"(?:^|\bthe\s+|[,.!]\s*)(?P<word>{_ORDINAL_WORD})\b"
    r"(?=\s*(?:$|[.,!?;])|\s+(?:please|pls|thanks|is|sounds|looks|works|would|then|for me|if|it is))",
    re.A,
)


def find(message: Message) -> Iterator[Candidate]:
    """Yield which option is meant: 第二个, "the last one" (-1), 选2, "option b", a bare B."""
    text = message.text
    for match in _ZH.finditer(text):
        yield from _option(_chinese(match), match.span())
    for match in message.english(_EN):
        word = match["word"] or match["named"] or match["picked"] or match["chosen"] or match["side"]
        yield from _option(_which(word), match.span())
    if message.context.expected not in (None, "ordinal"):
        return
    alone = _ALONE.fullmatch(text[:60]) if len(text) <= 60 else None
    if alone is not None:
        group = next(name for name in ("zh", "en", "letter") if alone[name])
        start = alone.start("zh") - 1 if group == "zh" else alone.start(group)
        yield from _option(_which(alone[group]), (start, alone.end(group)))
    if message.context.expected == "ordinal":
        for match in _WANTED.finditer(text[:400]):
            yield from _option(_which(match["pick"]), match.span("pick"))
        for match in _SAID.finditer(text[:400]):
            # In a longer message "the 3rd" is the third of the month.
            if message.asks("ordinal") or not match["word"][0].isdigit():
                yield from _option(_WORDS[match["word"]], match.span("word"))


def _chinese(match: re.Match[str]) -> int | None:
    if match["fromlast"]:
        number = small(match["fromlast"])
        return -number if number else None
    if match["last"] or match["aft"]:
        return -1
    if match["fore"]:
        return 1
    return _which(
        next(match[name] for name in ("nth", "option", "pick", "number", "letter", "circled") if match[name])
    )


def _which(word: str) -> int | None:
    if word in _WORDS:
        return _WORDS[word]
    if word in "①②③④⑤⑥":
        return "①②③④⑤⑥".index(word) + 1
    if len(word) == 1 and "a" <= word <= "f":
        return ord(word) - ord("a") + 1
    return small(word)


def _option(number: int | None, span: tuple[int, int]) -> Iterator[Candidate]:
    if number is not None and -_MOST_OPTIONS <= number <= _MOST_OPTIONS and number != 0:
        yield Candidate("ordinal", number, *span)
