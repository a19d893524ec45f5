"""What borrowers write in a simulation, by act and language; nobody has to find out what it means."""

from __future__ import annotations

from collections.abc import Mapping

from bot.simulation.mix import Act

PHRASES: Mapping[Act | str, Mapping[str, str]] = {
    "tell_and_pay": {"zh": "好的，我现在就还", "en": "Okay, I'll pay it right now"},
    "claim_paid": {"zh": "我已经还过了", "en": "I have paid this already"},
    "ask": {"zh": "请问怎么还款", "en": "How do I pay?"},
    "promise": {"zh": "过几天发工资就还", "en": "I'll pay when my wages come in a few days"},
    "plan": {"zh": "能分期还吗", "en": "Can I pay in instalments?"},
    "agree": {"zh": "同意", "en": "Yes, I agree"},
    "hardship": {"zh": "我失业了，最近真的还不上", "en": "I lost my job and cannot pay at the moment"},
    "later": {"zh": "现在不方便，过两天再联系我", "en": "Not now, please get in touch in two days"},
    "stop": {"zh": "退订", "en": "stop"},
    "dispute": {"zh": "这笔钱不是我欠的", "en": "I do not owe this"},
    "complain": {"zh": "我要投诉", "en": "I want to complain"},
    "crisis": {"zh": "我不想活了", "en": "I don't want to live any more"},
    "person": {"zh": "我要人工客服", "en": "I want to talk to a person"},
    "wrong_person": {"zh": "你发错人了", "en": "You have the wrong person"},
}
AGENT = {"zh": "您好，我看过您的情况了，来跟您说一下结果。", "en": "Hello, I have looked into this for you."}
"""What an agent writes."""


def phrase(act: str, locale: str) -> str:
    """Return the words of an act in a borrower's language."""
    return PHRASES[act]["zh" if locale.startswith("zh") else "en"]
