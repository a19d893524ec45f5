"""Languages named in a message, as BCP 47 tags: 说英文, "in Welsh", русский; but not the English teacher."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities import language_names
from bot.language.entities.model import Candidate, Message

_LONGEST = 12
"""Characters of the longest Chinese name that is looked up."""
_SUFFIX = re.compile(r"文(?![件化章字明员艺具凭盲档书案]|本[^人]?[书案])|语(?![音气文言调])|话(?![费题筒剧])")
_WHOLE = re.compile(
    r"(?P<simple>简体(?:中文|汉字|字|版)?|简中)|(?P<traditional>[繁正]体(?:中文|汉字|字|版)?|繁中)|普通话|"
    r"白话文|"
    r"(?P<canton>(?<=[讲说识用会晓])白话)(?!文)"
)
# 中文系, 英语老师, 英语四级; 学日语, 教英文: what is studied, not what is spoken.
_STUDIED = re.compile(
    r"(?:专业|系(?!统)|老师|教师|教授|课|班|[一二四六八专]级|考试|考级|培训|补习|辅导|作业|名[叫字]?|歌|片|"
    r"电影|小说|字母|"
    r"国家|地区|区|角|成绩|毕业|文学|网课)"
)
_STUDYING = re.compile(r"(?:教|(?<!大|中|小)学|学习|自学|考|补习?|辅导|培训|读|念|修|主修)(?:过|了|着)?$")
_FOREIGN = ("外国", "各国", "哪国", "别国")
_JOB = re.compile(r"(?:是|做|当|搞|干)(?:个|一名|一个)?$")
_LATIN = re.compile(r"[a-zà-öø-ɏḁ-ỿ]+")
_OTHER = re.compile("|".join(sorted(map(re.escape, language_names.OTHER_SCRIPTS), key=len, reverse=True)))
_ADJECTIVE = re.compile(
    r"'?\s*(?:teachers?|tutors?|class(?:es)?|lessons?|courses?|exams?|tests?|degree|literature|majors?|"
    r"department|school|"
    r"students?|food|restaurants?|takeaways?|takeout|new year|passports?|citizens?|nationals?|visas?|banks?|"
    r"m[ae]n|wom[ae]n|"
    r"guys?|girls?|lady|people|boyfriend|girlfriend|wife|husband|company|breakfast|tea|muffins?|bulldogs?|"
    r"fries|toast|kiss|"
    r"shepherd|embassy|consulate|government|army|movies?|films?|songs?|music|nadu|shops?|stores?|markets?|"
    r"medicine|doctors?|"
    r"wine|beer|airlines|lira|delight|massage|curry|boxing|league|team|channel|club|gcse|a[ -]levels?|paper|"
    r"homework|books?|"
    r"dictionary|setter|names?|app|phone|tourists?|family|father|mother|mum|dad|friends?|colleagues?|"
    r"neighbours?|boss|"
    r"police|courts?|history|culture|accent|born|heritage|origin|descent|pounds?|summer|weather|cousins?|"
    r"nurse|side|"
    r"number|account|address|branch|sim|holiday|market|law|owner|landlord|builder)\b",
    re.A,
)
_STUDYING_EN = re.compile(
    r"\b(?:teach(?:es|ing)?|taught|study(?:ing)?|studied|studies|learn(?:s|ing|t|ed)?|major(?:ing|ed)? in|"
    r"degree in|gcse|"
    r"failed|exam in|tutor(?:ing)?)(?:\s+(?:some|in|my|a))?\s+$",
    re.A,
)
# "Speak Polish", "reply in Welsh", "you sabi Igbo": what is said next can only be a language.
_SPEAKING = re.compile(
    r"\b(?:speaks?|speaking|spoke|write|writes|writing|replies|understands?|us(?:e|ing)|prefers?|sabi|hears?|"
    r"in|converse|chat|talks?|talking|"
    r"(?:know|knows|do|read|translate|switch(?:ed)?|change|go back|back|convert|set(?: it)?|swap|move|want|"
    r"need|try|get|got)"
    r"(?:\s+(?:it|this|that|me|over|back|everything|the chat|am|only|some|any|a|to|into|for|a little|little|"
    r"know)){0,3})\s+"
    r"(?:(?:only|some|any|a little|plain|proper|good|simple|just|better|either|both|the|to|into|me|in|"
    r"for)\s+)*$",
    re.A,
)
# "My English", "any Polish", "or Ukrainian": a language only where nothing else follows.
_MAYBE = re.compile(
    r"(?:\b(?:my|plain|simple|some|no|little|any|only|or|and|have|want|is there an?|an?|good|better|for|to|"
    r"into|bad|poor|but|then|"
    r"just|maybe|can|prefer|the|hello|hi|ok|pls|please)|[/,&]|[一-鿿])\s*$",
    re.A,
)
_RIGHT = re.compile(
    r"\s*(?:$|[.,!?;:)/&，。]|[一-鿿]|(?:please|pls|plz|versions?|language|speakers?|speaking|translation|"
    r"interpreter|translator|"
    r"ok|okay|would|only|instead|thanks?|ty|can|anot|lah|leh|lor|sir|madam|abeg|biko|svp|mein|me|bolo|option|"
    r"por favor|possible|possibly|better|also|too|or|and|but|so|because|if|as|not|isn't|isnt|is|with|when|"
    r"now|then|than|speak|"
    r"no good|no|dey|sef|either|makes?|sounds|feels|works|helps|suits|will|was|has|bad|very|so|weak|poor|"
    r"broken|terrible|o|text|messages?|reply|support|for)\b)",
    re.A,
)
# Behind its name at the beginning of a message: "english can", "Yoruba abeg", but not "english people".
_ALONE_LEFT = re.compile(
    r"(?:^|[.,!?;:，。]\s*)(?:(?:hi|hello|hey|plain|simple|ok|okay|pls|please|only|just|maybe|go|then|yes|"
    r"no)[\s,]+)*$"
)


def find(message: Message) -> Iterator[Candidate]:
    """Yield the languages named; "I'm Chinese", 中文系 and 国文件 name none."""
    yield from _chinese(message)
    yield from _english(message)
    for match in _OTHER.finditer(message.text) if not message.text.isascii() else ():
        yield Candidate("language", language_names.OTHER_SCRIPTS[match.group()], *match.span())


def _chinese(message: Message) -> Iterator[Candidate]:
    text = message.text
    for match in message.chinese(_WHOLE):
        tag = (
            "zh-Hans"
            if match["simple"]
            else "zh-Hant"
            if match["traditional"]
            else "yue"
            if match["canton"]
            else "zh"
        )
        yield Candidate("language", tag, *match.span())
    for match in message.chinese(_SUFFIX):
        found = _stem(text, match.start())
        if found is None:
            continue
        start, tag = found
        left = message.before(start, 4)
        job = text.startswith("翻译", match.end()) and _JOB.search(left)
        if not job and not _STUDIED.match(text, match.end()) and not _STUDYING.search(left):
            yield Candidate("language", tag, start, match.end())


def _stem(text: str, end: int) -> tuple[int, str] | None:
    """Return the start and the tag of the longest name that ends before a suffix."""
    names = language_names.chinese()
    regions = language_names.regional() if text[end] == "话" else {}
    for start in range(max(0, end - _LONGEST), end):
        stem = text[start:end]
        if stem in _FOREIGN:
            return None
        if stem in regions:
            return start, regions[stem]
        if stem in names and (len(stem) > 1 or text[end] != "话"):
            return start, names[stem]
    return None


def _english(message: Message) -> Iterator[Candidate]:
    names = language_names.english()
    words = list(message.english(_LATIN))
    place = 0
    while place < len(words):
        size = next((n for n in (3, 2, 1) if _name(message.text, words[place : place + n], n) in names), 0)
        if not size:
            place += 1
            continue
        start, end = words[place].start(), words[place + size - 1].end()
        name = _name(message.text, words[place : place + size], size)
        if _is_language(message, name, start, end):
            yield Candidate("language", names[name], start, end)
        place += size


def _name(text: str, words: list[re.Match[str]], size: int) -> str:
    """Return words as a name is looked up; nothing where there are fewer than `size`."""
    if len(words) < size:
        return ""
    return " ".join(text[words[0].start() : words[-1].end()].lower().split())


def _is_language(message: Message, name: str, start: int, end: int) -> bool:
    """Whether a name that may be a people's stands for the language here."""
    text, left = message.text, message.before(start, 40)
    if _ADJECTIVE.match(text, end) or _STUDYING_EN.search(left):
        return False
    if name in language_names.SURE or _SPEAKING.search(left):
        return True
    right = _RIGHT.match(text, end) is not None
    return right and (_MAYBE.search(left) is not None or _ALONE_LEFT.search(left) is not None)
