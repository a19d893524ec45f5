"""The append-only records of contacts and events: chained, exported, checked."""

from bot.services.ledger.fields import CHAINS, FIELDS, Chain, chain_of
from bot.services.ledger.service import LedgerService, Period

__all__ = ["CHAINS", "FIELDS", "Chain", "LedgerService", "Period", "chain_of"]
