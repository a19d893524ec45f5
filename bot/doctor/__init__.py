"""`grace doctor`: what is wrong with an installation, and how to mend it."""

from bot.doctor.finding import Finding, Level
from bot.doctor.inspection import NAMES, inspect

__all__ = ["NAMES", "Finding", "Level", "inspect"]
