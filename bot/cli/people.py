"""Commands about people: a borrower's link, staff accounts, what stops contact with a borrower."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import out, refuse, services, who
from bot.domain.model import HoldKind
from bot.services.holds import PLACED
from bot.services.rights import NotAllowed
from bot.services.staff import StaffError

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
    role: Annotated[str, typer.Option(help="agent, senior, supervisor or auditor")] = "agent",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a member of staff."""
    with services() as grace:
        try:
            staff = grace.staff.add(login, name, role, password)
        except StaffError as error:
            raise refuse(error) from error
    out.print(f"{staff.login} can sign in as {staff.role}")


@agents_app.command("list")
def agents_list() -> None:
    """List the accounts."""
    with services() as grace:
        found = grace.staff.everyone()
        factors = {staff.id: grace.factors.enrolled(staff.id) for staff, _ in found}
        placed = {one.id: one for one in grace.presence.agents()}
    head = ("login", "name", "role", "active", "authenticator app", "teams", "languages", "cases at once")
    table = Table(*head)
    for staff, active in found:
        has, one = "yes" if factors[staff.id] else "no", placed.get(staff.id)
        of = ("", "", "") if one is None else (_listed(one.teams), _listed(one.languages), str(one.capacity))
        table.add_row(staff.login, staff.name, staff.role, "yes" if active else "no", has, *of)
    out.print(table if found else "there are no accounts; `grace agents add` makes one")


@agents_app.command("change")
def agents_change(
    login: str,
    role: Annotated[str | None, typer.Option(help="agent, senior, supervisor or auditor")] = None,
    password: Annotated[bool, typer.Option("--password", help="ask for a new password")] = False,
    active: Annotated[bool | None, typer.Option("--enable/--disable")] = None,
) -> None:
    """Change role or password, or close an account; whoever is signed in with it is signed out."""
    new = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    with services() as grace:
        try:
            staff = grace.staff.change(login, role=role, password=new, active=active)
        except StaffError as error:
            raise refuse(error) from error
    out.print(f"{staff.login}: {staff.role}; signed out everywhere")


@agents_app.command("place")
def agents_place(
    login: str,
    by: Annotated[str, typer.Option(help="login of who decides: a supervisor")],
    team: Annotated[list[str] | None, typer.Option(help="a team they serve; again for more")] = None,
    language: Annotated[list[str] | None, typer.Option(help="zh or en; again for more")] = None,
    capacity: Annotated[int | None, typer.Option(help="cases they may have at once, 0 to 100")] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="all teams, all languages")] = False,
) -> None:
    """Say a member's teams, languages and number of cases; what is left out stays."""
    teams, languages = ([], []) if everywhere else (team or None, language or None)
    with services() as grace:
        try:
            boss, who_is = who(grace, by).id, who(grace, login).id
            grace.presence.place(boss, who_is, teams=teams, languages=languages, capacity=capacity)
            one = grace.presence.get(who_is)
        except (NotAllowed, StaffError) as error:
            raise refuse(error) from error
    assert one is not None
    placed = f"teams {_listed(one.teams)}, languages {_listed(one.languages)}, {one.capacity} cases at once"
    out.print(f"{login}: {placed}", markup=False)


@agents_app.command("sign-out")
def agents_sign_out(
    login: str,
    factor: Annotated[bool, typer.Option("--factor", help="also remove their authenticator app")] = False,
) -> None:
    """Sign somebody out everywhere, for instance when a phone or a computer was lost."""
    with services() as grace:
        staff = who(grace, login)
        ended = grace.access.end_all(staff.id)
        removed = factor and grace.factors.remove(staff.id, actor="staff")
    out.print(f"{ended} sessions ended" + ("; the authenticator app is removed" if removed else ""))


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
            lifted = grace.holds.lift(hold, who(grace, by).id, reason, asked=asked)
        except NotAllowed as error:
            raise refuse(error) from error
    out.print(f"{lifted.kind} is lifted")


@holds_app.command("place")
def holds_place(
    ref: Annotated[str, typer.Argument(help="a borrower, or one loan")],
    by: Annotated[str, typer.Option(help="login of who decides: their role must allow it")],
    reason: Annotated[str, typer.Option(help="why; it is kept on record")],
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(sorted(PLACED))}")] = "pause",
    until: Annotated[str | None, typer.Option(help="first day without it, YYYY-MM-DD")] = None,
    since: Annotated[str | None, typer.Option(help="its first day, which may have passed")] = None,
) -> None:
    """Stop contact about a loan, or with a borrower, until a day, for a stated reason."""
    if kind not in PLACED:
        raise refuse(f"--kind {kind!r} is none of {', '.join(sorted(PLACED))}")
    days = {name: _day(name, text) for name, text in (("until", until), ("since", since))}
    with services() as grace:
        try:
            zone = grace.holds.zone(ref)
            ends = {
                name: None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)
                for name, day in days.items()
            }
            hold = grace.holds.place(ref, HoldKind(kind), who(grace, by).id, reason, **ends)
        except (NotAllowed, LookupError) as error:
            raise refuse(error) from error
    end = f"until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else "until it is lifted"
    out.print(f"{hold.kind} {hold.id} holds {end}")


@app.command()
def exempt(
    ref: Annotated[str, typer.Argument(help="a borrower or a loan")],
    by: Annotated[str, typer.Option(help="login of who decides: their role must allow it")],
    reason: Annotated[str, typer.Option(help="why; it is kept on record")],
    on: Annotated[bool, typer.Option("--on/--off", help="exempt, or no longer")] = True,
) -> None:
    """Exempt a borrower from reminders, or end that."""
    with services() as grace:
        try:
            grace.holds.exempt(ref, who(grace, by).id, reason, exempt=on)
        except (NotAllowed, LookupError) as error:
            raise refuse(error) from error
    out.print(f"{ref} is {'exempt from reminders' if on else 'reminded again'}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "all"


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refuse(f"--{name} {text!r} is no day such as 2026-03-02") from error
