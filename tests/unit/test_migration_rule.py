"""The old release goes on working while the new one starts: a migration only adds to what it uses.

Expand, then contract: what a release stops using may go in a later one, whose migration names in `contracts`
the schema of the release that no longer used it, as the changelog states it ("schema 0014").
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSIONS = sorted((ROOT / "bot/storage/migrations/versions").glob("0*.py"))
_GONE = re.compile(r"\b(DROP\s+(COLUMN|TABLE|VIEW)|RENAME\s)|\bDELETE\s+FROM\b|\bTRUNCATE\b", re.IGNORECASE)
_REMOVING = {
    "drop_column": "drops a column",
    "drop_table": "drops a table",
    "rename_table": "renames a table",
}
# Of the time before the first release: nobody runs the one before it.
_NEVER_APART = frozenset({"0013", "0015"})


def faults(source: str) -> Iterator[str]:
    """What of a migration's way up an older release would stumble over."""
    module = ast.parse(source)
    upgrade = next(one for one in module.body if isinstance(one, ast.FunctionDef) and one.name == "upgrade")
    for call in (one for one in ast.walk(upgrade) if isinstance(one, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        given = {one.arg: one.value for one in call.keywords}
        if name in _REMOVING:
            yield _REMOVING[name]
        if name == "alter_column":
            if "new_column_name" in given:
                yield "renames a column"
            if isinstance(given.get("nullable"), ast.Constant) and given["nullable"].value is False:  # type: ignore[attr-defined]
                yield "forbids what an older release leaves empty"
        if name == "add_column":
            yield from _added(call)
        constants = [one.value for one in ast.walk(call) if isinstance(one, ast.Constant)]
        words = [one for one in constants if isinstance(one, str)]
        if name in ("execute", "text") and any(_GONE.search(one) for one in words):
            yield "takes something away by SQL"


def _added(call: ast.Call) -> Iterator[str]:
    columns = [
        one
        for argument in call.args
        for one in ast.walk(argument)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "Column"
    ]
    for column in columns:
        given = {one.arg: one.value for one in column.keywords}
        must = isinstance(given.get("nullable"), ast.Constant) and given["nullable"].value is False  # type: ignore[attr-defined]
        if must and "server_default" not in given:
            yield "adds a column that an older release would have to fill"


def released() -> set[str]:
    """The schemas of the releases that were made, as the changelog states them."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    _, _, made = text.partition("## [Unreleased]")
    return set(re.findall(r"^## \[\d[^\n]*schema (\d{4})", made, re.MULTILINE))


def contracted(source: str) -> str | None:
    """The schema after which a migration says that nobody uses what it takes away."""
    for one in ast.parse(source).body:
        if isinstance(one, ast.Assign) and any(getattr(t, "id", "") == "contracts" for t in one.targets):
            return str(ast.literal_eval(one.value))
    return None


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_takes_away_nothing_that_an_older_release_uses(path: Path) -> None:
    source = path.read_text("utf-8")
    found = sorted(set(faults(source)))
    after = contracted(source)
    if found and after is not None:
        assert after in released(), f"no release had schema {after}"
        assert after < path.stem[:4]
        return
    assert found == [] or path.stem[:4] in _NEVER_APART


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("op.drop_column('a', 'b')", "drops a column"),
        ("op.drop_table('a')", "drops a table"),
        ("op.rename_table('a', 'b')", "renames a table"),
        ("batch.alter_column('a', new_column_name='b')", "renames a column"),
        ("batch.alter_column('a', nullable=False)", "forbids what an older release leaves empty"),
        ("op.execute('ALTER TABLE a DROP COLUMN b')", "takes something away by SQL"),
        ("op.execute(sa.text('ALTER TABLE a RENAME TO b'))", "takes something away by SQL"),
        ("op.add_column('a', sa.Column('b', sa.Integer(), nullable=False))", "adds a column that"),
    ],
)
def test_each_way_to_break_an_older_release_is_seen(line: str, said: str) -> None:
    found = list(faults(f"def upgrade():\n    with x as batch:\n        {line}\n"))
    assert any(one.startswith(said) for one in found)


def test_adding_is_allowed() -> None:
    line = "op.add_column('a', sa.Column('b', sa.Integer(), nullable=False, server_default='0'))"
    assert (
        list(faults(f"def upgrade():\n    {line}\n    op.create_table('c')\n    op.drop_index('i')\n")) == []
    )
