"""The reply box: words for the borrower or for colleagues, kept on the server as they are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

from nicegui import ui
from nicegui.events import GenericEventArguments

from bot.services.desk.drafts import DraftKind
from bot.services.desk.watching import Viewer
from bot.services.rights import NotAllowed
from bot.services.wording import findings, unfilled
from bot.storage.db import StorageError
from bot.web.console.acting import fault_words, missing_words
from bot.web.console.attaching import Attaching
from bot.web.console.handling import Handling
from bot.web.console.later import Later
from bot.web.console.layout import act, box, commanded, icon_button, text
from bot.web.console.row import viewer_words

_PAUSE = 300
"""Milliseconds without a key after which what was written is kept."""


class Composer:
    """Reply and note, each with a draft of its own; canned replies open by `/`."""

    def __init__(self, case: Handling, drafts: dict[DraftKind, str], later: Later) -> None:
        self.case = case
        self.visit = case.visit
        self.words = words = case.words
        self._later = later
        self._written: dict[DraftKind, str] = dict(drafts)
        self._unsaved: dict[DraftKind, str] = {}
        self._saving = asyncio.Lock()
        name = case.view.borrower_name or words("Borrower")
        with box("div", "reply mode-reply") as self.element:
            self.others = text("p", "", "others").props('role="status"')
            with box("div", "reply-tabs"):
                self._tab("reply", words("Reply"))
                self._tab("note", words("Note"))
                ui.space()
                tools = box("div", "reply-tools")
            self._attaching = Attaching(case)
            self._field("reply", words("Reply to {name}", name=name))
            self._field("note", words("Write a note"))
            self.faults = box("ul", "faults").props('role="status"')
            with tools:
                self._tools()
        self.why_not = text("p", "", "why-not")
        self.element.on("canned", self._offer_canned, js_handler="(event) => emit(event.detail)")
        self._attaching.tell(self.element, self._was_attached, self._was_refused)

    def _tab(self, kind: DraftKind, label: str) -> None:
        button = act(label, None, "plain").classes(f"tab-{kind}")
        button.on("click", js_handler=f"() => grace.mode('{kind}')")
        commanded(button, kind)

    def _field(self, kind: DraftKind, label: str) -> None:
        field = ui.textarea(label, value=self._written.get(kind, ""))
        field.props(f"outlined autogrow dense debounce={_PAUSE}").classes(f"for-{kind}")
        field.props["hint"] = (
            self.words("Ctrl+Enter sends") if kind == "reply" else self.words("Ctrl+Enter keeps it")
        )
        field.on_value_change(lambda event: self._keep(kind, event.value or ""))
        # The browser gives each message its key: a message that is sent twice keeps it and goes out once.
        field.on("keydown", self._send, js_handler="(event) => grace.send(event, emit)")

    def _tools(self) -> None:
        words = self.words
        canned = icon_button("bolt", f"{words('Canned replies')} (/)")
        canned.on("click", js_handler="() => grace.canned.open()")
        commanded(canned, "canned")
        suggestion = icon_button("auto_awesome", words("Use the suggested reply")).on_click(self._suggest)
        commanded(suggestion, "suggestion")
        later = icon_button("schedule_send", words("Send later")).on_click(self._send_later)
        commanded(later, "later")
        self._attaching.button()
        send = act(words("Send"), None).classes("send")
        send.on("click", self._send, js_handler="(event) => grace.send(event, emit)")

    def paint(self, viewers: Sequence[Viewer]) -> None:
        """Show whether a reply would go out now, and who else is here."""
        case = self.case
        self.element.classes(
            add="" if case.may_speak else "note-only", remove="note-only" if case.may_speak else ""
        )
        if not case.may_speak:
            with self.visit.client:
                ui.run_javascript("grace.mode('note', false)")
        self.why_not.set_text(case.standing())
        self.why_not.set_visibility(not case.may_speak)
        self.others.set_text(viewer_words(self.words, viewers, self.visit.staff.id))
        self.others.set_visibility(bool(self.others.text))

    def forget(self) -> None:
        """Let both drafts go: the case is closed."""
        self._written.clear()
        self._unsaved.clear()

    # Keeping what is written.

    async def _keep(self, kind: DraftKind, written: str) -> None:
        if self._written.get(kind, "") == written:
            return
        self._written[kind] = self._unsaved[kind] = written
        if kind == "reply":
            self._show_faults(written)
        drafts, watching = self.visit.desk.grace.drafts, self.visit.desk.grace.watching
        me, number = self.visit.staff.id, self.case.number
        # One after the other, so that an older text never replaces a newer.
        async with self._saving:
            while self._unsaved:
                one, text_of = self._unsaved.popitem()
                with suppress(NotAllowed):
                    try:
                        await asyncio.to_thread(drafts.save, number, me, text_of, one)
                    except StorageError:
                        self._unsaved.setdefault(one, text_of)
                        return
        with suppress(NotAllowed, StorageError):
            await asyncio.to_thread(watching.look, number, me, typing=bool(written.strip()))

    def _show_faults(self, written: str) -> None:
        """Say before sending what would keep a reply back."""
        words, kit = self.words, self.visit.desk.grace.kit
        blanks = unfilled(written)
        unsaid = [missing_words(words, blanks)] if blanks else []
        for found in findings(kit, written.strip(), verified=self.case.view.verified):
            at_fault = written.strip()[slice(*found.span)]
            if at_fault.strip("{}") not in blanks:
                unsaid.append(fault_words(words, found.category, at_fault))
        self._say(list(dict.fromkeys(unsaid)))

    def _say(self, lines: Sequence[str]) -> None:
        self.faults.clear()
        with self.faults:
            for line in lines:
                text("li", line)

    # Sending.

    async def _send(self, event: GenericEventArguments) -> None:
        written, key = str(event.args["text"]), str(event.args["key"])[:64]
        kind: DraftKind = "note" if event.args.get("kind") == "note" else "reply"
        grace, number = self.visit.desk.grace, self.case.number
        if kind == "note":
            said, done = await self.case.attempt(
                lambda agent: grace.notes.add(number, agent, written, key=key)
            )
        else:
            said, done = await self.case.attempt(
                lambda agent: grace.handoffs.reply(number, agent, written, key=key)
            )
        if done is None:
            if said is not None:
                self._say([said])
                self.visit.say(said, "warning")
            return
        self._written[kind] = ""
        self._unsaved.pop(kind, None)
        self._say([])
        with self.visit.client:
            ui.run_javascript(f"grace.sent({json.dumps(key)}, '{kind}')")
        await self.case.spread()

    async def _was_attached(self) -> None:
        self._written["reply"] = ""
        self._unsaved.pop("reply", None)
        self._say([])

    def _was_refused(self, why: str) -> None:
        self._say([why] if why else [])
        if why:
            self.visit.say(why, "warning")

    async def _send_later(self) -> None:
        with self.visit.client:
            written, has_file = await ui.run_javascript("[grace.text('reply'), Boolean(grace.attach.file())]")
        if has_file:
            self.visit.say(self.words("A file goes out at once; only words can wait."), "info")
            return
        if not str(written or "").strip():
            self.visit.say(self.words("Write the message first."), "info")
            return
        self._later.ask(str(written), self._was_scheduled)

    async def _was_scheduled(self) -> None:
        self._written["reply"] = ""
        with self.visit.client:
            ui.run_javascript("grace.clear('reply')")
        drafts, me = self.visit.desk.grace.drafts, self.visit.staff.id
        with suppress(NotAllowed, StorageError):
            await asyncio.to_thread(drafts.save, self.case.number, me, "", "reply")

    # Canned replies.

    async def _suggest(self) -> None:
        """Put what the assistant would begin with into the box, to be edited."""
        suggestions, number, words = self.visit.desk.grace.suggestions, self.case.number, self.words
        found = await self.case.act(lambda agent: (suggestions.suggest(number, agent),))
        if found is None:
            return
        if found[0] is None:
            self.visit.say(words("Nothing to suggest here."), "info")
            return
        with self.visit.client:
            ui.run_javascript(f"grace.propose({json.dumps(found[0].text)})")

    async def _offer_canned(self, _: GenericEventArguments) -> None:
        """Read the replies as they would go out now, and hand them to the browser."""
        canned, number, locale = self.visit.desk.grace.canned, self.case.number, self.words.locale
        found = await self.case.act(lambda agent: canned.list(number, agent, locale))
        words = self.words
        told = [
            {
                "id": one.id,
                "title": one.title,
                "text": one.text,
                "lacks": missing_words(words, one.missing) if one.missing else "",
            }
            for one in found or ()
        ]
        with self.visit.client:
            ui.run_javascript(f"grace.canned.set({json.dumps(told)}, {json.dumps(words('No such reply.'))})")
