"""Width, case and script folded to one form, with offsets back to what the borrower typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Traditional then simplified, for the characters that money, time and lending talk is made of. One
# character stands for one, so that offsets survive; characters with two readings (參, 乾) stay out.
_SCRIPT_PAIRS = (
    "兩两萬万億亿塊块錢钱個个週周後后號号點点禮礼鐘钟鍾钟幾几貳贰叄叁陸陆國国慶庆節节發发資资還还來来聽听"
    "圓元圆元時时間间內内開开電电話话給给過过這这們们會会說说語语漢汉粵粤華华廣广東东韓韩羅罗臘腊選选項项"
    "種种條条類类額额數数減减滿满應应該该當当對对邊边無无沒没讓让請请問问題题幫帮寬宽緩缓長长遲迟壓压償偿"
    "債债貸贷賬账帳账戶户單单訂订證证碼码機机繳缴費费罰罚滯滞納纳銀银轉转匯汇據据總总餘余歲岁學学業业離离"
    "醫医藥药喪丧殺杀傷伤從从現现實实馬马與与為为並并僅仅繼继續续終终結结約约組组級级紀纪員员財财貴贵買买"
    "賣卖賠赔賺赚車车輛辆進进遠远運运達达適适銷销錯错門门閉闭關关際际險险隨随難难雖虽雙双預预頭头願愿風风"
    "飯饭餓饿驗验體体麼么齊齐歐欧鎊镑盧卢幣币臺台紙纸絕绝經经網网線线聯联聲声職职處处蘭兰裡里裏里複复復复"
    "計计記记訊讯許许訴诉註注試试認认誤误課课調调談谈論论識识護护變变賴赖較较輕轻輸输辦办農农連连郵邮鈔钞"
    "陰阴陽阳隊队階阶雜杂靜静響响頂顶順顺須须領领頻频顧顾飛飞館馆騙骗騷骚擾扰驚惊鬧闹齡龄擇择擔担擊击攤摊"
    "敗败斷断於于書书極极樣样樓楼標标權权歷历曆历歸归氣气決决況况淨净濟济災灾煩烦熱热爭争爺爷狀状獨独獲获"
    "環环產产畢毕盡尽監监確确稅税窮穷競竞筆笔簡简簽签籌筹糧粮紅红細细統统緊紧緒绪編编縮缩織织罷罢聞闻腦脑"
    "臉脸舊旧補补覺觉親亲觀观規规視视訪访設设詞词詢询詳详誰谁諒谅謝谢講讲議议讀读負负責责貨货貼贴趕赶辭辞"
    "遞递遺遗針针鋪铺錄录鐵铁閒闲閱阅隱隐飲饮駕驾動动勞劳務务報报場场執执夠够奪夺婦妇媽妈"
    "揀拣義义薩萨亞亚烏乌愛爱爾尔聖圣瑪玛諾诺魯鲁賓宾緬缅紐纽倫伦維维納纳滬沪吳吴閩闽贛赣壯壮灣湾蘇苏寧宁溫温"
    "晝昼優优價价麗丽鄉乡錫锡"
    "嗎吗將将專专尋寻導导層层屬属師师帶带幹干廠厂張张強强彈弹徵征恆恒懷怀戰战擁拥換换損损暫暂"
    # What the rules on wording search for.
    "丟丢嚴严爲为傳传僞伪偽伪偵侦兒儿養养寫写凍冻湊凑劃划刪删別别勵励喫吃墊垫牆墙寶宝審审廢废憐怜掛挂檢检洩泄"
    "遊游滾滚獄狱癡痴稱称緝缉羣群範范裝装詐诈説说諾诺謹谨質质輩辈違违鄰邻強强罵骂繫系係系"
)
_DASHES = "‐‑‒–—―−﹣"
_TILDES = "〜∼˜"


def _table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)}
    # A full-width comma divides clauses; folded to "," it would glue 500，300 into one amount.
    table[ord("，")] = "，"
    table.update({code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
    table.update(dict.fromkeys(map(ord, _DASHES), "-"))
    table.update(dict.fromkeys(map(ord, _TILDES), "~"))
    table.update(dict.fromkeys(map(ord, "’‘ʼ"), "'"))
    table.update(dict(zip(map(ord, "ⅠⅡⅢⅣⅤⅥ"), "123456", strict=True)))
    table.update({0x3000: " ", 0xA0: " ", 0x202F: " ", 0x2009: " ", ord("￥"): "¥", ord("￡"): "£"})
    table.update({ord(old): new for old, new in zip(_SCRIPT_PAIRS[::2], _SCRIPT_PAIRS[1::2], strict=True)})
    return table


_TABLE = _table()
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\ufeff]+")
_WIDE_THOUSANDS = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
# 1，200元 from a Chinese keyboard; without the currency, 2，500 may be two things.
_MIXED_THOUSANDS = re.compile(
    r"((?<=[¥￥$])[0-9]{1,3}|"
    r"(?<![0-9])[0-9]{1,2}(?=，[0-9]{3}(?:\.[0-9]{1,2})?[元块塊]))，(?=[0-9]{3}(?![0-9]))"
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What to write, a character or nothing, for a half-open span of a folded text."""

    start: int
    end: int
    char: str


@dataclass(frozen=True, slots=True)
class Normalised:
    """A folded text; `spans[i]` is where its i-th character stands in the original (None: the same)."""

    text: str
    spans: tuple[tuple[int, int], ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Translate a non-empty half-open span of `text` into one of the original."""
        if self.spans is None:
            return start, end
        return self.spans[start][0], self.spans[end - 1][1]

    def edited(self, edits: Sequence[Edit]) -> Normalised:
        """Return the text with edits made, which are in order and do not overlap."""
        if not edits:
            return self
        chars: list[str] = []
        spans: list[tuple[int, int]] = []
        place = 0
        for edit in (*edits, Edit(len(self.text), len(self.text), "")):
            chars += self.text[place : edit.start]
            spans += [self.origin(i, i + 1) for i in range(place, edit.start)]
            if edit.char:
                chars.append(edit.char)
                spans.append(self.origin(edit.start, edit.end))
            place = edit.end
        return Normalised("".join(chars), tuple(spans))


def normalise(text: str) -> Normalised:
    """Fold full-width forms, upper case, dashes and Traditional characters; drop invisible ones.

    Never raises; a text without invisible characters keeps its length.
    """
    text = _WIDE_THOUSANDS.sub(",", text)
    text = _MIXED_THOUSANDS.sub(r"\1,", text)
    if not _INVISIBLE.search(text):
        return Normalised(text.translate(_TABLE))
    kept = [(place, char) for place, char in enumerate(text) if not _INVISIBLE.match(char)]
    folded = "".join(char for _, char in kept).translate(_TABLE)
    return Normalised(folded, tuple((place, place + 1) for place, _ in kept))
