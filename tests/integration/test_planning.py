"""The planner's SQL and the ladder's own function decide alike, on books that nobody has thought of."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bootstrap import Grace
from bot.domain.ladder import again_key
from bot.domain.policy import Ladder
from bot.services.agenda import due_nudges, open_loans
from bot.services.kit import MovableClock, local_day
from bot.storage.tables import Borrower, DueItem, LoanRow, Nudge, OfferRow, Plan, PlanItem, Promise

ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London")
PRODUCTS = ("consumer-cn", "card-cn", "loan-gb", "loan-us")
Key = tuple[int, int, str]


def fill(grace: Grace, rng: random.Random, loans: int) -> None:
    """Write a book in which every kind of fact that planning asks about comes up."""
    now = grace.kit.clock.now()
    tiers = [None, "standard", *{name for one in grace.kit.policies.ladders() for _, name in one.tiers()}]
    steps = [
        again_key(step, turn)
        for ladder in grace.kit.policies.ladders()
        for step in ladder.steps
        for turn in range(1, max(len(step.channels), 1) + 1)
    ]
    with grace.kit.db.begin() as session:
        for number in range(1, loans + 1):
            session.add(
                Borrower(
                    id=number,
                    ref=f"B{number}",
                    name="N",
                    phone="1",
                    locale="en",
                    timezone=rng.choice(ZONES),
                    created_at=now,
                )
            )
            session.flush()
            product = rng.choice(PRODUCTS)
            session.add(
                LoanRow(
                    id=number,
                    ref=f"L{number}",
                    borrower_id=number,
                    product=product,
                    currency=grace.kit.policies.currency(product),
                    principal_minor=1,
                    opened_on=date(2025, 1, 1),
                    tier=rng.choice(tiers),
                    good_record=rng.random() < 0.5,
                )
            )
            session.flush()
            first = now.date() + timedelta(days=rng.randint(-125, 6))
            for place in range(1, rng.randint(1, 3) + 1):
                amount = rng.choice([100, 9_999, 50_000, 100_000, 2_000_000])
                session.add(
                    DueItem(
                        loan_id=number,
                        number=place,
                        due_on=first + timedelta(days=30 * (place - 1)),
                        principal_minor=amount,
                        paid_minor=rng.choice([0, 0, amount // 2, amount]),
                    )
                )
            for step in rng.sample(steps, rng.choice([0, 0, 1, 2])):
                at = now - timedelta(days=3)
                session.add(
                    Nudge(
                        loan_id=number,
                        borrower_id=number,
                        cycle=rng.randint(1, 2),
                        step=step,
                        purpose="reminder",
                        channels=[],
                        state="sent",
                        send_at=at,
                        expires_at=at,
                        created_at=at,
                    )
                )
            _agree(session, rng, number, now)


def _agree(session: Session, rng: random.Random, number: int, now: datetime) -> None:
    made = now - timedelta(hours=rng.randint(1, 90))
    for state in rng.choice(
        [(), (), ("open",), ("broken",), ("kept",), ("broken", "open"), ("kept", "broken")]
    ):
        due_on = now.date() + timedelta(days=rng.randint(-6, 3))
        session.add(
            Promise(
                loan_id=number,
                amount_minor=1,
                due_on=due_on,
                state=state,
                policy_version="p",
                created_at=made,
            )
        )
        session.flush()
    state = rng.choice(["", "", "", "active", "broken", "active"])
    if not state:
        return
    offer = OfferRow(
        loan_id=number,
        batch="b",
        position=1,
        kind="instalment",
        principal_minor=1,
        cost_minor=0,
        schedule=[],
        state="accepted",
        policy_version="p",
        created_at=now,
        expires_at=now,
    )
    session.add(offer)
    session.flush()
    plan = Plan(
        loan_id=number, offer_id=offer.id, kind="instalment", state=state, policy_version="p", agreed_at=made
    )
    first = now.date() + timedelta(days=rng.randint(-1, 4))
    plan.items = [
        PlanItem(
            number=place,
            due_on=first + timedelta(days=place - 1),
            amount_minor=5,
            paid_minor=rng.choice([0, 0, 5]),
        )
        for place in (1, 2)
    ]
    session.add(plan)


def expected(grace: Grace) -> dict[Key, tuple[object, ...]]:
    """What the decision on each loan by itself plans now."""
    now = grace.kit.clock.now()
    found: dict[Key, tuple[object, ...]] = {}
    with grace.kit.db.begin() as session:
        known = set(session.execute(select(Nudge.loan_id, Nudge.cycle, Nudge.step)).tuples())
        for row, loan in open_loans(session):
            for due in due_nudges(session, grace.kit, row, loan, local_day(now, row.borrower.timezone)):
                key = (loan.id, due.cycle, due.step)
                if due.send_at <= now and key not in known:
                    found[key] = (
                        due.purpose,
                        due.template,
                        due.channels,
                        due.state,
                        due.send_at,
                        due.expires_at,
                    )
    return found


def planned(grace: Grace) -> dict[Key, tuple[object, ...]]:
    """What was planned now."""
    with grace.kit.db.begin() as session:
        made = session.scalars(select(Nudge).where(Nudge.created_at == grace.kit.clock.now()))
        return {
            (one.loan_id, one.cycle, one.step): (
                one.purpose,
                one.template,
                tuple(one.channels),
                one.state,
                one.send_at,
                one.expires_at,
            )
            for one in made
        }


@pytest.mark.parametrize("seed", range(4))
def test_the_statements_plan_what_the_ladder_decides_loan_by_loan(
    grace: Grace, clock: MovableClock, seed: int
) -> None:
    rng = random.Random(seed)
    clock.at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=rng.randrange(60 * 24 * 14))
    fill(grace, rng, 250)
    for _ in range(3):
        wanted = expected(grace)
        added = grace.reminders.plan()
        assert planned(grace) == wanted
        assert added == len(wanted)
        clock.at += timedelta(hours=rng.randint(3, 30))


@pytest.mark.parametrize("seed", range(2))
def test_zone_by_zone_the_same_is_planned_as_for_all_at_once(
    grace: Grace, clock: MovableClock, seed: int
) -> None:
    rng = random.Random(seed)
    clock.at = datetime(2026, 3, 2, 15, tzinfo=UTC) + timedelta(hours=rng.randrange(24))
    fill(grace, rng, 250)
    wanted = expected(grace)
    with grace.kit.db.begin() as session:
        at_home = select(LoanRow.id, Borrower.timezone).join(Borrower, Borrower.id == LoanRow.borrower_id)
        zones = dict(session.execute(at_home).tuples().all())
    for part in (ZONES[:1], ZONES[1:3], ("Asia/Tokyo",), ZONES[3:]):
        before = set(planned(grace))
        added = grace.reminders.plan(set(part))
        now = {key: nudge for key, nudge in planned(grace).items() if key not in before}
        assert now == {key: nudge for key, nudge in wanted.items() if zones[key[0]] in part}
        assert added == len(now)


def test_the_books_hold_every_kind_of_nudge(grace: Grace, clock: MovableClock) -> None:
    fill(grace, random.Random(1), 600)
    kinds = {step.split(":")[0] for _, _, step in expected(grace)}
    assert {"plan3", "plan", "plan0", "promise"} < kinds
    ladders: tuple[Ladder, ...] = grace.kit.policies.ladders()
    assert len(kinds & {step.id for ladder in ladders for step in ladder.steps}) >= 6
