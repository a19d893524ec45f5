"""Money, dates and lists as a borrower's locale writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision

LOCALES = ("zh_CN", "en")
"""The locales with a full catalogue; the first is the default."""

_DAY = {"zh": "M月d日（EEE）", "en": "EEEE d MMMM"}
_DAY_OF_YEAR = {"zh": "y年M月d日", "en": "d MMMM y"}


def language_of(locale: str) -> str:
    """Return the language of a locale: "zh" for zh_CN."""
    return locale.split("_")[0]


@lru_cache
def _cldr(locale: str) -> Locale:
    # Babel reads its folder of locales each time that it is given a name.
    return Locale.parse(locale)


def money(amount: Decimal, currency: str, locale: str) -> str:
    """Write an amount in major units; whole amounts go without decimals."""
    digits = 0 if amount == amount.to_integral_value() else get_currency_precision(currency)
    number = "#,##0" + ("." + "0" * digits if digits else "")
    if language_of(locale) == "zh" and currency == "CNY":
        return format_currency(amount, currency, number + "元", locale=_cldr(locale), currency_digits=False)
    return format_currency(amount, currency, "¤¤\xa0" + number, locale=_cldr(locale), currency_digits=False)


def day(value: date, locale: str, today: date | None = None) -> str:
    """Write a day: with its weekday near `today`, with its year when that is another one."""
    language = language_of(locale)
    if today is None or value.year != today.year:
        return format_date(value, _DAY_OF_YEAR.get(language, "long"), locale=_cldr(locale))
    return format_date(value, _DAY.get(language, "full"), locale=_cldr(locale))


def instant(value: datetime, locale: str) -> str:
    """Write day and time of an instant that is already in the reader's zone."""
    pattern = "M月d日 HH:mm" if language_of(locale) == "zh" else "d MMM HH:mm"
    return format_datetime(value, pattern, locale=_cldr(locale))


def clock(value: datetime, locale: str) -> str:
    """Write the time of an instant that is already in the reader's zone."""
    return format_time(value, "HH:mm", locale=_cldr(locale))


def listed(items: Sequence[str], locale: str) -> str:
    """Join items as a sentence does: "a, b and c"."""
    return format_list(list(items), locale=_cldr(locale))
