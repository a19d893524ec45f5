"""Which of the options offered, in Chinese: 第二个, 最后那种, 头一个, 选2, 方案B."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import D, small

_MEASURE = "[个種种项条款套档类样组份]"
# What a measure counts besides options.
_NOT_OPTION = (
    r"(?!的?(?:月|星期|礼拜|周|季|人|问题|电话|孩子|儿子|女儿|闺女|老公|老婆|家|小时|还款|债|平台|贷款|原因|"
    r"工作|年|"
    r"天|钟|账|订单|短信|消息|信息|公司|跟我|让我|对我|给我[打发]|肯|链接|连接|码|按钮|页面|图|截图|文件|"
    r"附件|合同|"
    r"邮箱|微信|卡|银行|地址|名字|字|数字|客服|催收|想|念头|要求|条件|理由|步|工资|班|学期|房|车|手机|号码|"
    r"支付|生日|胎|款项))"
)
_END = r"(?=\s*(?:$|[，。,.!?;、]|吧|呗|好|啦|喇|可以|行|的|咯|啰|唔|谢|多谢|哈|呢|也|就|哦|噢))"
_NTH = "[一二三四五六七八九十①②③④⑤⑥]|[0-9]{1,2}"
_PATTERN = re.compile(
    rf"倒数第(?P<fromlast>{D}|[0-9]{{1,2}})(?:{_MEASURE})?"
    rf"|第(?P<nth>{_NTH})(?:嗰|那)?(?:{_MEASURE}|号)(?:方案|选项|计划)?{_NOT_OPTION}"
    rf"|(?P<last>(?:最[后末尾](?:面|头|边)?|最[下底](?:面|下)|末[尾了]|末|尾)的?(?:一|那一?|嗰|这一?)?"
    rf"(?<!末)(?<!尾)(?<!了){_MEASURE}|最[后末尾]那?{_MEASURE}|(?:[末尾]|[后最]头|后头那|"
    rf"后头嗰)[个种项](?![月天日]))(?:方案|选项)?{_NOT_OPTION}"
    rf"|(?P<final>最后的(?:方案|选项)?){_END}"
    rf"|(?P<fore>前者|(?<![一两后前开里外上下回手码源老])头(?:一|嗰|那)?[个种種项样]|首个|最[上前](?:面|"
    rf"头)那?一?{_MEASURE}){_NOT_OPTION}|(?P<aft>后者)"
    rf"|(?:选|挑|拣|要|就|按|用|来|还是|定)第(?P<bare>{_NTH}){_END}"
    rf"|(?:方案|选项|选择|套餐|计划)\s?(?P<option>[一二三四五六七八九十]|[0-9]{{1,2}}|[①②③④⑤⑥]|"
    r"[a-f](?![a-z]))(?![0-9百千万十块元个天期月次年])"
    r"|(?:选|挑|拣)(?:择)?(?:第|方案)?\s?(?P<pick>[0-9](?![0-9.,:/百千万十块元kw天"
    r"期月次年点号笔成折%])|[一二三四五六](?![一二三四五六七八九十百千万点块元个天期月次年定下样起直些笔成折种分])"
    r"|[a-f](?![a-z])|[①②③④⑤⑥])"
    r"|(?P<number>[一二三四五六]|[1-9])号(?:方案|选项|套餐)|(?P<letter>[a-f])\s?(?:方案|选项|计划|套餐)|"
    r"(?P<circled>[①②③④⑤⑥])(?=[\s.,!?，。]*$)"
)
_ASKED = re.compile(r"(?P<aft>[后下]面(?:那|嗰)个)|(?P<fore>[前上]面(?:那|嗰)个)")
_CIRCLED = "①②③④⑤⑥"


def find(message: Message) -> Iterator[tuple[tuple[int, int], int | None]]:
    """Yield (span, which): from 1, and from the end −1; None where the number makes no sense."""
    for match in _PATTERN.finditer(message.text):
        yield match.span(), _which(match)
    if message.context.expected == "ordinal":
        for match in message.chinese(_ASKED):
            yield match.span(), 1 if match["fore"] else -1


def _which(match: re.Match[str]) -> int | None:
    if match["fromlast"]:
        number = small(match["fromlast"])
        return -number if number else None
    if match["last"] or match["final"] or match["aft"]:
        return -1
    if match["fore"]:
        return 1
    groups = ("nth", "bare", "option", "pick", "number", "letter", "circled")
    return place(next(match[name] for name in groups if match[name]))


def place(word: str) -> int | None:
    """Return the place that a figure, a numeral, a letter or a circled figure stands for."""
    if word in _CIRCLED:
        return _CIRCLED.index(word) + 1
    if len(word) == 1 and "a" <= word <= "f":
        return ord(word) - ord("a") + 1
    return small(word)
