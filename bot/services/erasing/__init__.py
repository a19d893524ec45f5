"""Erasing words and personal data, on request and in time; the records stay, and their chains hold."""

from bot.services.erasing.retention import RetentionService, Swept
from bot.services.erasing.service import Erased, ErasureService
from bot.services.erasing.tracker import TrackerError

__all__ = ["Erased", "ErasureService", "RetentionService", "Swept", "TrackerError"]
