"""Which of the options offered, in either language, or as the bare answer to that question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from bot.language.entities import options_en, options_zh
from bot.language.entities.model import Candidate, Message

_MOST = 20
_ANSWER = 400
_WANTED = re.compile(r"(?:要|就)\s?(?P<pick>[1-6a-f一二三四五六])(?=\s*(?:吧|$|[，。,.!?]))")
_ALONE = re.compile(
    r"[^\w一-鿿]*(?:那|就|要|选|拣|我|想)*(?:第(?P<zh>[一二三四五六七八九十]|[0-9])|(?P<letter>[a-f]))"
    r"(?:吧|呗|好了|可以|行|啦|喇|咯)*[^\w一-鿿]*"
)


def find(message: Message) -> Iterator[Candidate]:
    """Yield which option is meant: 第二个, "the last one" (-1), 选2, "option b", a bare B."""
    for span, number in chain(options_zh.find(message), options_en.find(message), _answers(message)):
        if number is not None and number != 0 and abs(number) <= _MOST:
            yield Candidate("ordinal", number, *span)


def _answers(message: Message) -> Iterator[tuple[tuple[int, int], int | None]]:
    text = message.text[:_ANSWER]
    if message.context.expected in (None, "ordinal"):
        alone = _ALONE.fullmatch(text)
        if alone is not None:
            group = "zh" if alone["zh"] else "letter"
            start = alone.start(group) - (group == "zh")
            yield (start, alone.end(group)), options_zh.place(alone[group])
    if message.context.expected == "ordinal":
        for match in _WANTED.finditer(text):
            yield match.span("pick"), options_zh.place(match["pick"])
