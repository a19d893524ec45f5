"""Column types that are sealed at rest with the keys of their engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeDecorator

from bot.storage.keyring import MOST_KEYS, Keyring, ring_of

T = TypeVar("T")

# Asked for anything but its defaults, `json.dumps` makes a new encoder each time.
_encode = json.JSONEncoder(ensure_ascii=False).encode


class _Secret(TypeDecorator[T]):
    """A text that nobody reads without its key; `context` names the column, into which alone it opens."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    # An engine has one ring from its beginning: it is looked up once for a statement, not for each value.
    def bind_processor(self, dialect: Dialect) -> Callable[[T | None], str | None]:
        """Seal."""
        seal, written, context = ring_of(dialect).seal, self.written, self.context
        return lambda value: None if value is None else seal(written(value), context)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], T | None]:
        """Open."""
        open_, read, context = ring_of(dialect).open, self.read, self.context
        return lambda value: None if value is None else read(open_(value, context))

    def reseal(self, ring: Keyring, stored: str) -> str:
        """Return a stored value under the newest key."""
        return ring.seal(ring.open(stored, self.context), self.context)

    def written(self, value: T) -> str:
        """Write a value as text."""
        raise NotImplementedError

    def read(self, text: str) -> T:
        """Read what `written` wrote."""
        raise NotImplementedError


class Sealed(_Secret[str]):
    """A sealed text."""

    cache_ok = True

    def written(self, value: str) -> str:
        """As it is."""
        return value

    def read(self, text: str) -> str:
        """As it is."""
        return text


class SealedDate(_Secret[date]):
    """A sealed calendar day."""

    cache_ok = True

    def written(self, value: date) -> str:
        """YYYY-MM-DD."""
        return value.isoformat()

    def read(self, text: str) -> date:
        """YYYY-MM-DD."""
        return date.fromisoformat(text)


class SealedJson(_Secret[Any]):
    """What JSON can say, sealed; None is NULL."""

    cache_ok = True

    def written(self, value: Any) -> str:
        """JSON."""
        return _encode(value)

    def read(self, text: str) -> Any:
        """JSON."""
        return json.loads(text)


class _Form(str):
    """A text in one of the forms in which a searched column may hold it: 0 is the newest."""

    __slots__ = ("number",)
    number: int


class Findable(TypeDecorator[str]):
    """A sealed text that can be looked up whole: equal texts are stored alike under one key.

    A look-up finds what was stored under an older key, or before there were keys, as well.
    """

    impl = Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        """Seal, in the form that is asked for."""
        alike, context = ring_of(dialect).alike, self.context

        def sealed(value: str | None) -> str | None:
            if value is None:
                return None
            forms = alike(str(value), context)
            return forms[min(getattr(value, "number", 0), len(forms) - 1)]

        return sealed

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:
        """Open."""
        open_alike, context = ring_of(dialect).open_alike, self.context
        return lambda value: None if value is None else open_alike(value, context)

    def reseal(self, ring: Keyring, stored: str) -> str:
        """Return a stored value under the newest key."""
        return ring.seal_alike(ring.open_alike(stored, self.context), self.context)

    class Comparator(TypeDecorator.Comparator[str]):
        """Compares with a text in every form that it may have; with another such column as it is."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Turn `==` and `in` into `in` over all forms; refuse what a sealed column cannot answer."""
            if op is operators.eq and isinstance(other[0], str):
                return super().operate(operators.in_op, forms([other[0]]), **kwargs)
            if op is operators.in_op and isinstance(other[0], list | tuple | set | frozenset):
                return super().operate(operators.in_op, forms(other[0]), **kwargs)
            if op is operators.in_op and isinstance(other[0], BindParameter):
                # A statement that is built once: whoever executes it gives the `forms`.
                return super().operate(op, *other, **kwargs)
            if op not in (operators.eq, operators.is_, operators.is_not):
                raise NotImplementedError("a sealed column is looked up whole")
            if isinstance(other[0], BindParameter):
                raise NotImplementedError("which forms a sealed text may have is not known before the text")
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator


def forms(values: Iterable[str]) -> list[str]:
    """Return texts in every form in which they may be stored, for `in_` of a prepared statement."""
    made: list[str] = []
    for value in values:
        for number in range(MOST_KEYS + 1):
            form = _Form(value)
            form.number = number
            made.append(form)
    return made
