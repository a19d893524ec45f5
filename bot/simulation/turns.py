"""A borrower's turn by intent: received, decided by the real services, answered; no assistant is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.bootstrap import Grace
from bot.domain.money import Money
from bot.domain.plans import Wish
from bot.language import formats
from bot.services.accounts import PAID_CLAIM_DAYS, Standing
from bot.services.conversation import Incoming
from bot.services.kit import written
from bot.services.offers import OfferView
from bot.services.replies import Reply, rendered
from bot.services.turns import Turn
from bot.simulation.database import Sandbox
from bot.simulation.intentions import Next, day_after, on, perhaps
from bot.simulation.people import Person
from bot.simulation.phrases import phrase

_HONOURED = {
    "dispute": "dispute_debt",
    "complain": "file_complaint",
    "crisis": "signal_self_harm",
    "person": "ask_human",
    "wrong_person": "wrong_person",
    "later": "set_contact_time",
}


Answer = tuple[Reply, list[Next]]


class Talker:
    """Plays the turns of borrowers."""

    def __init__(self, grace: Grace, db: Sandbox) -> None:
        self.grace, self._db = grace, db
        self._answers: Mapping[str, Callable[[Person, Turn, Standing], Answer]] = {
            "tell_and_pay": self._tells,
            "claim_paid": self._claims,
            "ask": self._asks,
            "promise": self._promises,
            "plan": self._wishes,
            "agree": self._agrees,
            "hardship": self._hard_up,
        }

    def say(self, person: Person, channel: str, address: str, act: str) -> list[Next]:
        """Have a borrower write, and Grace answer; return what the borrower does next."""
        person.said += 1
        number = person.said
        text = phrase(act, person.locale)
        if act in self._answers:
            text = f"{text} {person.facts}" if not person.verified else text
        with self._db.together():
            received = self.grace.conversations.receive(
                Incoming(channel, address, f"simulated:{number}", text)
            )
            turn = self.grace.turns.claim(received.conversation_id) if received.needs_turn else None
            if turn is None:
                return []
            reply, following = self._answer(person, act, turn)
            self.grace.turns.finish(turn, reply, expected=None, understood=True)
            return following

    def _answer(self, person: Person, act: str, turn: Turn) -> Answer:
        if act in _HONOURED:
            return self._honoured(person, act, turn)
        if not turn.context["verified"]:
            found = self.grace.identity.present(turn.conversation_id, person.facts, turn=turn.id)
            if found.status != "verified":
                return self._reply(person, turn, "utter_unsure_open"), []
            person.verified = True
        standing = self.grace.accounts.standing(turn.conversation_id)
        if standing.loan.outstanding.minor <= 0:
            return self._reply(person, turn, "utter_account_clear", loan=standing.loan.ref), []
        return self._answers[act](person, turn, standing)

    def _reply(self, person: Person, turn: Turn, *keys: str, **values: Any) -> Reply:
        made = [
            rendered(self.grace.kit, key, turn.context["locale"], {k: str(v) for k, v in values.items()})
            for key in keys
        ]
        purpose = next((one.purpose for one in made if one.purpose != "reply"), "reply")
        return Reply("\n\n".join(one.text for one in made), [], tuple(keys), purpose)

    def _honoured(self, person: Person, act: str, turn: Turn) -> Answer:
        until = day_after(person, self._now(), timedelta(days=2), 18) if act == "later" else None
        answer = self.grace.protection.honour(
            turn.conversation_id,
            _HONOURED[act],
            turn=turn.id,
            locale=turn.context["locale"],
            text=turn.text,
            until=until,
        )
        return self._reply(person, turn, answer.response, **answer.values), []

    def _tells(self, person: Person, turn: Turn, _: Standing) -> Answer:
        return self._reply(person, turn, "utter_thank"), [Next(self._now(), "pay")]

    def _claims(self, person: Person, turn: Turn, _: Standing) -> Answer:
        self.grace.accounts.claim_paid(turn.conversation_id, turn.id)
        reply = self._reply(person, turn, "utter_paid_claim", days=PAID_CLAIM_DAYS)
        return reply, perhaps(person, self._now() + timedelta(hours=20), "claim")

    def _asks(self, person: Person, turn: Turn, standing: Standing) -> Answer:
        how = standing.policy.how_to_pay
        words = how.get(turn.context["locale"]) or next(iter(how.values()))
        reply = self._reply(person, turn, "utter_account_how_to_pay", how=words)
        return reply, perhaps(person, self._now() + timedelta(hours=3), "asked")

    def _promises(self, person: Person, turn: Turn, standing: Standing) -> Answer:
        amount = standing.claimed
        day = standing.today + timedelta(days=int(person.between(1, 9, "promise", person.said)))
        refusals = self.grace.promises.make(turn.conversation_id, amount, day, turn=turn.id)
        if refusals:
            return self._reply(person, turn, "utter_ask_promise_date"), []
        reply = self._reply(
            person,
            turn,
            "utter_promise_recorded",
            amount=self._money(amount, turn),
            date=self._day(day, turn, standing),
        )
        at = on(person, day, "promise")
        return reply, perhaps(person, at, "promise", standing.loan.ref, amount.minor)

    def _wishes(self, person: Person, turn: Turn, standing: Standing) -> Answer:
        count = int(person.between(2, 7, "count", person.said))
        found = self.grace.negotiation.propose(turn.conversation_id, Wish(count=count), turn=turn.id)
        if not found.options:
            answer = self.grace.protection.honour(
                turn.conversation_id, "ask_human", turn=turn.id, locale=turn.context["locale"], text=turn.text
            )
            return self._reply(person, turn, answer.response, **answer.values), []
        lines = "\n".join(self._line(offer, turn, standing) for offer in found.options)
        reply = self._reply(
            person, turn, "utter_plan_options", amount=self._money(found.amount, turn), lines=lines
        )
        agrees = person.draw("agrees", person.said) < 0.75
        return reply, [Next(self._now() + timedelta(hours=1), "agree")] if agrees else []

    def _line(self, offer: OfferView, turn: Turn, standing: Standing) -> str:
        values = {
            "n": str(offer.position),
            "count": str(len(offer.schedule)),
            "days": str(offer.days or 0),
            "rhythm": self.grace.kit.texts.render("utter_rhythm_monthly", turn.context["locale"], {}).text,
            "down": self._money(offer.schedule[0].amount, turn),
            "each": self._money(offer.schedule[-1].amount, turn),
            "first": self._day(offer.schedule[0].due_on, turn, standing),
            "last": self._day(offer.schedule[-1].due_on, turn, standing),
            "total": self._money(offer.total, turn),
            "cost": self._money(offer.cost, turn),
        }
        key = f"utter_plan_option_{offer.kind}"
        return self.grace.kit.texts.render(key, turn.context["locale"], values).text

    def _agrees(self, person: Person, turn: Turn, standing: Standing) -> Answer:
        shown = self.grace.negotiation.shown(turn.conversation_id)
        if not shown:
            return self._reply(person, turn, "utter_unsure_open"), []
        done = self.grace.negotiation.agree(turn.conversation_id, shown[0].id, turn=turn.id)
        if done.plan_id is None or done.offer is None:
            return self._reply(person, turn, "utter_unsure_open"), []
        texts, locale = self.grace.kit.texts, turn.context["locale"]
        schedule = "\n".join(
            texts.render(
                "utter_plan_line",
                locale,
                {
                    "n": str(item.number),
                    "date": self._day(item.due_on, turn, standing),
                    "amount": self._money(item.amount, turn),
                },
            ).text
            for item in done.offer.schedule
        )
        reply = self._reply(
            person,
            turn,
            "utter_plan_agreed",
            plan=done.plan_id,
            loan=done.offer.loan_ref,
            schedule=schedule,
            total=self._money(done.offer.total, turn),
            cost=self._money(done.offer.cost, turn),
        )
        payments = [
            one
            for item in done.offer.schedule
            for one in perhaps(
                person,
                on(person, item.due_on, f"item {item.number}"),
                f"plan {done.plan_id} {item.number}",
                done.offer.loan_ref,
                item.amount.minor,
            )
        ]
        return reply, payments

    def _hard_up(self, person: Person, turn: Turn, standing: Standing) -> Answer:
        until = self.grace.negotiation.report_hardship(turn.conversation_id, turn.id)
        reply = self._reply(
            person,
            turn,
            "utter_hardship_heard",
            "utter_hardship_paused",
            until=self._day(until, turn, standing),
        )
        wants = person.draw("then plan", person.said) < 0.6
        return reply, [Next(self._now() + timedelta(hours=1), "plan")] if wants else []

    def _now(self) -> datetime:
        return self.grace.kit.clock.now()

    def _money(self, amount: Money, turn: Turn) -> str:
        return written(amount, turn.context["locale"])

    def _day(self, day: date, turn: Turn, standing: Standing) -> str:
        return formats.day(day, turn.context["locale"], standing.today)
