"""Tells "don't stop" from "stop": who wants it to go on has not asked for silence."""

from __future__ import annotations

import re

# Only where it begins what is said: "if you don't stop …" and "you don't stop" do want it to end.
_GOES_ON = re.compile(
    r"\W*(?:(?:please|pls|no+|oh|hey|wait|ok|okay|just|and|but|so|请|你|您|哎|诶|欸|那|啊|提醒|短信|消息|信息)[\s,，!！]*){0,3}"
    r"(?:(?:do not|don'?t|don’t|never)\s+stop\b|(?:keep|continue|carry on)\s+(?:on\s+)?(?:send|remind)"
    r"|(?:keep|continue)\s+(?:the\s+)?(?:reminders|messages|texts)\b|(?:别|不要|不用|先别|不必|千万别)停"
    r"|(?:继续|接着|照常|照旧)(?:给我)?(?:发|提醒))",
    re.IGNORECASE,
)


def wants_it_to_go_on(text: str) -> bool:
    """Tell whether a clause asks to go on rather than to stop."""
    return _GOES_ON.match(text) is not None
