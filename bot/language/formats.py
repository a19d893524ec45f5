"""Money, dates and lists as a borrower's locale writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_currency, format_percent, get_currency_precision

LOCALES = ("zh_CN", "en")
"""The locales with a full catalogue; the first is the default."""

_DAY = {"zh": "M月d日（EEE）", "en": "EEEE d MMMM"}
_DAY_OF_YEAR = {"zh": "y年M月d日", "en": "d MMMM y"}
_FULL_DAY = {"zh": "y年M月d日（EEE）", "en": "EEE d MMM y"}


def language_of(locale: str) -> str:
    """Return the language of a locale: "zh" for zh_CN."""
    return locale.split("_")[0]


@lru_cache
def _cldr(locale: str) -> Locale:
    # Babel reads its folder of locales each time that it is given a name.
    return Locale.parse(locale)


# One message names the same amount several times, and all of a day's messages the same days.
@lru_cache(maxsize=1 << 14)
def money(amount: Decimal, currency: str, locale: str) -> str:
    """Write an amount in major units; whole amounts go without decimals."""
    digits = 0 if amount == amount.to_integral_value() else get_currency_precision(currency)
    number = "#,##0" + ("." + "0" * digits if digits else "")
    if language_of(locale) == "zh" and currency == "CNY":
        return format_currency(amount, currency, number + "元", locale=_cldr(locale), currency_digits=False)
    return format_currency(amount, currency, "¤¤\xa0" + number, locale=_cldr(locale), currency_digits=False)


def exact_money(amount: Decimal, currency: str, locale: str) -> str:
    """Write an amount with all the decimals that it has, as papers do: columns align, nothing is dropped."""
    exponent = amount.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    number = "#,##0" + ("." + "0" * decimals if decimals else "")
    pattern = number + "元" if language_of(locale) == "zh" and currency == "CNY" else "¤¤\xa0" + number
    return format_currency(amount, currency, pattern, locale=_cldr(locale), currency_digits=False)


def percent(value: Decimal, locale: str) -> str:
    """Write a rate given in percent, with two decimals."""
    return format_percent(value / 100, "#,##0.00%", locale=_cldr(locale))


@lru_cache(maxsize=1 << 12)
def day(value: date, locale: str, today: date | None = None) -> str:
    """Write a day: with its weekday near `today`, with its year when that is another one."""
    language = language_of(locale)
    if today is None or value.year != today.year:
        return format_date(value, _DAY_OF_YEAR.get(language, "long"), locale=_cldr(locale))
    return format_date(value, _DAY.get(language, "full"), locale=_cldr(locale))


def full_day(value: date, locale: str) -> str:
    """Write a day with its weekday and year, as short as stays clear."""
    pattern = _FULL_DAY.get(language_of(locale))
    if pattern is None:
        return format_skeleton("yMMMEd", value, locale=_cldr(locale))
    return format_date(value, pattern, locale=_cldr(locale))


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


def either(items: Sequence[str], locale: str) -> str:
    """Join items of which one is enough: "a, b or c"."""
    return format_list(list(items), style="or", locale=_cldr(locale))
