"""Commands about the keys that seal personal data at rest."""

from __future__ import annotations

import typer
from rich.table import Table

from bot.cli.common import err, out, services
from bot.storage.keyring import new_key

app = typer.Typer()
keys_app = typer.Typer(help="Keys that seal personal data at rest.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@keys_app.command("new")
def keys_new() -> None:
    """Print a new random key: put it before the others in GRACE_DATA_KEYS, then `grace keys rotate`."""
    typer.echo(new_key())


@keys_app.command("list")
def keys_list() -> None:
    """Count what is stored under each key."""
    with services() as grace:
        found, newest = grace.keys.standing(), grace.kit.db.keys.newest
    table = Table("key", "values")
    for key, count in sorted(found.items(), key=lambda one: one[0] or ""):
        name = "not sealed" if key is None else f"{key} (newest)" if key == newest else key
        table.add_row(name, str(count))
    out.print(table if found else "nothing is stored yet")


@keys_app.command("rotate")
def keys_rotate() -> None:
    """Seal everything with the newest key; afterwards the older one may be taken out of the setting."""
    with services() as grace, err.status("sealing …") as status:
        changed = grace.keys.rotate(lambda done: status.update(f"sealing … {done}"))
        newest = grace.kit.db.keys.newest
    where = "not sealed: there are no keys" if newest is None else f"under key {newest}"
    out.print(f"{changed} values sealed anew; everything is {where}", soft_wrap=True)
