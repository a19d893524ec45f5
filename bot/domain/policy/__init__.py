"""Policy as validated data: contact packs, ladders, product policies."""

from bot.domain.policy.base import AUTHORITIES, Authority, Certainty, Component, Range, Scope
from bot.domain.policy.contact import Cap, ContactPack, Duty, QuietHours, Rule
from bot.domain.policy.ladder import Ladder, Step
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
    "Authority",
    "Cap",
    "Certainty",
    "Component",
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
