"""What every action shares: services made on first use, and an answer even when something breaks."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import deferred
from actions.turn import Turn
from bot.bootstrap import Grace, build
from bot.domain.handoff import HandoffReason
from bot.observing import logs, metrics, tracing
from bot.services.accounts import IdentityNeeded
from bot.settings import Settings

log = structlog.get_logger()


_LENT: list[Grace] = []


def lend(services: Grace | None) -> None:
    """Have all actions use services of the caller's, as a simulation does; None takes them back."""
    _LENT[:] = [] if services is None else [services]


def grace() -> Grace:
    """Return this process's services."""
    return _LENT[0] if _LENT else _own()


@lru_cache(maxsize=1)
def _own() -> Grace:
    built = build(Settings(), migrate=False)
    tracing.watch(built.kit.db.engine)
    return built


class GraceAction(Action, ABC):
    """Subclasses set `key` and write `act`: sync, one service call, then what to say."""

    key = ""

    def name(self) -> str:
        """The name in domain.yml."""
        return self.key

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Serve the turn. A debt fact before identity starts the check; any fault goes to a person."""
        turn = Turn(grace(), dispatcher, tracker)
        outcome = "failed"
        with (
            logs.bound_contextvars(turn=turn.id, conversation=turn.conversation),
            metrics.timed(metrics.ACTION_SECONDS),
            tracing.span(self.key),
        ):
            try:
                found = await asyncio.to_thread(self.act, turn)
                outcome = "done"
            except IdentityNeeded:
                found, outcome = _identify(turn, dispatcher), "identity_needed"
            except Exception:
                log.exception("action_failed", action=self.key)
                dispatcher.messages.clear()
                found = await asyncio.to_thread(give_up, turn)
            finally:
                metrics.ACTIONS.labels(self.key, outcome).inc()
            log.info("action_run", action=self.key, outcome=outcome)
            return found

    @abstractmethod
    def act(self, turn: Turn) -> list[EventType]:
        """Do it; return the events."""


class AskAction(GraceAction):
    """Asks for a form's slot. Silent where a question would be out of place: see `Turn.quiet`."""

    form = ""

    def act(self, turn: Turn) -> list[EventType]:
        """Ask, unless this is no moment to ask."""
        return [] if turn.quiet(self.form) else self.ask(turn)

    @abstractmethod
    def ask(self, turn: Turn) -> list[EventType]:
        """Ask; return the events."""


def _identify(turn: Turn, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Begin the identity check and keep the request; in a chat of nobody we know, say how to reach us."""
    if not turn.context.get("known"):
        turn.say_once("utter_welcome_unknown")
        return closed()
    dispatcher.messages.clear()
    return [*deferred.keep(turn), FollowupAction("identity_form")]


def give_up(turn: Turn) -> list[EventType]:
    """Hand over to a person after a fault, and say so."""
    return hand_over(turn, HandoffReason.FAILURE, "utter_handoff_failure")


def closed() -> list[EventType]:
    """Return the events that end whatever form is active."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def hand_over(turn: Turn, reason: HandoffReason, response: str, **values: object) -> list[EventType]:
    """Hand over to a person and say so; forms end, and so does the bot's part in this turn."""
    answer = turn.grace.protection.hand_over(
        turn.conversation, reason, response, turn=turn.id, locale=turn.locale
    )
    turn.say(answer.response, **{**values, **answer.values})
    return [*closed(), *ended(turn)]


def pass_on(turn: Turn, reason: HandoffReason, response: str, **values: object) -> None:
    """Put something before people, and say so; the assistant goes on, and so does whatever form runs."""
    answer = turn.grace.protection.hand_over(
        turn.conversation, reason, response, turn=turn.id, locale=turn.locale, beside=True
    )
    turn.say(answer.response, **{**values, **answer.values})


def ended(turn: Turn) -> list[EventType]:
    """Return the events after which only protection acts of this message are still served."""
    return [SlotSet("turn_ended", turn.base), SlotSet(deferred.SLOT, None)]
