"""`grace papers`: what a borrower would be given in writing, made of a loan and a wish."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import out, refuse
from bot.cli.offers import loan_of, wish_of
from bot.cli.policy import day, house
from bot.domain.counter import Circumstances
from bot.domain.plans import offers
from bot.language.texts import TextError, Texts
from bot.papers.terms import Payment, Terms, picture_pages
from bot.settings import Settings
from bot.storage.policies import PolicyError, versioned

app = typer.Typer()


@app.command("papers")
def show_papers(
    loan: Annotated[str, typer.Option(help="FILE of a loan book, FILE:REF, or REF of an imported loan")],
    wish: Annotated[str, typer.Option(help='"12 instalments", "10 days", …')] = "",
    locale: Annotated[str, typer.Option(help="the language to write them in")] = "en",
    name: Annotated[str, typer.Option(help="the borrower's name on the agreement")] = "Sam Reed",
    on: Annotated[str, typer.Option("--date", help="the day of agreement; today when left out")] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="a folder")] = Path("."),
) -> None:
    """Write picture, calendar file and agreement of the first plan that fits a wish. Nothing is stored."""
    from bot.papers.making import made

    settings = Settings()
    found, at = loan_of(loan, None, Circumstances(day(on)))
    try:
        texts = Texts.load(settings.home)
        if locale not in texts.locales:
            raise refuse(f"--locale {locale!r} is none of {', '.join(texts.locales)}")
        rules = house().product(found.product, at.today)
    except (PolicyError, TextError) as error:
        raise refuse(error) from error
    asked = wish_of(wish, "", rules)
    options = offers(found, rules, asked, today=at.today, hardship=at.hardship).options
    if not options:
        raise refuse("there is nothing to offer on this wish")
    option = options[0]
    terms = Terms(
        plan=1,
        kind=option.kind,
        loan=found.ref,
        lender=settings.lender(locale),
        phone=settings.lender_phone,
        borrower=name,
        agreed_at=datetime.combine(at.today, time(9), UTC),
        agreed_on=at.today,
        currency=found.currency,
        payments=tuple(Payment(one.number, one.due_on, one.amount.amount) for one in option.schedule),
        principal=option.principal.amount,
        cost=option.cost.amount,
        waived=option.waived.amount,
        rate=option.annual_rate(at.today),
        how_to_pay=rules.how_to_pay.get(locale) or next(iter(rules.how_to_pay.values())),
        policy_version=versioned(rules).version,
    )
    output.mkdir(parents=True, exist_ok=True)
    for page in range(1, picture_pages(len(terms.payments)) + 1):
        _write(output / f"plan-{page}.png", made(texts, terms, locale, "picture", page=page))
    _write(output / "plan.ics", made(texts, terms, locale, "calendar"))
    _write(output / "plan.pdf", made(texts, terms, locale, "agreement"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise refuse(f"{path} cannot be written: {error}") from error
    out.print(str(path), markup=False, soft_wrap=True)
