"""The quality view: sampled cases scored by the checklist, each agent's figures, and both to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nicegui import ui

from bot.services.desk.figures import AgentFigures
from bot.services.desk.quality import Sampled
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, text
from bot.web.console.reasons import Question, ReasonDialog
from bot.web.console.team import head
from bot.web.console.terms import OUTCOMES, REASONS

_SPANS = (7, 30, 90)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKS: Mapping[str, bool | None] = {"yes": True, "no": False, "none": None}


async def quality(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page."""
    await Frame.open(visit, visit.words("Quality"))
    page = QualityPage(visit)
    await page.update()


class QualityPage:
    """What is to be looked at, and what comes of the work."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.words = words = visit.words
        self._figures: tuple[AgentFigures, ...] = ()
        self._sample: tuple[Sampled, ...] = ()
        with box("div", "desk wide"):
            with box("div", "queue-bar"):
                text("h1", words("Quality"))
                ui.space()
                spans = {days: words("The last {days} days", days=days) for days in _SPANS}
                self.span = ui.select(spans, value=30, label=words("Period")).props(
                    "outlined dense options-dense"
                )
                self.span.on_value_change(self.update)
                act(words("Export figures"), self._export_figures, "outlined")
                act(words("Export reviews"), self._export_reviews, "outlined")
            text("h2", words("Cases to look at"))
            with box("div", "grid-place").props('tabindex="0" role="region"') as cases:
                self.cases = box("table", "grid")
            cases.props["aria-label"] = words("Cases to look at")
            text("h2", words("What comes of the work"))
            text("p", words("Read them together: speed or promises alone say nothing of good work."), "quiet")
            with box("div", "grid-place").props('tabindex="0" role="region"') as place:
                self.figures = box("table", "grid")
            place.props["aria-label"] = words("What comes of the work")
        self.dialog = ReasonDialog(visit)

    def _period(self) -> tuple[datetime, datetime]:
        until = self.visit.desk.now() + timedelta(seconds=1)
        return until - timedelta(days=int(self.span.value)), until

    async def update(self) -> None:
        """Read the period and show it."""
        grace, (since, until) = self.visit.desk.grace, self._period()
        sample = await attempt(self.visit, lambda agent: grace.quality.sample(agent, since, until))
        figures = await attempt(self.visit, lambda agent: grace.figures.of(agent, since, until))
        self._sample, self._figures = sample or (), figures or ()
        self._paint_sample()
        self._paint_figures()

    def _paint_sample(self) -> None:
        words = self.words
        self.cases.clear()
        with self.cases:
            head(
                words("Case"),
                words("Agent"),
                words("Reason"),
                words("Outcome"),
                words("Score"),
                words("Review"),
            )
            with box("tbody"):
                for one in self._sample:
                    with box("tr").props("data-row"):
                        with box("th").props("scope=row"):
                            number = words("Case {number}", number=one.handoff_id)
                            ui.link(number, f"/case/{one.handoff_id}")
                        text("td", one.agent_name)
                        text("td", words.of(REASONS, one.reason))
                        text("td", words.of(OUTCOMES, one.outcome or "resolved"))
                        text("td", self._score(one), "broken" if one.failed else "")
                        with box("td", "row-acts"):
                            label = words("Review") if one.reviewed_by is None else words("Review again")
                            button = act(label, partial(self._review, one), "outlined")
                            button.props["aria-label"] = f"{label}: {number}"
                if not self._sample:
                    with box("tr"):
                        text("td", words("No closed case in this time.")).props("colspan=6")

    def _score(self, one: Sampled) -> str:
        if one.reviewed_by is None:
            return "–"
        percent = "–" if one.percent is None else f"{one.percent} %"
        return f"{percent} · {self.words('Not passed' if one.failed else 'Passed')}"

    async def _review(self, one: Sampled) -> None:
        words, grace = self.words, self.visit.desk.grace
        checklist = grace.kit.policies.desk.checklist
        before = await attempt(self.visit, lambda agent: grace.quality.reviews(one.handoff_id, agent))
        if before is None:
            return
        mine = next((done for done in before if done.reviewer_id == self.visit.staff.id), None)
        answers = {"yes": words("Yes"), "no": words("No"), "none": words("Does not apply")}
        chosen: dict[str, Any] = {}

        def body() -> None:
            with box("div", "checklist"):
                for item in checklist.items:
                    said = item.text.get(words.locale) or next(iter(item.text.values()))
                    with box("fieldset"):
                        with box("legend"):
                            text("span", said)
                            if item.critical:
                                text("span", words("must hold"), "chip level-3")
                        chosen[item.id] = ui.radio(answers).props("inline dense")
                        if mine is not None:
                            chosen[item.id].set_value(_code(mine.marks.get(item.id)))
            self.note = ui.textarea(words("What to say to the agent")).props("outlined dense autogrow")
            self.note.set_value("" if mine is None else mine.note)

        async def go(_reason: str, _: bool) -> bool:
            marks = {item: _MARKS[str(radio.value)] for item, radio in chosen.items() if radio.value}
            note = str(self.note.value or "")
            done = await attempt(
                self.visit, lambda agent: grace.quality.review(one.handoff_id, agent, marks, note)
            )
            if done is None:
                return False
            await self.update()
            return True

        number = words("Case {number}", number=one.handoff_id)
        title = f"{words('Review')}: {number} · {one.agent_name}"
        self.dialog.ask(Question(title, "", None, words("Save")), go, body)

    def _columns(self) -> list[str]:
        words = self.words
        return [
            words("Agent"),
            words("Taken"),
            words("Closed"),
            words("First reply"),
            words("In time"),
            words("Agreements kept"),
            words("Came back"),
            words("Complaints after"),
            words("Quality"),
            words("Reviews"),
        ]

    def _line(self, one: AgentFigures) -> list[str]:
        def percent(value: int | None) -> str:
            return "–" if value is None else f"{value} %"

        return [
            one.name,
            str(one.taken),
            str(one.closed),
            "–" if one.first_reply is None else self.words.span(one.first_reply),
            percent(one.in_time),
            percent(one.kept_percent),
            str(one.reopened),
            str(one.complaints),
            percent(one.quality),
            str(one.reviews),
        ]

    def _paint_figures(self) -> None:
        self.figures.clear()
        with self.figures:
            head(*self._columns())
            with box("tbody"):
                for one in self._figures:
                    name, *rest = self._line(one)
                    with box("tr"):
                        text("th", name).props("scope=row")
                        for value in rest:
                            text("td", value)
                if not self._figures:
                    with box("tr"):
                        text("td", self.words("Nobody took a case in this time.")).props("colspan=10")

    def _export_figures(self) -> None:
        self._download("agents.csv", self._columns(), [self._line(one) for one in self._figures])

    def _export_reviews(self) -> None:
        words = self.words
        columns = [words("Case"), words("Agent"), words("Reason"), words("Outcome"), words("Score")]
        lines = [
            [
                str(one.handoff_id),
                one.agent_name,
                words.of(REASONS, one.reason),
                words.of(OUTCOMES, one.outcome or "resolved"),
                self._score(one),
            ]
            for one in self._sample
        ]
        self._download("reviews.csv", columns, lines)

    def _download(self, name: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        # With a mark of its encoding, so that a spreadsheet reads the Chinese words.
        ui.download.content("\ufeff" + as_csv(columns, lines), name, "text/csv")


def as_csv(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write a table as CSV in which no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in line] for line in lines)
    return out.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _code(mark: bool | None) -> str:
    return next(code for code, value in _MARKS.items() if value is mark)
