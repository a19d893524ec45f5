"""The supervisor's live board: how the queue stands, who is there, and cases to give to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.desk.presence import AgentView
from bot.services.desk.queue import QueueEntry
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.row import sla_words, team_names
from bot.web.console.terms import PRESENCES, PRESENCES_ORDER, REASONS, STATES
from bot.web.console.terms import ROLES as ROLE_NAMES


async def team(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    await Frame.open(visit, visit.words("Team board"))
    page = TeamPage(visit)
    await page.update()
    visit.follow(visit.desk.board.subscribe(), page.update)


class TeamPage:
    """Figures of this moment, teams, colleagues, and every open case."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._drawn: object = None
        with box("div", "desk wide"):
            text("h1", words("Team board"))
            self.tiles = box("dl", "tiles")
            with box("div", "boards"):
                with box("section"):
                    text("h2", words("Teams"))
                    self.teams = box("table", "grid")
                with box("section"):
                    text("h2", words("Colleagues"))
                    self.people = box("table", "grid")
            text("h2", words("Open cases"))
            with box("div", "grid-place").props('tabindex="0"') as place:
                self.cases = box("table", "grid")
            place.props["aria-label"] = words("Open cases")
            place.props["role"] = "region"
        self.dialog = ReasonDialog(visit)

    async def update(self) -> None:
        """Show the board as it was last read; nothing is drawn again while nothing has changed."""
        board = self.visit.desk.board
        if not board.sight.agents:
            await board.read()
        sight = board.sight
        if await attempt(self.visit, self.visit.desk.grace.members.all) is None:
            return
        minute = int(self.visit.desk.now().timestamp() // 60)
        if (sight, minute) == self._drawn:
            return
        self._drawn = (sight, minute)
        self._tiles(sight.entries, sight.agents)
        self._teams(sight.entries, sight.agents)
        self._people(sight.agents, sight.entries)
        self._cases(sight.entries)

    def _tiles(self, entries: tuple[QueueEntry, ...], agents: tuple[AgentView, ...]) -> None:
        words, now = self.words, self.visit.desk.now()
        waiting = [one for one in entries if one.is_waiting]
        late = [one for one in entries if is_late(one)]
        longest = min((one.waiting_since for one in waiting), default=None)
        online = sum(one.presence == "online" for one in agents)
        self.tiles.clear()
        with self.tiles:
            for label, value, alarm in (
                (words("Waiting"), str(len(waiting)), False),
                (words("Late"), str(len(late)), bool(late)),
                (words("Longest wait"), "–" if longest is None else words.elapsed(longest, now), False),
                (words("In progress"), str(sum(not one.is_waiting for one in entries)), False),
                (words("Online"), f"{online} / {len(agents)}", online == 0),
            ):
                with box("div", "tile alarm" if alarm else "tile"):
                    text("dt", label)
                    text("dd", value)

    def _teams(self, entries: tuple[QueueEntry, ...], agents: tuple[AgentView, ...]) -> None:
        words, now = self.words, self.visit.desk.now()
        self.teams.clear()
        with self.teams:
            head(words("Team"), words("Waiting"), words("Late"), words("Longest wait"), words("Online"))
            with box("tbody"):
                for code, name in team_names(self.visit).items():
                    mine = [one for one in entries if one.team == code]
                    since = min((one.waiting_since for one in mine if one.is_waiting), default=None)
                    there = sum(
                        one.presence == "online" and (not one.teams or code in one.teams) for one in agents
                    )
                    late = sum(is_late(one) for one in mine)
                    with box("tr"):
                        text("th", name).props("scope=row")
                        text("td", str(sum(one.is_waiting for one in mine)))
                        text("td", str(late), "broken" if late else "")
                        text("td", "–" if since is None else words.elapsed(since, now))
                        text("td", str(there))

    def _people(self, agents: tuple[AgentView, ...], entries: tuple[QueueEntry, ...]) -> None:
        words = self.words
        self.people.clear()
        with self.people:
            head(words("Name"), words("Status"), words("Cases"), words("Put aside"), words("Late"))
            with box("tbody"):
                for one in sorted(agents, key=lambda one: (PRESENCES_ORDER.index(one.presence), one.name)):
                    late = sum(is_late(entry) for entry in entries if entry.agent_id == one.id)
                    with box("tr"):
                        with box("th").props("scope=row"):
                            text("span", one.name)
                            text("span", words.of(ROLE_NAMES, one.role), "quiet small")
                        text("td", words.of(PRESENCES, one.presence), f"status is-{one.presence}")
                        text("td", f"{one.load} / {one.capacity}", "" if one.has_room else "broken")
                        text("td", str(one.snoozed))
                        text("td", str(late), "broken" if late else "")

    def _cases(self, entries: tuple[QueueEntry, ...]) -> None:
        words, now = self.words, self.visit.desk.now()
        self.cases.clear()
        with self.cases:
            head(
                words("Borrower"),
                words("Reason"),
                words("Waiting for"),
                words("Reply due"),
                words("Handled by"),
                words("Assign"),
            )
            with box("tbody"):
                for one in entries:
                    said, urgency = sla_words(words, one)
                    with box("tr").props("data-row"):
                        with box("th").props("scope=row"):
                            ui.link(one.borrower_name or words("Not identified"), f"/case/{one.id}")
                        text("td", words.of(REASONS, one.reason))
                        text("td", words.elapsed(one.waiting_since, now))
                        text("td", said, f"sla {urgency}")
                        text("td", one.agent_name or words.of(STATES, one.state))
                        with box("td", "row-acts"):
                            give = act(words("Assign"), partial(self._assign, one), "outlined")
                            give.props["aria-label"] = f"{words('Assign')}: {one.borrower_name or one.id}"
                            if one.agent_id != self.visit.staff.id:
                                over = act(words("Take over"), partial(self._take_over, one), "plain")
                                over.props["aria-label"] = (
                                    f"{words('Take over')}: {one.borrower_name or one.id}"
                                )
            if not entries:
                with box("tbody"), box("tr"):
                    text("td", words("Nobody is waiting. New conversations appear here by themselves."))

    def _assign(self, entry: QueueEntry) -> None:
        words, agents = self.words, self.visit.desk.board.sight.agents
        people = {
            one.id: f"{one.name} · {words.of(PRESENCES, one.presence)} · {one.load}/{one.capacity}"
            for one in sorted(agents, key=lambda one: (PRESENCES_ORDER.index(one.presence), one.load))
            if one.id != entry.agent_id
        }

        def body() -> None:
            self.to = ui.select(people, label=words("To whom")).props("outlined dense options-dense")

        async def go(reason: str, _: bool) -> bool:
            if self.to.value is None:
                self.visit.say(words("Please choose."), "warning")
                return False
            return await self._give(entry, int(self.to.value), reason)

        meaning = words("They have the case from then on, whoever had it before.")
        self.dialog.ask(Question(words("Assign"), meaning, words("Reason"), words("Assign")), go, body)

    def _take_over(self, entry: QueueEntry) -> None:
        words = self.words

        async def go(reason: str, _: bool) -> bool:
            if not await self._give(entry, self.visit.staff.id, reason):
                return False
            with self.visit.client:
                ui.navigate.to(f"/case/{entry.id}")
            return True

        meaning = words("You have the case from then on, whoever had it before.")
        self.dialog.ask(Question(words("Take over"), meaning, words("Reason"), words("Take over")), go)

    async def _give(self, entry: QueueEntry, agent_id: int, reason: str) -> bool:
        assignments = self.visit.desk.grace.assignments

        def assign(by: int) -> bool:
            assignments.assign(entry.id, by, agent_id, reason)
            return True

        if not await attempt(self.visit, assign):
            return False
        await self.visit.desk.feed.look()
        await self.visit.desk.board.read()
        return True


def head(*names: str) -> None:
    """Draw the first line of a table."""
    with box("thead"), box("tr"):
        for name in names:
            text("th", name).props("scope=col")


def is_late(entry: QueueEntry) -> bool:
    """Tell whether a first reply is overdue."""
    return entry.countdown is not None and entry.countdown.is_late
