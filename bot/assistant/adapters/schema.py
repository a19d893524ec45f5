"""The answer of an action is checked against schemas that are compiled once, one for each type of event.

Rasa builds the schema, checks the schema itself and makes a validator anew for every answer: about 10 ms. It
then tries every type of event on every event; the type's own name says which one it has to be.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.utils.schemas.events import EVENT_SCHEMA

EVENTS = "events"


def _compiled(schema: dict[str, Any]) -> Validator:
    return validator_for(schema)(schema)


@lru_cache(maxsize=1)
def _whole() -> Validator:
    return _compiled(RemoteAction.action_response_format_spec())


@lru_cache(maxsize=1)
def _by_type() -> dict[str, Validator]:
    """Return a validator for each type of event, by the name that its schema demands."""
    return {
        schema["properties"]["event"]["const"]: _compiled(
            {key: value for key, value in EVENT_SCHEMA.items() if key != "oneOf"} | {"allOf": [schema]}
        )
        for schema in EVENT_SCHEMA["oneOf"]
    }


def _is_sound(result: Any) -> bool:
    """Tell whether an answer is sound by its parts; False means only that the whole schema must say why."""
    if not isinstance(result, dict) or not isinstance(result.get(EVENTS), list):
        return False
    for event in result[EVENTS]:
        known = _by_type().get(str(event.get("event"))) if isinstance(event, dict) else None
        if known is None or not known.is_valid(event):
            return False
    return bool(_whole().is_valid({**result, EVENTS: []}))


def _validate(self: RemoteAction, result: dict[str, Any]) -> bool:
    """Return True for a sound answer. Raises ValidationError, as Rasa's own check does."""
    if _is_sound(result) or _whole().is_valid(result):
        return True
    error = best_match(_whole().iter_errors(result))
    error.message += f". The action server's answer to '{self.name()}' is not valid."
    raise error


def install() -> None:
    """Replace `RemoteAction._validate_action_result`."""
    RemoteAction._validate_action_result = _validate
