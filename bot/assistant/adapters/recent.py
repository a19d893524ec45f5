"""An action is told what happened since the borrower's message, not everything since the session began.

Rasa writes every event of the session as JSON for each call of an action, and rasa-sdk reads them all again.
Grace's actions look no further back than the message that they serve; slots and the active form come along
as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rasa
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity


def opens_turn(event: Event) -> bool:
    """Tell whether an event is a message of the borrower's, not an act of it brought forward."""
    return isinstance(event, UserUttered) and ":" not in str((event.metadata or {}).get("turn") or "")


def since_message(events: Sequence[Event]) -> list[Event]:
    """Return the events from the borrower's newest message on; all of them before the first."""
    found: list[Event] = []
    for event in reversed(events):
        found.append(event)
        if opens_turn(event):
            break
    return found[::-1]


def _call(self: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """Return the body of an action's call; the endpoint puts an empty domain into it."""
    state = tracker.current_state(EventVerbosity.NONE)
    state["events"] = [event.as_dict() for event in since_message(tracker.events)]
    return {
        "next_action": self.name(),
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
    }


def install() -> None:
    """Replace `RemoteAction._action_call_format`."""
    RemoteAction._action_call_format = _call
