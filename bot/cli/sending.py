"""Commands about what goes out: reminders as they stand, messages whose fate nobody knows, the workers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import tasks
from bot.cli.common import observed, out, refuse, services, who
from bot.services.rights import NotAllowed
from bot.services.uncertain import NotUncertain
from bot.settings import Settings

app = typer.Typer()
uncertain_app = typer.Typer(help="Messages that may have gone out, and nobody knows.", no_args_is_help=True)
app.add_typer(uncertain_app, name="uncertain")
STATES = ("approval", "queued", "sending", "sent", "failed", "uncertain", "cancelled", "expired")


@app.command()
def nudges(
    state: Annotated[list[str] | None, typer.Option(help=f"one or more of {', '.join(STATES)}")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many at most, newest first")] = 200,
) -> None:
    """List reminders by state, with the reason why one waits, was cancelled or has expired."""
    chosen = state or ["queued", "expired", "cancelled", "uncertain"]
    unknown = sorted(set(chosen) - set(STATES))
    if unknown:
        raise refuse(f"--state {unknown[0]!r} is none of {', '.join(STATES)}")
    with services() as grace:
        rows = grace.uncertain.nudges(chosen, limit)
    table = Table("id", "borrower", "loan", "step", "state", "due (UTC)", "good until (UTC)", "why")
    for row in rows:
        times = (f"{row.send_at:%Y-%m-%d %H:%M}", f"{row.expires_at:%Y-%m-%d %H:%M}")
        table.add_row(str(row.nudge), row.borrower, row.loan, row.step, row.state, *times, row.reason or "")
    Console(width=max(out.width, 150)).print(table)


@uncertain_app.command("list")
def uncertain_list() -> None:
    """List uncertain messages with the evidence: the channel's answer, and the ledger's records."""
    with services() as grace:
        grace.ledger.append()
        doubts = grace.uncertain.doubts()
    for one in doubts:
        when = f"{one.handed_over_at:%Y-%m-%d %H:%M:%S} UTC" if one.handed_over_at else "unknown"
        nudge = "" if one.nudge is None else f", reminder {one.nudge}"
        lines = [
            f"message {one.message} to {one.borrower or 'a stranger'} by {one.channel}{nudge}",
            f"  text {one.template or 'written by a person'}; handed over {when}",
            f"  the channel answered: {one.answer or 'nothing; the process ended before'}",
            *(f"  ledger record {row.number}: {row.outcome} ({row.hash[:16]})" for row in one.ledger),
        ]
        out.print("\n".join(lines), markup=False, soft_wrap=True)
    if not doubts:
        out.print("no message is uncertain")


@uncertain_app.command("resolve")
def uncertain_resolve(
    message: Annotated[int, typer.Argument(help="its number, as `grace uncertain list` shows it")],
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="whether it went out")],
    evidence: Annotated[str, typer.Option(help="what shows it; it is kept on record")],
    by: Annotated[str, typer.Option(help="login of who decides")],
) -> None:
    """Settle an uncertain message on stated evidence."""
    with services() as grace:
        staff = who(grace, by)
        try:
            fate = grace.uncertain.resolve(message, sent=sent, evidence=evidence, actor=f"agent {staff.id}")
        except NotUncertain as error:
            raise refuse(error) from error
    out.print(f"message {message} is settled as {'sent' if sent else 'not sent'}; its reminder: {fate}")


@app.command()
def automatic(
    change: Annotated[str, typer.Argument(help="status, off or on")] = "status",
    by: Annotated[str | None, typer.Option(help="login of who decides: senior or supervisor")] = None,
    reason: Annotated[str, typer.Option(help="why; it is kept on record")] = "",
) -> None:
    """Tell whether automatic messages go out, or switch them off or on; agents go on working either way."""
    if change not in ("status", "off", "on"):
        raise refuse(f"{change!r} is none of status, off, on")
    with services() as grace:
        try:
            if change == "status":
                state = grace.switch.state()
            else:
                if by is None:
                    raise refuse("--by is missing: whoever switches says who they are")
                state = grace.switch.throw(who(grace, by).id, reason, off=change == "off")
        except NotAllowed as error:
            raise refuse(error) from error
    since = f" since {state.since:%Y-%m-%d %H:%M} UTC by {state.by}: {state.reason}" if state.since else ""
    settings = "; GRACE_AUTOMATIC_OFF is set" if state.by_settings else ""
    out.print(f"automatic messages are {'off' if state.off else 'on'}{since}{settings}", markup=False)


@app.command()
def worker() -> None:
    """Take tasks from the broker and do them until Ctrl-C; any number of workers may run."""
    settings = Settings()
    observed("worker", settings)
    if not tasks.is_shared(settings.broker_url):
        raise refuse("workers need a broker that processes share: set GRACE_BROKER_URL=redis://… or amqp://…")
    with services() as grace:
        asyncio.run(tasks.work(grace))
