"""Text cut into lines: between words, anywhere between Chinese characters, never before a closing mark."""

from __future__ import annotations

import re
from collections.abc import Callable

_CJK = "\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CLOSING = "，。、；：？！）》」』”’…,.;:?!)]%元"
_OPENING = "（《「『“‘(["
# A word is one Chinese character or a run of others, with what may not begin or end a line beside it.
_WORD = re.compile(
    rf"\s+|[{re.escape(_OPENING)}]*(?:[{_CJK}]|[^\s{_CJK}“”‘’]+|[“”‘’])[{re.escape(_CLOSING)}]*"
)


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Cut a text into lines of at most `width`, as `measure` gives it; a word longer than that is cut too.

    Only a single character wider than a line may stand out.
    """
    lines, line = [], ""
    for word in _WORD.findall(text):
        if measure((line + word).rstrip()) <= width:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = word.lstrip()
        while measure(line.rstrip()) > width and len(line) > 1:
            fits = next((n for n in range(len(line) - 1, 0, -1) if measure(line[:n]) <= width), 1)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines
