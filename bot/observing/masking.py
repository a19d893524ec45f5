"""What a log line may hold: known fields of known shapes, never what a person wrote or who they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.language.masking import mask

HIDDEN = "•••"
_EVENT = re.compile(r"[a-z][a-z0-9_.]{0,60}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_.:/-]{0,60}", re.ASCII)
_PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,120}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,30}", re.ASCII)
_ID = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,9})(?::[a-z0-9_]{1,20})*", re.ASCII)
_TRACE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){6,}")
_LONGEST = 300
_FRAMES = 12
_ROOT = Path(__file__).resolve().parents[2]

# The only fields that come through, by what may stand in them. Whatever else a call names is hidden.
_IDS = frozenset({"conversation", "turn", "message", "update", "nudge", "case", "approval", "complaint"})
_CODES = frozenset(
    {
        "level",
        "process",
        "channel",
        "action",
        "outcome",
        "method",
        "broker",
        "part",
        "task",
        "state",
        "kind",
    }
)
_NUMBERS = frozenset(
    {"seconds", "failures", "nudges", "count", "status", "tries", "port", "erased", "rows", "files"}
)
_PLACES = frozenset({"logger", "where", "locale"})
# Ours by type alone.
_OURS = frozenset({"hint", "source", "said"})


class Ours(str):
    """Words that stand in our code or configuration, marked as such so that a log may show them."""

    __slots__ = ()


class Plain(Exception):
    """An error whose message is written for operators and holds nothing of a person: logs show it."""


def masked(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log event with everything hidden that is not known to be harmless."""
    found: dict[str, Any] = {}
    for name, value in event.items():
        if name in ("error", "exc_info"):
            found |= _fault(value)
        elif name == "event":
            found[name] = value if _matches(_EVENT, value) else HIDDEN
        else:
            shown = name if _matches(_FIELD, name) else HIDDEN
            found[shown] = value if _is_harmless(name, value) else HIDDEN
    return found


def _is_harmless(name: str, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if name in _IDS:
        return _matches(_ID, str(value))
    if name in _CODES:
        return _matches(_CODE, value) and not _LONG_NUMBER.search(str(value))
    if name in _PLACES:
        return _matches(_PLACE, value) and not _LONG_NUMBER.search(str(value))
    if name in _NUMBERS:
        return isinstance(value, (int, float)) and abs(value) < 1e9
    if name == "trace":
        return _matches(_TRACE, value)
    return name in _OURS and isinstance(value, Ours)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _fault(value: object) -> dict[str, Any]:
    """Say what broke and where; an error's own words only when they are meant for operators."""
    if value is True:
        value = sys.exc_info()
    if isinstance(value, tuple) and len(value) == 3:
        value = value[1]
    if isinstance(value, BaseException):
        return {"error": described(value), "raised": raised(value)}
    if isinstance(value, type) and issubclass(value, BaseException):
        return {"error": value.__name__}
    if value is None or isinstance(value, bool):
        return {}
    return {"error": HIDDEN}


def described(error: BaseException) -> str:
    """Name an error; with its words when they are meant for operators, and with what caused it."""
    name = type(error).__name__
    said = f"{name}: {plainly(str(error))}" if isinstance(error, Plain) else name
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said if before is None or before is error else f"{said}, after {type(before).__name__}"


def plainly(text: str) -> str:
    """Return the first line of an operator's text, with whatever looks like a person's data taken out."""
    return mask(text.strip().partition("\n")[0])[:_LONGEST]


def raised(error: BaseException) -> str:
    """Return where an error was raised, innermost first: files, lines and functions, and no values."""
    frames = []
    found = error.__traceback__
    while found is not None:
        code = found.tb_frame.f_code
        frames.append(f"{_short(code.co_filename)}:{found.tb_lineno} {code.co_name}")
        found = found.tb_next
    return " < ".join(reversed(frames[-_FRAMES:]))


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        inner = path.relative_to(_ROOT)
        if inner.parts[0] not in (".venv", ".venv-rasa"):
            return str(inner)
    return "/".join(path.parts[-2:])
