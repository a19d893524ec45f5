"""The acts that a message can hold, in the order in which they are served."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

_TIERS: tuple[tuple[str, ...], ...] = (
    ("signal_self_harm", "threaten_violence"),
    ("report_death", "report_underage", "report_legal_representation", "report_bankruptcy"),
    ("stop_contact", "set_contact_time", "wrong_person", "third_party"),
    ("dispute_debt", "file_complaint", "request_data_rights"),
    ("ask_human",),
    ("report_hardship",),
    (
        "request_extension",
        "request_instalment",
        "request_waiver",
        "request_callback",
        "counter_offer",
    ),
    ("promise_to_pay", "pay_now", "already_paid", "refuse_to_pay", "choose_option"),
    ("affirm", "deny", "unsure"),
    (
        "ask_balance",
        "ask_due_date",
        "ask_breakdown",
        "ask_how_to_pay",
        "ask_consequences",
        "ask_plan_status",
        "request_document",
    ),
)
_TIER_OF = {act: tier for tier, acts in enumerate(_TIERS) for act in acts}

PROTECTION: frozenset[str] = frozenset(act for tier in _TIERS[:5] for act in tier)
"""The acts that protect a borrower: honoured at any point, before anything else."""

GROUPS: dict[str, frozenset[str]] = {
    "protection": PROTECTION,
    "account": frozenset(_TIERS[9]),
    "commitment": frozenset({"promise_to_pay", "pay_now", "already_paid", "refuse_to_pay"}),
    "hardship": frozenset({"report_hardship"}),
    "request": frozenset({"request_extension", "request_instalment", "request_waiver", "request_callback"}),
    "negotiation": frozenset({"choose_option", "counter_offer", "affirm", "deny", "unsure"}),
    "dialogue": frozenset(
        {
            "greet",
            "goodbye",
            "thank",
            "ask_who",
            "ask_if_bot",
            "ask_repeat",
            "change_language",
            "express_anger",
            "out_of_scope",
        }
    ),
}
"""The acts by what they are about; each group has a floor of its own in the gate on understanding."""

ALONE: frozenset[str] = frozenset({"express_anger", "out_of_scope"})
"""Acts that are none when another act stands beside them: anger with a request in it is a request."""

COURTESY: frozenset[str] = ALONE | {"greet", "goodbye", "thank"}
"""Acts that need no answer of their own when another act stands beside them."""

REPLIES: frozenset[str] = frozenset({"affirm", "deny", "unsure", "choose_option"})
"""Acts that answer a question and mean nothing more once a form has read them."""

A = TypeVar("A")


def tier(act: str) -> int:
    """Return an act's place in the order of service, 0 first; what is not listed comes last."""
    return _TIER_OF.get(act, len(_TIERS))


def in_order(acts: Iterable[tuple[str, A]]) -> list[tuple[str, A]]:
    """Sort (act, anything) pairs by the order of service; a tie keeps what was said first."""
    return sorted(acts, key=lambda pair: tier(pair[0]))


def read_with(taken: Collection[str] | None, act: str | None, *, opened: bool, ran: bool) -> frozenset[str]:
    """Return the acts that were read together with the message's first, `act`, or have nothing to answer.

    `taken` is what the running form takes as its answer, None when no form runs; `opened` tells whether this
    message opened it, `ran` whether any form ran in this turn. A form that was interrupted has read nothing;
    but a yes or no beside what interrupted it may belong to that: only a choice is still a choice.
    """
    if taken is not None and (opened or act in taken):
        return frozenset({*taken, *REPLIES})
    return REPLIES if taken is None and ran else REPLIES - {"choose_option"}


def still_to_serve(
    acts: Sequence[dict[str, Any]], read: Collection[str], *, protection_only: bool = False
) -> list[dict[str, Any]]:
    """Return the acts of a message that wait behind its first, which is being served, `read` left out.

    A courtesy beside a request is answered by serving the request. Once people have the conversation, or the
    writer turned out not to be the borrower, only protection is still honoured.
    """
    return [
        act
        for act in acts[1:]
        if act["intent"] not in read
        and act["intent"] not in COURTESY
        and (not protection_only or act["intent"] in PROTECTION)
    ]
