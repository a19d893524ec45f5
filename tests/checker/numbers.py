"""The numbers of each pack, written down a second time from the rules themselves, for the checker alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

Cap = tuple[str, int, int]
"""Rule, how many, in how many local days."""


@dataclass(frozen=True)
class Numbers:
    """What one jurisdiction allows; hours are whole and of the borrower's wall."""

    hours: tuple[str, int, int]
    consent_opens_night: bool = False
    texts: tuple[Cap, ...] = ()
    talks: tuple[Cap, ...] = ()
    rings_per_number: tuple[Cap, ...] = ()
    calls_per_loan: tuple[Cap, ...] = ()
    talks_per_loan: tuple[Cap, ...] = ()
    stop_words_in_each: str | None = None
    debt_collector: tuple[str, str] | None = None
    complaint: tuple[str, int] = ("", 0)
    pauses: tuple[tuple[str, str, int, int], ...] = ()
    """Rule, the fact, its least days, its most days."""
    grounds: frozenset[str] = frozenset()
    """What the law asks to tell: such a notice passes the caps on texts, and an exemption."""
    cease: frozenset[str] = frozenset()
    """Those of them that pass a written request to cease."""


PACKS = {
    "cn": Numbers(
        hours=("CN1", 8, 22),
        consent_opens_night=True,
        texts=(("CN4", 1, 1), ("CN40", 3, 7)),
        talks=(("CN2", 3, 1),),
        rings_per_number=(("CN3", 6, 1),),
        complaint=("CN15", 15 + 30 + 30),
        grounds=frozenset({"agency_takeover", "credit_warning"}),
    ),
    "us-regf": Numbers(
        hours=("US1", 8, 21),
        texts=(("US3", 1, 1), ("US30", 3, 7)),
        calls_per_loan=(("US2", 7, 7),),
        talks_per_loan=(("US20", 1, 7),),
        stop_words_in_each="US4",
        debt_collector=("US7", "US70"),
        complaint=("complaint", 15),
        grounds=frozenset({"collection_ends", "remedy_possible", "remedy_intended"}),
        cease=frozenset({"collection_ends", "remedy_possible", "remedy_intended"}),
    ),
    "uk-conc": Numbers(
        hours=("UK1", 8, 21),
        texts=(("UK9", 1, 1), ("UK10", 3, 7)),
        complaint=("UK8", 56),
        pauses=(("UK6", "breathing_space", 60, 60), ("UK7", "debt_adviser", 30, 60)),
        grounds=frozenset({"arrears_notice"}),
    ),
    "in-rbi": Numbers(
        hours=("IN1", 8, 19),
        texts=(("IN3", 1, 1), ("IN4", 3, 7)),
        complaint=("complaint", 30),
        grounds=frozenset({"agency_takeover"}),
    ),
}

FIRST = {
    "automated": re.compile("自动|automated"),
    "verify": re.compile("核实|really us|genuine"),
    "person": re.compile("人工|a person|an agent"),
    "complaint": re.compile("投诉|complain"),
    "opt_out": re.compile("停止|退订|“stop”|unsubscribe"),
}
"""What the first message to an address says in every pack."""
STOP_WORDS = FIRST["opt_out"]
COLLECTOR_FIRST = re.compile("attempt to collect a debt|为了收回一笔欠款")
COLLECTOR_LATER = re.compile("debt collector|债务催收方|attempt to collect a debt|为了收回一笔欠款")
