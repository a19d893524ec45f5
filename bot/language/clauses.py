"""Splits a message into clauses, in Chinese and English, so that each can carry its own act."""

from __future__ import annotations

import re

from bot.language import facts

MAX_CLAUSES = 24
"""A long message asks at its end, and may speak of danger anywhere."""
_A_PAGE, _OF_A_PAGE = 600, 8
"""Characters from which on a message is a document, and how many of its clauses are read."""
_MIN_HAN = 2
_MIN_WORDS = 2
# A comma inside a number and a point inside an amount are no ends.
_BREAK = re.compile(
    r"(?<!\d)[,.](?!\d)|(?<=\d)[,.](?!\d)|(?<!\d)[,.](?=\d)|[，。！？；;!?\n…~～]+"
    r"|(?<=了)(?=(?:能不能|能否|可不可以|可否|能|可以)[^，。！？]{2})"
    r"|(?=(?:但是|不过|另外|还有|而且|同时|顺便|所以|因此)[^，。！？]{2})"
    r"|\s(?=(?:but|also)\s)"
    r"|\s(?=(?:and|so) (?:please|pls|can|could|don't|dont|stop|leave|give|let|how|what|when|why|where|who"
    r"|will|would|is|are|do|i'?ll|i'?m|i'?d|i (?:don'?t|do not|can'?t|cannot|want|need|have|will))\s)"
    r"|\s(?=so (?:no|just|only|text|write|email|call|ring|leave|[£$€]?\d[\d.]*"
    r"|(?:\w+ ){1,2}(?:a|per) (?:week|month))\s)"
    r"|\s(?=(?:can|could|may) (?:i|u|you|we) (?:please |pls |just )?"
    r"(?:talk|speak|have|get|split|spread|pay|give|send|do|wait)\s)(?<!how\s)(?<!when\s)(?<!where\s)(?<!what\s)"
    r"(?<!who\s)(?<!why\s)(?<!and\s)(?<!so\s)(?<!or\s)(?<!if\s)(?<!but\s)"
    r"|\s(?=or (?:else )?i(?:'ll| will| swear|'m gonna|m gonna)\s)|\s(?=and (?:whether|if) )"
    r"|\s(?=if (?:you|u) (?:drop|waive|remove|cancel|take|knock|freeze|cut|reduce)\s)"
    r"|(?<=^hi)\s|(?<=^hey)\s|(?<=^hello)\s|(?<=^你好)|(?<=^您好)"
    r"|\s(?=(?:thanks|thank you|bye|ta|cheers)\W*$)"
    # Written without points: a dash between words, a space between Chinese ones.
    r"|(?<![\d\s])\s+[-–—]+\s+(?!\d)|[—]{2}|(?<=[㐀-鿿])\s+(?=[㐀-鿿])",
    re.IGNORECASE,
)
# Short, but a whole answer: "yes, how do I pay?"
_ANSWER = re.compile(
    r"(?:yes|yep|yeah|ok|okay|sure|fine|alright|deal|agreed|no|nope|hi|hiya|hello|hey|morning|evening"
    r"|thanks|thx|cheers|bye|好|行|对|嗯|是|不|成|早|嗨)$",
    re.IGNORECASE,
)
_HAN = re.compile(r"[㐀-鿿]")


def clauses(text: str) -> list[str]:
    """Return the clauses of a message in order, at most MAX_CLAUSES; a fragment joins its neighbour.

    A message of one clause returns just itself. Where somebody says who they are, those facts come first, in
    one clause: what else was said then stands on its own, whatever was or was not written between.
    """
    stated = facts.find(text)
    most = MAX_CLAUSES if len(text) <= _A_PAGE else _OF_A_PAGE
    if not any(fact.sure for fact in stated):
        return _joined(_pieces(text))[:most] or [text.strip()]
    rest = _joined([piece for piece in _pieces(facts.blanked(text, stated, "，")) if facts.tells(piece)])
    return [", ".join(text[fact.start : fact.end] for fact in stated), *rest][:most]


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in _BREAK.split(text[:2000]) if piece and piece.strip()]


def _joined(pieces: list[str]) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        if joined and (_is_fragment(piece) or _is_fragment(joined[-1])):
            joined[-1] = f"{joined[-1]}, {piece}"
        else:
            joined.append(piece)
    return joined


def _is_fragment(piece: str) -> bool:
    if _ANSWER.match(piece):
        return False
    han = len(_HAN.findall(piece))
    return han < _MIN_HAN and len(piece.split()) < _MIN_WORDS
