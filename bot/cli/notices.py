"""Commands about notices that need somebody's yes, and those that the law asks for."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.common import out, refuse, services, who
from bot.services.rights import NotAllowed

app = typer.Typer()
notices_app = typer.Typer(help="Messages that a person approves before they go out.", no_args_is_help=True)
app.add_typer(notices_app, name="notices")
By = Annotated[str, typer.Option(help="login of who decides: their role must allow it")]
Reason = Annotated[str, typer.Option(help="why; it is kept on record")]
Number = Annotated[int, typer.Argument(help="its number, as `grace notices list` shows it")]


@notices_app.command("list")
def notices_list() -> None:
    """List the notices that wait for a yes: what each would say, whose yes it needs, by when."""
    with services() as grace:
        found = grace.notices.waiting("operator")
    table = Table("id", "borrower", "loan", "step", "needs", "by (UTC)", "yes so far", "text")
    for one in found:
        needs = f"{one.consent.level}{', two people' if one.consent.two_person else ''}"
        yes = ", ".join(str(vote.by) for vote in one.votes if vote.approves)
        by = f"{one.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), one.borrower_ref, one.loan_ref, one.step, needs, by, yes, one.text)
    Console(width=max(out.width, 150)).print(table if found else "no notice waits for a yes")


@notices_app.command("approve")
def notices_approve(notice: Number, by: By, reason: Reason) -> None:
    """Say yes to a notice; with the last yes that it needs it goes out when the contact rules allow."""
    _vote(notice, by, reason, approves=True)


@notices_app.command("refuse")
def notices_refuse(notice: Number, by: By, reason: Reason) -> None:
    """Say no to a notice: it is not sent."""
    _vote(notice, by, reason, approves=False)


@notices_app.command("ask")
def notices_ask(
    loan: str,
    ground: Annotated[str, typer.Option(help="what the law asks to tell, such as agency_takeover")],
    by: By,
    reason: Reason,
) -> None:
    """Ask for a notice that the law demands; the loan's contact pack says on which grounds."""
    with services() as grace:
        try:
            made = grace.notices.request(loan, ground, who(grace, by).id, reason)
        except (NotAllowed, LookupError) as error:
            raise refuse(error) from error
    out.print(f"notice {made.id} {'waits for a yes' if made.state == 'approval' else 'will go out'}")


def _vote(notice: int, by: str, reason: str, *, approves: bool) -> None:
    with services() as grace:
        try:
            became = grace.notices.vote(notice, who(grace, by).id, approves=approves, reason=reason)
        except (NotAllowed, LookupError) as error:
            raise refuse(error) from error
    said = {"approval": "needs one more yes", "queued": "is approved", "cancelled": "is refused"}
    out.print(f"notice {notice} {said.get(became.state, became.state)}")
