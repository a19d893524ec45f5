"""The demo: a sample loan book, real processes, five borrowers."""

from bot.demo.stage import run

__all__ = ["run"]
