"""Commands about people: a borrower's link, staff accounts, what stops contact with a borrower."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bot.bootstrap import Grace
from bot.cli.common import out, refuse, services
from bot.services.rights import NotAllowed
from bot.services.staff import Staff, StaffError

app = typer.Typer()
agents_app = typer.Typer(help="Staff accounts for the console.", no_args_is_help=True)
holds_app = typer.Typer(help="What stops contact with a borrower.", no_args_is_help=True)
app.add_typer(agents_app, name="agents")
app.add_typer(holds_app, name="holds")


@app.command()
def link(
    borrower: str, channel: Annotated[str, typer.Option(help="webchat or telegram")] = "webchat"
) -> None:
    """Make a one-time link for a borrower."""
    with services() as grace:
        try:
            token = grace.links.issue(borrower, channel)
        except LookupError as error:
            raise refuse(error) from error
        settings = grace.kit.settings
    out.print(
        f"/start {token}" if channel == "telegram" else f"{settings.public_url}/chat/l/{token}",
        soft_wrap=True,
    )


@app.command()
def tier(ref: Annotated[str, typer.Argument(help="a borrower or a loan")]) -> None:
    """Show the tier of a borrower's loans, and why: every signal with its points."""
    with services() as grace:
        try:
            found = grace.tiers.of(ref)
        except LookupError as error:
            raise refuse(error) from error
    for one in found:
        seen = one.assessment
        record = "good record" if seen.good_record else "no good record yet"
        out.print(f"{one.loan}: {seen.tier} ({record}). {seen.why}", soft_wrap=True, markup=False)
        table = Table("signal", "score", "points", "because")
        for part in seen.points:
            table.add_row(part.signal, part.axis, f"{part.points:+d}", part.text)
        table.add_section()
        table.add_row("total", "ability", str(seen.ability), one.card)
        table.add_row("total", "willingness", str(seen.willingness), "")
        out.print(table)


@agents_app.command("add")
def agents_add(
    login: str,
    name: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option(help="agent, senior or supervisor")] = "agent",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff."""
    with services() as grace:
        try:
            staff = grace.staff.add(login, name, role, password)
        except StaffError as error:
            raise refuse(error) from error
    out.print(f"{staff.login} can sign in as {staff.role}")


@holds_app.command("list")
def holds_list(borrower: str) -> None:
    """List what stops contact with a borrower now."""
    with services() as grace:
        try:
            holds = grace.holds.of(borrower)
        except LookupError as error:
            raise refuse(error) from error
    table = Table("id", "hold", "channel", "since (UTC)", "until (UTC)", "because of")
    for hold in holds:
        until = f"{hold.until:%Y-%m-%d %H:%M}" if hold.until else "lifted"
        since = f"{hold.since:%Y-%m-%d %H:%M}"
        table.add_row(str(hold.id), hold.kind, hold.channel or "all", since, until, hold.cause)
    out.print(table if holds else f"nothing stops contact with {borrower}", soft_wrap=True)


@holds_app.command("lift")
def holds_lift(
    hold: Annotated[int, typer.Argument(help="its id, as `grace holds list` shows it")],
    by: Annotated[str, typer.Option(help="login of who decides: their role must allow it")],
    reason: Annotated[str, typer.Option(help="why; it is kept on record")],
    asked: Annotated[bool, typer.Option("--asked", help="the borrower has asked for it themself")] = False,
) -> None:
    """Lift a hold for a stated reason."""
    with services() as grace:
        try:
            lifted = grace.holds.lift(hold, _who(grace, by).id, reason, asked=asked)
        except (NotAllowed, StaffError) as error:
            raise refuse(error) from error
    out.print(f"{lifted.kind} is lifted")


def _who(grace: Grace, login: str) -> Staff:
    """Return a member of staff. Raises StaffError for a login that nobody has."""
    staff = grace.staff.by_login(login)
    if staff is None:
        raise StaffError(f"nobody active has the login {login!r}")
    return staff
