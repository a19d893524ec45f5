"""Two weeks in the lives of some people of the sample loan book, through the real services."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot import clock
from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason, Outcome
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.services.kit import MovableClock, local_day
from tests.conftest import ROOT
from tests.integration.support import (
    answered,
    chat,
    claimed,
    handoff,
    make_agent,
    say,
    send,
)

PEOPLE = (
    *(f"B{number:04d}" for number in range(1, 19)),
    *("B0022", "B0043", "B0067", "B0090", "B0127", "B0128"),
)
DAYS = 14
Act = Callable[[Grace, Path], object]


def live(grace: Grace, moving: MovableClock, folder: Path) -> None:
    """Live two weeks, one tick every four hours, night and day."""
    _import(grace, folder, "loans", lambda row: row["borrower_ref"] in PEOPLE)
    refs = tuple(f"L{ref[1:]}-" for ref in PEOPLE)
    _import(grace, folder, "payments", lambda row: row["loan_ref"].startswith(refs))
    start = moving.now()
    while moving.now() < start + timedelta(days=DAYS):
        passed = moving.now() - start
        for act in STORY.get((passed.days, passed.seconds // 3600), ()):
            act(grace, folder)
        clock.work(grace)
        send(grace)
        moving.move(timedelta(hours=4))


def _import(grace: Grace, folder: Path, kind: str, chosen: Callable[[dict[str, str]], bool]) -> None:
    with (ROOT / f"examples/{kind}.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        rows = [row for row in table if chosen(row)]
        _land(grace, folder, kind, rows)


def _land(grace: Grace, folder: Path, kind: str, rows: list[dict[str, str]]) -> None:
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    report = getattr(grace.loanbook, f"import_{kind}")(path)
    assert report.errors == ()


def _pay(ref: str, amount: str) -> Act:
    def pay(grace: Grace, folder: Path) -> None:
        now = grace.kit.clock.now()
        row = {"payment_ref": f"N{ref}", "loan_ref": f"L{ref[1:]}-1", "amount": amount}
        _land(grace, folder, "payments", [{**row, "currency": "CNY", "paid_at": now.isoformat()}])

    return pay


def _moves(ref: str, zone: str) -> Act:
    def move(grace: Grace, folder: Path) -> None:
        with (ROOT / "examples/loans.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["borrower_ref"] == ref]
        _land(grace, folder, "loans", [{**row, "timezone": zone} for row in rows])

    return move


def _signals(ref: str, act: str) -> Act:
    return lambda grace, _: grace.protection.honour(
        chat(grace, ref), act, turn=f"{act} {ref}", locale="zh_CN", text="……"
    )


def _says(ref: str, text: str) -> Act:
    def speak(grace: Grace, _: Path) -> None:
        conversation = chat(grace, ref)
        received = say(grace, ref, text)
        if received.needs_turn:
            answered(grace, claimed(grace, conversation))

    return speak


def _promises(ref: str, amount: str, days: int) -> Act:
    def promise(grace: Grace, _: Path) -> None:
        on = local_day(grace.kit.clock.now(), "Asia/Shanghai") + timedelta(days=days)
        assert grace.promises.make(chat(grace, ref), Money.of(amount, "CNY"), on, turn=f"p {ref}") == ()

    return promise


def _agrees(ref: str) -> Act:
    def agree(grace: Grace, _: Path) -> None:
        conversation = chat(grace, ref)
        offer = grace.negotiation.propose(conversation, Wish(count=3), turn=f"o {ref}").options[0]
        assert grace.negotiation.agree(conversation, offer.id, turn=f"a {ref}").plan_id is not None

    return agree


def _asks_for_people(ref: str) -> Act:
    return lambda grace, _: grace.handoffs.open(chat(grace, ref), HandoffReason.BEYOND_POLICY, cause="test")


def _agent_closes(ref: str) -> Act:
    def close(grace: Grace, _: Path) -> None:
        row, agent = handoff(grace, chat(grace, ref)), make_agent(grace)
        grace.handoffs.reply(row.id, agent, "您好，我来帮您看看。")
        grace.handoffs.close(row.id, agent, Outcome.RESOLVED)

    return close


def _lifted(ref: str, kind: str) -> Act:
    def lift(grace: Grace, _: Path) -> None:
        hold = next(one for one in grace.holds.of(ref) if one.kind == kind)
        agent = make_agent(grace, role="supervisor")
        grace.holds.lift(hold.id, agent, "spoken to on the phone", asked=True)

    return lift


def _switch(on: bool) -> Act:
    def turn(grace: Grace, _: Path) -> None:
        grace.kit.settings.automatic_off = on

    return turn


STORY: dict[tuple[int, int], tuple[Act, ...]] = {
    (0, 4): (_says("B0001", "你好"), _says("B0006", "在吗"), _promises("B0002", "500", 3)),
    (0, 8): (_signals("B0003", "dispute_debt"), _moves("B0128", "Europe/London")),
    (1, 0): (_agrees("B0005"), _signals("B0004", "wrong_person")),
    (1, 4): (_asks_for_people("B0006"), _signals("B0011", "file_complaint")),
    (1, 16): (
        lambda grace, _: grace.negotiation.report_hardship(chat(grace, "B0007"), "h"),
        lambda grace, _: grace.accounts.claim_paid(chat(grace, "B0010"), "c"),
    ),
    (2, 4): (_says("B0001", "退订"), _signals("B0012", "third_party"), _signals("B0013", "report_death")),
    (2, 8): (_pay("B0009", "20000.00"), _promises("B0014", "100", 2), _signals("B0015", "signal_self_harm")),
    (3, 4): (
        _pay("B0014", "100.00"),
        _agent_closes("B0006"),
        lambda grace, _: grace.protection.honour(
            chat(grace, "B0016"),
            "set_contact_time",
            turn="w",
            locale="zh_CN",
            until=grace.kit.clock.now() + timedelta(days=4),
        ),
    ),
    (5, 4): (_moves("B0127", "Europe/London"), _lifted("B0001", "opt_out")),
    (6, 0): (_agent_closes("B0003"),),
    (6, 4): (_lifted("B0003", "dispute"), _says("B0017", "请问怎么还款")),
    (9, 0): (_switch(True),),
    (10, 8): (_switch(False),),
}
