"""The tables: what is stored, with the constraints that make things happen once."""

from bot.storage.tables.access import (
    ApiAnswer,
    ApiToken,
    LoginTries,
    SecondFactor,
    StaffSession,
    Webhook,
    WebhookCall,
)
from bot.storage.tables.base import Base
from bot.storage.tables.book import AddressRow, Borrower, DueItem, LoanRow, Payment
from bot.storage.tables.contact import (
    ChannelPace,
    Conversation,
    HoldRow,
    LinkToken,
    Message,
    Nudge,
    NudgeVote,
)
from bot.storage.tables.desk import (
    AgentTeam,
    CaseNote,
    Colleague,
    Draft,
    LinkedLoan,
    PaidMark,
    QualityReview,
    SavedView,
    ScheduledMessage,
    Watcher,
)
from bot.storage.tables.hardship import HardshipRow
from bot.storage.tables.ledger import AuditEvent, LedgerEntry, LedgerHead
from bot.storage.tables.people import Agent, Complaint, HandoffRow
from bot.storage.tables.plans import Approval, OfferRow, Paper, Plan, PlanItem, PolicyVersion, Promise
from bot.storage.tables.preferences import ShortcutRow

__all__ = [
    "AddressRow",
    "Agent",
    "AgentTeam",
    "ApiAnswer",
    "ApiToken",
    "Approval",
    "AuditEvent",
    "Base",
    "Borrower",
    "CaseNote",
    "ChannelPace",
    "Colleague",
    "Complaint",
    "Conversation",
    "Draft",
    "DueItem",
    "HandoffRow",
    "HardshipRow",
    "HoldRow",
    "LedgerEntry",
    "LedgerHead",
    "LinkToken",
    "LinkedLoan",
    "LoanRow",
    "LoginTries",
    "Message",
    "Nudge",
    "NudgeVote",
    "OfferRow",
    "PaidMark",
    "Paper",
    "Payment",
    "Plan",
    "PlanItem",
    "PolicyVersion",
    "Promise",
    "QualityReview",
    "SavedView",
    "ScheduledMessage",
    "SecondFactor",
    "ShortcutRow",
    "StaffSession",
    "Watcher",
    "Webhook",
    "WebhookCall",
]
