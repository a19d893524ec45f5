"""Rows that there is one of for each key, and that whoever needs one first writes."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

T = TypeVar("T")


def own_row(session: Session, entity: type[T], key: str, **first: Any) -> T:
    """Return the row of a key, locked; where there is none, it is written with the values of `first`."""
    known = session.get(entity, key, with_for_update=True, populate_existing=True)
    if known is not None:
        return known
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    # Two may write it at once: the one that comes second finds the row there.
    session.execute(dialect.insert(entity).values(**first).on_conflict_do_nothing())
    return session.get_one(entity, key, with_for_update=True, populate_existing=True)
