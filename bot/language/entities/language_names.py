"""Names of languages with their BCP 47 tags: those of CLDR, and what borrowers call them besides."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel import Locale
from babel.core import get_global

from bot.language.normalise import normalise

# Spoken by fewer, in every country, than that, and official nowhere: nobody writes to a lender about it.
_LEAST_PERCENT = 3
# No living language, or an everyday word.
_OUT = {
    "slave",
    "fang",
    "latin",
    "coptic",
    "pontic",
    "unknown language",
    "nama",
    "bulu",
    "komi",
    "walser",
    "teso",
}
_TAGS = {"fil": "tl", "nb": "no", "nn": "no"}
# Regional kinds of Chinese, and names that CLDR has in another form.
_ENGLISH = {
    "mandarin": "zh", "putonghua": "zh", "sichuanese": "zh", "hokkien": "nan", "teochew": "nan",
    "hainanese": "nan", "taiwanese": "nan", "minnan": "nan", "min nan": "nan", "hakka": "hak",
    "shanghainese": "wuu", "foochow": "cdo", "toisanese": "yue", "bengali": "bn", "panjabi": "pa",
    "farsi": "fa", "dari": "fa-AF", "flemish": "nl-BE", "pidgin": "pcm", "naija pidgin": "pcm",
    "patois": "jam", "patwa": "jam", "twi": "tw", "tagalog": "tl", "bahasa": "id", "bahasa indonesia": "id",
    "bahasa melayu": "ms", "bahasa malaysia": "ms", "oriya": "or", "sinhalese": "si", "uighur": "ug",
    "kirghiz": "ky", "gaelic": "gd", "creole": "ht", "simplified chinese": "zh-Hans",
    "traditional chinese": "zh-Hant", "mandarin chinese": "zh", "brazilian portuguese": "pt-BR",
    "castilian": "es", "chichewa": "ny", "kinyarwanda": "rw", "kiswahili": "sw", "isizulu": "zu",
    "luganda": "lg", "sesotho": "st", "setswana": "tn", "fulani": "ff", "fulfulde": "ff", "español": "es",
    "espanol": "es", "castellano": "es", "français": "fr", "francais": "fr", "deutsch": "de",
    "italiano": "it", "português": "pt", "portugues": "pt", "polski": "pl", "türkçe": "tr", "turkce": "tr",
    "română": "ro", "tiếng việt": "vi", "tieng viet": "vi", "cymraeg": "cy", "gaeilge": "ga",
    "nederlands": "nl", "svenska": "sv", "magyar": "hu", "čeština": "cs", "shqip": "sq", "soomaali": "so",
    "hrvatski": "hr", "srpski": "sr",
}  # fmt: skip
_SURE = (
    "mandarin putonghua cantonese hokkien teochew hakka hindi tagalog urdu bengali tamil telugu marathi "
    "gujarati "
    "punjabi panjabi kannada malayalam arabic swahili kiswahili yoruba igbo hausa pidgin farsi pashto dari "
    "español "
    "espanol français francais deutsch português italiano polski türkçe cymraeg bahasa twi oriya konkani "
    "assamese"
)
SURE = {*_SURE.split(), "simplified chinese", "traditional chinese", "mandarin chinese", "nigerian pidgin"}
"""Names that mean nothing but a language; the others are peoples, too."""
OTHER_SCRIPTS = {
    "にほんご": "ja", "한국어": "ko", "한국말": "ko", "русский": "ru", "по-русски": "ru", "русском": "ru",
    "українська": "uk", "українською": "uk", "العربية": "ar", "عربي": "ar", "हिंदी": "hi", "हिन्दी": "hi",
    "தமிழ்": "ta", "తెలుగు": "te", "ภาษาไทย": "th", "မြန်မာ": "my", "עברית": "he", "فارسی": "fa",
    "اردو": "ur", "বাংলা": "bn", "ਪੰਜਾਬੀ": "pa", "ગુજરાતી": "gu", "ಕನ್ನಡ": "kn", "മലയാളം": "ml",
    "मराठी": "mr", "नेपाली": "ne", "ελληνικά": "el", "ខ្មែរ": "km", "ລາວ": "lo", "አማርኛ": "am",
    "ქართული": "ka", "հայերեն": "hy",
}  # fmt: skip
# Single characters, which need 文 or 语 behind them, and what CLDR calls otherwise.
_CHINESE = {
    "英": "en", "中": "zh", "汉": "zh", "华": "zh", "国": "zh", "粤": "yue", "日": "ja", "韩": "ko",
    "法": "fr", "德": "de", "俄": "ru", "泰": "th", "西": "es", "葡": "pt", "意": "it", "义": "it",
    "阿": "ar", "越": "vi", "缅": "my", "蒙": "mn", "藏": "bo", "维": "ug", "壮": "za", "彝": "ii",
    "苗": "hmn", "傣": "tdd", "印度": "hi", "印尼": "id", "马来": "ms", "马来西亚": "ms", "菲律宾": "tl",
    "他加禄": "tl", "柬埔寨": "km", "老挝": "lo", "寮国": "lo", "寮": "lo", "义大利": "it", "土耳其": "tr",
    "波斯": "fa", "伊朗": "fa", "朝鲜": "ko", "韩国": "ko", "日本": "ja", "泰国": "th", "越南": "vi",
    "法国": "fr", "德国": "de", "英国": "en", "美国": "en", "俄国": "ru", "俄罗斯": "ru", "中国": "zh",
    "西班牙": "es", "葡萄牙": "pt", "阿拉伯": "ar", "蒙古": "mn", "维吾尔": "ug", "维族": "ug",
    "藏族": "bo", "缅甸": "my", "尼泊尔": "ne", "孟加拉": "bn", "巴基斯坦": "ur", "荷兰": "nl",
    "瑞典": "sv", "希腊": "el", "波兰": "pl", "乌克兰": "uk", "匈牙利": "hu", "捷克": "cs", "丹麦": "da",
    "挪威": "no", "芬兰": "fi", "以色列": "he", "希伯来": "he", "泰米尔": "ta", "淡米尔": "ta",
    "坦米尔": "ta", "旁遮普": "pa", "乌尔都": "ur", "斯瓦希里": "sw", "豪萨": "ha", "伊博": "ig",
    "约鲁巴": "yo", "闽南": "nan", "客家": "hak", "上海": "wuu", "吴": "wuu", "湘": "hsn", "赣": "gan",
    "晋": "cjy", "闽东": "cdo", "潮": "nan", "台": "nan", "哈萨克": "kk",
}  # fmt: skip
# Speech of a region, said with 话: a kind of Mandarin unless named here.
_REGIONS = {
    "zh": "普通 国 官 四川 川 成都 重庆 东北 河南 山东 湖北 武汉 陕西 西安 天津 北京 贵州 云南 昆明 安徽 "
    "合肥 甘肃 兰州 新疆 宁夏 青海 河北 唐山 徐州 南京 沈阳 大连 青岛 济南 郑州 桂林 柳州",
    "yue": "广东 广州 广府 粤 香港 台山 南宁",
    "wuu": "上海 上海闲 苏州 宁波 杭州 温州 无锡 绍兴 浙江",
    "nan": "闽南 台湾 台 福建 厦门 泉州 漳州 潮州 潮汕 汕头 海南 雷州",
    "hak": "客家 客 梅州 梅县",
    "cdo": "福州",
    "cpx": "莆田",
    "hsn": "湖南 长沙",
    "gan": "江西 南昌",
    "cjy": "山西 太原 大同",
    "za": "壮族 壮",
}
_SUFFIXES = "文语话"
_WORDS = re.compile(r"[a-zà-öø-ɏ ]+")


@cache
def english() -> dict[str, str]:
    """Return names of languages in lower case, of one to three words, with their tags."""
    living = {name.lower(): tag for tag, name in _living("en")}
    names = {name: tag for name, tag in living.items() if name not in _OUT and _WORDS.fullmatch(name)}
    return {**{_ascii(name): tag for name, tag in names.items()}, **names, **_ENGLISH}


@cache
def chinese() -> dict[str, str]:
    """Return names of languages without their 文, 语 or 话, in folded characters, with their tags."""
    names: dict[str, str] = {}
    for locale in ("zh_Hant", "zh"):
        for tag, name in _living(locale):
            stem = normalise(name).text.rstrip(_SUFFIXES)
            if len(stem) > 1 and stem.isalpha():
                names[stem] = tag
    return {**names, **_CHINESE}


@cache
def regional() -> dict[str, str]:
    """Return names of regions, with the tag of what is spoken there, for names that end in 话."""
    return {region: tag for tag, regions in _REGIONS.items() for region in regions.split()}


def _living(locale: str) -> list[tuple[str, str]]:
    """Return (tag, name in the locale) of the languages that are spoken widely somewhere."""
    names = Locale.parse(locale).languages
    spoken = {
        language.partition("_")[0]
        for languages in get_global("territory_languages").values()
        for language, facts in languages.items()
        if facts.get("official_status") or facts["population_percent"] >= _LEAST_PERCENT
    }
    return [(_TAGS.get(code, code), names[code]) for code in sorted(spoken) if code in names]


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
