"""Computes dues, plans and promises of loans anew when their payments have changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from sqlalchemy.orm import Session

from bot.services.accounting import Account, AgreedPolicies, Settlement, accounts, save_dues
from bot.services.kit import Kit
from bot.services.plan_changes import Change, apply_plan, decide_plan, update_promise, waived_by
from bot.storage.tables import LoanRow

Telling = Callable[[Account, Settlement], None]


def restate(
    session: Session,
    kit: Kit,
    loans: Collection[LoanRow],
    causes: Mapping[int, str],
    actor: str,
    tell: Telling | None = None,
) -> None:
    """Compute dues, plans and promises of locked loans anew from their payments, and record what has changed.

    `causes` says by loan id what brought it about. `tell` is called for each loan before anything of it is
    changed, with what its due items will be.
    """
    policies = AgreedPolicies(session, kit)
    settled = []
    for loan_id, account in accounts(session, loans).items():
        change = Change(session, kit, kit.clock.now(), actor, causes[loan_id])
        decisions = [(plan, decide_plan(change, account, plan, policies)) for plan in account.plans]
        waived = sum(
            waived_by(account, plan, decision.standing.state, policies) for plan, decision in decisions
        )
        settlement = account.settle(waived, {plan.id: sum(one.standing.paid) for plan, one in decisions})
        settled.append((account, settlement))
        if tell is not None:
            tell(account, settlement)
        for plan, decision in decisions:
            apply_plan(change, account, plan, decision)
        for promise in account.promises:
            update_promise(change, account, promise, policies)
    save_dues(session, settled)
