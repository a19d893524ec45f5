"""Policy as validated data: contact packs, ladders, product policies."""

from bot.domain.policy.base import AUTHORITIES, Authority, Certainty, Range, Scope
from bot.domain.policy.contact import (
    WEEKDAYS,
    Cap,
    ClosedDays,
    ComplaintTerms,
    ContactPack,
    Disclosure,
    Duty,
    FollowUp,
    QuietHours,
    Rule,
    Stop,
    Timed,
    combined,
)
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
from bot.domain.policy.tiers import ScoreCard, Signal, TierRule

__all__ = [
    "AUTHORITIES",
    "MOST_INSTALMENTS",
    "WEEKDAYS",
    "Audience",
    "Authority",
    "Cap",
    "Certainty",
    "ClosedDays",
    "ComplaintTerms",
    "ContactPack",
    "Disclosure",
    "Duty",
    "ExtensionPolicy",
    "FollowUp",
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
    "ScoreCard",
    "Signal",
    "Step",
    "Stop",
    "TierRule",
    "Timed",
    "combined",
]
