"""What of the queue is shown: mine, late, by reason, team, language, channel or name; and saved views."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from nicegui import ui

from bot.services.desk.queue import QueueEntry
from bot.services.desk.views import Filters, ViewOf
from bot.web.console.acting import attempt
from bot.web.console.desk import Visit
from bot.web.console.layout import act, box, commanded, icon_button
from bot.web.console.row import team_names
from bot.web.console.terms import CHANNELS, REASONS, TONGUES


class FilterBar:
    """Tabs, a search, the filters behind a button, and the agent's own views."""

    def __init__(self, visit: Visit, saved: Sequence[ViewOf]) -> None:
        self.visit = visit
        self.words = visit.words
        self.filters = Filters()
        self._saved = {one.id: one for one in saved}
        self._changed: Callable[[], object] = lambda: None
        self._quiet = False

    def draw(self, on_change: Callable[[], object]) -> None:
        """Draw the bar; `on_change` is called when other filters hold."""
        words = self.words
        self._changed = on_change
        with ui.tabs().props("dense no-caps align=left inline-label") as self.tabs:
            self._tabs = {
                "all": (ui.tab("all", label=words("All")), Filters()),
                "unassigned": (ui.tab("unassigned", label=words("Waiting")), Filters(unassigned=True)),
                "mine": (ui.tab("mine", label=words("Mine")), Filters(mine=True)),
                "late": (ui.tab("late", label=words("Late")), Filters(late=True)),
            }
        self.tabs.set_value("all")
        self._views = box("div", "views")
        self._paint_views()
        self.tabs.on_value_change(lambda event: self._choose_tab(str(event.value)))
        self.search = ui.input(placeholder=words("Name or reference")).props(
            'dense outlined clearable debounce=150 type=search input-class="search"'
        )
        self.search.props["aria-label"] = words("Name or reference")
        commanded(self.search, "search")
        self.search.on_value_change(lambda event: self._set(text=event.value or ""))
        with act(words("Filters"), None, "outlined").props("icon=filter_list") as self.button:
            self._menu()

    def _menu(self) -> None:
        words = self.words
        choices = {
            "reasons": (words("Reason"), {code: words(name) for code, name in REASONS.items()}),
            "teams": (words("Team"), team_names(self.visit)),
            "languages": (words("Language"), {code: words(name) for code, name in TONGUES.items()}),
            "channels": (words("Channel"), {code: words(name) for code, name in CHANNELS.items()}),
        }
        with ui.menu().props("no-parent-event=false anchor='bottom right' self='top right'") as menu:
            menu.classes("filter-menu")
            self._selects = {}
            for name, (label, options) in choices.items():
                select = ui.select(options, label=label, multiple=True, value=[])
                select.props("dense outlined options-dense use-chips")
                select.on_value_change(partial(self._pick, name))
                self._selects[name] = select
            with box("div", "save-view"):
                self.name = ui.input(words("Name of the view")).props('dense outlined maxlength="60"')
                act(words("Save this view"), self._save, "outlined")
            act(words("Show everything"), self.clear, "plain")

    def _pick(self, name: str, event: object) -> None:
        values = tuple(getattr(event, "value", None) or ())
        self._set(**{name: values})

    def _set(self, **change: object) -> None:
        if self._quiet:
            return
        self.filters = replace(self.filters, **change)  # type: ignore[arg-type]
        self._show()
        self._changed()

    def _choose_tab(self, name: str) -> None:
        if self._quiet or name not in self._tabs:
            return
        wanted = self._tabs[name][1]
        self._set(mine=wanted.mine, unassigned=wanted.unassigned, late=wanted.late)

    def clear(self) -> None:
        """Let everything through."""
        self._use(Filters())

    def _use(self, filters: Filters) -> None:
        self._quiet = True
        self.filters = filters
        for name, select in self._selects.items():
            select.set_value(list(getattr(filters, name)))
        self.search.set_value(filters.text)
        chosen = next(
            (
                name
                for name, (_, one) in self._tabs.items()
                if (one.mine, one.unassigned, one.late) == (filters.mine, filters.unassigned, filters.late)
            ),
            "all",
        )
        self.tabs.set_value(chosen)
        self._quiet = False
        self._show()
        self._changed()

    def _show(self) -> None:
        """Say on the button how many filters hold."""
        active = sum(bool(getattr(self.filters, name)) for name in self._selects)
        label = self.words("Filters")
        self.button.set_text(f"{label} · {active}" if active else label)

    def count(self, entries: Sequence[QueueEntry]) -> None:
        """Write into each tab how many it shows."""
        me = self.visit.staff.id
        names = {"all": "All", "unassigned": "Waiting", "mine": "Mine", "late": "Late"}
        for name, (tab, filters) in self._tabs.items():
            found = sum(filters.match(one, me) for one in entries)
            tab.props["label"] = f"{self.words(names[name])} {found}"

    async def _save(self) -> None:
        words, views = self.words, self.visit.desk.grace.views
        name, filters = str(self.name.value or ""), self.filters
        made = await attempt(self.visit, lambda agent: views.save(agent, name, filters))
        if made is None:
            return
        self._saved = {one.id: one for one in await asyncio.to_thread(views.of, self.visit.staff.id)}
        self.name.set_value("")
        self._paint_views()
        self.visit.say(words("Saved."), "positive")

    def _paint_views(self) -> None:
        self._views.clear()
        with self._views:
            for one in self._saved.values():
                with box("span", "view"):
                    act(one.name, partial(self._use, one.filters), "plain")
                    icon_button("close", self.words("Delete view {name}", name=one.name)).on_click(
                        partial(self._delete, one.id)
                    )
        self._views.set_visibility(bool(self._saved))

    async def _delete(self, view_id: int) -> None:
        views = self.visit.desk.grace.views

        def delete(agent: int) -> bool:
            views.delete(agent, view_id)
            return True

        if await attempt(self.visit, delete):
            self._saved.pop(view_id, None)
            self._paint_views()
