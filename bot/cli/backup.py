"""`grace backup` and `grace restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import out, refuse, services
from bot.services.backup import BackupError, differences, restore
from bot.services.ledger import CHAINS
from bot.settings import Settings

app = typer.Typer()


@app.command("backup")
def write_backup(file: Annotated[Path, typer.Argument(help="where to; what is there is replaced")]) -> None:
    """Write database, files and Rasa's memory into one file; safe while everything runs."""
    with services() as grace:
        grace.ledger.append()
        try:
            made = grace.backup.write(file)
        except (BackupError, OSError) as error:
            raise refuse(error) from error
    size = file.stat().st_size / 2**20
    out.print(f"{file}: {size:.1f} MB, schema {made.revision}, {made.files} files", markup=False)
    for chain, head in made.heads.items():
        out.print(f"{chain} ends with {head}", soft_wrap=True)


@app.command("restore")
def bring_back(file: Annotated[Path, typer.Argument(help="what `grace backup` wrote")]) -> None:
    """Bring a backup back into an empty database, migrate it, and check its chains."""
    settings = Settings()
    try:
        found = restore(file, settings.database_url, settings.tracker_url, settings.state)
    except BackupError as error:
        raise refuse(error) from error
    with services() as grace:
        verdicts = {chain: grace.ledger.verify(chain) for chain in CHAINS}
    heads = {str(chain): verdict.head for chain, verdict in verdicts.items()}
    wrong = [*differences(found, heads), *(str(one) for one, verdict in verdicts.items() if verdict.broken)]
    if wrong:
        raise refuse(f"{file} is back, but not whole: {', '.join(sorted(set(wrong)))}")
    records = sum(verdict.count for verdict in verdicts.values())
    out.print(f"{file} of {found.at} is back: {records} records hold, {found.files} files", markup=False)
