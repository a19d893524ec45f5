"""What borrowers write in a simulation, by act and language: to open a conversation, and to answer in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.simulation.mix import Act

Words = Mapping[str, Sequence[str]]

SENTENCES: Mapping[Act | str, Words] = {
    "tell_and_pay": {
        "zh": ("好的，我现在就还", "收到，我马上还", "知道了，今天就还上"),
        "en": ("Okay, I'll pay it right now", "Got it, paying it now", "Thanks, I will pay today"),
    },
    "claim_paid": {
        "zh": ("我已经还过了", "昨天就还了呀", "这笔我还清了，你们查一下"),
        "en": ("I have paid this already", "I already paid yesterday", "That one is paid, please check"),
    },
    "ask": {
        "zh": ("请问怎么还款", "在哪里还钱？", "怎么转账给你们"),
        "en": ("How do I pay?", "Where can I pay this?", "What are the ways to pay?"),
    },
    "promise": {
        "zh": ("过几天发工资就还", "等工资到了我就还，行吗", "我下周能还上"),
        "en": (
            "I'll pay when my wages come in a few days",
            "I can pay it once I get paid",
            "I will be able to pay next week",
        ),
    },
    "plan": {
        "zh": ("能分期还吗", "一次还不起，可以分几期吗", "我想申请分期"),
        "en": (
            "Can I pay in instalments?",
            "Could I split this into a few payments?",
            "I want a payment plan",
        ),
    },
    "agree": {"zh": ("同意",), "en": ("Yes, I agree",)},
    "hardship": {
        "zh": ("我失业了，最近真的还不上", "家里出了事，手头很紧", "工资降了一半，实在还不起"),
        "en": (
            "I lost my job and cannot pay at the moment",
            "Things are very tight, I can't afford this",
            "My hours were cut and I can't keep up",
        ),
    },
    "later": {
        "zh": ("现在不方便，过两天再联系我", "在忙，后天晚上再说", "这会儿没空，过两天再聊"),
        "en": (
            "Not now, please get in touch in two days",
            "I'm busy, contact me the day after tomorrow",
            "Can we talk in two days?",
        ),
    },
    "stop": {"zh": ("退订",), "en": ("stop",)},
    "dispute": {
        "zh": ("这笔钱不是我欠的", "金额不对，我没借这么多", "我不认这笔账"),
        "en": ("I do not owe this", "This amount is wrong, I dispute it", "I never took out this loan"),
    },
    "complain": {
        "zh": ("我要投诉", "你们这样我要投诉", "投诉渠道在哪，我要投诉"),
        "en": (
            "I want to complain",
            "I'd like to make a complaint",
            "This is no way to treat me, I complain",
        ),
    },
    "crisis": {
        "zh": ("我不想活了", "活着没意思了，真想一死了之"),
        "en": ("I don't want to live any more", "I feel like ending my life"),
    },
    "person": {
        "zh": ("我要人工客服", "转人工", "我想跟真人说"),
        "en": ("I want to talk to a person", "Can I speak to an agent?", "Put me through to a human please"),
    },
    "wrong_person": {
        "zh": ("你发错人了", "我不认识这个人，你们搞错了"),
        "en": ("You have the wrong person", "Wrong number, I am not who you think"),
    },
}
"""How an act is put into words. By intent nobody has to find out what they mean; the assistant has to."""

ANSWERS: Mapping[str, Words] = {
    "identity_confirmed": {
        "zh": ("{born}，手机尾号{phone}", "生日{born}，手机后四位{phone}"),
        "en": ("{born}, my phone ends in {phone}", "Born {born}, last four of my phone {phone}"),
    },
    "promise_amount": {"zh": ("全部还清", "全部"), "en": ("All of it", "The full amount")},
    "promise_date": {"zh": ("{day}", "{day}还"), "en": ("On {day}", "{day}")},
    "hardship_consent": {"zh": ("可以", "好的"), "en": ("Yes", "Yes, that's fine")},
    "hardship_cause": {"zh": ("失业了", "被裁员了"), "en": ("I lost my job", "I was laid off")},
    "hardship_duration": {
        "zh": ("大概三个月", "两三个月吧"),
        "en": ("About three months", "Three months"),
    },
    "hardship_ability": {"zh": ("每个月能还{sum}元",), "en": ("I can pay {sum} {currency} a month",)},
    "plan_ability": {"zh": ("分{count}期",), "en": ("In {count} instalments",)},
    "plan_option": {"zh": ("第一个", "选第一种"), "en": ("The first one", "Option 1")},
    "plan_confirmed": {"zh": ("同意", "好，就这样"), "en": ("Yes, I agree", "Yes, let's do that")},
    "promise_confirmed": {"zh": ("是的", "对，确认"), "en": ("Yes", "Yes, that's right")},
}
"""What is answered to a question of the assistant, by the slot that it fills."""
REFUSALS: Words = {"zh": ("算了，不用了",), "en": ("No, I'd rather not",)}
"""What is answered to the last question of an agreement by who does not agree after all."""

AGENT = {"zh": "您好，我看过您的情况了，来跟您说一下结果。", "en": "Hello, I have looked into this for you."}
"""What an agent writes."""


def language(locale: str) -> str:
    """Return which of the languages here a borrower writes."""
    return "zh" if locale.startswith("zh") else "en"


def phrase(act: str, locale: str) -> str:
    """Return the plainest words of an act in a borrower's language."""
    return SENTENCES[act][language(locale)][0]


def worded(words: Words, locale: str, at: float) -> str:
    """Return the wording that stands at a place from 0 up to 1."""
    found = words[language(locale)]
    return found[int(at * len(found))]
