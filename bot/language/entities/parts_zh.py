"""Parts of what is owed, in Chinese: 一半, 三分之一, 全款, 还清全部."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bot.language.entities.model import Message
from bot.language.entities.numbers_zh import UNDER_100, value

_PAY = r"[还付给结清交缴打转俾畀过汇补偿]"
_NOT_OF_MONEY = (
    r"(?!的?(?:个人)?(?:信息|资料|数据|内容|消息|短信|记录|联系|问题|手续|证据|材料|通话|家人|朋友|电话|号码|"
    r"家当|身家|积蓄|希望|责任|到期|人|事)|(?:都|给|帮)?我?(?:交给|交由|删|撤|转交|注销|拉黑|停|取消)|"
    r"都?给?你?们?(?:说|讲|告诉)|欠款?是?多少|(?:金额)?是?多少)"
)
_OWED = "的?钱|欠款|本息|余款|款项|金额"
_SHARES = re.compile(rf"(?<!百)(?P<below>{UNDER_100}|[1-9][0-9]?)分之(?P<above>{UNDER_100}|[1-9][0-9]?)")
_HALVES = re.compile(
    r"(?<!另)(?<![到了过])(?:(?P<loose>一[大多小]|[大小])|一)半(?![个天年夜路月小途]|的?(?:人|原因))|"
    rf"对半(?!分手)|半数|(?<={_PAY}[了过到])一半"
)
# Words that mean the sum itself, and 全部, which means it only beside a word for paying.
_WHOLE = re.compile(
    rf"(?<![删保按])(?:全款|全额|全数|整笔|(?:所有|全部)(?:{_OWED})(?=[^，。]{{0,6}}{_PAY})|(?:所有|"
    rf"全部)欠款){_NOT_OF_MONEY}"
    rf"|(?<={_PAY})全部的钱|(?:剩下|剩余|余下)的?(?:钱|款)?(?:全部|全|都)(?={_PAY}|[下这本]个?月|明|后|周|月底|年)"
    rf"|(?<![删保按])全部(?={_PAY}?(?:一?次性?|一起|都|晒)?{_PAY}){_NOT_OF_MONEY}"
    rf"|(?:(?<={_PAY})|(?<={_PAY}[了掉晒完清上你我])|(?<={_PAY}你们)|(?<=^)|"
    rf"(?<=[，。,!?、\s号天底初尾前五晚吧]))"
    rf"全部(?=[\s，。,.!?吧啊呗行]|$)"
    r"|(?<![安完健齐周保])(?:全都?|都一次|一次性?全)(?=给?[还付清结缴俾]|给你(?!们?[说讲])|[打转交汇](?:给你|"
    r"过去))"
)


def find(message: Message) -> Iterator[tuple[tuple[int, int], Fraction, bool]]:
    """Yield (span, part, whether it is vague) of each part named."""
    for match in message.chinese(_SHARES):
        above, below = (_number(match[group]) for group in ("above", "below"))
        if 0 < above <= below:
            yield match.span(), Fraction(above, below), False
    for match in message.chinese(_HALVES):
        yield match.span(), Fraction(1, 2), match["loose"] is not None
    for match in message.chinese(_WHOLE):
        yield match.span(), Fraction(1), False


def _number(text: str) -> int:
    return int(text) if text.isascii() else value(text)
