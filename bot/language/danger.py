"""Finds plain words for dying by one's own hand, so that no other act in the message drowns them."""

from __future__ import annotations

import re
from typing import Literal

Words = Literal["own", "any"]
"""Whose death the words are of: "own" the writer's, as "kill myself"; "any" is left to the model: 自杀."""

LONGEST = 500
_WAYS_ZH = r"自杀|轻生|上吊|割腕|跳(?:楼(?!价|机)|江|河|海|桥|轨|崖)"
_OWN_ZH = (
    r"我(?:真的?|就|只|也|都|已经?)?(?:很|好)?(?:想|要|准备|打算|决定)(?:去|了|过|着|要|再){0,2}"
    rf"(?:{_WAYS_ZH}|死(?![你他她的了磕撑皮]))|我就(?:去|要|会)?(?:{_WAYS_ZH})"
    r"|(?:了结|结束)了?我?(?:自己|(?:我|自己)的?(?:生命|性命|命|一生))"
    r"|不想再?活(?!动|跃|在)|活腻了|活不下去|(?<![生笑累])不活了|死给(?:你|他|她|大家)|不想(?:再|要)?醒(?:过?来)"
)
_ANY_ZH = (
    r"自杀(?!式)|轻生|寻短见|割腕|割脉|上吊|烧炭自|喝(?:农药|百草枯|敌敌畏)|跳(?:楼(?!价|机|大|甩)|江|轨|崖)"
    r"|(?:去|想|要|就|再)跳(?:河|海|桥)|活够了|活着(?:也|都|真|还)?(?:没|有什么|有啥)(?:意思|意义|劲|盼头)"
    r"|想死(?![你他她的了])|不如死|死了算|遗书|(?:有点|一时|真|会|要|都|我)想不开"
)
_MYSELF = r"(?:my ?self|me ?self)\b"
_WANT = r"(?:want to|wanna)"
_OWN_EN = (
    rf"\b(?:kill(?:ing)?|hang(?:ing)?|top(?:ping)?|drown(?:ing)?|shoot(?:ing)?|unaliv(?:e|ing)) {_MYSELF}"
    rf"(?! (?:laughing|with laughter))|\b(?:(?:{_WANT}|gonna|going to) (?:hurt|harm)|harming) {_MYSELF}"
    r"|\b(?:end(?:ing)?|tak(?:e|ing)) (?:my|me) (?:own )?life\b(?! (?:savings|insurance|story))"
    r"|\b(?:slit|slash|cut|cutting) my wrists?\b|\bkms\b|\bsafe from myself\b"
    rf"|\b(?:i|just|really) {_WANT} (?:die|be dead)\b(?! (?:laughing|of|when))"
    rf"|\b(?:don'?t|do not|no longer) (?:really )?{_WANT} (?:exist|be alive"
    r"|live\b(?! (?:here|there|with|in|at|near|on|off|like|beyond)))\b|\bbetter off (?:dead\b|without me\b)"
)
_ANY_EN = (
    r"(?<!financial )(?<!career )(?<!commercial )\bsuicid(?:e(?! (?:squad|missions?))|al)\b|\bself[- ]harm"
    r"|\b(?:not|don'?t feel) safe (?:right now|tonight|with myself|on my own|alone)\b"
    r"|\bnothing (?:left )?to live for\b|\bno (?:reason|point) (?:to|in) (?:live|living)\b"
    r"|\bnot worth living\b|\btired of (?:living|being alive)\b|\bjump (?:off|in front of|under) (?:the|a)\b"
    r"|\bor (?:else )?i(?:'ll| will| swear i'?ll|'m gonna) (?:jump|end it)\b"
)
# "I'm not suicidal", 不会自杀的; but "I can't stop thinking of …" is none.
_DENIED = re.compile(
    r"(?:\b(?:not|never)|n't)(?: (?!stop|help)\w+){0,2} $|(?:不会|不是|不要|别|没有?|并非)\w?$"
)
_TOLD = re.compile(rf"(?P<own>{_OWN_ZH}|{_OWN_EN})|{_ANY_ZH}|{_ANY_EN}")


def words(text: str) -> Words | None:
    """Return whose death by their own hand a folded text has plain words for, None without or denied.

    Folded as `features.normalise` folds. Reads the first LONGEST characters.
    """
    head = text[:LONGEST]
    found = [match for match in _TOLD.finditer(head) if not _DENIED.search(head, 0, match.start())]
    if not found:
        return None
    return "own" if any(match["own"] for match in found) else "any"
