"""One case in the queue: who, why, since when, by when, and who is at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from bot.services.desk.queue import QueueEntry
from bot.services.desk.watching import Viewer
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, commanded, text
from bot.web.console.terms import CHANNELS, LANGUAGES, REASONS, STATES
from bot.web.console.words import Words

Take = Callable[[QueueEntry], Awaitable[None]]


class Row:
    """One line of the list; only what changed is sent again."""

    def __init__(self, visit: Visit, entry: QueueEntry, on_take: Take) -> None:
        self.visit = visit
        self.entry = entry
        self._on_take = on_take
        with box("li", "entry").props("data-row") as self.element:
            self.priority = text("span", "", "chip")
            with box("div", "who"):
                self.name = ui.link("", f"/case/{entry.id}").classes("name")
                self.ref = text("span", "", "quiet")
            with box("div", "why"):
                self.reason = text("span", "", "reason")
                self.team = text("span", "", "quiet")
            self.channel = text("span", "", "quiet channel")
            self.amount = text("span", "", "amount")
            self.since = text("span", "", "since")
            self.due = text("span", "", "sla")
            with box("div", "who"):
                self.holder = text("span", "", "holder")
                self.viewers = text("span", "", "quiet viewers")
            self.take = act(visit.words("Take"), self._take).classes("take")
            commanded(self.take, "take")
        self._level = -1
        self._urgency = ""

    def paint(self, entry: QueueEntry, viewers: Sequence[Viewer]) -> None:
        """Show the case as it is now."""
        visit, words = self.visit, self.visit.words
        self.entry = entry
        if self._level != entry.priority:
            self.element.classes(remove=f"level-{self._level}", add=f"level-{entry.priority}")
            self._level = entry.priority
        self.priority.set_text(words.priority(entry.priority))
        self.name.set_text(entry.borrower_name or words("Not identified"))
        self.ref.set_text(entry.borrower_ref or "")
        self.reason.set_text(words.of(REASONS, entry.reason))
        self.team.set_text(team_name(visit, entry.team))
        self.channel.set_text(f"{words.of(CHANNELS, entry.channel)} · {words.of(LANGUAGES, entry.locale)}")
        overdue = entry.overdue
        self.amount.set_text(words.money(overdue) if overdue is not None and overdue.minor > 0 else "")
        self.holder.set_text(self._holder(entry))
        mine = entry.agent_id == visit.staff.id
        self.holder.classes(add="mine" if mine else "", remove="" if mine else "mine")
        self.viewers.set_text(viewer_words(words, viewers, visit.staff.id))
        self.take.set_visibility(entry.is_waiting)
        self.take.props["aria-label"] = f"{words('Take')}: {self.name.text}"
        self.age()

    def _holder(self, entry: QueueEntry) -> str:
        words = self.visit.words
        if entry.snoozed_until is not None and entry.agent_name is not None:
            until = words("until {time}", time=words.instant(entry.snoozed_until, entry.timezone))
            return f"{entry.agent_name} · {words.of(STATES, entry.state)} {until}"
        return entry.agent_name or words.of(STATES, entry.state)

    def age(self) -> None:
        """Write how long it has waited and how long is left."""
        words, now = self.visit.words, self.visit.desk.now()
        self.since.set_text(words.elapsed(self.entry.waiting_since, now))
        said, urgency = sla_words(words, self.entry)
        self.due.set_text(said)
        if urgency != self._urgency:
            self.due.classes(remove=self._urgency, add=urgency)
            self._urgency = urgency

    async def _take(self) -> None:
        await self._on_take(self.entry)


def sla_words(words: Words, entry: QueueEntry) -> tuple[str, str]:
    """Return how the countdown to the first reply reads, and its class: `late`, `soon`, `fine`, or none."""
    count = entry.countdown
    if entry.callback_at is not None and entry.is_waiting and not entry.open_now:
        return words("call from {time}", time=words.instant(entry.callback_at, entry.timezone)), "paused"
    if count is None:
        return "", ""
    if count.is_late:
        return words("late by {time}", time=words.span(-count.left)), "late"
    said = words("{time} left", time=words.span(count.left))
    if not entry.open_now:
        return words("{time} left once the team is back", time=words.span(count.left)), "paused"
    return said, "soon" if entry.warned else "fine"


def viewer_words(words: Words, viewers: Sequence[Viewer], me: int) -> str:
    """Say which colleagues have a case open, and who types."""
    others = [one for one in viewers if one.agent_id != me]
    said = [
        words("{name} is typing", name=one.name) if one.typing else words("{name} is looking", name=one.name)
        for one in others
    ]
    return words(", ").join(said)


def team_name(visit: Visit, team: str) -> str:
    """Return a team's name in the reader's language."""
    routing = visit.desk.grace.kit.policies.routing
    return next((one.named(visit.words.locale) for one in routing.teams if one.id == team), team)


def team_names(visit: Visit) -> dict[str, str]:
    """Return every team's name in the reader's language."""
    return {one.id: one.named(visit.words.locale) for one in visit.desk.grace.kit.policies.routing.teams}
