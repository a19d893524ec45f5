"""The loan book: borrowers, loans, due items and payments as the lender's files tell them."""

from bot.services.loanbook.book import ImportReport
from bot.services.loanbook.files import BookError, RowError
from bot.services.loanbook.service import LoanbookService

__all__ = ["BookError", "ImportReport", "LoanbookService", "RowError"]
