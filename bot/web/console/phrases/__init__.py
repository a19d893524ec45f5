"""Every English sentence of the pages, by page."""

from __future__ import annotations

from bot.web.console.phrases import account, case, desks, everywhere, handling, queue, team

_PAGES = (account, case, desks, everywhere, handling, queue, team)
PHRASES: frozenset[str] = frozenset().union(*(page.PHRASES for page in _PAGES))
