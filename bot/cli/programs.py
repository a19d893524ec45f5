"""Commands about programs: the tokens they sign in with, and the webhooks by which they are told."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import out, refuse, services
from bot.services.staff import StaffError
from bot.services.tokens import SCOPES
from bot.services.webhooks import EVENTS, WebhookError

app = typer.Typer()
tokens_app = typer.Typer(help="Tokens of programs that use the API.", no_args_is_help=True)
webhooks_app = typer.Typer(help="Where programs are told of events.", no_args_is_help=True)
app.add_typer(tokens_app, name="tokens")
app.add_typer(webhooks_app, name="webhooks")


@tokens_app.command("add")
def tokens_add(
    name: Annotated[str, typer.Argument(help="what the program is called")],
    login: Annotated[str, typer.Option("--as", help="the member of staff as whom it acts")],
    scopes: Annotated[list[str], typer.Option("--scope", help=f"one or more of {', '.join(SCOPES)}")],
    days: Annotated[
        int | None, typer.Option(min=1, help="how long it holds; left out: until revoked")
    ] = None,
) -> None:
    """Make a token; it is shown this once."""
    with services() as grace:
        try:
            token = grace.tokens.add(name, login, scopes, days=days)
        except StaffError as error:
            raise refuse(error) from error
    typer.echo(token)


@tokens_app.command("list")
def tokens_list() -> None:
    """List the tokens, without themselves."""
    with services() as grace:
        found = grace.tokens.all()
    table = Table("name", "acts as", "scopes", "made (UTC)", "used (UTC)", "state")
    for one in found:
        used = f"{one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never"
        state = (
            "revoked" if one.revoked_at else f"until {one.expires_at:%Y-%m-%d}" if one.expires_at else "holds"
        )
        made = f"{one.created_at:%Y-%m-%d}"
        table.add_row(one.name, one.login, " ".join(one.scopes), made, used, state)
    out.print(table if found else "there are no tokens")


@tokens_app.command("revoke")
def tokens_revoke(name: str) -> None:
    """End a token at once."""
    with services() as grace:
        if not grace.tokens.revoke(name):
            raise refuse(f"no token {name!r} holds")
    out.print(f"{name} is revoked")


@webhooks_app.command("add")
def webhooks_add(
    url: str,
    events: Annotated[list[str], typer.Option("--event", help=f"one or more of {', '.join(EVENTS[:-1])}")],
) -> None:
    """Add a webhook; the secret that signs its calls is shown this once."""
    with services() as grace:
        try:
            number, secret = grace.webhooks.add(url, events)
        except WebhookError as error:
            raise refuse(error) from error
    out.print(f"webhook {number}; its calls are signed with:", highlight=False)
    typer.echo(secret)


@webhooks_app.command("list")
def webhooks_list() -> None:
    """List the webhooks, and the calls that were given up."""
    with services() as grace:
        found, dead = grace.webhooks.all(), grace.webhooks.dead()
    table = Table("id", "address", "events", "waiting", "given up")
    for one in found:
        table.add_row(str(one.id), one.url, " ".join(one.events), str(one.waiting), str(one.dead))
    out.print(table if found else "there are no webhooks")
    if dead:
        given_up = Table("call", "event", "address", "tries", "because")
        for number, event, url, why, tries in dead:
            given_up.add_row(str(number), event, url, str(tries), why)
        out.print(given_up)


@webhooks_app.command("test")
def webhooks_test(number: int) -> None:
    """Queue a test event: the app hands it over within a second or so."""
    with services() as grace:
        if not grace.webhooks.test(number):
            raise refuse(f"there is no webhook {number}")
    out.print("queued; `grace webhooks list` shows what becomes of it")


@webhooks_app.command("retry")
def webhooks_retry(number: int) -> None:
    """Queue anew what was given up for a webhook."""
    with services() as grace:
        again = grace.webhooks.again(number)
    out.print(f"{again} calls queued")


@webhooks_app.command("remove")
def webhooks_remove(number: int) -> None:
    """Remove a webhook; what waits for it is dropped."""
    with services() as grace:
        if not grace.webhooks.remove(number):
            raise refuse(f"there is no webhook {number}")
    out.print("removed")
