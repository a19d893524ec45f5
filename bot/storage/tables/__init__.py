"""The tables: what is stored, with the constraints that make things happen once."""

from bot.storage.tables.base import Base
from bot.storage.tables.book import AddressRow, Borrower, DueItem, LoanRow, Payment
from bot.storage.tables.contact import ChannelPace, Conversation, HoldRow, LinkToken, Message, Nudge
from bot.storage.tables.ledger import AuditEvent, LedgerEntry, LedgerHead
from bot.storage.tables.people import Agent, Complaint, HandoffRow
from bot.storage.tables.plans import OfferRow, Plan, PlanItem, PolicyVersion, Promise

__all__ = [
    "AddressRow",
    "Agent",
    "AuditEvent",
    "Base",
    "Borrower",
    "ChannelPace",
    "Complaint",
    "Conversation",
    "DueItem",
    "HandoffRow",
    "HoldRow",
    "LedgerEntry",
    "LedgerHead",
    "LinkToken",
    "LoanRow",
    "Message",
    "Nudge",
    "OfferRow",
    "Payment",
    "Plan",
    "PlanItem",
    "PolicyVersion",
    "Promise",
]
