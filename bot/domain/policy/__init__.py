"""Policy as validated data: contact packs, ladders, product policies."""

from bot.domain.policy.base import AUTHORITIES, Authority, Certainty, Range, Scope
from bot.domain.policy.contact import Cap, ContactPack, Duty, QuietHours, Rule
from bot.domain.policy.ladder import Ladder, Step
from bot.domain.policy.product import (
    MOST_INSTALMENTS,
    EligibilityPolicy,
    ExtensionPolicy,
    Frequency,
    InstalmentPolicy,
    Part,
    ProductPolicy,
    PromisePolicy,
    Reach,
    WaiverPolicy,
)

__all__ = [
    "AUTHORITIES",
    "MOST_INSTALMENTS",
    "Authority",
    "Cap",
    "Certainty",
    "ContactPack",
    "Duty",
    "EligibilityPolicy",
    "ExtensionPolicy",
    "Frequency",
    "InstalmentPolicy",
    "Ladder",
    "Part",
    "ProductPolicy",
    "PromisePolicy",
    "QuietHours",
    "Range",
    "Reach",
    "Rule",
    "Scope",
    "Step",
    "WaiverPolicy",
]
