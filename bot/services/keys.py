"""The keys of what is stored: which values lie under which, and sealing all of them with the newest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import Table, column, select, table, tuple_, update
from sqlalchemy.sql.expression import TableClause

from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.keyring import key_of
from bot.storage.sealed import Findable, Sealed, SealedDate, SealedJson
from bot.storage.tables import Base

Types = Sealed | SealedDate | SealedJson | Findable
_BATCH = 500


class KeyService:
    """Counts and changes keys while everything else goes on."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def standing(self) -> dict[str | None, int]:
        """Return how many values are stored under each key; None stands for those that are not sealed."""
        found: Counter[str | None] = Counter()
        for whole, name, _ in _columns():
            for page in self._pages(whole, name):
                found.update(key_of(stored) for _, stored in page)
        return dict(found)

    def rotate(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Seal with the newest key whatever is not; return how many values that were.

        It may run beside the app and be broken off: what another has changed meanwhile is left to the next
        run. Raises StorageError for a value whose key is not at hand; what was done before stays done.
        """
        ring, changed = self.kit.db.keys, 0
        for whole, name, kind in _columns():
            raw = _raw(whole)
            keys = [raw.c[one.name] for one in whole.primary_key]
            for page in self._pages(whole, name):
                stale = [one for one in page if key_of(one[1]) != ring.newest]
                if not stale:
                    continue
                with self.kit.db.begin() as session:
                    for ids, stored in stale:
                        same = [key == value for key, value in zip(keys, ids, strict=True)]
                        session.execute(
                            update(raw)
                            .where(*same, raw.c[name] == stored)
                            .values({name: kind.reseal(ring, stored)})
                        )
                changed += len(stale)
                progress(changed)
        with self.kit.db.begin() as session:
            record(
                session,
                self.kit.clock.now(),
                "keys_rotated",
                cause="operator",
                actor="staff",
                key=ring.newest,
                values=changed,
            )
        return changed

    def _pages(self, whole: Table, name: str) -> Iterator[list[tuple[tuple[object, ...], str]]]:
        """Yield the stored values of a column as they lie, with the keys of their rows."""
        raw = _raw(whole)
        keys = [raw.c[one.name] for one in whole.primary_key]
        chosen = select(*keys, raw.c[name]).where(raw.c[name].is_not(None)).order_by(*keys).limit(_BATCH)
        last: tuple[object, ...] | None = None
        while True:
            after = chosen if last is None else chosen.where(tuple_(*keys) > last)
            with self.kit.db.begin() as session:
                page = [(tuple(row[:-1]), str(row[-1])) for row in session.execute(after)]
            if not page:
                return
            yield page
            last = page[-1][0]


def _columns() -> Iterator[tuple[Table, str, Types]]:
    for whole in Base.metadata.sorted_tables:
        for one in whole.columns:
            if isinstance(one.type, Types):
                yield whole, one.name, one.type


def _raw(whole: Table) -> TableClause:
    """Return a table whose columns are read and written as they lie."""
    return table(whole.name, *(column(one.name) for one in whole.columns))
