"""Product policies: what may be agreed on one product, by whom and from when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pydantic import Field, model_validator

from bot.domain.calendars import CalendarPolicy
from bot.domain.money import minor_digits
from bot.domain.policy.base import AUTHORITIES, Authority, Frozen, Remembered, Said, misplaced
from bot.domain.policy.reach import (
    PLACES,
    Adjustment,
    Reach,
    adjusted,
    falls_short,
    given,
    overlaid,
    value_at,
    widened,
    wider_of,
)
from bot.domain.policy.sections import (
    STAGES,
    AffordabilityPolicy,
    EligibilityPolicy,
    ExtensionPolicy,
    HolidayPolicy,
    InstalmentPolicy,
    Kind,
    Part,
    PartialPolicy,
    PromisePolicy,
    Stage,
    WaiverPolicy,
)

Path = tuple[str | int, ...]
# Nobody lends more digits of money than this.
_MOST_DIGITS = 12
WEIGHTS: dict[Kind, int] = {"instalment": 50, "extension": 40, "holiday": 30, "waiver": 20, "partial": 10}


class ProductPolicy(Frozen):
    """What may be agreed on one product, in force from `effective_from` to `effective_to`, both included.

    Without `effective_to` it is in force until the product's next policy begins.
    """

    product: str = Field(min_length=1, description="the product's name in the loan book")
    name: Said
    version: int = Field(ge=1, le=999_999, description="a whole number, 1 to 999999")
    effective_from: date = Field(description="a day such as 2026-01-01")
    effective_to: date | None = Field(default=None, description="a day such as 2026-12-31")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="an ISO 4217 code such as CNY")
    contact_pack: str = Field(description="the name of a file's pack in policies/contact")
    ladder: str = Field(description="the name of a file's ladder in policies/ladder")
    score_card: str = Field(default="default", description="the name of a file's card in policies/tiers")
    calendar: CalendarPolicy | None = None
    stages: tuple[Stage, ...] = Field(default=STAGES, min_length=1)
    eligibility: EligibilityPolicy = EligibilityPolicy()
    instalment: InstalmentPolicy
    extension: ExtensionPolicy
    holiday: HolidayPolicy = HolidayPolicy()
    partial: PartialPolicy = PartialPolicy()
    waiver: WaiverPolicy = WaiverPolicy()
    promise: PromisePolicy
    adjustments: tuple[Adjustment, ...] = ()
    hardship: Reach = Reach()
    """What is wider in hardship, beside the first payment's day and the down payment, which falls away."""
    authority: dict[Authority, Reach] = Field(default_factory=dict)
    two_person: dict[Kind, tuple[Authority, ...]] = Field(default_factory=dict)
    """The levels whose grants of a kind a second person has to confirm."""
    approval_days: int = Field(default=2, ge=1, le=14)
    """How long a request beyond somebody's authority may wait for its answer."""
    weights: dict[Kind, int] = Field(default_factory=dict)
    """Which kinds are offered first where the borrower has no wish, the heaviest first."""
    allocation: tuple[Part, ...] = ("fees", "interest", "principal")
    """In what order a payment settles what is due."""
    affordability: AffordabilityPolicy = AffordabilityPolicy()
    hardship_pause_days: int = Field(ge=1, le=90)
    offer_valid_days: int = Field(ge=1, le=30)
    how_to_pay: dict[str, Said] = Field(min_length=1)

    @model_validator(mode="after")
    def _days_are_ordered(self) -> ProductPolicy:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise misplaced(
                ("effective_to",), f"{self.effective_to} is before effective_from {self.effective_from}"
            )
        return self

    @model_validator(mode="after")
    def _stages_rise_to_an_open_end(self) -> ProductPolicy:
        for number, (one, following) in enumerate(pairwise(self.stages), 1):
            if one.to is None:
                raise misplaced(("stages", number - 1, "to"), "only the last stage may be without an end")
            if following.to is not None and following.to <= one.to:
                raise misplaced(("stages", number, "to"), f"{following.to} is not above {one.to}")
        if self.stages[-1].to is not None:
            raise misplaced(("stages", len(self.stages) - 1, "to"), "the last stage has no end")
        names = [one.name for one in self.stages]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise misplaced(("stages", number, "name"), f"{name!r} stands twice")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> ProductPolicy:
        stages = [one.name for one in self.stages]
        for path, names in self._stages_named():
            for name in names or ():
                if name not in stages:
                    raise misplaced(path, f"{name!r} is not known; allowed: {', '.join(stages)}")
        if sorted(self.allocation) != ["fees", "interest", "principal"]:
            raise misplaced(("allocation",), "takes fees, interest and principal, each once, in any order")
        return self

    def _stages_named(self) -> Iterator[tuple[Path, tuple[str, ...] | None]]:
        """Yield every place that names stages."""
        yield ("eligibility", "stages"), self.eligibility.stages
        for path, reach in self._reaches():
            yield (*path, "stages"), reach.stages
        for number, one in enumerate(self.adjustments):
            if one.stages is None and one.tiers is None:
                raise misplaced(("adjustments", number), "names stages, tiers or both that it holds for")
            yield ("adjustments", number, "stages"), one.stages

    def tiers_named(self) -> Iterator[tuple[int, str]]:
        """Yield the tiers that adjustments name, each with the place of its adjustment."""
        for number, one in enumerate(self.adjustments):
            yield from ((number, tier) for tier in one.tiers or ())

    def _reaches(self) -> Iterator[tuple[Path, Reach]]:
        yield ("hardship",), self.hardship
        for level, reach in self.authority.items():
            yield ("authority", level), reach
        for number, one in enumerate(self.adjustments):
            yield ("adjustments", number, "limits"), one.limits
            for level, reach in one.authority.items():
                yield ("adjustments", number, "authority", level), reach

    @model_validator(mode="after")
    def _amounts_have_the_decimals_of_the_currency(self) -> ProductPolicy:
        amounts: list[tuple[Path, Decimal | None]] = [
            (("instalment", "minimum"), self.instalment.minimum),
            (("promise", "minimum"), self.promise.minimum),
            (("affordability", "savings_most"), self.affordability.savings_most),
            *(((*path, "minimum"), reach.minimum) for path, reach in self._reaches()),
        ]
        digits = minor_digits(self.currency)
        for path, amount in amounts:
            if amount is None:
                continue
            if amount and not -_MOST_DIGITS <= amount.adjusted() <= _MOST_DIGITS:
                raise misplaced(path, f"{amount:.3E} is no amount of money")
            if amount != round(amount, digits):
                raise misplaced(path, f"{amount} has more than the {digits} decimals of {self.currency}")
        return self

    @model_validator(mode="after")
    def _bot_has_no_more_than_the_file_says(self) -> ProductPolicy:
        for path, reach in self._reaches():
            if path[-1] == "bot":
                raise misplaced(path, "what the bot may grant stands in the limits themselves")
            if path[0] == "hardship" and (reach.waive_fees_percent or reach.waive_interest_percent):
                raise misplaced(path, "a waiver is for people to grant, or for a campaign")
        for name in ("fees_percent", "interest_percent"):
            if getattr(self.waiver, name):
                raise misplaced(("waiver", name), "the bot waives within a campaign alone; allowed: 0")
        for kind, levels in self.two_person.items():
            if "bot" in levels:
                raise misplaced(("two_person", kind), "allowed: agent, senior, supervisor")
        return self

    @model_validator(mode="after")
    def _ladder_of_authority_rises(self) -> ProductPolicy:
        for number in (None, *range(len(self.adjustments))):
            here = self if number is None else self._as_if(self.adjustments[number])
            reaches = self.authority if number is None else self.adjustments[number].authority
            for below, level in pairwise(AUTHORITIES):
                less = here.at(below)
                for name, value in given(reaches.get(level, Reach())):
                    if falls_short(name, value, value_at(less, name)):
                        path: Path = () if number is None else ("adjustments", number)
                        what = f"{value} is less than {below} may grant, {value_at(less, name)}"
                        raise misplaced((*path, "authority", level, name), what)
        return self

    def _as_if(self, adjustment: Adjustment) -> ProductPolicy:
        """Return the policy as it is where one adjustment holds for certain."""
        reaches = {
            level: adjustment.reach(level, self.authority.get(level, Reach())) for level in AUTHORITIES[1:]
        }
        plain = adjusted(self, adjustment.limits)
        return plain.model_copy(update={"authority": reaches, "adjustments": ()})

    def at(self, level: Authority) -> ProductPolicy:
        """Return the policy with the limits that `level` may grant; the bot's are the file's own."""
        return self if level == "bot" else _AT(self, level)

    def stage(self, days_past_due: int) -> str:
        """Return the name of the stage of arrears; a loan that is not yet due is in the first."""
        for one in self.stages:
            if one.to is None or days_past_due <= one.to:
                break
        return one.name

    def in_case(self, stage: str, tier: str | None) -> tuple[ProductPolicy, tuple[Kind, ...] | None]:
        """Return the policy as adjusted for a stage and a tier, and the only kinds offered then, if any."""
        found, kinds = self, None
        for one in self.adjustments:
            if one.fits(stage, tier):
                found, kinds = adjusted(found, one.limits), one.kinds or kinds
        return found, kinds

    def weight(self, kind: Kind) -> int:
        """Return how readily a kind is offered: the higher, the sooner."""
        return self.weights.get(kind, WEIGHTS[kind])

    def is_two_person(self, kind: Kind, level: Authority) -> bool:
        """Tell whether a second person has to confirm what `level` grants of `kind`."""
        return level in self.two_person.get(kind, ())


def _at(policy: ProductPolicy, level: Authority) -> ProductPolicy:
    wide = policy
    for step in AUTHORITIES[1 : AUTHORITIES.index(level) + 1]:
        reach = policy.authority.get(step, Reach())
        changes: dict[str, Any] = {
            "adjustments": tuple(_raised(one, reach, step) for one in wide.adjustments)
        }
        wide = widened(wide, reach).model_copy(update=changes)
    return wide


def _raised(one: Adjustment, reach: Reach, step: Authority) -> Adjustment:
    """Return an adjustment as `step` has it: what it narrows for the bot, a higher level may still grant."""
    limits = wider_of(one.limits, one.reach(step, reach))
    return one.model_copy(update={"limits": overlaid(limits, one.authority.get(step, Reach()))})


_AT: Remembered[ProductPolicy, Authority, ProductPolicy] = Remembered(_at)
assert set(PLACES) == set(Reach.model_fields)
