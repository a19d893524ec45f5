"""The fields in which staff write the terms of a plan, the same wherever terms are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from nicegui import ui
from nicegui.element import Element

from bot.domain.money import Money, MoneyError
from bot.domain.plans import Kind, Wish
from bot.domain.policy import Frequency
from bot.web.console.layout import box
from bot.web.console.terms import FREQUENCIES, PLANS
from bot.web.console.words import Words

_OF_KIND = {
    "instalment": ("count", "frequency", "first_on", "payday", "ability"),
    "extension": ("days",),
    "holiday": ("months",),
    "partial": ("pay_now", "days"),
    "waiver": ("waive",),
}
"""Which fields a kind of plan has."""
_LABELS = {
    "count": "Payments",
    "frequency": "How often",
    "first_on": "First day",
    "payday": "Payday",
    "ability": "Can pay a month",
    "days": "Days",
    "months": "Months",
    "pay_now": "Paid now",
    "waive": "Waived",
}
_MONEY = ("ability", "pay_now", "waive")
_DAY_OF_MONTH = 31


class TermsForm:
    """Kind of plan and its fields; `on_change` is awaited whenever the terms are others."""

    def __init__(self, words: Words, currency: str, on_change: Callable[[], Awaitable[None]]) -> None:
        self.words = words
        self.currency = currency
        self._on_change = on_change
        self._known = {field.name for field in fields(Wish)}
        self._fields: dict[str, Any] = {}
        with box("div", "terms") as self.element:
            kinds = {kind: words.of(PLANS, kind) for kind in get_args(Kind)}
            self.kind = ui.select(kinds, value="instalment", label=words("Kind"))
            self.kind.props("outlined dense options-dense").on_value_change(self._chosen)
            for name in _LABELS:
                if name in self._known:
                    self._fields[name] = self._field(name)
        self._show()

    def fill(self, wish: Wish) -> None:
        """Write a wish into the fields."""
        self.kind.set_value(wish.kind or ("extension" if wish.days is not None else "instalment"))
        for name, field in self._fields.items():
            value = getattr(wish, name)
            if isinstance(value, Money):
                value = float(value.amount)
            field.set_value(value.isoformat() if isinstance(value, date) else value)

    def wish(self) -> Wish:
        """Return the terms as they are written; what cannot be read counts as not said."""
        said = {name: self._read(name) for name in _OF_KIND[self.kind.value] if name in self._fields}
        return Wish(kind=self.kind.value, **said)

    def _field(self, name: str) -> Element:
        label = self.words(_LABELS[name])
        if name == "frequency":
            names = {one: self.words.of(FREQUENCIES, one) for one in get_args(Frequency)}
            field: Any = ui.select(names, label=label, clearable=True).props("options-dense")
        elif name == "first_on":
            field = ui.input(label).props("type=date stack-label")
        else:
            most = _DAY_OF_MONTH if name == "payday" else None
            field = ui.number(label, min=0, max=most).props("inputmode=decimal")
        field.props("outlined dense debounce=300")
        field.on_value_change(self._changed)
        return field  # type: ignore[no-any-return]

    def _read(self, name: str) -> Any:
        value = self._fields[name].value
        if value in (None, ""):
            return None
        if name == "frequency":
            return value
        try:
            if name == "first_on":
                return date.fromisoformat(str(value))
            if name in _MONEY:
                return Money.of(Decimal(str(value)).normalize(), self.currency)
            return int(value)
        except (ValueError, MoneyError):
            return None

    async def _chosen(self) -> None:
        self._show()
        await self._changed()

    async def _changed(self) -> None:
        if self._fields["payday"].visible is not (self._fields["frequency"].value == "payday"):
            self._show()
        await self._on_change()

    def _show(self) -> None:
        shown = _OF_KIND[self.kind.value]
        for name, field in self._fields.items():
            paydays = name != "payday" or self._fields["frequency"].value == "payday"
            field.set_visibility(name in shown and paydays)
