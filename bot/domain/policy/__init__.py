"""Policy as validated data: contact packs, ladders, product policies."""

from bot.domain.policy.base import AUTHORITIES, Authority, Certainty, Range, Remembered, Scope
from bot.domain.policy.contact import Cap, ContactPack, Duty, QuietHours, Rule
from bot.domain.policy.ladder import Ladder, Step
from bot.domain.policy.product import ProductPolicy
from bot.domain.policy.reach import Adjustment, Reach, widened
from bot.domain.policy.sections import (
    KINDS,
    MOST_INSTALMENTS,
    AffordabilityPolicy,
    Campaign,
    EligibilityPolicy,
    ExtensionPolicy,
    Frequency,
    HolidayPolicy,
    InstalmentPolicy,
    Kind,
    Part,
    PartialPolicy,
    PromisePolicy,
    Stage,
    WaiverPolicy,
)

__all__ = [
    "AUTHORITIES",
    "KINDS",
    "MOST_INSTALMENTS",
    "Adjustment",
    "AffordabilityPolicy",
    "Authority",
    "Campaign",
    "Cap",
    "Certainty",
    "ContactPack",
    "Duty",
    "EligibilityPolicy",
    "ExtensionPolicy",
    "Frequency",
    "HolidayPolicy",
    "InstalmentPolicy",
    "Kind",
    "Ladder",
    "Part",
    "PartialPolicy",
    "ProductPolicy",
    "PromisePolicy",
    "QuietHours",
    "Range",
    "Reach",
    "Remembered",
    "Rule",
    "Scope",
    "Stage",
    "Step",
    "WaiverPolicy",
    "widened",
]
