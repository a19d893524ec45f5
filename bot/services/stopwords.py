"""The plain words for "stop", honoured before any model is asked: they work while all else is down."""

from __future__ import annotations

import unicodedata

STOP_WORDS = frozenset(
    [
        "stop",
        "stopall",
        "unsubscribe",
        "end",
        "quit",
        "cancel",
        "optout",
        "opt-out",
        "td",
        "t",
        "退订",
        "停止",
        "取消订阅",
        "停止发送",
        "拒收",
        "停",
    ]
)
_LONGEST = 40


def is_stop(text: str) -> bool:
    """Tell whether a message is a stop word, whatever stands around it or how wide its letters are."""
    if len(text) > _LONGEST:
        return False
    bare = unicodedata.normalize("NFKC", text).strip().strip("!.。~ \"'“”‘’「」【】").casefold()
    return bare in STOP_WORDS
