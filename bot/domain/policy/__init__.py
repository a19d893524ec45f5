"""Policy as validated data: contact packs, ladders, product policies."""

from bot.domain.policy.base import AUTHORITIES, Authority, Certainty, Range, Scope
from bot.domain.policy.contact import Cap, ContactPack, Duty, QuietHours, Rule
from bot.domain.policy.ladder import Audience, Ladder, Step
from bot.domain.policy.product import (
    MOST_INSTALMENTS,
    ExtensionPolicy,
    Frequency,
    InstalmentPolicy,
    ProductPolicy,
    PromisePolicy,
    Reach,
)

__all__ = [
    "AUTHORITIES",
    "MOST_INSTALMENTS",
    "Audience",
    "Authority",
    "Cap",
    "Certainty",
    "ContactPack",
    "Duty",
    "ExtensionPolicy",
    "Frequency",
    "InstalmentPolicy",
    "Ladder",
    "ProductPolicy",
    "PromisePolicy",
    "QuietHours",
    "Range",
    "Reach",
    "Rule",
    "Scope",
    "Step",
]
