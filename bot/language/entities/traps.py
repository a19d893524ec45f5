"""Idioms, ages, phone and reference numbers: what looks like a value and is none."""

from __future__ import annotations

import re

# Not inside a larger numeral or a clock time: 三万一, 两千万, 八点十分.
_ALONE = "(?<![一二两三四五六七八九十百千万几数0-9点])"
_ZH_IDIOMS = (
    r"一五一十|[三两]番[五两四]次|接二连三|一而再|再而三|乱七八糟|[七乱]上八下|七七八八|"
    r"杂七杂八|五花八门|四面八方|四分五裂|"
    r"三心二意|三言两语|三长两短|三天两头|三天打鱼|一天到晚|一年到头|一年四季|三更半夜|半信半疑|"
    r"半死不活|半斤八两|九牛一毛|"
    r"九死一生|十有八九|十之八九|八九不离十|百分百|百分之百(?=会|还|肯定|保证|一定)|十万火急|"
    r"十全十美|十拿九稳|千方百计|千辛万苦|千真万确|"
    r"千千万万|成千上万|"
    + _ALONE
    + r"(?:万一|千万(?=别|不|要|记|给|得|注意|小心|帮|求|可|莫|勿|再|唔|咪)|十分(?![钟之期0-9])|"
    r"万分(?!之)|一[毛分]钱)|万万|[一十]万个(?:不|放心|谢|抱歉|为什么)|"
    r"[一两几]百个(?:不|放心)|三七二十一|一清二楚|一干二净|一心一意|二话不说|说一不二|独一无二|"
    r"一刀两断|两全其美|朝三暮四|颠三倒四|丢三落四|推三阻四|低三下四|五险一金|一日三餐|二维码|"
    r"一文不[值名]|二手|二胎|二婚|第三方|三五成群|"
    r"九九六|零零七|一了百了|一穷二白|百八十回|三头六臂|两面三刀|说三道四|不三不四|挑三拣四|一分一毫|"
    r"一毛不拔|[砍补捅动]一刀|一时(?:半[会刻]|[间之]|(?=[拿周手凑也还没想糊冲疏忘]))|早?八百年|十三点(?![半前后之以0-9一二三四五钟])|"
    r"一(?:蚊|块钱?|元钱?|毛)(?=[都也])|^早晨(?=[\s!,，。]|$)|(?:周末|中秋|国庆|"
    r"元旦|春节|端午|圣诞|新年|过年|节日)节?(?:快乐|愉快|大吉|好(?![吗几多]))|"
    r"一点(?=钱|也|都|儿|点|吧|了|希望|办法|意思|用|时间)|[差有早晚快多少好大小]一点(?![半钟0-9一二三四五])|"
    r"(?<![周期拜])一(?:定(?!期)|样|起|些|般|旦|切|生|辈子|会儿|直(?!接)|块儿|下(?![午班课旬周个月]))|"
    r"(?<![今明后昨])(?:早上|上午|中午|下午|晚上|早|晚)好(?![几多吗么]|不好)|晚安|早安|"
    r"一天(?=打|催|发|骚扰|要|到|接|几)|"
    r"(?:[个是当成群帮你们们些真大老]|神经病|傻)二百五(?![十块元])|250(?=[吧啊]?你)"
)
_ZH_AGES = (
    r"(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})多?(?:周?岁|后生)|(?:今年|年龄|虚岁|"
    r"周岁)(?:[0-9]{2}|[二三四五六七八九]十[一二三四五六七八九]?)(?![0-9号日月%])"
)
_EN_IDIOMS = (
    r"(?:happy|merry) (?:christmas|xmas|new year|easter|thanksgiving|friday|monday)|"
    r"third time(?:'?s)?(?: lucky| a charm| the charm)?|(?:at|by) the end of the day(?=,|\s+(?:i|it|"
    r"you|we|they|this|that)\b)|"
    r"one day (?=(?:i|you|we|they|he|she|soon|maybe|when)\b)|9\s?(?:-|to)\s?5(?=\s+job)|"
    r"nine to five|"
    r"fifty[- ]fifty|(?:pardon|excuse) my french|double dutch|night night|nite nite|(?:on )?second thoughts?|"
    r"first of all|second of all|"
    r"first things? first|for the (?:first|last) time|"
    r"(?:good|happy|nice|great|lovely|pleasant) (?:morning|afternoon|evening|night|day|weekend)|"
    r"mornin'?g? (?:all|mate|there)|"
    r"(?:in|give me|wait|hang on|hold on|just) (?:a|one|1) (?:min|minute|mins|sec|second|moment)\b|"
    r"any (?:minute|day) now|"
    r"(?:my |his |her |other |better )(?:other |better )?half\b(?! of)|half (?:asleep|dead|term|"
    r"price|brother|sister|hearted|"
    r"the time|the day)\b|square one|one of|no[ -]one|one another|any ?one|every ?one|cloud nine|catch[- ]22|"
    r"one in a million|(?:a )?(?:million|thousand|hundred) (?:times|thanks|apologies)|"
    r"thanks a million|hundred percent|"
    r"not (?:100|a hundred) ?(?:%|percent)|100\s?%(?= (?:sure|certain|serious|positive|right|not|"
    r"will|agree))|ten to one|day (?:by|after|and|to) (?:day|night)|"
    r"(?:my )?two cents|not (?:a|one) (?:penny|cent)|six feet under|these days|may (?:i|you|we)\b|i may\b|"
    r"(?:once|twice|\w+ times|\w+ days|\w+ hours|\w+ calls) (?:a|per) (?:day|week|month|year)"
)
_EN_AGES = (
    r"\b(?:under|over)[- ](?:16|18|21)s?\b(?!\s*(?:dollars|bucks|quid|pounds|percent|%|k\b|a\b|per\b|"
    r"days|weeks|months))|"
    r"\b(?:[0-9]{1,3}|[a-z]+(?:ty|teen|ty-[a-z]+))[\s-]*(?:years?|yrs?)[\s-]*(?:old|of age)\b|"
    r"\b[0-9]{1,3}\s?y/?o\b|"
    r"\b(?:i'?m|i am|he'?s|she'?s|he is|she is|aged?|turn(?:ed|ing)?)\s+(?:only |just |nearly |"
    r"almost |over )?[0-9]{2}\b"
    r"(?![.,:/-][0-9]|\s*(?:%|k\b|days?|weeks?|months?|hours?|min|percent|dollars?|bucks|quid|"
    r"pounds?|short|behind|late|off|down|st|th|a\b|am|pm))"
)
# People called June, April or Friday.
_CALENDAR = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|easter|christmas|summer|autumn|winter|spring"
)
_EN_NAMES = (
    rf"(?<=name is )(?:{_CALENDAR})|(?<=name's )(?:{_CALENDAR})|(?<=name )(?:{_CALENDAR})|"
    rf"\b(?:mr|mrs|ms|dr|madam|auntie|aunty|uncle|sister|brother|wife|husband|mum|mom|mother|daughter|son|"
    rf"niece|cousin|friend|"
    rf"boss|neighbour|partner|gran|nan|girlfriend|colleague|manager|solicitor|"
    rf"lawyer)\.?,?\s+(?:{_CALENDAR})(?=\s+(?:said|says|"
    rf"told|will|would|can|is|was|handles|pays|has|does|did|and|who|lost|works|wants|died|passed)|\s*(?:$|"
    rf"[,.!?;]))|"
    rf"\b(?:(?:this|it|that) is|i'?m|i am|hi|hello|dear|thanks|thank you|regards|cheers|call me)\s+(?:april|"
    rf"may|june|august|summer|autumn)"
    r"(?=\s*(?:$|[,.!;?]|\s(?:here|from|again|speaking|calling)\b))|"
    rf"\b(?:{_CALENDAR})(?=\s+is\s+(?:my|her|his|the) (?:first |last |real |middle |actual )?name)"
)
_LONG = r"(?<![0-9¥$£€₹])\+?[0-9]{9,}|(?<![0-9])(?:24\s?/\s?7|50\s?/\s?50)(?![0-9])"
_PHONES = (
    r"(?<![0-9¥$£€₹.,])(?:\+[0-9]{1,3}[ -]?)?\(?[0-9]{3,5}\)?[ -][0-9]{3,4}[ -][0-9]{3,6}(?![0-9])|"
    r"(?<![0-9])0[0-9]{2,4}[ -][0-9]{6,8}(?![0-9])|(?<![0-9])(?:\*{2,}|x{3,})[0-9]{3,4}|"
    r"(?:打|拨|致电|投诉到?|举报|报警|call|ring|dial)(?:给|了|到|过|the )?\s?(?:95[0-9]{3}|"
    r"100[0168][0-9]|12[0-9]{3}|11[09]|12[02]|999|911)(?![0-9元块])|"
    r"(?<![0-9])96110(?![0-9元块])|报(?:了|过)?110(?![0-9元块])|[打拨的]400(?![0-9.元块])|400(?=打|电话|热线|"
    r"客服)|"
    r"(?:打|拨)(?:了|过|通)?1[0-9]{2,4}(?=投诉|举报|告|热线|报警)|(?<![0-9])(?:123(?:15|45|"
    r"78|63|33)|12363)(?![0-9元块])|(?<![0-9])996(?![0-9元块])"
)
_CODES = (
    r"(?:尾号|卡号|账号|账户|单号|订单|合同|编号|工号|手机号?|电话|号码|身份证|验证码|密码|邮编|微信|qq|案号)"
    r"[号码]?(?:后四位|尾数|末四位)?\s?[是为:]?\s?[0-9]{4,}(?![0-9]*[元块])|"
    r"\b(?:order|ref(?:erence)?|acct|account|card|ending(?: in)?|number|code|pin|otp|case|ticket|"
    r"invoice|policy|phone|mobile|flight|"
    r"room|flat|apartment|unit|bus|train|ext|extension|postcode|zip|loan id|id)"
    r"\s?(?:number|no\.?|id|ending(?: in)?|is|:|#){0,2}\s?#?[0-9]{4,}(?![0-9])|"
    r"(?<![0-9])[零〇一二三四五六七八九]{3,}+(?![两十百千万年块元蚊])"
)
_HASHED = re.compile(r"#[0-9]{3,}")
_ZH = re.compile("|".join((_ZH_IDIOMS, _ZH_AGES)))
_EN = re.compile(rf"\b(?:{_EN_IDIOMS})|{_EN_AGES}|{_EN_NAMES}", re.A)
_ANY = re.compile("|".join((_LONG, _PHONES, _CODES)), re.A)


def find(text: str, *, han: bool, latin: bool, hashes: bool) -> list[tuple[int, int]]:
    """Return the spans of a folded text that must yield no value; `hashes`: #5000 is a reference."""
    spans = [match.span() for match in _ANY.finditer(text)]
    if hashes:
        spans += [match.span() for match in _HASHED.finditer(text)]
    if han:
        spans += [match.span() for match in _ZH.finditer(text)]
    if latin:
        spans += [match.span() for match in _EN.finditer(text)]
    return spans


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with the spans overwritten by a filler, length kept."""
    if not spans:
        return text
    chars = list(text)
    for start, end in spans:
        chars[start:end] = "\x00" * (end - start)
    return "".join(chars)
