"""Some thousand borrowers on one database: the clock goes from one instant with work to the next."""

from __future__ import annotations

import csv
import gc
import heapq
import random
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock, local_day
from bot.services.outbox import Outgoing, Settlement
from bot.settings import Settings
from bot.simulation.assistance import Assistance
from bot.simulation.database import Sandbox
from bot.simulation.desk import Desk
from bot.simulation.dialogue import Speaker
from bot.simulation.intentions import Next
from bot.simulation.mix import ACTS
from bot.simulation.people import COLUMNS, Person, Place, book_rows, major
from bot.simulation.turns import Talker
from bot.storage.prepared import prepared
from bot.storage.queries import DUE_AMOUNT, STILL_OPEN
from bot.storage.tables import DueItem, LoanRow, Nudge

CHANNELS = ("telegram", "webchat")
_HOUR = timedelta(hours=1)
# The hours of the day, local, at which people deal with their debts.
_AWAKE = (8, 22)
_AHEAD = timedelta(days=3)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """The days that are simulated."""

    start: date
    days: int

    @property
    def first(self) -> datetime:
        """The instant at which a simulation begins: a midnight, UTC."""
        return datetime.combine(self.start, time(), UTC)

    @property
    def last(self) -> datetime:
        """The instant at which it ends."""
        return self.first + timedelta(days=self.days)


class Portfolio:
    """One loan book with its own database, staff and clock."""

    def __init__(
        self, settings: Settings, place: Place, persons: Sequence[Person], span: Span, folder: Path, seed: str
    ) -> None:
        self._clock = MovableClock(span.first)
        self._db = Sandbox(settings.database_url)
        ids = random.Random(seed)
        self.grace: Grace = build(
            settings,
            self._clock,
            db=self._db,
            new_id=lambda: str(uuid.UUID(int=ids.getrandbits(128), version=4)),
        )
        self._place, self._span, self._folder = place, span, folder
        self._persons = {person.ref: person for person in persons}
        self._at = {("telegram", person.telegram): person for person in persons}
        self._at |= {("webchat", person.ref): person for person in persons}
        self._talker: Talker | Speaker = Talker(self.grace, self._db)
        self._desk = Desk(self.grace)
        self._agenda: list[tuple[datetime, int, str, Next]] = []
        self._number = self._payments = 0
        self._where: dict[str, tuple[str, str]] = {}
        self.dead: Counter[str] = Counter()

    @property
    def read(self) -> Mapping[str, Counter[str]]:
        """By act, as what the assistant has read a conversation's first sentence; empty without it."""
        return self._talker.read if isinstance(self._talker, Speaker) else {}

    def run(self, assistance: Assistance | None = None) -> None:
        """Live through all days; with `assistance` borrowers' words are read, else their acts are known."""
        if assistance is not None:
            self._talker = Speaker(self.grace, assistance)
        self._open_books()
        for person in self._persons.values():
            self._foresee(person)
        # What stays until the end is not looked through again and again; what making the books has left goes.
        gc.collect()
        gc.freeze()
        mornings = self._mornings()
        while (now := self._next(mornings)) < self._span.last:
            self._clock.at = now
            payers = self._act(now)
            with self._db.together():
                self._pay(payers)
                if mornings and mornings[0][0] == now:
                    self._morning(mornings, now)
                self._deliver()
        self._clock.at = self._span.last
        self.grace.plans.settle_promises()
        self.grace.plans.settle_plans()
        self.grace.ledger.append()

    def close(self) -> None:
        """Close the database."""
        self.grace.close()

    def _open_books(self) -> None:
        self._import("loans", COLUMNS, book_rows(list(self._persons.values())))
        known = [person for person in self._persons.values() if person.verified]
        for begin in range(0, len(known), _BATCH):
            addresses = [person.telegram for person in known[begin : begin + _BATCH]]
            self.grace.identity.vouch_all(
                self.grace.conversations.ensure_all("telegram", addresses), "on-boarding"
            )

    def _import(self, kind: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        path = self._folder / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            table.writerows(rows)
        report = getattr(self.grace.loanbook, f"import_{kind}")(path)
        if report.errors:
            raise AssertionError(f"the simulated {kind} are refused: {report.errors[0]}")

    def _mornings(self) -> list[tuple[datetime, str]]:
        """The instants at which a clock has something to plan: the hour of each ladder, in each zone."""
        policies = self.grace.kit.policies
        hours = {policies.ladder(policy).send_at for policy in policies.products()}
        zones = [name for name, _ in self._place.zones] + [name for name, _ in self._place.away]
        found = {
            (datetime.combine(self._span.start + timedelta(days=day), hour, ZoneInfo(zone)), zone)
            for hour in hours
            for zone in zones
            for day in range(-1, self._span.days + 1)
        }
        in_utc = {(at.astimezone(UTC), zone) for at, zone in found}
        return sorted(one for one in in_utc if one[0] >= self._span.first)

    def _next(self, mornings: Sequence[tuple[datetime, str]]) -> datetime:
        waiting = self._waits_until()
        times = [self._span.last]
        times += [] if waiting is None else [max(waiting, self._clock.at)]
        times += [mornings[0][0]] if mornings else []
        times += [self._agenda[0][0]] if self._agenda else []
        return min(times)

    def _morning(self, mornings: list[tuple[datetime, str]], now: datetime) -> None:
        zones = set()
        while mornings and mornings[0][0] == now:
            zones.add(mornings.pop(0)[1])
        home = {name for name, _ in self._place.zones}
        away = {person.timezone for person in self._persons.values()} - home
        if not zones & (home | away):
            return
        self.grace.plans.settle_promises()
        self.grace.plans.settle_plans()
        if self._place.zones[0][0] in zones:
            # Before its day no rung asks for a loan's tier.
            self.grace.tiers.assess(now.date() + timedelta(days=1))
            self._desk.shift(self._persons)
            self.grace.ledger.append()
        self.grace.reminders.plan(zones)

    def _deliver(self) -> None:
        """Decide all that is due, and hand over all that waits."""
        while True:
            decided = self.grace.delivery.prepare_due(_BATCH).decided if self._is_due() else 0
            if not self._send() and not decided:
                return

    def _is_due(self) -> bool:
        waiting = self._waits_until()
        return waiting is not None and waiting <= self._clock.at

    def _waits_until(self) -> datetime | None:
        """The instant for which the earliest nudge is planned."""
        with self._db.begin() as session:
            earliest: datetime | None = session.scalar(*_earliest())
            return earliest

    def _send(self) -> int:
        """Hand everything that waits to the recording channel; return how many messages waited."""
        waiting = [number for number, _ in self.grace.outbox.queued(CHANNELS, _BATCH)]
        if not waiting:
            return 0
        taken = self.grace.outbox.claim_many(waiting).taken
        self.grace.outbox.settle_many([self._outcome(one) for one in taken.values()])
        for one in taken.values():
            person = self._at.get((one.channel, one.address))
            if person is not None and one.address != person.gone:
                self._where[person.ref] = (one.channel, one.address)
                if one.in_bulk:
                    self._react(person)
        return len(waiting)

    def _outcome(self, one: Outgoing) -> Settlement:
        person = self._at.get((one.channel, one.address))
        if person is not None and person.gone == one.address:
            self.dead[one.channel] += 1
            return Settlement(one.id, "dead", "the number is no longer in use")
        return Settlement(one.id, "sent")

    def _foresee(self, person: Person) -> None:
        """Enter what a borrower does without being asked."""
        persona, days = person.persona, self._span.days
        for debt in person.debts:
            for number, (due_on, _, _) in enumerate(debt.items, 1):
                if person.draw("unasked", debt.ref, number) < persona.unasked:
                    day = due_on - timedelta(days=int(person.between(0, 4, "early", debt.ref, number)))
                    at = datetime.combine(day, time(12), ZoneInfo(person.timezone))
                    self._enter(person, Next(at, "pay"), f"unasked {debt.ref} {number}")
        for act, chance in (("moves", persona.moves), ("new_number", persona.changes_number)):
            if person.draw(act) < chance:
                at = self._span.first + timedelta(days=person.between(2, days, act, "when"))
                self._enter(person, Next(at, act), act)

    def _react(self, person: Person) -> None:
        """Let a reminder that was read do its work, or none."""
        person.heard += 1
        persona, key = person.persona, person.heard
        if person.draw("answers", key) >= persona.answers:
            return
        possible = [(act, persona.does[act]) for act in ACTS if act in persona.does]
        act = person.choose(possible, "does", key)
        if act in persona.once:
            if act in person.done:
                return
            person.done.add(act)
        # Most within hours, some after a day or two.
        later = timedelta(hours=0.3 + 48 * person.draw("later", key) ** 3)
        self._enter(person, Next(self._clock.now() + later, act), f"react {key}")

    def _enter(self, person: Person, one: Next, key: str) -> None:
        """Put something on the agenda: at a full hour, while its borrower is awake."""
        zone = ZoneInfo(person.timezone)
        local = one.at.astimezone(zone)
        first, last = _AWAKE
        if not first <= local.hour < last:
            day = local.date() + timedelta(days=int(local.hour >= last))
            hour = int(person.between(first, first + 4, "wakes", key))
            local = datetime.combine(day, time(hour, local.minute), zone)
        at = max(local.astimezone(UTC), self._clock.at)
        whole = at.replace(minute=0, second=0, microsecond=0)
        at = whole if whole == at else whole + _HOUR
        if at < self._span.last:
            self._number += 1
            heapq.heappush(self._agenda, (at, self._number, person.ref, one))

    def _act(self, now: datetime) -> list[tuple[Person, Next]]:
        """Do all that is on the agenda for this instant, moves in one file; return who pays."""
        payers: list[tuple[Person, Next]] = []
        moved: list[Person] = []
        # The assistant's actions work beside, each in a transaction of its own.
        with nullcontext() if isinstance(self._talker, Speaker) else self._db.together():
            while self._agenda and self._agenda[0][0] <= now:
                _, _, ref, one = heapq.heappop(self._agenda)
                person = self._persons[ref]
                if one.act == "pay":
                    payers.append((person, one))
                elif one.act in ("moves", "new_number", "registers"):
                    moved += self._move(person, one.act)
                else:
                    self._say(person, one.act)
        if moved:
            self._import("loans", COLUMNS, book_rows(moved))
        return payers

    def _say(self, person: Person, act: str) -> None:
        channel, address = self._where.get(person.ref, ("telegram", person.telegram))
        for following in self._talker.say(person, channel, address, act):
            self._enter(person, following, f"said {person.said} {following.at}")

    def _move(self, person: Person, act: str) -> list[Person]:
        """Change a life; return the borrower when the loan book learns of it."""
        if act == "moves":
            person.timezone, person.country = person.choose(
                [(one, 1) for one in self._place.away], "moves to"
            )
            return [person]
        if act == "new_number":
            person.gone = person.telegram
            self._where.pop(person.ref, None)
            back = self._clock.at + timedelta(days=person.between(8, 40, "registers"))
            self._enter(person, Next(back, "registers"), "registers")
            return []
        person.telegram = f"8{person.telegram}"
        self._at["telegram", person.telegram] = person
        return [person]

    def _pay(self, payers: Sequence[tuple[Person, Next]]) -> None:
        """Book what is paid in one file: never more than is still open of a loan."""
        if not payers:
            return
        dues = self._open_dues({person.ref: person for person, _ in payers})
        rows = []
        for person, one in payers:
            today = local_day(self._clock.at, person.timezone)
            for debt in person.debts:
                open_items = dues.get(debt.ref, [])
                if one.loan is not None:
                    wanted = (one.amount or 0) if one.loan == debt.ref else 0
                else:
                    wanted = sum(amount for due_on, amount in open_items if due_on <= today + _AHEAD)
                paid = min(wanted, sum(amount for _, amount in open_items))
                if paid:
                    self._payments += 1
                    dues[debt.ref] = _less(open_items, paid)
                    at = self._clock.at.isoformat()
                    rows.append((f"P{self._payments:08d}", debt.ref, major(paid), self._place.currency, at))
        if rows:
            self._import("payments", ("payment_ref", "loan_ref", "amount", "currency", "paid_at"), rows)

    def _open_dues(self, persons: dict[str, Person]) -> dict[str, list[tuple[date, int]]]:
        refs = [debt.ref for person in persons.values() for debt in person.debts]
        found: dict[str, list[tuple[date, int]]] = {}
        with self._db.begin() as session:
            for ref, due_on, amount in session.execute(*_open_items(refs)):
                found.setdefault(ref, []).append((due_on, amount))
        return found


@prepared
def _earliest() -> Select[tuple[datetime]]:
    earliest = func.min(Nudge.send_at, type_=Nudge.send_at.type)
    return select(earliest).where(Nudge.state == "queued")


@prepared
def _open_items(refs: Collection[str]) -> Select[tuple[str, date, int]]:
    return (
        select(LoanRow.ref, DueItem.due_on, DUE_AMOUNT - DueItem.paid_minor)
        .join(DueItem, DueItem.loan_id == LoanRow.id)
        .where(LoanRow.ref.in_(refs), STILL_OPEN)
        .order_by(LoanRow.id, DueItem.number)
    )


def _less(items: Sequence[tuple[date, int]], paid: int) -> list[tuple[date, int]]:
    left = []
    for due_on, amount in items:
        part = min(amount, paid)
        paid -= part
        if amount > part:
            left.append((due_on, amount - part))
    return left
