"""The hardship form: may it be kept, why, how long, what is possible a month; each may be skipped."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import AskAction, GraceAction
from actions.turn import Turn, day_of
from actions.unsaid import MEMORY, Unsaid, at, remember, told_in
from actions.wish import gentlest, is_concrete, read_wish, wish_of
from bot.services.hardship import Told, reason_of

FORM = "hardship_form"
_SLOTS = ("consent", "cause", "duration", "ability")
_NO = ("deny", "unsure")
# Who asks for these wants to see options, not questions.
_OPTIONS = ("request_instalment", "request_extension", "choose_option")


class ValidateHardship(GraceAction):
    """Take the answers out of a message, whichever question they answer; nothing is asked twice."""

    key = "validate_hardship_form"

    def act(self, turn: Turn) -> list[EventType]:
        """Return what the form's slots become."""
        asked = turn.asked(*(f"hardship_{name}" for name in _SLOTS))
        if asked is not None and turn.interrupted(FORM):
            return []
        if asked is None:
            return _opened(turn)
        wish = {**(turn.tracker.get_slot("hardship_wish") or {}), **_wish(turn, asked)}
        if asked == "hardship_consent":
            return _consented(turn, wish)
        if _wants_options(turn):
            return _ended(wish)
        return _answered(turn, asked, wish)


class AskConsent(AskAction):
    """Ask whether private facts may be kept, and say what for."""

    key = "action_ask_hardship_consent"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask; the second time in short."""
        again = turn.tracker.get_slot("hardship_asked") is not None
        turn.say("utter_hardship_consent_again" if again else "utter_hardship_consent")
        # To come back to the question after another topic is not to ask it twice.
        return [SlotSet("hardship_asked", "twice" if again and not turn.interrupted(FORM) else "once")]


class AskCause(AskAction):
    """Ask what has happened."""

    key = "action_ask_hardship_cause"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.say("utter_ask_hardship_cause")
        return []


class AskDuration(AskAction):
    """Ask how long it may last."""

    key = "action_ask_hardship_duration"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.say("utter_ask_hardship_duration")
        return []


class AskPossible(AskAction):
    """Ask what can be paid a month, and when money comes in."""

    key = "action_ask_hardship_ability"
    form = FORM

    def ask(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.say("utter_ask_hardship_ability")
        return []


class FinishHardship(GraceAction):
    """Thank for what was told, and go on to the options."""

    key = "action_finish_hardship"

    def act(self, turn: Turn) -> list[EventType]:
        """Lead on; where somebody could not say what is possible, the smallest payments come first."""
        wish: dict[str, Any] = turn.tracker.get_slot("hardship_wish") or {}
        consent = turn.tracker.get_slot("hardship_consent")
        clean = [SlotSet(f"hardship_{name}", None) for name in (*_SLOTS, "asked")]
        if consent == "again":
            return [*clean, FollowupAction("plan_form")]
        if consent == "yes":
            turn.say("utter_hardship_noted")
        elif consent == "no":
            turn.say("utter_hardship_unkept")
        if consent != "wished" and not is_concrete(wish):
            wish = {**gentlest(turn), **wish}
        return [*clean, SlotSet("hardship_wish", {**wish, "hardship": True}), FollowupAction("plan_form")]


def _opened(turn: Turn) -> list[EventType]:
    """Ask where it helps: not again, not where a plan runs or nothing is due, not before a named wish."""
    standing = turn.grace.accounts.standing(turn.conversation)
    told = turn.tracker.get_slot("hardship_heard") == turn.tracker.get_slot("hardship_settled")
    if standing.plan is not None or not standing.claimed.minor or told:
        return [SlotSet("hardship_wish", None), *_filled("again")]
    wish = _wish(turn, None)
    if _wants_options(turn):
        return [*_filled("wished"), SlotSet("hardship_wish", wish)]
    return [
        SlotSet("hardship_consent", None),
        SlotSet("hardship_asked", None),
        *_progress(turn, wish),
    ]


def _consented(turn: Turn, wish: dict[str, Any]) -> list[EventType]:
    """Read the yes or no. Anything else is asked once more; then it is no yes, and nothing is kept."""
    heard = turn.tracker.get_slot("hardship_heard")
    yes = turn.agrees("affirm") and not turn.has("deny")
    if yes:
        remember(turn)
        kept = MEMORY.recall(turn.conversation, at(turn))
        turn.grace.hardship.consent(turn.conversation, True, _told(turn, kept, wish), turn=turn.id)
        events = [SlotSet("hardship_consent", "yes"), *_progress(turn, wish)]
        MEMORY.forget(turn.conversation)
        return [*events, SlotSet("hardship_settled", heard)]
    remember(turn)
    no = turn.has(*_NO)
    if not no and not _wants_options(turn) and not is_concrete(wish) and not _asked_twice(turn):
        return [SlotSet("hardship_consent", None), *_progress(turn, wish)]
    MEMORY.forget(turn.conversation)
    if no:
        turn.grace.hardship.consent(turn.conversation, False, Told(), turn=turn.id)
    ended = "no" if no else "wished" if _wants_options(turn) else "open"
    return [*_filled(ended), SlotSet("hardship_wish", wish), SlotSet("hardship_settled", heard)]


def _answered(turn: Turn, asked: str, wish: dict[str, Any]) -> list[EventType]:
    """Keep what the message tells, and let the question that it answers or skips rest."""
    told = told_in(turn)
    if asked == "hardship_cause" and told.reason is None and not turn.has(*_NO):
        told = Unsaid("other", told.lasts_days)
    if asked == "hardship_duration" and told.lasts_days is None:
        told = Unsaid(told.reason, _until_named_day(turn))
    turn.grace.hardship.tell(turn.conversation, _told(turn, told, wish))
    events = [SlotSet(asked, True), SlotSet("hardship_wish", wish)]
    for name, known in (("cause", told.reason), ("duration", told.lasts_days), ("ability", _is_able(wish))):
        if known:
            events.append(SlotSet(f"hardship_{name}", True))
    return events


def _progress(turn: Turn, wish: dict[str, Any]) -> list[EventType]:
    """Return which questions what was told so far has answered."""
    kept = MEMORY.recall(turn.conversation, at(turn)) or Unsaid(None, None)
    known = {"cause": kept.reason, "duration": kept.lasts_days, "ability": _is_able(wish)}
    slots = [SlotSet(f"hardship_{name}", True if value else None) for name, value in known.items()]
    return [*slots, SlotSet("hardship_wish", wish)]


def _filled(consent: str) -> list[EventType]:
    return [SlotSet("hardship_consent", consent), *(SlotSet(f"hardship_{name}", True) for name in _SLOTS[1:])]


def _ended(wish: dict[str, Any]) -> list[EventType]:
    """Options were asked for: what was not told stays untold."""
    return [*(SlotSet(f"hardship_{name}", True) for name in _SLOTS[1:]), SlotSet("hardship_wish", wish)]


def _wish(turn: Turn, asked: str | None) -> dict[str, Any]:
    """Return what a message says of a plan; a day beside the hardship itself is none to begin on."""
    wish = read_wish(turn, answers_ability=asked == "hardship_ability")
    if not turn.has(*_OPTIONS) and turn.entity("arrangement") is None:
        named = ("ability", "most", "per", "payday", "kind")
        wish = {name: wish[name] for name in named if name in wish}
        # A day alone is no wish for instalments.
        if not _is_able(wish) and "payday" not in wish:
            wish.pop("kind", None)
    if asked == "hardship_ability" and "payday" not in wish:
        day = day_of(turn.value("time"))
        if day is not None and day > turn.today:
            wish["payday"] = day.day
    return wish


def _wants_options(turn: Turn) -> bool:
    return turn.has(*_OPTIONS) or turn.entity("arrangement") is not None


def _is_able(wish: dict[str, Any]) -> bool:
    return "ability" in wish


def _asked_twice(turn: Turn) -> bool:
    return bool(turn.tracker.get_slot("hardship_asked") == "twice")


def _until_named_day(turn: Turn) -> int | None:
    day = day_of(turn.value("time"))
    return (day - turn.today).days if day is not None and day > turn.today else None


def _told(turn: Turn, told: Unsaid | None, wish: dict[str, Any]) -> Told:
    payday = wish.get("payday")
    return Told(
        reason=reason_of(told.reason) if told is not None else None,
        lasts_days=told.lasts_days if told is not None else None,
        ability=wish_of(turn, {"ability": wish.get("ability"), "per": wish.get("per")}).ability,
        payday=int(payday) if payday else None,
    )
