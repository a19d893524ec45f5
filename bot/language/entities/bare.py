"""When a number without a currency is an amount: by the words around it, or by the question just asked."""

from __future__ import annotations

import re

from bot.language.entities import counts
from bot.language.entities.model import Message
from bot.language.entities.numeral import Numeral

_LEAST = 10
_LAST_DAY = 31
_LONGEST = 8
# What counts things other than money, right after the number.
_COUNTED = re.compile(
    r"\s?(?:[个天日岁号楼层户位张台部辆件份步遍倍度米里斤秒点时集章节页字只匹股口瓶包粒片针支级"
    r"届群波顿餐趟折笔平期条克吨亩种款样辆头首单栋座间碗桶箱]|人(?!民)|"
    r"成(?!不|吗|么)|小时|本(?![周月金期人])|周(?![一二三四五六日末内])|星期(?![一二三四五六日天])|"
    r"礼拜(?![一二三四五六日天])|"
    r"月(?![底初中末供尾])|年(?![底初])|家(?![里人])|次(?![月日])|公[里斤分]|"
    r"分(?![期开次成几多0-9一二两三四五六七八九十])|毫|克|多[个人次天年]|开头)|"
    r"(?!ish\b)[a-z]|\s?[%:@/_]|[.,-][0-9]|\s?percent"
)
_ENGLISH_NEXT = re.compile(
    r"\s*(?:$|[^\sa-z0-9])|\s+(?:on|by|a|an|per|each|every|now|today|tonight|tomorrow|tmrw|tmr|this|"
    r"next|in|for|is|as|at|and|or|but|then|"
    r"to|before|after|from|when|if|would|will|can|could|max|maximum|min|minimum|tops|ok|okay|please|"
    r"pls|plz|only|monthly|weekly|fortnightly|biweekly|"
    r"daily|off|left|until|till|right|with|straight|upfront|up|first|down|extra|more|instead|so|"
    r"because|cuz|cos|since|not|no|is|was|be|"
    r"that|that's|thats|i|i'll|i'd|i'm|you|it|it's|its|the|my|of(?! you| us| them)|back|here|there|"
    r"just|maybe|or|mon|monday|tue|tuesday|wed|wednesday|thu|"
    r"thursday|fri|friday|sat|saturday|sun|sunday|end|work|works|do|does|good|fine|enough|possible|"
    r"pm|pcm|pw|p|once|again|soon|later|asap|"
    r"anyway|altogether|total|cash|short|behind|late|though|tho|mate|sir|lol|how|what|all|which|"
    r"starting|towards?|into|onto|straight|plus|minus|too|total|at|like|became|becomes|give|already|"
    r"than|rather|become|becomes|later|munth|can|lah|leh|lor|liao|bah|sia|abeg|dey|go|fit|na|sha|o|oo|biko|"
    r"oga|sef|madam|ma|ma'am|ji|bhi|hai|mein|"
    r"tak|se|de|dunga|dungi|de sakta|bro|boss|dear|pal|love|hun|thanks|thank|ta|cheers|over|split|across|"
    r"something|inclusive|including|cash|deposit|payment|via|using|through|he|she|they|we|u|ur)\b",
    re.A,
)
_VERB_ZH = re.compile(
    r"(?:还(?!是)|付|给|交|打|转|存|出|凑|借|欠|拿|汇|充|补|剩|免|减|扣|差|要|花|赔|退|"
    r"收|挣|赚|领|发|有|最多|最少|至少|起码|最低|最高|首付|定金|首期|月供|"
    r"余额|额度|本金|利息|罚息|滞纳金|工资|收入|先|每个?月|每期|每周|一期|俾|畀|供|上限|预算|"
    r"降到|改成|变成|不到|超过|少于|多于|低于|高于|只能|可以|能|"
    r"算|剩|从|由|原来|本来|一共|总共|共|合计|总额|加起来|一次|凑|弄|搞|整|顶天|撑死|押金|房租|租金|生活费|"
    r"拨|缴|"
    r"就|大概|大约|差不多|可能|估计|约|接受|按|还款|欠款|金额|多收|少了|"
    r"多了)[^，。,.!?;、\n0-9一二两三四五六七八九十]{0,5}$|那$"
)
_VERB_EN = re.compile(
    r"\b(?:up to|pay|paid|paying|pays|payment|send|sent|sending|transfer(?:red)?|give|gave|giving|afford|"
    r"do|manage|put|offer(?:ed)?|owe|owed|"
    r"borrow(?:ed)?|deposit(?:ed)?|have|had|got|get|find|scrape|spare|make|makes|made|earn|earns|"
    r"bring|lower|drop|reduce|cut|split|down|chuck|knock|throw|stick|wire|drop|tap|spend|spent|"
    r"only|just|max|maximum|minimum|least|most|than|upto|about|around|roughly|maybe|perhaps|approx|"
    r"say|how|what|accept|settle|lend|"
    r"lent|loan|take|cost|costs|charged?|charging|fee|fees|interest|balance|left|short|instalments?|"
    r"figure|call it|make it|expect|count on|thinking|looking at|good for|comes? to|total(?:s|led|ling)?|"
    r"start(?:ing)? (?:with|at)|"
    r"squeeze|toss|chip in|arrange|organi[sz]e|raise|collect|push|credit|remit|zelle|venmo|cashapp|paynow|"
    r"paylah|"
    r"paytm|gpay|boleh|fit|clear|settle|raised?|salary|wages?|rent|budget|more like|closer to|use|"
    r"installments?|under|over|above|below|"
    r"monthly|weekly|each|month|week)"
    r"(?:\s+(?:you|u|it|back|off|only|just|about|around|like|maybe|at|least|most|a|an|the|him|her|"
    r"them|up|to|of|for|me|say|"
    r"roughly|probably|with|another|extra|i|can|could|is|was|have|you|them|down|together|in|total|really|"
    r"actually|definitely|"
    r"more|least)){0,4}\s*$",
    re.A,
)
_FROM_EN = re.compile(r"\b(?:from|between|either)\s+$", re.A)
_IS_EN = re.compile(r"\b(?:is|was|be|were|it's|that's|said|says|just)\s+$", re.A)
_ASKED_EN = re.compile(
    r"\s*-?ish\b|\s*[,]?\s+(?:or so|now|later|up ?front|max|tops|today|tomorrow|tonight|tmr|tml|works?\b|"
    r"instead|"
    r"is (?:all|what|the|my|possible|fine|ok|doable|too)|would|ok\b|can\b|lah\b|leh\b|lor\b|abeg\b|"
    r"(?:in|over|into|split|spread|across)\s+(?:into |over |in |across )?(?:[0-9]{1,2}|two|three|four|five|"
    r"six|"
    r"eight|ten|twelve)\s+(?:pay|inst|mon|week|part|goe|emi|chunk|equal|lot|bit|mth|wk))"
)
_ASKED_ZH = re.compile(
    r"\s*(?:可不可以|可以|行不行|行吗|行不|够|吧|好吗|好不好|成吗|成不|左右|以内|上下|怎么样|如何|"
    r"先|以上|以下|封顶|ok|得唔得|"
    r"分[成开作]?(?:[0-9一二两三四五六七八九十]{1,2}[期次笔份个]|几[期次])|(?:拆|摊|"
    r"切)[成开]?(?:[0-9一二两三四五六七八九十]{1,2}[期次笔份]))"
)
_APART_LEFT = re.compile(
    r"(?:^|[，。,:、;]\s*|[一-鿿]\s*|(?:day|tomorrow|tmrw|tonight|mon|tue|tues|wed|thu|"
    r"thurs|fri|sat|sun|week|month|[0-9](?:st|nd|rd|th)|am|pm)\s+)$"
)
_APART_RIGHT = re.compile(
    r"\s*(?:$|[，。,!?;、]|吧)|\s+(?:on|by|this|next|today|tonight|tomorrow|mon|tue|wed|"
    r"thu|fri|sat|sun|before|after|[一-鿿])"
)
# What is counted by the hundred or thousand besides money.
_THINGS = re.compile(
    r"[\s-]*(?:run|race|people|persons|folks|followers|words|steps|miles|km|views|likes|subs|video|"
    r"tv|screen|monitor|times|calls|texts|messages|emails|"
    r"letters|days|weeks|months|years|hours|minutes|mins|seconds|points|kids|shares|units|tickets|"
    r"jobs|loans|cards|staff|years?|percent|pct|metres|"
    r"meters|grams|kilos|kg|lbs|sq|square|degrees|volts|watts|customers|employees|reasons|ways|"
    r"things|things|options|payments|instal\w*)\b"
)
EDGE_LEFT = re.compile(r"(?:^|[\s，。,.!?;:、(~]|[就要选分那还是来改成做按给我出付])$")
"""What may stand before a number given as an answer."""
EDGE_RIGHT = re.compile(r"\s?(?=$|[\s，。,.!?;:、)]|吧|就|可|好|行|呢|啊|咯|都|也|得|哦|喔|左右|以内)")
"""What may stand after it."""
WEAK = ("一", "几", "one")
# What a number is the name of: "queue number 2048", "flat 120", 三楼500.
_CODED = re.compile(
    r"(?:\b(?:numbers?|no|nos|code|pin|otp|id|unit|blk|block|room|rm|flat|queue|ref|case|form|section|route|"
    r"bus|line|"
    r"page|ticket|ext|extension|chapter|apt|apartment|box|street|road|house|model|version|gate|seat|floor|"
    r"postcode|zip|account|acct|card|a/c|ending|badge|flight|train|class|grade|level|win|windows|iphone|size|"
    r"locker|door|since|year|area|lane|lot|tower|bay|channel|type|series|bvn|nin|score|aged?|dial|text|call|"
    r"ring)\b|"
    r"[号楼室栋房座型版线路班级群道码区代编分线座机段款第届期])(?:\s*(?:is|was|:|#|no\.?|number|是|为|"
    r"-)){0,3}\s*$"
    r"|\bnumber [a-z]{1,6} $|[后末]四位$",
    re.A,
)
# "Say nine fifteen" may be a time of day.
_OF_THE_DAY = re.compile(
    r"\b(?:at|say|about|around|by|after|before|till|until|ring|call|past|it's)\s+$", re.A
)
_INSULT = ("二百五", "250")


def is_amount(message: Message, numeral: Numeral, *, dated: bool) -> bool:
    """Whether a number without a currency is money all the same; `dated`: the message also names a time."""
    text = message.text
    if not _plausible(message, numeral):
        return False
    if message.context.expected == "money" and _answers(message, numeral):
        return True
    spoken = text[numeral.start : numeral.end]
    left = message.before(numeral.start, 40)
    if numeral.told and _OF_THE_DAY.search(left):
        return False
    verb = _VERB_ZH.search(left[-14:]) is not None or _VERB_EN.search(left) is not None
    if numeral.scale == 1 and numeral.low < 24 and numeral.grouped:
        return verb  # 12.30 may be a time
    if numeral.scale >= 100 or numeral.grouped:
        return verb or spoken not in _INSULT  # 二百五 is an insult unless money is being talked about
    if message.context.expected is not None and numeral.high <= 60:
        return False
    if numeral.low < _LEAST or (numeral.single and 1900 < numeral.low <= 2035 and numeral.low % 50):
        return False  # a year
    if (
        verb
        or _ASKED_ZH.match(text, numeral.end)
        or (numeral.low >= 20 and _ASKED_EN.match(text, numeral.end))
    ):
        return True
    if numeral.low >= _LEAST and numeral.high > _LAST_DAY and not numeral.single and _FROM_EN.search(left):
        return True  # "anything from 50 to 70"
    if numeral.low < 100:
        return False
    if _IS_EN.search(left):
        return True
    # "Friday, 700": a number on its own beside a date is a promise.
    apart = _APART_LEFT.search(message.before(numeral.start, 12)) and _APART_RIGHT.match(text, numeral.end)
    if not numeral.single or (dated and apart is not None):
        return True
    # "like 120 then": a round figure among words; alone it may be anything.
    among_words = len(text.strip(" .,!?，。")) > numeral.end - numeral.start
    return numeral.arabic and among_words and numeral.low % 10 == 0 and _CODED.search(left) is None


def _plausible(message: Message, numeral: Numeral) -> bool:
    """No code, no count of other things, nothing glued to a word."""
    text, start, end = message.text, numeral.start, numeral.end
    if numeral.high <= 0 or numeral.high >= 10**_LONGEST or _COUNTED.match(text, end):
        return False
    if numeral.scale == 1 and counts.INTO_ZH.search(message.before(start, 8)):
        return False
    if start and (
        text[start - 1] in "第/:@#_.-" or (text[start - 1].isascii() and text[start - 1].isalpha())
    ):
        return False
    if (text[end - 1] == "k" or numeral.grouped) and _THINGS.match(text, end) is None:
        return True
    if end < len(text) and text[end].isspace() and _ENGLISH_NEXT.match(text, end) is None:
        following = text[end:].lstrip()[:1]
        return bool(following) and not following.isascii()
    return True


def _answers(message: Message, numeral: Numeral) -> bool:
    """Whether a number answers "how much": three figures, or on its own in a short clause."""
    if numeral.arabic and numeral.low >= 100:
        return True
    spoken = message.text[numeral.start : numeral.end]
    if spoken in WEAK and len(message.text.strip(" .,!?，。")) > len(spoken) + 1:
        return False
    return (
        EDGE_LEFT.search(message.before(numeral.start, 1)) is not None
        and EDGE_RIGHT.match(message.text, numeral.end) is not None
        and message.answers(numeral.start, numeral.end)
    )


def stands_bare(message: Message, numeral: Numeral) -> bool:
    """Whether a number is free to be read as the answer to the question just asked."""
    return _plausible(message, numeral)
