"""Policies put in words: their schema, and what differs between two of them, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from bot.storage.policies import PolicyFile

_NOTHING = object()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of every policy file: a product policy, contact rules or a ladder."""
    found = TypeAdapter(PolicyFile).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Policy file", **found}


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one sentence for every field that differs between two contents."""
    return [_sentence(field, *values) for field, *values in _changed("", old, new)]


def _changed(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            inner = f"{path}.{key}" if path else key
            yield from _changed(inner, old.get(key, _NOTHING), new.get(key, _NOTHING))
    elif _named(old) and _named(new):
        yield from _changed(path, {one["id"]: one for one in old}, {one["id"]: one for one in new})
    elif old != new:
        yield path, old, new


def _named(value: Any) -> bool:
    """Tell whether it is a list whose items carry an id: rules and steps are compared by it."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "id" in v for v in value)


def _sentence(field: str, old: Any, new: Any) -> str:
    if old is _NOTHING or old is None:
        return f"{field}: is new, {_shown(new)}"
    if new is _NOTHING or new is None:
        return f"{field}: is gone, it was {_shown(old)}"
    return f"{field}: {_direction(old, new)} from {_shown(old)} to {_shown(new)}"


def _direction(old: Any, new: Any) -> str:
    try:
        before, after = float(old), float(new)
    except (TypeError, ValueError):
        return "changes"
    return "rises" if after > before else "falls"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_shown(inner)}" for key, inner in value.items() if inner is not None)
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
