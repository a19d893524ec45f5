"""The head of a case: who, why, how urgent, who has it, and everything that can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nicegui import ui

from bot.domain.handoff import HandoffState
from bot.services.desk.queue import QueueEntry
from bot.web.console.handling import Handling
from bot.web.console.layout import act, box, commanded, icon_button, text
from bot.web.console.row import sla_words, team_name
from bot.web.console.terms import REASONS

Press = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Acts:
    """What each button does."""

    take: Press
    again: Press
    terms: Press
    transfer: Press
    colleague: Press
    snooze: Press
    wake: Press
    debt: Press
    paid: Press
    call: Press
    close: Press
    close_next: Press
    panel: Press


class Head:
    """The bar above the conversation."""

    def __init__(self, case: Handling, acts: Acts) -> None:
        self.case = case
        self.words = words = case.words
        with box("div", "case-head"):
            ui.link(target="/").classes("back").props["aria-label"] = words("Back to the queue")
            with box("div", "case-title"):
                text("h1", case.view.borrower_name or words("Not identified"))
                self.priority = text("span", "", "chip")
                self.reason = text("span", "", "reason")
                self.due = text("span", "", "sla")
                self.state = text("span", "", "quiet").props('role="status"')
            with box("div", "case-acts"):
                self._steps()
                self._small = {
                    name: commanded(icon_button(icon, words(label)).on_click(press), name)
                    for name, icon, label, press in (
                        ("call", "call", "Record a call", acts.call),
                        ("paid", "receipt_long", "Mark as paid", acts.paid),
                        ("debt", "link", "Link another debt", acts.debt),
                        ("colleague", "person_add", "Add a colleague", acts.colleague),
                        ("snooze", "snooze", "Put aside", acts.snooze),
                        ("transfer", "forward", "Pass on", acts.transfer),
                    )
                }
                self.panel = act(words("Account"), acts.panel, "plain").classes("panel-switch")
                self.panel.props["aria-expanded"] = "false"
                self.take = commanded(act(words("Take"), acts.take), "take")
                self.wake = commanded(act(words("Take up again"), acts.wake), "take")
                self.again = act(words("Take over again"), acts.again, "outlined")
                self.terms = commanded(act(words("Try terms"), acts.terms, "outlined"), "terms")
                self.close = commanded(act(words("Close conversation"), acts.close, "outlined"), "close")
                self.close_next = commanded(act(words("Close and next"), acts.close_next), "close_next")

    def _steps(self) -> None:
        """Links to the neighbours; where there is none, nothing can be pressed."""
        words = self.words
        with box("span", "steps"):
            self.previous = commanded(ui.link(target="#").classes("step step-back"), "previous")
            self.previous.props["aria-label"] = self.previous.props["title"] = words("Previous")
            self.following = commanded(ui.link(target="#").classes("step"), "next")
            self.following.props["aria-label"] = self.following.props["title"] = words("Next")

    def paint(self, entry: QueueEntry | None) -> None:
        """Show the case as it is now."""
        case, words = self.case, self.words
        view, state = case.view, case.state
        self.priority.set_text(words.priority(view.priority))
        self.priority.classes(replace=f"chip level-{view.priority}")
        team = "" if entry is None else f" · {team_name(case.visit, entry.team)}"
        self.reason.set_text(f"{words.of(REASONS, view.reason)}{team}")
        self.state.set_text(case.standing())
        self._countdown(entry)
        mine = case.is_mine
        for name, button in self._small.items():
            button.set_visibility(mine and (name not in ("paid", "call", "debt") or view.loan is not None))
        self.take.set_visibility(state is HandoffState.WAITING)
        self.wake.set_visibility(state is HandoffState.SNOOZED and mine)
        self.again.set_visibility(not state.is_open)
        self.close.set_visibility(case.may_speak)
        self.close_next.set_visibility(mine)
        self.terms.set_visibility(case.may_speak and view.loan is not None)
        self._point()

    def _countdown(self, entry: QueueEntry | None) -> None:
        said, urgency = ("", "") if entry is None else sla_words(self.words, entry)
        self.due.set_text(said)
        self.due.classes(replace=f"sla {urgency}")
        self.due.set_visibility(bool(said))

    def _point(self) -> None:
        """Let the arrows lead to the neighbours: among one's own cases, or in the whole queue."""
        entries, case = self.case.visit.desk.board.entries, self.case
        mine = [one.id for one in entries if one.agent_id == case.visit.staff.id]
        line = mine if case.number in mine else [one.id for one in entries]
        here = line.index(case.number) if case.number in line else -1
        for link, place in ((self.previous, here - 1), (self.following, here + 1)):
            there = line[place] if 0 <= place < len(line) else None
            link.props["href"] = "#" if there is None else f"/console/case/{there}"
            link.set_visibility(there is not None and there != case.number)
