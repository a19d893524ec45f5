"""Members of the teams: who serves which teams in which languages, how many cases at once, in which role."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from nicegui import ui

from bot.services.desk.presence import AgentView
from bot.services.staff import ROLES, Role
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.row import team_names
from bot.web.console.team import head
from bot.web.console.terms import ROLES as ROLE_NAMES
from bot.web.console.terms import TONGUES

_FIELD = "outlined dense options-dense"
_MOST = 100
_MEANING = "Teams, languages, and how many cases each may have at once. None chosen means all of them."


async def members(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    await Frame.open(visit, visit.words("Members"))
    page = MembersPage(visit)
    await page.update()
    visit.follow(visit.desk.board.subscribe(), page.update)


class MembersPage:
    """One line for each member, and a dialog to change it."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._shown: object = None
        self._teams = team_names(visit)
        with box("div", "desk wide"):
            text("h1", words("Members"))
            text("p", words(_MEANING), "quiet")
            with box("div", "grid-place").props('tabindex="0" role="region"') as place:
                self.table = box("table", "grid")
            place.props["aria-label"] = words("Members")
        self.dialog = ReasonDialog(visit)

    async def update(self) -> None:
        """Show the members as they are now; nothing is drawn again while nothing has changed."""
        service = self.visit.desk.grace.members
        found = await attempt(self.visit, service.all)
        if found is None:
            return
        shown = [(one.id, one.role, one.teams, one.languages, one.capacity) for one in found]
        if shown == self._shown:
            return
        self._shown = shown
        words = self.words
        self.table.clear()
        with self.table:
            head(words("Name"), words("Teams"), words("Languages"), words("Cases at once"), words("Change"))
            with box("tbody"):
                for one in found:
                    self._line(one)

    def _line(self, one: AgentView) -> None:
        words = self.words
        with box("tr").props("data-row"):
            with box("th").props("scope=row"):
                text("span", one.name)
                text("span", words.of(ROLE_NAMES, one.role), "quiet small")
            text("td", words(", ").join(self._teams.get(team, team) for team in one.teams) or words("All"))
            tongues = words(", ").join(words.of(TONGUES, code) for code in one.languages)
            text("td", tongues or words("All"))
            text("td", str(one.capacity))
            with box("td", "row-acts"):
                button = act(words("Change"), partial(self._change, one), "outlined")
                button.props["aria-label"] = words("Change: {name}", name=one.name)

    def _change(self, one: AgentView) -> None:
        words = self.words
        roles = {role: words.of(ROLE_NAMES, role) for role in ROLES}
        tongues = {code: words(name) for code, name in TONGUES.items()}

        def body() -> None:
            with box("div", "terms"):
                self.teams = ui.select(
                    self._teams, multiple=True, value=list(one.teams), label=words("Teams")
                )
                self.languages = ui.select(
                    tongues, multiple=True, value=list(one.languages), label=words("Languages")
                )
                self.capacity = ui.number(words("Cases at once"), value=one.capacity, min=0, max=_MOST)
                self.role = ui.select(roles, value=one.role, label=words("Role"))
                for field in (self.teams, self.languages, self.capacity, self.role):
                    field.props(_FIELD)
                self.role.set_enabled(one.id != self.visit.staff.id)

        async def go(_reason: str, _: bool) -> bool:
            return await self._save(one)

        title = words("Change: {name}", name=one.name)
        meaning = words("Who gets another role is signed out, so that it counts at once.")
        self.dialog.ask(Question(title, meaning, None, words("Save")), go, body)

    async def _save(self, one: AgentView) -> bool:
        grace, number = self.visit.desk.grace, self.capacity.value
        if number is None or not 0 <= number <= _MOST or int(number) != number:
            self.visit.say(self.words("Please give a number of cases from 0 to 100."), "warning")
            return False
        teams, languages = list(self.teams.value or ()), list(self.languages.value or ())
        role = cast(Role, str(self.role.value))

        def save(by: int) -> bool:
            grace.presence.place(by, one.id, teams=teams, languages=languages, capacity=int(number))
            if role != one.role:
                grace.members.appoint(by, one.id, role)
            return True

        if not await attempt(self.visit, save):
            return False
        self.visit.say(self.words("Saved."), "positive")
        await self.visit.desk.board.read()
        await self.update()
        return True
