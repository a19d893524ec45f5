"""The answer of an action is checked against a schema that is compiled once.

Rasa builds the schema, checks the schema itself and makes a validator anew for every answer: about 10 ms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema import ValidationError
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


@lru_cache(maxsize=1)
def _validator() -> Validator:
    spec = RemoteAction.action_response_format_spec()
    return validator_for(spec)(spec)


def _validate(self: RemoteAction, result: dict[str, Any]) -> bool:
    """Return True for a sound answer. Raises ValidationError, the error that Rasa's own check raises."""
    if _validator().is_valid(result):
        return True
    error: ValidationError = best_match(_validator().iter_errors(result))
    error.message += f". The action server's answer to '{self.name()}' is not valid."
    raise error


def install() -> None:
    """Replace `RemoteAction._validate_action_result`."""
    RemoteAction._validate_action_result = _validate
