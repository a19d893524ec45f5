"""Papers of a plan: every amount and day stands on them, in each language, in what can be drawn."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event
from PIL import Image
from pypdf import PdfReader

from bot.language import formats
from bot.language.texts import Texts
from bot.papers import cut
from bot.papers.font import MISSING, covered, printable, sized
from bot.papers.lines import wrap
from bot.papers.making import made
from bot.papers.picture import WIDTH
from bot.papers.sheet import agreement_sheet, picture_sheet
from bot.papers.terms import Payment, Terms, picture_pages
from bot.papers.words import CONTEXT, WORDS, Words

HOME = Path(__file__).parents[2]
TEXTS = Texts.load(HOME)
DIGITS = {"CNY": 2, "GBP": 2, "USD": 2, "JPY": 0, "KWD": 3}
PHONE = "400-000-0000"
ALL_LOCALES = pytest.mark.parametrize("locale", TEXTS.locales)


def terms(count: int = 6, currency: str = "CNY", **changes: object) -> Terms:
    """Return terms of so many monthly payments, no two alike, with cents where the currency has them."""
    unit = Decimal(1).scaleb(-DIGITS[currency])
    payments = tuple(
        Payment(n, date(2026, 12, 7) + timedelta(days=30 * n), 12345 * unit * (n + 7))
        for n in range(1, count + 1)
    )
    cost = 20952 * unit
    plain: dict[str, object] = {
        "plan": 128,
        "kind": "instalment",
        "loan": "LN-2024-00817",
        "lender": "明达消费金融",
        "phone": PHONE,
        "borrower": "张伟",
        "agreed_at": datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
        "agreed_on": date(2026, 11, 23),
        "currency": currency,
        "payments": payments,
        "principal": sum((one.amount for one in payments), Decimal(0)) - cost,
        "cost": cost,
        "rate": Decimal("6.20"),
        "how_to_pay": "打开官方App，点“我的借款—还款”。",
        "policy_version": "card-cn@3:0a1b2c3d4e5f",
    }
    return Terms(**{**plain, **changes})  # type: ignore[arg-type]


def pdf(content: bytes) -> tuple[str, int]:
    """Return a PDF's text and how many pages it has, without blanks and zeros, which its reader makes up."""
    pages = PdfReader(io.BytesIO(content)).pages
    return squeezed("".join(page.extract_text() for page in pages)), len(pages)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\x00]", "", text)


def events(content: bytes) -> list[Event]:
    return [one for one in Calendar.from_ical(content).walk("VEVENT") if isinstance(one, Event)]


def darkest(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Return how dark, from 0 to 255, a part of a picture is where it is darkest."""
    return min(image.convert("L").crop(box).tobytes())


class TestWords:
    def test_the_catalogues_hold_just_the_words_of_papers(self) -> None:
        for file in HOME.glob("locales/*/LC_MESSAGES/grace.po"):
            with file.open("rb") as opened:
                written = {str(one.id) for one in read_po(opened) if one.context == CONTEXT and one.string}
            assert written == set(WORDS.values()), file

    @ALL_LOCALES
    def test_every_word_asks_for_the_same_values_and_can_be_drawn(self, locale: str) -> None:
        words = Words(TEXTS, locale)
        for key, source in WORDS.items():
            asked = re.findall(r"\{(\w+)\}", source)
            assert sorted(re.findall(r"\{(\w+)\}", words(key))) == sorted(asked)
            assert {ord(one) for one in words(key)} <= covered(), key

    @ALL_LOCALES
    @pytest.mark.parametrize("currency", DIGITS)
    def test_every_amount_and_day_of_a_locale_can_be_drawn(self, locale: str, currency: str) -> None:
        for month in range(1, 13):
            assert MISSING not in printable(formats.full_day(date(2027, month, month + 7), locale))
        assert MISSING not in printable(formats.exact_money(Decimal("1234567.89"), currency, locale))


class TestFormats:
    @pytest.mark.parametrize(
        ("amount", "currency", "locale", "written"),
        [
            ("3000.00", "CNY", "zh_CN", "3,000.00元"),
            ("3000.00", "USD", "en", "USD\xa03,000.00"),
            ("1200", "JPY", "en", "JPY\xa01,200"),
            ("1.500", "KWD", "zh_CN", "KWD\xa01.500"),
            # The locale data know no decimals of this one, which would drop a third of a dinar.
            ("12.345", "IQD", "en", "IQD\xa012.345"),
        ],
    )
    def test_all_decimals_that_an_amount_has_are_written(
        self, amount: str, currency: str, locale: str, written: str
    ) -> None:
        assert formats.exact_money(Decimal(amount), currency, locale) == written

    def test_a_day_stands_with_its_weekday_and_year(self) -> None:
        day = date(2027, 3, 17)
        assert formats.full_day(day, "zh_CN") == "2027年3月17日（周三）"
        assert formats.full_day(day, "en") == "Wed 17 Mar 2027"
        assert "2027" in formats.full_day(day, "es")

    def test_a_rate_has_two_decimals(self) -> None:
        assert formats.percent(Decimal("6.2"), "en") == "6.20%"


class TestFont:
    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=60))
    def test_whatever_is_written_can_be_drawn(self, text: str) -> None:
        assert {ord(one) for one in printable(text)} <= covered()

    @pytest.mark.parametrize(
        ("given", "drawn"),
        [
            ("张𪚥", f"张{MISSING}"),
            ("Zoë Müller-Łuczak, Erdős", "Zoë Müller-Luczak, Erdos"),
            ("Zoe\u0308", "Zoë"),
            ("李👩‍👧", f"李{MISSING}{MISSING}"),
            ("a\u200b\u202eb\x07\nc", "abc"),
            ("CNY\xa01", "CNY 1"),
            ("𝐀", "A"),
        ],
    )
    def test_what_the_font_lacks_is_plain_or_a_mark_never_a_box(self, given: str, drawn: str) -> None:
        assert printable(given) == drawn

    @settings(max_examples=300, deadline=None)
    @given(
        st.text(st.sampled_from("还款安排，。“”（）abc de-f 1,234.50元:"), max_size=80), st.integers(40, 400)
    )
    def test_lines_keep_every_character_in_order_and_their_width(self, text: str, width: int) -> None:
        measure = sized(20).getlength
        lines = wrap(text, width, measure)
        assert squeezed("".join(lines)) == squeezed(text)
        assert all(measure(line) <= width or len(line) == 1 for line in lines)

    def test_a_line_begins_with_no_closing_mark_and_an_amount_stays_whole(self) -> None:
        text = "请在还款日之前告诉我们，我们一起想办法（1,200.00元），谢谢。" * 3
        for width in range(240, 600, 7):
            for line in wrap(text, width, sized(20).getlength):
                assert line[0] not in "，。）元"
                assert not re.match(r"[,.0]", line)


class TestAgreement:
    @ALL_LOCALES
    @pytest.mark.parametrize("currency", DIGITS)
    def test_it_holds_every_number_of_the_terms(self, locale: str, currency: str) -> None:
        agreed = terms(7, currency)
        text, _ = pdf(made(TEXTS, agreed, locale, "agreement"))
        amounts = [*(one.amount for one in agreed.payments), agreed.total, agreed.cost, agreed.principal]
        for amount in amounts:
            assert squeezed(formats.exact_money(amount, currency, locale)) in text
        for day in (agreed.agreed_on, *(one.due_on for one in agreed.payments)):
            assert squeezed(formats.full_day(day, locale)) in text
        for word in (agreed.lender, agreed.borrower, agreed.loan, PHONE, agreed.policy_version, "6.20%"):
            assert squeezed(word) in text

    @ALL_LOCALES
    @pytest.mark.parametrize(("count", "pages"), [(1, 1), (8, 1), (24, 2), (60, 3)])
    def test_a_long_schedule_goes_on_under_its_head_and_pages_are_numbered(
        self, locale: str, count: int, pages: int
    ) -> None:
        content = made(TEXTS, terms(count), locale, "agreement")
        words = Words(TEXTS, locale)
        reader = PdfReader(io.BytesIO(content))
        assert len(reader.pages) == pages
        for number, page in enumerate(reader.pages, 1):
            text = squeezed(page.extract_text())
            assert squeezed(words("page", page=number, pages=pages)) in text
            shows_rows = re.search(r"20\d\d年\d+月\d+日（周.）\d|[A-Z][a-z]{2}20\d\dCNY", text)
            assert not shows_rows or squeezed(words("amount")) in text

    def test_the_font_is_embedded_in_part_and_the_file_says_what_it_is(self) -> None:
        content = made(TEXTS, terms(), "zh_CN", "agreement")
        reader = PdfReader(io.BytesIO(content))
        assert len(content) < 100_000
        assert reader.metadata is not None
        assert (reader.metadata.title, reader.metadata.author) == ("还款安排协议", "明达消费金融")
        assert str(reader.root_object["/Lang"]) == "zh-CN"

    @ALL_LOCALES
    def test_names_of_any_length_stay_whole(self, locale: str) -> None:
        long = terms(
            3,
            lender="A Very Long Name of a Lender " * 4,
            borrower="欧阳" * 30,
            loan="L" * 64,
            policy_version="p" * 80,
        )
        text, pages = pdf(made(TEXTS, long, locale, "agreement"))
        assert pages <= 2
        for name in (long.lender, long.borrower, long.loan, long.policy_version):
            assert squeezed(name) in text

    def test_a_kind_or_a_rate_that_is_not_known_is_left_out(self) -> None:
        sheet = agreement_sheet(terms(kind="something new", rate=None), Words(TEXTS, "en"))
        assert "Kind of plan" not in dict(sheet.facts)
        assert [label for label, _ in sheet.sums] == ["Extra cost", "Total"]


class TestPicture:
    @ALL_LOCALES
    @pytest.mark.parametrize(("count", "pages"), [(1, 1), (14, 1), (15, 1), (30, 1), (31, 2), (60, 2)])
    def test_a_schedule_fits_a_telephone(self, locale: str, count: int, pages: int) -> None:
        assert picture_pages(count) == pages
        for page in range(1, pages + 1):
            content = made(TEXTS, terms(count), locale, "picture", page=page)
            with Image.open(io.BytesIO(content)) as image:
                assert (image.format, image.width) == ("PNG", WIDTH)
                assert WIDTH * 0.8 < image.height < WIDTH * 2.2
                # Whatever is drawn keeps a margin: nothing runs out of the picture.
                assert darkest(image, (0, 20, 40, image.height)) > 240
            assert len(content) < 150_000

    @pytest.mark.parametrize("currency", DIGITS)
    def test_two_columns_hold_the_largest_amounts_whole(self, currency: str) -> None:
        large = Decimal("123456789012").scaleb(0)
        many = terms(30, currency)
        wide = tuple(Payment(one.number, one.due_on, one.amount + large) for one in many.payments)
        content = made(TEXTS, terms(30, currency, payments=wide), "zh_CN", "picture")
        with Image.open(io.BytesIO(content)) as image:
            assert darkest(image, (WIDTH // 2 - 14, 420, WIDTH // 2 + 14, 760)) > 240

    def test_every_amount_is_drawn(self) -> None:
        plain = terms(31)
        for place in (0, 16, 30):
            other = list(plain.payments)
            other[place] = Payment(place + 1, other[place].due_on, other[place].amount + 1)
            page = 1 if place < 16 else 2
            changed = made(TEXTS, terms(31, payments=tuple(other)), "zh_CN", "picture", page=page)
            assert changed != made(TEXTS, plain, "zh_CN", "picture", page=page)

    @ALL_LOCALES
    def test_it_does_not_name_the_borrower_as_others_see_pictures(self, locale: str) -> None:
        sheet = picture_sheet(terms(borrower="Sam Reed"), Words(TEXTS, locale))
        shown = (sheet.title, sheet.facts, sheet.rows, sheet.sums, sheet.sections, sheet.policy, sheet.lender)
        assert "Sam Reed" not in str(shown)


class TestCalendar:
    @ALL_LOCALES
    @pytest.mark.parametrize("currency", DIGITS)
    def test_it_reads_back_as_what_was_agreed(self, locale: str, currency: str) -> None:
        agreed = terms(60, currency)
        content = made(TEXTS, agreed, locale, "calendar")
        found = events(content)
        assert [one.decoded("dtstart") for one in found] == [one.due_on for one in agreed.payments]
        for one, payment in zip(found, agreed.payments, strict=True):
            assert formats.exact_money(payment.amount, currency, locale) in str(one["description"])
            assert agreed.loan in str(one["description"])
        parsed = Calendar.from_ical(content)
        assert (parsed["method"], parsed["version"]) == ("PUBLISH", "2.0")
        assert parsed.to_ical() == content
        assert all(len(line) <= 75 for line in content.split(b"\r\n"))

    @ALL_LOCALES
    def test_nothing_of_the_debt_shows_on_a_locked_screen(self, locale: str) -> None:
        for one in events(made(TEXTS, terms(), locale, "calendar")):
            (alarm,) = one.walk("VALARM")
            for shown in (str(one["summary"]), str(alarm["description"])):
                assert not re.search(r"\d|明达|LN-|贷|款|还|debt|loan|pay|owe", shown, re.IGNORECASE)

    @pytest.mark.parametrize(
        "zone", ["Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]
    )
    def test_the_reminder_comes_at_ten_in_the_morning_of_the_day_before(self, zone: str) -> None:
        for one in events(made(TEXTS, terms(60), "en", "calendar")):
            (alarm,) = one.walk("VALARM")
            day: date = one.decoded("dtstart")
            begins = datetime.combine(day, time(), ZoneInfo(zone))
            rings = (begins.astimezone(UTC) + alarm.decoded("trigger")).astimezone(ZoneInfo(zone))
            assert (rings.date(), rings.hour, rings.minute) == (day - timedelta(days=1), 10, 0)

    def test_taken_in_again_it_moves_what_is_there_instead_of_doubling_it(self) -> None:
        first = events(made(TEXTS, terms(), "zh_CN", "calendar"))
        moved = tuple(
            Payment(one.number, one.due_on + timedelta(days=3), one.amount) for one in terms().payments
        )
        again = events(made(TEXTS, terms(payments=moved), "en", "calendar", revision=1))
        assert [one["uid"] for one in first] == [one["uid"] for one in again]
        assert len({str(one["uid"]) for one in first}) == 6
        assert ({one["sequence"] for one in first}, {one["sequence"] for one in again}) == ({0}, {1})
        others = events(made(TEXTS, terms(plan=129), "zh_CN", "calendar"))
        assert {str(one["uid"]) for one in others}.isdisjoint(str(one["uid"]) for one in first)


@ALL_LOCALES
@pytest.mark.parametrize("kind", ["picture", "calendar", "agreement"])
def test_the_same_terms_make_the_same_bytes(locale: str, kind: str) -> None:
    assert made(TEXTS, terms(), locale, kind) == made(TEXTS, terms(), locale, kind)


def test_a_paper_does_not_tell_which_ones_were_made_before_it() -> None:
    first = made(TEXTS, terms(), "zh_CN", "agreement")
    other = made(TEXTS, terms(borrower="欧阳羲翯", lender="Ångström & Söhne"), "en", "agreement")
    assert "欧阳羲翯" in pdf(other)[0]
    assert made(TEXTS, terms(), "zh_CN", "agreement") == first


def test_the_font_is_cut_once_for_what_papers_show_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = cut._Cut()
    monkeypatch.setattr(cut, "_cut", cuts)
    for borrower in ("张伟", "伟张", "张伟"):
        made(TEXTS, terms(borrower=borrower), "zh_CN", "agreement")
    assert cuts._cuts == 1
    made(TEXTS, terms(borrower="羲"), "zh_CN", "agreement")
    assert cuts._cuts == 2


def test_what_is_taken_off_is_said_in_the_agreement_and_nothing_where_nothing_is() -> None:
    words = Words(TEXTS, "zh_CN")
    reduced = agreement_sheet(terms(kind="waiver", waived=Decimal("100.00")), words)
    assert ("减免", "100.00元") in reduced.sums
    assert "减免" not in dict(agreement_sheet(terms(), words).sums)
