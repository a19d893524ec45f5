"""Inserts of nudges that a query chooses: compiled once, and passing over those that are there already."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec

from sqlalchemy import ColumnElement, Select, SQLColumnExpression
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.storage.prepared import prepared
from bot.storage.tables import Nudge

P = ParamSpec("P")


class Unindexed(ColumnElement[Any]):
    """A column as no index of SQLite's knows it.

    SQLite would else begin with the slots, and read a day's due items once for every zone and product.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> None:
        self.column, self.type = column, column.type


@compiles(Unindexed)
def _as_it_is(element: Unindexed, compiler: Any, **kw: Any) -> str:
    found: str = compiler.process(element.column, **kw)
    return found


@compiles(Unindexed, "sqlite")
def _as_unknown(element: Unindexed, compiler: Any, **kw: Any) -> str:
    return f"ifnull({compiler.process(element.column, **kw)}, NULL)"


class inserting(Generic[P]):
    """Wrap what chooses nudges: a call inserts those that are not there yet, and returns how many are new.

    SQLAlchemy keeps no compiled form of an INSERT that passes over conflicts, and compiling one takes longer
    than planning a small zone: it is compiled once here, for either kind of database.
    """

    def __init__(self, chosen: Callable[P, Select[Any]]) -> None:
        update_wrapper(self, chosen)
        self._chosen = prepared(chosen)
        self._compiled: dict[str, Any] = {}

    def __call__(self, session: Session, *args: P.args, **kwargs: P.kwargs) -> int:
        """Insert into the database of `session`."""
        connection = session.connection()
        chosen, values = self._chosen(*args, **kwargs)
        name = connection.dialect.name
        if name not in self._compiled:
            dialect = sqlite if name == "sqlite" else postgresql
            columns = chosen.selected_columns.keys()
            statement = dialect.insert(Nudge).from_select(columns, chosen).on_conflict_do_nothing()
            self._compiled[name] = statement.compile(dialect=connection.dialect)
        done = connection.execute(self._compiled[name], values, execution_options={"preserve_rowcount": True})
        return done.rowcount


def labelled(**columns: SQLColumnExpression[Any]) -> list[Any]:
    """Name what is chosen after the column of a nudge that it fills."""
    return [column.label(name) for name, column in columns.items()]
