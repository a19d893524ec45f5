"""Statements that are built once: what differs from call to call is bound when they are executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from sqlalchemy import Select, bindparam
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.base import Executable

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
            self._statement = _marked(self._build(*map(bindparam, self._names.values())))
        values = {**dict(zip(self._names, args, strict=False)), **kwargs}
        return self._statement, {self._names[name]: _listed(value) for name, value in values.items()}


def is_plain(statement: Any) -> bool:
    """Tell whether a prepared statement reads mere columns: no rows to be changed, and none to be locked."""
    return _PLAIN in statement.get_execution_options()


def _marked(statement: S) -> S:
    if not isinstance(statement, Select) or statement._for_update_arg is not None:
        return statement
    read = (one["expr"] for one in statement.column_descriptions)
    if not all(isinstance(one, InstrumentedAttribute | ColumnElement) for one in read):
        return statement
    return statement.execution_options(**{_PLAIN: True})


def _listed(value: Any) -> Any:
    """What stands for many has to be in an order."""
    return list(value) if isinstance(value, Set | Mapping) else value
