"""Terms as a program writes them, and as the services read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.money import Money, MoneyError
from bot.domain.policy import Frequency, Kind
from bot.domain.schedules import Wish
from bot.web.api.problems import Problem

_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, description="in the loan's currency")]


class Terms(BaseModel):
    """What is to be agreed; fields that the kind does not have are left out."""

    kind: Kind
    count: Annotated[int | None, Field(ge=1, le=600, description="payments")] = None
    frequency: Frequency | None = None
    first_on: Annotated[date | None, Field(ge=_FIRST, le=_LAST)] = None
    payday: Annotated[int | None, Field(ge=1, le=31, description="day of the month")] = None
    ability: Annotated[Amount | None, Field(description="the most they can pay a month")] = None
    days: Annotated[int | None, Field(ge=1, le=3650)] = None
    months: Annotated[int | None, Field(ge=1, le=60)] = None
    pay_now: Amount | None = None
    waive: Amount | None = None

    def wish(self, currency: str) -> Wish:
        """Return them as the services read them. Raises Problem 422 for an amount that is no money."""
        return Wish(
            kind=self.kind,
            count=self.count,
            frequency=self.frequency,
            first_on=self.first_on,
            payday=self.payday,
            days=self.days,
            months=self.months,
            ability=_money(self.ability, currency),
            pay_now=_money(self.pay_now, currency),
            waive=_money(self.waive, currency),
        )


def _money(value: Decimal | None, currency: str) -> Money | None:
    try:
        return None if value is None else Money.of(value, currency)
    except MoneyError as error:
        raise Problem(422, "invalid", str(error)) from error
