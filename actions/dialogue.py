"""Opening, language, not understanding, several acts in one message."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction

from actions.base import GraceAction, hand_over
from actions.turn import Turn
from bot.domain.handoff import HandoffReason

MISUNDERSTOOD_LIMIT = 2


class Welcome(GraceAction):
    """A chat was opened: say hello; the identity check follows by itself where it is needed."""

    key = "action_welcome"

    def act(self, turn: Turn) -> list[EventType]:
        """Greet, or say how to reach us when the chat belongs to nobody we know."""
        known = bool(turn.context.get("known"))
        turn.say("utter_welcome" if known else "utter_welcome_unknown")
        return [FollowupAction("identity_form")] if known and not turn.context.get("verified") else []


class ChangeLanguage(GraceAction):
    """Switch to a language that Grace speaks; ask which when it is not clear."""

    key = "action_change_language"

    def act(self, turn: Turn) -> list[EventType]:
        """Switch; slots stay as they are."""
        wanted = turn.value("language")
        locale = turn.grace.conversations.set_locale(turn.conversation, wanted) if wanted else None
        if locale is None:
            turn.say("utter_language_ask")
        else:
            turn.context["locale"] = locale
            turn.say("utter_language_changed")
        return []


class Clarify(GraceAction):
    """Not understood: once, ask for other words; twice in a row, bring in a person."""

    key = "action_clarify"

    def act(self, turn: Turn) -> list[EventType]:
        """Ask, or hand over."""
        if turn.grace.conversations.misunderstood(turn.conversation) < MISUNDERSTOOD_LIMIT:
            turn.say("utter_clarify")
            return []
        return hand_over(turn, HandoffReason.MISUNDERSTOOD, "utter_handoff_misunderstood")


class NextAct(GraceAction):
    """Bring the message's next act forward as if it were said now."""

    key = "action_next_act"

    def act(self, turn: Turn) -> list[EventType]:
        """Return the rest of the message as a message of its own."""
        rest = turn.acts[1:]
        if not rest:
            return []
        first = rest[0]
        parse = {
            **turn.message,
            "intent": {"name": first["intent"], "confidence": first["confidence"]},
            "acts": rest,
        }
        return turn.resumed(parse, f"act{len(rest)}")
