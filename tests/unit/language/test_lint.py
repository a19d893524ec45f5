"""What must not be said is found in both languages and in any spelling; what sounds like it is not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.lint import CATEGORIES, Context, fold
from bot.storage.lint_rules import load_rules

LEXICON = load_rules(Path(__file__).parents[3] / "policies/lint")
VERIFIED = Context(verified=True, hosts=frozenset({"grace.example"}))
STRANGER = Context(names=("晨光贷款公司", "Morning Loan Company"))


def categories(text: str, context: Context = VERIFIED) -> set[str]:
    return {one.category for one in LEXICON.lint(text, context)}


BROKEN = {
    "false_authority": [
        "公安机关会联系您",
        "法院马上处理",
        "您的案件已立案",
        "检察院专案组通知",
        "律师函已寄出",
        "The police will be informed.",
        "There is a warrant out for you.",
        "A case has been filed against you.",
        "Our prosecutor will call.",
    ],
    "threats": [
        "后果自负",
        "我们会派人上门",
        "你等着坐牢吧",
        "您会被通缉",
        "马上冻结您的工资",
        "还不上就上门",
        "不会还钱就等着坐牢",
        "You will be arrested.",
        "We can seize your wages.",
        "You will end up in jail.",
        "Someone will come to your house",
        "Pay, or else.",
    ],
    "shame": [
        "我们会通知您的家人",
        "不还就联系你单位领导",
        "告诉村委",
        "把名单公示",
        "会被曝光",
        "你这个老赖",
        "爆通讯录",
        "We will tell your family.",
        "I'm going to contact your employer",
        "We will expose you",
        "deadbeat",
    ],
    "false_urgency": [
        "这是最后一次机会",
        "今天必须还",
        "优惠仅限今日",
        "请立即全额还款",
        "This is your final chance.",
        "Act today!",
        "You must pay now.",
    ],
    "credit_lies": [
        "可以帮您洗白征信",
        "会影响子女上学",
        "孩子政审过不了",
        "We can erase your record.",
        "It will affect your children.",
    ],
    "borrow_to_repay": [
        "可以借新还旧",
        "信用卡套现一下",
        "找亲友借一点",
        "向朋友周转一下",
        "You could borrow elsewhere.",
        "Take a cash advance",
        "Ask your friends for a loan.",
    ],
    "unapproved_promise": [
        "保证减免罚息",
        "给您免息",
        "停息挂账没问题",
        "I guarantee the waiver.",
        "This is a guaranteed waiver",
        "We will definitely waive the fee.",
    ],
    "contempt": [
        "你就是骗子",
        "真是无赖",
        "不要脸",
        "You scammer.",
        "Shame on you!",
    ],
    "credentials": [
        "把验证码发给我",
        "请告诉我您的密码",
        "转到这个私人账户",
        "不要担心，把验证码发给我",
        "我们不会索要密码。请把验证码发来",
        "Send me the OTP.",
        "What is your password?",
        "Transfer it to my personal account",
        "Don't worry, send me your OTP.",
        "We never ask for much, just send the OTP",
    ],
}
FINE = {
    "false_authority": [
        "您也可以向法院说明情况",
        "破产程序里法院的案号是多少",
        "如果遇到危险请马上报警",
        "小心有人冒充公安",
        "This is a case we can settle together.",
        "Beware of people claiming to be the police.",
    ],
    "threats": [
        "我们不会上门",
        "不会有人上门",
        "您不用上门办理",
        "晚上八点以后方便吗",
        "No one will come to your home.",
        "You will not be arrested.",
        "Is there anything else?",
    ],
    "shame": [
        "我们不会联系您的家人",
        "不会通知您的单位",
        "您也可以告诉家人",
        "我请同事联系您",
        "我联系同事帮您看看",
        "We will never contact your employer.",
        "You may want to tell your family.",
        "A colleague will call you.",
    ],
    "false_urgency": [
        "今天方便吗",
        "您的借款今天应还300元",
        "这不是最后一次机会",
        "不用立即还款",
        "It is due today, 6 March.",
        "You don't have to pay it at once.",
    ],
    "credit_lies": [
        "逾期可能报送征信",
        "没有人能洗白征信",
        "希望孩子一切都好",
        "A late payment may be reported to the credit bureau.",
        "Nobody can erase your record.",
        "I hope your children are well.",
    ],
    "borrow_to_repay": [
        "您不用找亲友借",
        "请不要借新还旧",
        "您的借款还剩两期",
        "Please don't borrow from friends for this.",
        "You never need to borrow elsewhere.",
    ],
    "unapproved_promise": [
        "减免的事我自己定不了",
        "我不能保证减免",
        "没有免息的安排",
        "I can't guarantee a waiver.",
        "I've passed your request for a waiver on.",
    ],
    "contempt": [
        "谨防骗子",
        "我们不是骗子",
        "骗子可能冒充我们",
        "Beware of scammers.",
        "We are not scammers.",
    ],
    "credentials": [
        "我们不会索要验证码",
        "我们不会索要密码或验证码。",
        "请不要把验证码告诉任何人",
        "我们不会请您转账到个人账户。",
        "忘记密码可以在App里重置",
        "We will never ask for your OTP.",
        "We never ask for passwords or codes.",
        "We never ask for your password, OTP or PIN number.",
        "Please do not share your password with anyone.",
        "To reset your password, open the app.",
    ],
}


@pytest.mark.parametrize(("category", "text"), [(name, one) for name in BROKEN for one in BROKEN[name]])
def test_what_must_not_be_said_is_found(category: str, text: str) -> None:
    assert category in categories(text)


@pytest.mark.parametrize("text", [one for texts in FINE.values() for one in texts])
def test_what_only_sounds_like_it_is_not(text: str) -> None:
    assert categories(text) == set()


def test_every_category_of_words_is_tried_both_ways_in_both_languages() -> None:
    tried = {rule.category for rule in LEXICON.rules} - {"debt"}
    assert tried == set(BROKEN) == set(FINE)
    for texts in (*BROKEN.values(), *FINE.values()):
        assert {text.isascii() for text in texts} == {True, False}
    assert set(CATEGORIES) >= tried


@pytest.mark.parametrize(
    "text",
    [
        "後果自負",
        "我們會派人上門",
        "法院傳票",
        "凍結您的工資",
        "通緝",
        "檢察院專案組",
        "聯繫您的家屬",
        "老賴",
        "爆通訊錄",
        "把驗證碼發給我",
        "轉到私人賬戶",
        "停息掛賬",
        "洗白徵信",
        "騙子，無賴",
        "找親友借",
        "保證減免",
        "影響子女政審",
        "僅限今日",
        "公 安",
        "公·安",
        "验-证-码",
        "公\u200b安",
        "ＯＴＰ",
        "𝐎𝐓𝐏",
        "Ⓞⓣⓟ",
        "O\u200bTP",
        "把OTP发给我",
        "PASSWORD",
        "p\u0301assword",
        "final\n chance",
        "⽼赖",
    ],
)
def test_no_other_spelling_gets_around_it(text: str) -> None:
    assert categories(text)


@pytest.mark.parametrize(
    "text", ["{name}您好", "Hello %(name)s", "｛name｝", "{}", "{{amount}}", "%s 元", "${amount}"]
)
def test_a_variable_that_was_not_filled_in_is_found(text: str) -> None:
    assert categories(text) == {"variable"}


@pytest.mark.parametrize("text", ["50% so far", "100%", "（元）", "3%的利率", "a 5%s"])
def test_a_percent_sign_is_no_variable(text: str) -> None:
    assert categories(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x",
        "看www.evil.com",
        "evil.com",
        "t.me/abc",
        "点bit.ly/3xyz查看",
        "https://grace.example@evil.com/",
        "https://grace.example.evil.com",
        "https://grace.example\\@evil.com",
        "https://notgrace.example",
        "alipays://platformapi",
        "http://[::1",
        "ｈｔｔｐｓ：／／evil.com",
    ],
)
def test_a_link_off_the_list_is_found(text: str) -> None:
    assert "link" in categories(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://grace.example/chat/l/abc",
        "见 https://pay.grace.example。",
        "3.5 or 4.5",
        "at 8.30/9",
        "e.g. this",
    ],
)
def test_a_link_on_the_list_and_a_number_are_not(text: str) -> None:
    assert categories(text) == set()


@pytest.mark.parametrize("text", ["应还300元", "CNY 300", "¥1,200.50", "300 dollars", "三千元", "￥３００"])
def test_an_amount_stands_in_no_subject_or_preview(text: str) -> None:
    assert "amount" in categories(text, Context(verified=True, place="subject"))
    assert "amount" not in categories(text, VERIFIED)


@pytest.mark.parametrize(
    "text",
    [
        "您的借款",
        "已逾期",
        "欠款",
        "还款",
        "您的貸款",
        "300元",
        "your loan",
        "it is overdue",
        "CNY 300",
        "you owe us",
    ],
)
def test_nothing_of_the_debt_is_said_before_identity_is_verified(text: str) -> None:
    assert "debt" in categories(text, STRANGER)
    assert "debt" not in categories(text, VERIFIED)


@pytest.mark.parametrize(
    "text", ["我是晨光貸款公司的智能助手", "The automated assistant of Morning Loan Company"]
)
def test_the_lenders_own_name_may_be_said_to_anybody(text: str) -> None:
    assert categories(text, STRANGER) == set()


def test_a_finding_says_where_it_stands_in_the_text_as_it_was_written() -> None:
    text = "您好，公\u200b 安 和ＯＴＰ"
    found = [(one.rule, text[slice(*one.span)]) for one in LEXICON.lint(text, VERIFIED)]
    assert found == [("zh-authority", "公\u200b 安"), ("en-credentials", "ＯＴＰ")]


class TestTheFirstMessage:
    FACTS = ("明达消费金融", "400-000-0000")
    FULL = (
        "我是明达消费金融的智能助手。想核实真伪，可拨打400-000-0000。"
        "回复“人工”找同事，“投诉”提意见，“停止”不再收到消息。"
    )

    def missing(self, text: str, language: str = "zh") -> set[str]:
        return {one.rule for one in LEXICON.missing(text, language, self.FACTS)}

    def test_it_lacks_nothing_when_all_is_said(self) -> None:
        assert self.missing(self.FULL) == set()

    @pytest.mark.parametrize(
        ("without", "lacks"),
        [
            ("智能助手", "zh-automated"),
            ("核实真伪", "zh-verify"),
            ("人工", "zh-person"),
            ("投诉", "zh-complaint"),
            ("停止", "zh-opt_out"),
            ("明达消费金融", "明达消费金融"),
            ("400-000-0000", "400-000-0000"),
        ],
    )
    def test_each_duty_is_missed_by_name(self, without: str, lacks: str) -> None:
        assert self.missing(self.FULL.replace(without, "")) == {lacks}

    def test_a_language_without_rules_is_no_excuse(self) -> None:
        assert "fr-duties" in self.missing("Bonjour", "fr")


CONTEXTS = st.builds(
    Context,
    verified=st.booleans(),
    place=st.sampled_from(["body", "subject"]),
    hosts=st.just(frozenset({"grace.example"})),
    names=st.lists(st.text(max_size=5), max_size=2).map(tuple),
)
FRAGMENTS = st.sampled_from([one for texts in (*BROKEN.values(), *FINE.values()) for one in texts])
TEXTS = st.one_of(st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=6).map("".join))


@given(TEXTS, CONTEXTS)
def test_it_never_raises_and_every_span_lies_in_the_text(text: str, context: Context) -> None:
    for one in LEXICON.lint(text, context):
        assert 0 <= one.span[0] < one.span[1] <= len(text)
        assert one.reason == CATEGORIES[one.category]


@given(st.text())
def test_every_folded_character_leads_back_to_a_place_in_the_text(text: str) -> None:
    form = fold(text)
    starts = [form.origin(place, place + 1)[0] for place in range(len(form.text))]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)


@given(
    st.sampled_from([one for texts in BROKEN.values() for one in texts]),
    st.text("\u200b\u200d\ufeff", max_size=3),
)
def test_width_case_and_invisible_characters_change_nothing(text: str, invisible: str) -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)
    for form in (wide, text.upper(), invisible.join(text)):
        assert categories(form) >= categories(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "您" * 20_000,
        "不会" + "您" * 20_000,
        "never ask " * 2_000,
        "a." * 10_000,
        "{" * 20_000,
        "9" * 20_000,
        "不" * 20_000,
        "公 " * 10_000,
        "not " * 5_000,
        "http://" + "a" * 20_000,
        "联系" * 10_000,
    ],
)
def test_the_longest_message_is_read_in_a_moment(text: str) -> None:
    start = time.perf_counter()
    LEXICON.lint(text, STRANGER)
    assert time.perf_counter() - start < 30
