"""Acts that a message denies: "他没死", "I'm not complaining", "don't stop the reminders"."""

from __future__ import annotations

import re

_NOT = (
    r"(?:\bnot|\bnever|\bain'?t|\bis ?n'?t|\bwas ?n'?t|\bdid ?n'?t|\bhas ?n'?t|\bhave ?n'?t|\bdo ?n'?t"
    r"|\bwo ?n'?t|\bno longer)\s+(?:(?:really|actually|yet|even|here|trying|going|looking|want|wanna)\s+)*"
    r"(?:to\s+)?"
)
_NO = r"(?:从来没有?|并没有?|又没有?|还没有?|没有?|未)"
_IF_ZH = r"(?:如果|要是|假如|假设|假使|万一|倘若|若是)[^,，。.!?！？你您打发催找已]{0,8}?"
_IF_EN = r"\b(?:if|suppose|supposing)\s+(?:(?!(?:you|u|who|told|know)\b)[\w']+\s+){1,6}?"
# What the whole phrase denies, or only supposes ("what if I went bankrupt"). Never what endangers a life:
# "我不想死，可是…" and "not a threat, a promise"
# are answered as what they may be.
_DENIED: dict[str, str] = {
    "report_death": (
        rf"{_NO}(?:死|去世|过世|离世|咽气)(?!成)|还活着|活得好好的|活蹦乱跳"
        rf"|{_NOT}(?:dead|die|died|dying|passed away)\b"
        r"|\b(?:still|very much) alive\b|\balive and (?:well|kicking)\b"
        rf"|{_IF_ZH}(?:死|去世|过世|离世|不在|没)了?|(?:死|去世|过世|离世|不在)了?(?:的话|(?:之|以)?后.{{0,6}}(?:谁|怎么))"
        rf"|{_IF_EN}(?:die[sd]?|dead|pass(?:es|ed)? away)\b"
    ),
    "report_bankruptcy": (
        rf"{_NO}(?:申请|走|办)?(?:个人)?破产|不(?:想|会|打算)(?:申请)?(?:个人)?破产"
        rf"|{_NOT}(?:gone\s+|go\s+|been\s+)?(?:a\s+)?(?:bankrupt|insolvent|file[d]?\s+for\s+bankruptcy)\b"
        rf"|{_IF_ZH}破产|破产的话|{_IF_EN}(?:bankrupt(?:cy)?|insolven(?:t|cy))\b"
    ),
    "report_underage": (
        r"(?:早就?|已经|现在)?不(?:再)?是(?:个)?学生|不是未成年|早就?成年|早就?毕业"
        rf"|{_NOT}(?:a\s+)?(?:student|minor|kid|child|underage|under age)\b"
        r"|\bno (?:student|minor|kid|child)\b"
    ),
    "report_legal_representation": (
        rf"{_NO}(?:请|找|委托)(?:什么)?律师|请不起律师"
        r"|\bno (?:lawyer|solicitor)\b"
        rf"|{_NOT}(?:got\s+|have\s+|hired?\s+|need\s+)(?:a\s+|any\s+)?(?:lawyer|solicitor|attorney)\b"
    ),
    "file_complaint": (
        rf"(?:不是|不|没|{_NO})(?:要|想|来|会|打算)*(?:投诉|举报|告你们?)"
        rf"|{_NOT}(?:complain(?:ing)?|(?:make\s+)?a\s+complaint|report(?:ing)?\s+(?:you|anyone))\b"
        r"|\bno complaints?\b"
    ),
    "stop_contact": (
        r"(?:别|不用|不要|不必|无需)停(?!车)"
        r"|(?<!you )(?<!u )(?<!they )(?<!it )(?<!guys )(?<!people )\b(?:do ?n'?t|do not)"
        r"(?: (?:really |actually )?(?:want|wanna|mean)(?: you)?(?: to)?)? stop\b"
    ),
    "dispute_debt": (
        r"没说(?:这笔?)?(?:钱|账|贷款)?不是我(?:的|借的|欠的)?|(?:不是|没有?)(?:要)?赖账|是我(?:自己)?借的没错"
        rf"|{_NOT}(?:disputing|dispute|denying|deny|saying\s+(?:it|this|that)(?:'s|\s+is)?\s*(?:n't|nt|not)\s+mine)\b"
    ),
    "wrong_person": (
        r"没(?:打|找|发)错(?:人|号)?|号码?没错|\b(?:right|correct) (?:number|person)\b"
        rf"|{_NOT}(?:the\s+|a\s+)?wrong\s+(?:number|person)\b"
    ),
    "refuse_to_pay": (
        r"(?:从来?|又|也|可)?没(?:有)?(?:说|想)过?(?:要)?(?:不还|不给|赖账?)|不是(?:我)?(?:不想?|不肯|不愿意?)[还给]|"
        r"不会(?:不还|赖账?)|不是(?:想|要)?(?:赖账?|不还)|没打算(?:不还|赖账?)"
        r"|(?:谁|哪个|什么时候|啥时候?|几时)(?:说|讲)过?(?:我)?(?:要|会|想)?(?:不还|不给|赖账?)了?"
        r"|\b(?:never|not|n'?t)\s+(?:said|saying|say|told|mean|meant)\s+(?:that\s+)?(?:i|i'm|im)\s+"
        r"(?:wo ?n'?t|would ?n'?t|will not|not|am not|refus\w+)\b(?:\s+(?:be\s+)?pay(?:ing)?)?"
        rf"|{_NOT}(?:refus\w+|gonna\s+run|running away)(?:\s+to\s+pay)?"
        r"|\b(?:wo ?n'?t|not going to) stop paying\b"
        r"|\bwho (?:says?|said|told (?:you|u))(?: that)? i ?(?:'?m|am|was|wo|would|will|ai)? ?(?:n'?t|not)"
        r"(?: gonna| going to| be)? pay(?:ing)?\b"
        r"|\bnot (?:that|because|like) i (?:wo ?n'?t|do ?n'?t want to|would ?n'?t|refuse to"
        r"|am not going to) pay\b"
    ),
    "request_data_rights": (
        r"(?:不用|别|不要|不必)(?:把)?删(?:除|掉)?|(?<!you )(?<!u )\bdo ?n'?t (?:delete|erase|remove)\b"
    ),
    "ask_human": (
        r"(?:不用|不要|别|不必|不需要|无需)(?:给我)?(?:转|找)?(?:人工|真人)"
        r"|\bno need (?:for|to (?:speak|talk) (?:to|with)) (?:an?\s+)?"
        r"(?:human|person|agent|anyone|somebody|someone)\b"
        rf"|{_NOT}(?:need|want)?\s*(?:an?\s+)?(?:human|real person|agent)\b"
    ),
}
_PATTERNS = {act: re.compile(phrase) for act, phrase in _DENIED.items()}
LONGEST = 500


def denied(text: str) -> dict[str, str]:
    """Return each act that a folded text denies, with the text as it is without the denial.

    What is left may hold the act all the same: "I'm not complaining to you, I'm going to the ombudsman".
    Folded means as `features.normalise` folds: lower case, simplified. Reads the first LONGEST characters.
    """
    head = text[:LONGEST]
    return {
        act: f"{pattern.sub(' ', head)}{text[LONGEST:]}".strip()
        for act, pattern in _PATTERNS.items()
        if pattern.search(head)
    }
