"""Commands that erase: a borrower on request, and what has been kept for as long as it may be."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.common import err, out, refuse, services, who
from bot.services.erasing import Erased, TrackerError

app = typer.Typer()
_WHY = {
    "erasure.debt": "loan {} is not paid",
    "erasure.complaint": "complaint {} is open",
    "erasure.case": "case {} is open",
    "erasure.request": "request {} waits for a decision",
}


@app.command()
def erase(
    borrower: Annotated[str, typer.Argument(help="the borrower's reference")],
    by: Annotated[str, typer.Option(help="login of who decides")],
    force: Annotated[bool, typer.Option("--force", help="though something is open; needs --reason")] = False,
    reason: Annotated[str, typer.Option(help="why; it is kept on record")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what stands against it")] = False,
) -> None:
    """Erase a borrower's words and personal data, here and in Rasa; records and their chains stay."""
    with services() as grace:
        staff = who(grace, by)
        try:
            against = grace.erasure.obstacles(borrower)
            found: Erased | tuple[object, ...] | None = None
            if not dry_run and (force or not against):
                found = grace.erasure.erase(borrower, actor=f"agent {staff.id}", reason=reason, force=force)
        except (LookupError, ValueError, TrackerError) as error:
            raise refuse(error.args[0] if error.args else error) from error
    for one in against:
        err.print(_WHY[one.limit].format(one.asked), style="yellow", markup=False)
    if isinstance(found, Erased):
        counts = f"{found.messages} messages, {found.records} records, {found.files} files"
        out.print(f"{borrower} is erased: {counts}, {found.memory} rows of Rasa's", markup=False)
    elif against:
        raise refuse(f"{borrower} is not erased; with --force and --reason it can be")
    else:
        out.print(f"nothing stands against erasing {borrower}", markup=False)


@app.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
) -> None:
    """Erase what has been kept for as long as the settings say; the app does so once an hour by itself."""
    with services() as grace:
        swept = grace.retention.sweep(dry_run=dry_run)
        if not dry_run:
            grace.hardship.forget_old()
            grace.ledger.append()
    verb = "to be erased" if dry_run else "erased"
    out.print(
        f"{verb}: {swept.messages} messages, {swept.drafts} drafts, {swept.hardships} hardships, "
        f"{swept.memory} rows of Rasa's"
    )
