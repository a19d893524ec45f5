"""What Rasa's own memory of a conversation leaves out: the words, and what was read of the person in them."""

from __future__ import annotations

from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

# A cause of hardship may be an illness: it shapes one sentence, in the turn in which it is told.
_SENSITIVE = frozenset({"hardship_reason"})


def forget_words(tracker: DialogueStateTracker) -> None:
    """Take out of the newest turn what no later turn needs, before the tracker is saved.

    Of a borrower's message its intent stays, which is what rules go by; the messages themselves are kept by
    the gateway, under its rules of retention. Slots keep what a form needs.
    """
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            event.text = ""
            event.entities = []
            event.parse_data = {
                "intent": event.intent,
                "entities": [],
                "text": "",
                "message_id": event.message_id,
                "metadata": event.metadata,
            }
            if event.message_id:
                break
        elif isinstance(event, SlotSet) and isinstance(event.value, dict) and "entities" in event.value:
            kept = [one for one in event.value["entities"] if one.get("entity") not in _SENSITIVE]
            event.value = {**event.value, "entities": kept}
