"""What is needed to decide, beside a conversation; drawn again only when a fact changed."""

from __future__ import annotations

from collections.abc import Mapping

from bot.services.cases import CaseView
from bot.services.kit import local_day
from bot.web.console.deals import DealSections
from bot.web.console.desk import Visit
from bot.web.console.layout import box, commanded, text
from bot.web.console.person import Person
from bot.web.console.terms import ACTORS, EVENTS


class Account:
    """The panel at the right."""

    def __init__(self, visit: Visit, names: Mapping[int, str], person: Person, deals: DealSections) -> None:
        self.visit = visit
        self.words = visit.words
        self.names = names
        self._person = person
        self._deals = deals
        self._shown: CaseView | None = None
        self.element = commanded(box("aside", "account"), "account")
        self.element.props('tabindex="0" data-act="focus"')
        self.element.props["aria-label"] = self.words("Account")

    def paint(self, view: CaseView) -> None:
        """Show the case as it is now."""
        if view == self._shown:
            return
        self._shown = view
        today = local_day(self.visit.desk.now(), view.timezone)
        self.element.clear()
        with self.element:
            self._person.paint(view, today)
            self._deals.paint(view, today)
            self._events(view)

    def tick(self) -> None:
        """Write the borrower's local time anew."""
        if self._shown is not None:
            self._person.tick()

    def _events(self, view: CaseView) -> None:
        words = self.words
        with box("section"):
            text("h3", words("What happened"))
            if not view.events:
                text("p", words("Nothing yet."), "quiet")
            with box("ol", "events"):
                for event in view.events:
                    times = f" × {event.count}" if event.count > 1 else ""
                    with box("li"):
                        text("time", words.instant(event.at, view.timezone), "quiet")
                        text("span", f"{words.of(EVENTS, event.kind)}{times}")
                        text("span", self._actor(event.actor), "quiet")

    def _actor(self, actor: str) -> str:
        """Name who did it: "agent 7" by their name."""
        role, _, number = actor.partition(" ")
        if role == "agent" and number.isdecimal():
            return self.names.get(int(number), actor)
        return self.words.of(ACTORS, actor)
