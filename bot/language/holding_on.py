"""Tells "hold on" from a wish for more time: who stops to think, or to ask, wants nothing of the loan."""

from __future__ import annotations

import re

_OPENING = (
    r"(?:(?:哎|诶|欸|哦|噢|啊|嗯|不|不对|你|您|请|先"
    r"|no|oh|ah|um+|but|so|please|ok|okay|just|yeah)[\s,，]*){0,2}"
)
_MOMENT = r"(?:min(?:ute)?|sec(?:ond)?|moment|mo|tick|bit)"
_HOLDS_ON = re.compile(
    rf"\W*{_OPENING}(?:"
    r"(?:等等|等一等|等一?下下?|等会儿?|稍等(?:一?下|片刻)?|慢着|且慢)(?:啊|哈|哦|噢|呀|吧|先)?"
    rf"|(?:wait|hold on|hang on|hold up)(?: up)?(?: (?:a|one|1) {_MOMENT})?"
    rf"|(?:a|one|1|gimme a|give me a) {_MOMENT}"
    r")\W*",
    re.IGNORECASE,
)


def only_holds_on(text: str) -> bool:
    """Tell whether a clause says "wait a moment" and nothing else."""
    return _HOLDS_ON.fullmatch(text) is not None
