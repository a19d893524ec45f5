"""Reads one policy file: harmless YAML, a known kind, every value allowed; each fault as one clear line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast, get_args, overload

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.domain.policy import (
    CannedReplies,
    Checklist,
    ContactPack,
    Ladder,
    ProductPolicy,
    Routing,
    ScoreCard,
)

PolicyFile = ProductPolicy | ContactPack | Ladder | ScoreCard | Routing | CannedReplies | Checklist
M = TypeVar("M", bound=BaseModel)

_KINDS: dict[str, type[PolicyFile]] = {
    "product": ProductPolicy,
    "pack": ContactPack,
    "steps": Ladder,
    "score_card": ScoreCard,
    "routing": Routing,
    "canned": CannedReplies,
    "checklist": Checklist,
}
_DEEPEST = 20
_TEXT = "tag:yaml.org,2002:str"
# What a validator says of what it was given, said without the words of a program.
_NO_DAY = "is no day"
_NO_TIME = "is no time of day such as 09:00"
_NO_MAPPING, _NO_LIST = "is no mapping of keys to values", "is no list"
_PLAINLY = {
    "model_type": _NO_MAPPING,
    "dict_type": _NO_MAPPING,
    "tuple_type": _NO_LIST,
    "list_type": _NO_LIST,
    "string_type": "is no text",
    "int_type": "is no whole number",
    "date_type": _NO_DAY,
    "time_type": _NO_TIME,
    "time_parsing": _NO_TIME,
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "int_parsing_size": "is too large",
    "decimal_parsing": "is no number",
    "float_parsing": "is no number",
    "finite_number": "is no number",
    "decimal_type": "is no number",
    "bool_parsing": "is neither true nor false",
    "date_parsing": _NO_DAY,
    "date_from_datetime_parsing": _NO_DAY,
    "date_from_datetime_inexact": _NO_DAY,
}


class PolicyError(Exception):
    """A policy file is wrong; the message names file, line, field and what is allowed."""


class _Loader(yaml.CSafeLoader):
    """Reads every scalar as text, for the model to convert: to YAML, 22:00 is the number 1320."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


@overload
def read(file: Path) -> PolicyFile: ...
@overload
def read(file: Path, model: type[M]) -> M: ...


def read(file: Path, model: type[BaseModel] | None = None) -> BaseModel:
    """Read one file as `model`, or as what its first key says it is. Raises PolicyError."""
    return read_as(file, _KINDS if model is None else model)


def read_as(file: Path, model: type[BaseModel] | Mapping[str, type[BaseModel]]) -> BaseModel:
    """Read one file as `model`, or as the one whose key it has. Raises PolicyError.

    A file that says the same as when it was read last is the same object: it is frozen.
    """
    return _valid(file, _text(file), tuple(model.items()) if isinstance(model, Mapping) else model)


@lru_cache(maxsize=256)
def _valid(
    file: Path, text: str, model: type[BaseModel] | tuple[tuple[str, type[BaseModel]], ...]
) -> BaseModel:
    content = _parsed(file, text)
    kind = _kind(file, content, model) if isinstance(model, tuple) else model
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        # A misspelt key makes the right one missing too: the misspelt one is what is to be mended.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        # A rule across fields names the field that it is about.
        inner = first.get("ctx", {}).get("path", ()) if first["type"] == "misplaced" else ()
        raise fault(file, (*first["loc"], *inner), _said(kind, first)) from error


def kinds(**more: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return what a file may be by its first key: a policy of any kind, or one of `more`."""
    return {**_KINDS, **more}


def _kind(file: Path, content: object, models: Iterable[tuple[str, type[BaseModel]]]) -> type[BaseModel]:
    if content is None:
        raise PolicyError(f"{file}:1: (file): is empty")
    keys = content.keys() if isinstance(content, dict) else ()
    found = [model for key, model in models if key in keys]
    if len(found) != 1:
        raise PolicyError(
            f"{file}:1: (file): is neither a product policy (product: …), nor contact rules (pack: …), "
            "nor a ladder (steps: …), nor a score card (score_card: …), nor a routing file (routing: …), "
            "nor canned replies (canned: …), nor a checklist (checklist: …)"
        )
    return found[0]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PolicyError(f"{file}:{line}: (file): is no UTF-8 text") from error
    except OSError as error:
        raise PolicyError(f"{file}:1: (file): cannot be read: {error.strerror}") from error


def _parsed(file: Path, text: str) -> object:
    try:
        _check_shape(file, text)
        return cast(object, yaml.load(text, _Loader))  # nosec B506: a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # Of a character that has no place in a text PyYAML says where on a second line.
        problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
        raise PolicyError(f"{file}:{mark.line + 1 if mark else 1}: (file): no YAML: {problem}") from error
    except ValueError as error:
        raise PolicyError(f"{file}:1: (file): cannot be read: {error}") from error


def _said(model: type[BaseModel], error: ErrorDetails) -> str:
    """Say what is wrong with a field and what is allowed there."""
    path = error["loc"]
    field = _field(model, path)
    allowed = f"; allowed: {field.description}" if field and field.description else ""
    if error["type"] == "extra_forbidden":
        return _unknown(str(path[-1]), _keys(_model_at(model, path[:-1])))
    if error["type"] == "missing":
        return f"is missing{allowed}"
    if error["type"] == "misplaced":
        return error["msg"]
    given = error["input"]
    if given is None or (isinstance(given, str) and not given.strip()):
        return f"is empty{allowed}"
    if error["type"] == "too_short":
        return f"needs at least {error['ctx']['min_length']}, and has {len(given)}{allowed}"
    # Pydantic puts this before what a validator of ours says.
    message = _PLAINLY.get(error["type"], error["msg"].removeprefix("Value error, "))
    shown = f", not {str(given)[:40]!r}" if isinstance(given, str | int | float) else ""
    return f"{message}{shown}{allowed}"


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, 1)
    if near:
        return f"is no key of this place; did you mean {near[0]!r}?"
    return f"is no key of this place; allowed: {', '.join(known) or 'none'}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    return list(model.model_fields) if model else []


def _field(model: type[BaseModel], path: tuple[int | str, ...]) -> FieldInfo | None:
    parent = _model_at(model, path[:-1])
    return parent.model_fields.get(str(path[-1])) if parent and path else None


def _model_at(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model that `path` leads to: through fields, the values of mappings, the tags of unions."""
    here: list[type[BaseModel]] = [model]
    for part in path:
        fields = [one.model_fields[str(part)] for one in here if str(part) in one.model_fields]
        if fields:
            here = list(_models_in(fields[0].annotation))
        elif len(here) > 1 and isinstance(part, str):
            # The tag of a union: the kind that names itself so.
            here = [one for one in here if part in _kinds(one)]
    return here[0] if len(here) == 1 else None


def _kinds(model: type[BaseModel]) -> tuple[object, ...]:
    field = model.model_fields.get("kind")
    return get_args(field.annotation) if field else ()


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _check_shape(file: Path, text: str) -> None:
    """Refuse, before anything is built of it, what no policy needs: aliases, and nesting without end."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise PolicyError(f"{file}:{line}: *{event.anchor}: aliases have no place in a policy")
        if depth > _DEEPEST:
            raise PolicyError(f"{file}:{line}: (file): nested more than {_DEEPEST} levels deep")
    for line, key, message in _odd_keys(yaml.compose(text, _Loader)):
        raise PolicyError(f"{file}:{line}: {key}: {message}")


def _odd_keys(node: yaml.Node | None) -> Iterator[tuple[int, str, str]]:
    """Yield line, key and what is wrong with it, for keys that stand twice or are no words."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for number, (key, value) in enumerate(node.value):
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
                yield line, "(key)", "is no text"
            elif key.value in keys[:number]:
                yield line, key.value, "stands twice"
            yield from _odd_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _odd_keys(item)


def fault(file: Path, path: tuple[int | str, ...], message: str) -> PolicyError:
    """Return the error that names file, line, field and what is wrong there."""
    field = ".".join(str(part) for part in path) or "(file)"
    return PolicyError(f"{file}:{_line_of(file.read_text('utf-8'), path)}: {field}: {message}")


def _line_of(text: str, path: tuple[int | str, ...]) -> int:
    """Return the line (from 1) of the deepest node on `path` that the file has."""
    node = yaml.compose(text, _Loader)
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
