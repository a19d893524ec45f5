"""A prepared statement is built once; what a call gives it is bound when it is executed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Update,
    create_engine,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from bot.storage.prepared import is_plain, prepared
from bot.storage.tables import AuditEvent

built: list[str] = []
things = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("name", String))


@prepared
def named(name: str, ids: Collection[int]) -> Select[tuple[int]]:
    """Choose the things of a name among some."""
    built.append("named")
    return select(things.c.id).where(things.c.name == name, things.c.id.in_(ids)).order_by(things.c.id)


@prepared
def renaming(id: int, name: str) -> Update:
    return update(things).where(things.c.id == id).values(name=name)


@prepared
def locking(id: int) -> Select[tuple[int]]:
    return select(things.c.id).where(things.c.id == id).with_for_update()


@prepared
def rows(id: int) -> Select[tuple[AuditEvent]]:
    return select(AuditEvent).where(AuditEvent.id == id)


@prepared
def odd(name: str) -> Select[tuple[int]]:
    either = or_(things.c.name == "o'clock", things.c.name.in_(("b", "b''")), things.c.id == 4)
    return select(things.c.id).where(either, things.c.name != name, true()).order_by(things.c.id)


@prepared
def unfollowed(id: int) -> Update:
    changed = update(things).where(things.c.id == id, things.c.name == "a").values(name="c")
    return changed.execution_options(synchronize_session=False)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    things.create(engine)
    with Session(engine) as session:
        session.execute(insert(things), [{"id": n, "name": "ab"[n % 2]} for n in range(6)])
        yield session


def test_each_call_has_its_own_values_and_the_statement_is_built_once(session: Session) -> None:
    assert session.scalars(*named("a", [0, 2, 3])).all() == [0, 2]
    assert session.scalars(*named("b", [0, 2, 3])).all() == [3]
    assert built == ["named"]


@pytest.mark.parametrize("ids", [{4, 0}, frozenset({0, 4}), {0: "x", 4: "y"}, (0, 4)])
def test_many_may_come_as_a_set_or_the_keys_of_a_table(session: Session, ids: Collection[int]) -> None:
    assert session.scalars(*named("a", ids=ids)).all() == [0, 4]


def test_none_at_all_are_found_among_none(session: Session) -> None:
    assert session.scalars(*named("a", [])).all() == []


def test_an_argument_may_have_the_name_of_a_column_that_is_changed(session: Session) -> None:
    session.execute(*renaming(3, "c"))
    assert session.scalars(*named("c", range(6))).all() == [3]


def test_constants_stand_in_the_statement_and_mean_what_they_meant(session: Session) -> None:
    session.execute(insert(things), [{"id": 10, "name": "o'clock"}, {"id": 11, "name": "b''"}])
    statement, values = odd("x")
    assert session.scalars(statement, values).all() == [1, 3, 4, 5, 10, 11]
    written = str(statement)
    assert "'o''clock'" in written
    assert "IN ('b', 'b" in written
    assert list(values) == ["given_name"]


def test_it_is_plain_when_no_row_of_the_session_has_to_follow() -> None:
    assert is_plain(named("a", [1])[0])
    assert is_plain(unfollowed(1)[0])
    assert not is_plain(renaming(1, "c")[0])
    assert not is_plain(locking(1)[0])
    assert not is_plain(rows(1)[0])
    assert not is_plain(select(things.c.id))


def test_what_it_chooses_can_be_read_in_its_docstring() -> None:
    assert named.__doc__ == "Choose the things of a name among some."
