"""A borrower's conversation in written sentences: the trained assistant reads them and decides what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.bootstrap import Grace
from bot.channels.assistant import Answer, AssistantDown
from bot.domain.money import Money
from bot.language import formats
from bot.services.accounts import IdentityNeeded, Standing
from bot.services.conversation import Incoming
from bot.services.kit import local_day
from bot.services.turns import Turn
from bot.simulation.assistance import Assistance
from bot.simulation.intentions import Next, on, perhaps
from bot.simulation.people import Person
from bot.simulation.phrases import ANSWERS, REFUSALS, SENTENCES, worded
from bot.storage.tables import LoanRow, OfferRow, Plan, PlanItem, Promise

MOST = 10
"""Messages after which a borrower gives up a conversation that comes to nothing."""
_TRIES = 5
_AGREES = 0.75
_LAST = ("plan_confirmed", "promise_confirmed")
# As Rasa's own sessions: who comes back later begins anew, whatever was being asked.
_FORGOTTEN = timedelta(hours=24)


class Speaker:
    """Plays conversations. `read` counts by act as what each opening sentence was read."""

    def __init__(self, grace: Grace, assistance: Assistance) -> None:
        self.grace = grace
        self.read: dict[str, Counter[str]] = {}
        self._assistance = assistance
        self._spoke: dict[str, datetime] = {}

    def say(self, person: Person, channel: str, address: str, act: str) -> list[Next]:
        """Have a borrower write and answer until nothing is asked; return what the borrower does next."""
        words = worded(SENTENCES[act], person.locale, person.draw("words", person.said))
        seen: list[str | None] = []
        conversation = ""
        while len(seen) < MOST:
            person.said += 1
            received = self.grace.conversations.receive(
                Incoming(channel, address, f"simulated:{person.said}", words)
            )
            conversation = received.conversation_id
            turn = self.grace.turns.claim(conversation) if received.needs_turn else None
            if turn is None:
                break
            answer = self._answered(turn)
            if not seen:
                self._count(act, answer)
            if turn.context["verified"] or self.grace.conversations.verified(conversation):
                person.verified = True
            reply = self._reply(person, conversation, answer.expected, seen.count(answer.expected))
            seen.append(answer.expected)
            if reply is None:
                break
            words = reply
        return list(self._meant(person, conversation, act)) if conversation else []

    def _answered(self, turn: Turn) -> Answer:
        now = self.grace.kit.clock.now()
        before = self._spoke.get(turn.conversation_id, now)
        self._spoke[turn.conversation_id] = now
        if now - before >= _FORGOTTEN:
            turn = replace(turn, context={**turn.context, "resumed": True})
        answer = self._asked(turn)
        self.grace.turns.finish(
            turn,
            answer.reply,
            expected=answer.expected,
            understood=answer.understood,
            reading=answer.reading,
        )
        return answer

    def _asked(self, turn: Turn) -> Answer:
        """Ask the assistant; where the machine is too busy, again: a turn's effects happen once."""
        for _ in range(_TRIES - 1):
            try:
                return self._assistance.turn(turn)
            except AssistantDown:
                continue
        return self._assistance.turn(turn)

    def _count(self, act: str, answer: Answer) -> None:
        self.read.setdefault(act, Counter())[str(answer.reading.get("intent"))] += 1

    def _reply(self, person: Person, conversation: str, asked: str | None, before: int) -> str | None:
        """Return what is answered to the open question; None where there is none, or it was asked before."""
        if asked is None or asked not in ANSWERS or before > 1:
            return None
        words = ANSWERS[asked]
        if asked in _LAST and person.draw("agrees", person.said) >= _AGREES:
            words = REFUSALS
        wording = worded(words, person.locale, person.draw("words", person.said))
        return wording.format_map(self._facts(person, conversation))

    def _facts(self, person: Person, conversation: str) -> dict[str, Any]:
        """What a borrower can tell: who it is, a day, a number of payments, a sum."""
        facts = {
            "born": formats.day(person.birth_date, person.locale, None),
            "phone": person.phone[-4:],
            "day": formats.day(self._day(person), person.locale, None),
            "count": int(person.between(2, 7, "count", person.said)),
        }
        standing = self._standing(conversation)
        if standing is not None:
            claimed = standing.claimed
            third = Money(-(-claimed.minor // 300) * 100, claimed.currency)
            facts |= {"sum": f"{third.amount:.0f}", "currency": claimed.currency}
        return facts

    def _day(self, person: Person) -> date:
        today = local_day(self.grace.kit.clock.now(), person.timezone)
        return today + timedelta(days=int(person.between(1, 9, "promise", person.heard)))

    def _standing(self, conversation: str) -> Standing | None:
        try:
            return self.grace.accounts.standing(conversation)
        except (IdentityNeeded, LookupError):
            return None

    def _meant(self, person: Person, conversation: str, act: str) -> Iterator[Next]:
        """What a borrower does after a conversation: pays what was agreed, or what was said."""
        now = self.grace.kit.clock.now()
        agreed = list(self._agreed(person, conversation, now))
        yield from agreed
        if agreed:
            return
        if act == "tell_and_pay":
            yield Next(now, "pay")
        elif act == "claim_paid":
            yield from perhaps(person, now + timedelta(hours=20), "claim")
        elif act == "ask":
            yield from perhaps(person, now + timedelta(hours=3), "asked")

    def _agreed(self, person: Person, conversation: str, now: datetime) -> Iterator[Next]:
        """Yield the payments of what was agreed in a conversation just now, as far as they are kept."""
        of_chat = select(OfferRow.id).where(OfferRow.conversation_id == conversation)
        with self.grace.kit.db.read() as session:
            promised = session.execute(
                select(LoanRow.ref, Promise.due_on, Promise.amount_minor)
                .join(LoanRow, LoanRow.id == Promise.loan_id)
                .where(Promise.conversation_id == conversation, Promise.created_at == now)
            ).all()
            planned = session.execute(
                select(LoanRow.ref, PlanItem.due_on, PlanItem.amount_minor, Plan.id, PlanItem.number)
                .join(Plan, Plan.id == PlanItem.plan_id)
                .join(LoanRow, LoanRow.id == Plan.loan_id)
                .where(Plan.offer_id.in_(of_chat), Plan.agreed_at == now)
                .order_by(Plan.id, PlanItem.number)
            ).all()
        for ref, day, amount in promised:
            yield from perhaps(person, on(person, day, "promise"), "promise", ref, amount)
        for ref, day, amount, plan, number in planned:
            at = on(person, day, f"item {number}")
            yield from perhaps(person, at, f"plan {plan} {number}", ref, amount)
