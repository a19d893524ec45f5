"""What every table has in common: named constraints, column types and partial indexes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from bot.storage.db import Instant


class Base(DeclarativeBase):
    """Names every constraint alike, so that migrations are portable."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Instant(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


def where(name: str, column: str, condition: str) -> Index:
    """Return an index over the rows that meet a condition."""
    clause = text(condition)
    return Index(name, column, sqlite_where=clause, postgresql_where=clause)


def only_one_where(name: str, column: str, condition: str) -> Index:
    """Return an index that lets at most one row of each value meet a condition."""
    clause = text(condition)
    return Index(name, column, unique=True, sqlite_where=clause, postgresql_where=clause)
