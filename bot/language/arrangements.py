"""Which kind of arrangement a message wants, and what of one that is agreed: ended, changed, sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FEW = r"[^,，。.!?！？;；]"
_NOT_ZH = r"(?<!不)(?<!别)(?<!不要)(?<!不想)(?<!不用)(?<!没有)"
_NOUN_ZH = r"(?:方案|计划|安排|协议|约定|分期|延期)"
_NOUN_EN = r"(?:plan|agreement|arrangement|instal?lments?|extension)\b(?! reminders?)"
_ASKED_EN = r"(?:(?:the|my|our|this|that|a|an|current|existing|whole|payment|agreed|old|new)\s+)*"

_HOLIDAY = re.compile(
    r"^\W*(?:就|那就|选|要)?暂停(?:还款)?(?:的?那个|吧|好了|可以|行)*\W*$"
    r"|^\W*(?:the )?(?:break|pause|holiday)(?: please| then)?\W*$"
    r"|(?<![不别])(?<!不[会要用])(?<!没有)(?:暂停|停|缓|歇)还款?"
    r"|(?:暂停|停|缓|歇)(?:上|个)?(?:半|[一两二三四五六\d]+)个?月"
    r"|暂缓(?:还款|[一两二三四五六\d]+个?月)|还款假|喘息期"
    r"|(?:这|下|头|前)(?:[一两二三四五六\d]*个?)月(?:先不还|先别还|停还|免还|不还(?=行|可|成|吗|好)|跳过)"
    r"|跳过?(?:一|两|几|\d)期|\b(?:payment|repayment)s? (?:holiday|break|pause)"
    r"|\b(?:holiday|break|breather|pause) (?:from|on|in|for)"
    r" (?:my |the )?(?:re)?pay(?:ing|ments?)\b"
    r"|\b(?:pause|suspend|freeze|halt) (?:my |the |all )?(?:re)?payments?\b"
    r"|\bskip (?:a|one|two|three|the|my|this|next)(?: next| \w+)? (?:payments?|months?|instal?ments?)\b"
    r"|\bmonths? off\b|\bpay nothing (?:for|until)\b",
    re.IGNORECASE,
)
_SKIPS_ONE = re.compile(
    r"(?:这|下)个?月(?:先不还|先别还|停还|免还|不还|跳过)|跳过?一期"
    r"|\bskip (?:a|one|the|my|this|next)\b|\ba month off\b",
    re.IGNORECASE,
)
_REST = (
    r"(?:剩下?的?|剩余的?|其余的?|余下的?|余款|尾款|另一半|另外一半|(?:其他|别)的"
    r"|\b(?:the )?(?:rest|remainder|balance|remaining|other half)\b|\bhalf later\b)"
)
_NOW = (
    r"(?:先|现在|今天|马上|立刻|这就|眼下|手头|\b(?:now|today|right away|straight away|first|up ?front"
    r"|immediately|at once)\b)"
)
_PAYS = r"(?:还|付|给|交|转|拿得?出|\b(?:pay|put down|give|do|manage|send|transfer|half)\b)"
_PARTIAL = re.compile(
    rf"(?:{_NOW}.{{0,24}}{_PAYS}|{_PAYS}.{{0,24}}{_NOW}).{{0,24}}{_REST}|部分还款"
    r"|^\W*(?:就|那就|选|要)?先还一部分\W*$|\bpart(?:ial)? payment\b",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    rf"{_NOT_ZH}(?:取消|终止|作废|撤销|解除|退掉|废掉|停掉)了?{_FEW}{{0,8}}?{_NOUN_ZH}"
    rf"|{_NOUN_ZH}{_FEW}{{0,6}}?{_NOT_ZH}(?:取消|终止|作废|撤销|解除|不要了|不想要了|不做了|退掉|停掉)"
    rf"|(?<!don't )(?<!dont )(?<!not )(?<!never )\b(?:cancel|end|stop|terminate|call off|undo|revoke|drop"
    rf"|scrap|get out of)\s+{_ASKED_EN}{_NOUN_EN}|\b(?:don't|do not|no longer) want {_ASKED_EN}{_NOUN_EN}",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    rf"{_NOT_ZH}(?:改|调整|变更|修改|重新(?:做|定|安排|商量|谈)|换)(?!善|天){_FEW}{{0,8}}?{_NOUN_ZH}"
    rf"|{_NOUN_ZH}{_FEW}{{0,8}}?{_NOT_ZH}(?:改|调整?|变更|换|重新)"
    r"|(?:改|换)(?:成|为|到|一下)"
    rf"|\b(?:change|adjust|modify|redo|rework|amend|re-?arrange|renegotiate|alter|revise|replace|update)"
    rf"\s+{_ASKED_EN}{_NOUN_EN}|\b(?:change|switch|move)\s+(?:it|this|that)\s+(?:to|into)\b"
    rf"|\b(?:another|a different|a new)\s+{_NOUN_EN}"
    r"|\binstead of (?:my|the|this) plan\b",
    re.IGNORECASE,
)
_PAPER_ZH = r"(?:还款)?(?:方案|计划表?|安排|协议书?|约定|还款表|日历)"
# A loan's own agreement is its contract, which is another paper.
_NO_LOAN_EN = r"(?<!original )(?<!loan )(?<!credit )(?<!signed )"
_NO_LOAN_ZH = r"(?<!借款)(?<!贷款)(?<!原)"
_PAPER_EN = (
    rf"{_NO_LOAN_EN}(?:plan|agreement|arrangement|schedule|(?:written )?terms"
    r"|calendar(?: file)?|papers?|pdf)\b"
)
_PAPERS = re.compile(
    rf"(?:再|重新|重|补|又)(?:给我)?(?:发|看|传|寄){_FEW}{{0,10}}?{_PAPER_ZH}"
    rf"|(?:把)?{_PAPER_ZH}{_FEW}{{0,8}}?(?:再|重新?|补)(?:给我)?(?:发|看|传|寄)"
    rf"|(?:发|传|给|要){_FEW}{{0,6}}?{_NO_LOAN_ZH}(?:协议书?|还款(?:计划)?表|PDF|日历)"
    rf"|\b(?:re-?send|send|give|show|get|have|see|mail|email|forward)\b(?: \w+){{0,4}}? {_PAPER_EN}"
    r"(?: \w+){0,3}? (?:again|once more|one more time)\b"
    rf"|\bre-?send(?: \w+){{0,3}}? {_PAPER_EN}|\b(?:another|new|a) copy of (?:the |my |our )*{_PAPER_EN}"
    rf"|\b(?:send|give|email)(?: \w+){{0,3}}? {_NO_LOAN_EN}(?:agreement|pdf|written terms|calendar file)\b",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield what is found as (term, value, start, end).

    `arrangement` is holiday, `skip` for one of a month, or partial; `agreement` is cancel, change or papers,
    and means something only where a plan is agreed.
    """
    holiday, partial = _HOLIDAY.search(text), _PARTIAL.search(text)
    if holiday is not None:
        value = "skip" if _SKIPS_ONE.search(text) else "holiday"
        yield "arrangement", value, holiday.start(), holiday.end()
    elif partial is not None:
        yield "arrangement", "partial", partial.start(), partial.end()
    for value, pattern in (("papers", _PAPERS), ("cancel", _CANCEL), ("change", _CHANGE)):
        match = pattern.search(text)
        if match is not None:
            yield "agreement", value, match.start(), match.end()
            return
