"""Statements that are built once: what differs from call to call is bound when they are executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from copy import copy
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from sqlalchemy import BindParameter, Integer, Select, String, UpdateBase, bindparam, literal_column
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseList, Grouping
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import NullType, TypeEngine

P = ParamSpec("P")
S = TypeVar("S", bound=Executable)

_PLAIN = "grace_reads_columns"


class prepared(Generic[P, S]):
    """Wrap a function that builds a statement from its arguments; it is called once, with bound parameters.

    A call returns the statement and the values of this call, as `session.execute(*found(7))` takes them.
    Building a statement costs several times what a look-up by key does. No argument may decide how the
    statement is built, not even by being None.
    """

    def __init__(self, build: Callable[P, S]) -> None:
        update_wrapper(self, build)
        self._build: Callable[..., S] = build
        # A column's own name is taken where a statement changes it.
        self._names = {name: f"given_{name}" for name in signature(build).parameters}
        self._statement: S | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> tuple[S, dict[str, Any]]:
        """Return the statement, and the values to execute it with."""
        if self._statement is None:
            built = self._build(*map(bindparam, self._names.values()))
            self._statement = _marked(_written_out(built))
        values = {**dict(zip(self._names, args, strict=False)), **kwargs}
        return self._statement, {self._names[name]: _listed(value) for name, value in values.items()}


def is_plain(statement: Any) -> bool:
    """Tell whether a prepared statement leaves the session's rows alone.

    It reads mere columns and locks nothing, or it changes rows and says that no session need follow.
    """
    return _PLAIN in statement.get_execution_options()


def _written_out(statement: S) -> S:
    """Write the constants of a condition into the statement, and bind only what differs from call to call.

    A partial index serves only a condition that names its constant. SQLite looks at what is bound in its
    stead, and makes the statement ready anew at each execution; PostgreSQL does without the index.
    """
    conditions = getattr(statement, "_where_criteria", ())
    if not conditions:
        return statement
    changed = copy(statement)
    changed._where_criteria = tuple(replacement_traverse(one, {}, _literal) for one in conditions)  # type: ignore[attr-defined]
    return changed


def _literal(element: Any, **_: Any) -> ColumnElement[Any] | None:
    if not isinstance(element, BindParameter) or not isinstance(element.type, String | Integer | NullType):
        return None
    if not element.expanding:
        return _written(element.value, element.type)
    parts = [_written(one, element.type) for one in element.value or ()]
    known = [one for one in parts if one is not None]
    return Grouping(ClauseList(*known)) if known and len(known) == len(parts) else None


def _written(value: Any, type_: TypeEngine[Any]) -> ColumnElement[Any] | None:
    """Return a text or a whole number as it stands in SQL; None for anything else."""
    if isinstance(value, str):
        quoted = str.__str__(value).replace("'", "''")
        return literal_column(f"'{quoted}'", type_)
    if isinstance(value, int) and not isinstance(value, bool):
        return literal_column(str(int(value)), type_)
    return None


def _marked(statement: S) -> S:
    if isinstance(statement, UpdateBase):
        plain = statement.get_execution_options().get("synchronize_session") is False
    else:
        plain = (
            isinstance(statement, Select) and statement._for_update_arg is None and _has_columns(statement)
        )
    return statement.execution_options(**{_PLAIN: True}) if plain else statement


def _has_columns(statement: Select[Any]) -> bool:
    read = (one["expr"] for one in statement.column_descriptions)
    return all(isinstance(one, InstrumentedAttribute | ColumnElement) for one in read)


def _listed(value: Any) -> Any:
    """What stands for many has to be in an order."""
    return list(value) if isinstance(value, Set | Mapping) else value
