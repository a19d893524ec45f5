"""Commands about what is said: every shipped text, read against the rules on wording."""

from __future__ import annotations

import typer
from rich.table import Table

from bot.cli.common import err, out, refuse, services
from bot.language.texts import TextError, Texts
from bot.services.proofreading import proofread
from bot.settings import Settings
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies, PolicyError

app = typer.Typer()
wording = typer.Typer(help="What came of each wording of a text.", no_args_is_help=True)
app.add_typer(wording, name="wording")


@app.command()
def lint() -> None:
    """Check every text that Grace may say, in every language, against the rules in policies/lint."""
    settings = Settings()
    try:
        texts = Texts.load(settings.home)
        policies = Policies.load(settings.home / "policies", settings.contact_pack)
        lexicon = load_rules(settings.home / "policies/lint")
        faults = proofread(texts, policies, lexicon, settings)
    except (PolicyError, TextError) as error:
        raise refuse(error) from error
    for one in faults:
        where, found = f"{one.file}: {one.key} ({one.locale})", one.finding
        err.print(f"{where}: {found.rule}: “{one.words}”: {found.reason}", markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    out.print(f"all texts keep the rules on wording ({', '.join(texts.locales)})")


@wording.callback()
def _wording() -> None:
    """Keep `report` a command of its own, though it is the only one."""


@wording.command()
def report() -> None:
    """Show reply, promise, kept and complaint per variation, of what was sent, within seven days."""
    with services() as grace:
        found = grace.variations.report()
    table = Table("template", "variation", "sent", "replied", "promised", "kept", "complained")
    for one in found:
        shares = (
            f"{getattr(one, name)} ({one.share(name):.0%})"
            for name in ("replied", "promised", "kept", "complained")
        )
        table.add_row(one.template, one.variation, str(one.sent), *shares)
    out.print(table if found else "no text with more than one wording was sent yet", soft_wrap=True)
