"""Opening, language, not understanding, several acts in one message."""

from __future__ import annotations

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import GraceAction, closed, hand_over
from actions.offers import show_again
from actions.turn import Turn
from bot.domain.handoff import HandoffReason

MISUNDERSTOOD_LIMIT = 2
# Reminders that ask whether it is paid or difficult: a yes answers neither.
_EITHER_OR = ("utter_reminder_just_missed", "utter_reminder_check_in", "utter_reminder_promise_missed")


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
        """Switch; the forms' slots stay as they are."""
        wanted = turn.value("language")
        locale = turn.grace.conversations.set_locale(turn.conversation, wanted) if wanted else None
        if locale is None:
            turn.say("utter_language_ask")
            return []
        turn.context["locale"] = locale
        turn.say("utter_language_changed")
        return [SlotSet("turn_locale", {"turn": turn.base, "locale": locale})]


class OpenAffirm(GraceAction):
    """A yes while no form is open: to a question of a reminder, to options shown earlier, or just kindly."""

    key = "action_open_affirm"

    def act(self, turn: Turn) -> list[EventType]:
        """Ask which one, or say all right."""
        if turn.follows("utter_approval_answered") and not turn.context.get("verified"):
            return [FollowupAction("identity_form")]
        if turn.follows(*_EITHER_OR):
            if not turn.context.get("verified"):
                return [FollowupAction("identity_form")]
            turn.say("utter_ack_which")
            return []
        about_plans = str(turn.context.get("said") or "").startswith(("utter_plan_", "utter_approval_"))
        ready = about_plans and turn.context.get("verified")
        shown = turn.grace.negotiation.shown(turn.conversation) if ready else ()
        if shown:
            show_again(turn, shown, "utter_plan_which")
        else:
            turn.say("utter_ack")
        return []


class HearRefusal(GraceAction):
    """Somebody will not pay, or not say who they are: leave the door open, and ask nothing more."""

    key = "action_hear_refusal"

    def act(self, turn: Turn) -> list[EventType]:
        """Say so; whatever form was open ends."""
        turn.say("utter_identity_refused" if turn.form == "identity_form" else "utter_refusal_heard")
        return closed()


class SayAgain(GraceAction):
    """Say the last thing again: within a form its question, else what Grace can do."""

    key = "action_say_again"

    def act(self, turn: Turn) -> list[EventType]:
        """Say it; nothing of a debt before identity."""
        if turn.form in ("promise_form", "plan_form", "hardship_form"):
            turn.say("utter_repeat_question")
        else:
            turn.say("utter_repeat" if turn.context.get("verified") else "utter_repeat_open")
        return []


class Clarify(GraceAction):
    """Not understood: once, ask for other words; twice in a row, bring in a person."""

    key = "action_clarify"

    def act(self, turn: Turn) -> list[EventType]:
        """Ask, or hand over."""
        if turn.grace.conversations.misunderstood(turn.conversation, turn=turn.base) < MISUNDERSTOOD_LIMIT:
            # Before identity not even an example may speak of a debt.
            turn.say("utter_clarify" if turn.context.get("verified") else "utter_clarify_open")
            return []
        return hand_over(turn, HandoffReason.MISUNDERSTOOD, "utter_handoff_misunderstood")


class NextAct(GraceAction):
    """Bring the message's next act forward as if it were said now."""

    key = "action_next_act"

    def act(self, turn: Turn) -> list[EventType]:
        """Return the rest of the message as a message of its own."""
        rest = turn.waiting(turn.form)
        if not rest:
            return []
        first = rest[0]
        parse = {
            **turn.message,
            "intent": {"name": first["intent"], "confidence": first["confidence"]},
            "acts": rest,
        }
        return turn.resumed(parse, f"act{len(rest)}")
