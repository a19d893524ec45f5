"""Languages named in a message, as BCP 47 tags."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities.model import Candidate, Message

_ZH = {
    "英": "en", "中": "zh", "汉": "zh", "华": "zh", "国": "zh", "粤": "yue", "日": "ja", "韩": "ko",
    "法": "fr", "德": "de", "俄": "ru", "泰": "th", "西班牙": "es", "西": "es", "葡萄牙": "pt",
    "葡": "pt", "意大利": "it", "意": "it", "阿拉伯": "ar", "越南": "vi", "越": "vi", "印地": "hi",
    "印度": "hi", "印尼": "id", "马来": "ms", "缅甸": "my", "缅": "my", "土耳其": "tr", "波兰": "pl",
    "荷兰": "nl", "乌克兰": "uk", "孟加拉": "bn", "乌尔都": "ur", "波斯": "fa", "希腊": "el",
    "蒙古": "mn", "蒙": "mn", "藏": "bo", "维吾尔": "ug", "他加禄": "tl", "菲律宾": "tl", "高棉": "km",
    "柬埔寨": "km", "老挝": "lo", "泰米尔": "ta",
}  # fmt: skip
_ZH_WHOLE = {
    "普通话": "zh", "国语": "zh", "白话文": "zh", "广东话": "yue", "广州话": "yue", "广府话": "yue",
    "简体": "zh-Hans", "繁体": "zh-Hant", "正体字": "zh-Hant", "闽南话": "nan", "闽南语": "nan",
    "台语": "nan", "客家话": "hak", "上海话": "wuu",
}  # fmt: skip
# Names that are nothing but a language, and those that are also a people.
_EN_SURE = {
    "mandarin": "zh", "putonghua": "zh", "cantonese": "yue", "hokkien": "nan", "hakka": "hak",
    "hindi": "hi", "tagalog": "tl", "urdu": "ur", "bengali": "bn", "tamil": "ta", "telugu": "te",
    "marathi": "mr", "gujarati": "gu", "punjabi": "pa", "kannada": "kn", "malayalam": "ml",
    "arabic": "ar", "swahili": "sw", "yoruba": "yo", "farsi": "fa", "español": "es", "espanol": "es",
    "simplified chinese": "zh-Hans", "traditional chinese": "zh-Hant", "bahasa": "id",
    "français": "fr", "deutsch": "de",
}  # fmt: skip
_EN_PEOPLE = {
    "english": "en", "chinese": "zh", "spanish": "es", "french": "fr", "german": "de",
    "portuguese": "pt", "italian": "it", "russian": "ru", "polish": "pl", "ukrainian": "uk",
    "romanian": "ro", "turkish": "tr", "japanese": "ja", "korean": "ko", "vietnamese": "vi",
    "thai": "th", "malay": "ms", "indonesian": "id", "filipino": "tl", "dutch": "nl", "greek": "el",
    "persian": "fa", "nepali": "ne", "sinhala": "si", "burmese": "my", "khmer": "km", "lao": "lo",
    "somali": "so", "amharic": "am", "hebrew": "he", "hungarian": "hu", "czech": "cs", "swedish": "sv",
    "danish": "da", "norwegian": "no", "finnish": "fi", "bulgarian": "bg", "serbian": "sr",
    "croatian": "hr", "albanian": "sq",
}  # fmt: skip


def _any(words: dict[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_HAN = re.compile(
    rf"(?P<whole>{_any(_ZH_WHOLE)})字?|(?P<name>{_any(_ZH)})(?:文(?!件|化|章|字|明|"
    rf"员|艺|具|凭)|语(?!音|气|文|言)|国话|国语)"
)
_LATIN = re.compile(
    rf"\b(?:(?P<sure>{_any(_EN_SURE)})|(?P<people>{_any(_EN_PEOPLE)}))\b(?!\s+(?:restaurant|food|bank|"
    rf"takeaway|new year|passport|citizen|national|visa))",
    re.A,
)
_SPOKEN = re.compile(
    r"(?:\b(?:in|into|to|speak|speaks|speaking|use|using|prefer|write|understand|read|switch|know|"
    r"talk|my|some|no|little|any|only|or|and|have|want|"
    r"good|better|proper|plain|bad|poor|try|do|got)|[/,]|[一-鿿])\s*$",
    re.A,
)
_VERSION = re.compile(
    r"\s*(?:please|pls|plz|version|language|speaker|speaking|ok|okay|would|only|"
    r"instead|is|thanks|isn't|not|[一-鿿?!]|$)"
)


def find(message: Message) -> Iterator[Candidate]:
    """Yield the languages named; "I'm Chinese" and 国文件 name none."""
    text = message.text
    for match in message.chinese(_HAN):
        tag = _ZH_WHOLE[match["whole"]] if match["whole"] else _ZH[match["name"]]
        yield Candidate("language", tag, *match.span())
    for match in message.english(_LATIN):
        if match["sure"]:
            yield Candidate("language", _EN_SURE[match["sure"]], *match.span())
        elif _SPOKEN.search(message.before(match.start(), 14)) or (
            match.start() == 0 and _VERSION.match(text, match.end())
        ):
            yield Candidate("language", _EN_PEOPLE[match["people"]], *match.span())
