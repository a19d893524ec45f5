"""Which of the options offered, in English: the second one, option b, #3, the last one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities.model import Message

WORDS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "1st": 1, "2nd": 2,
    "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "last": -1, "final": -1, "former": 1, "latter": -1,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "top": 1, "bottom": -1,
}  # fmt: skip
_THING = "option|choice|plan|offer|proposal|deal|suggestion|alternative|arrangement|opt|package"
_WORD = "first|second|third|fourth|fifth|sixth|1st|2nd|3rd|4th|5th|6th|last|final"
SPELT = "first|second|third|fourth|fifth|sixth"
_NUMBER = "(?:one|two|three|four|five|six)"
_END = (
    r"(?=\s*(?:$|[.,!?;]|(?:please|pls|plz|thanks|then|thx|if|as|because|lah|leh|lor|sir|abeg|o|bro|boss|"
    r"[一-鿿])))"
)
# What has been sent or paid already, and what comes in order besides options.
_NOT_OPTION = (
    r"(?!\s+(?:month|payment|instal|week|day|year|was|were|bounced|went|didn|never|failed|to\s(?!\s*[0-9£$])|"
    r"who|"
    r"you (?:sent|gave|called)|i (?:paid|made|missed|sent|took|got|had)))"
)
_PATTERN = re.compile(
    rf"(?<![a-z0-9])(?:"
    rf"(?:the\s+)?(?P<fromlast>second[- ](?:from|to)?[- ]?(?:the )?last|last but one)(?:\s+(?:one|"
    rf"{_THING}))?\b"
    rf"|(?:the\s+)?(?:very\s+)?(?!final (?:offer|proposal|deal))(?<!my )(?P<word>{_WORD})\s+(?:(?:{_THING}|"
    rf"one)s?|1(?=\s*(?:$|[.,!?])))\b"
    rf"{_NOT_OPTION}|the\s+(?P<edge>top|bottom)\s+(?:one|{_THING})\b"
    rf"|(?:(?:{_THING})(?:\s+(?:no\.?|number)?\s*#?|#|(?=[1-9]))|(?:number\s*|no\.\s*|#)(?![a-f]\b)|"
    rf"letter\s+|"
    rf"no\s(?=[1-9]\b{_END}))(?P<named>[1-9](?![0-9.,:/%])|{_NUMBER}|[a-f])\b(?!\s*(?:month|week|day|year|"
    rf"payment|%|k\b))"
    r"|(?:(?:take|choose|pick|prefer|go (?:for|with)|stick with|settle (?:for|on)|opt for|select|"
    r"accept)\s+(?:the\s+)?|"
    rf"(?:want|like|do|have|be|it's|say|gimme|give me)\s+the\s+)(?P<picked>{SPELT}|1st|2nd|3rd|4th|latter|"
    rf"former)\b{_END}"
    r"|(?:take|choose|pick|prefer|go (?:for|with)|stick with|select)\s+"
    rf"(?P<chosen>[1-9](?![0-9.,:/%])|(?!one){_NUMBER}|[b-f]|a(?=[\s.,!?]*$))\b{_END}"
    r"|the (?P<side>former|latter)\b)",
    re.A,
)
_NICE = (
    r"please|pls|plz|lah|leh|lor|can|then|thanks|thx|abeg|sir|for me|works|ok|okay|"
    r"(?:is|sounds|looks)\s(?:fine|ok|okay|good|better|best|great|the best|cheaper|easier|possible)"
)
# A message that is nothing but the choice.
_ALONE = re.compile(
    rf"[^\w一-鿿]*(?:(?:ok|okay|yes|then|just|na|i(?:'ll)? (?:want|take|choose|like|have))\s+)?"
    rf"(?:(?:the|di|da|de)\s+(?P<the>{SPELT}|1st|2nd|3rd|4th|last)|"
    rf"(?P<word>{SPELT})(?=(?:\s+wan)?\s+(?:{_NICE})|\W*$)|"
    rf"(?P<letter>[a-f]))(?:\s+wan)?(?:[\s,]*(?:{_NICE}))*[^\w一-鿿]*",
    re.A,
)
_LONGEST_ALONE = 60
_LONGEST_ANSWER = 400
_SAID = re.compile(
    rf"(?:^|\bthe\s+|[,.!]\s*)(?P<word>{_WORD})\b"
    r"(?=\s*(?:$|[.,!?;])|\s+(?:please|pls|thanks|is|sounds|looks|works|would|then|for me|if|it is))",
    re.A,
)


def find(message: Message) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield (span, which): from 1, and from the end −1."""
    for match in _PATTERN.finditer(message.text):
        word = next(
            (match[name] for name in ("word", "edge", "named", "picked", "chosen", "side") if match[name]), ""
        )
        yield match.span(), -2 if match["fromlast"] else _place(word)
    expected = message.context.expected
    if expected not in (None, "ordinal"):
        return
    text = message.text
    alone = _ALONE.fullmatch(text) if len(text) <= _LONGEST_ALONE else None
    if alone is not None:
        group = next(name for name in ("the", "word", "letter") if alone[name])
        yield alone.span(group), _place(alone[group])
    if expected == "ordinal":
        for match in _SAID.finditer(text[:_LONGEST_ANSWER]):
            # In a longer message "the 3rd" is the third of the month.
            if message.asks("ordinal") or not match["word"][0].isdigit():
                yield match.span("word"), WORDS[match["word"]]


def _place(word: str) -> int:
    if word in WORDS:
        return WORDS[word]
    return int(word) if word.isdigit() else ord(word) - ord("a") + 1
