"""Who may come in: the session check before every page, the rights of roles, the sign-in page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, get_args
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui
from nicegui.events import GenericEventArguments

from bot.services.rights import Right, has_right
from bot.storage.db import StorageError
from bot.web.console.desk import Desk, Session, Visit
from bot.web.console.layout import act, box, dress, language_buttons, notice, text
from bot.web.console.words import Words

ROOT = "/console"
"""Where the console is mounted; every path below is relative to it."""

_Open = Literal["queue", "case", "approvals", "payments", "complaints", "calls", "shortcuts", "security"]
Page = Literal[_Open, "board", "members", "quality"]
RIGHTS: Mapping[Page, Right] = {
    **dict.fromkeys(get_args(_Open), "read"),
    "board": "assign",
    "members": "assign",
    "quality": "review",
}
"""Which right opens which page."""

_PATIENCE = 20.0
"""Seconds that a page may take to be built: on a busy machine a late page is better than an error."""

Build = Callable[[Visit, Mapping[str, Any]], Awaitable[None]]


def session_of(desk: Desk) -> Session:
    """Return the session of the browser that asks for the current page."""
    kit = desk.grace.kit
    return Session(app.storage.user, kit.clock, timedelta(hours=kit.settings.session_hours))


def room(desk: Desk, path: str, right: Page, build: Build) -> None:
    """Register a page that opens only to a session whose role has the right."""

    @ui.page(path, response_timeout=_PATIENCE)
    async def opened(request: Request) -> Response | None:
        session = session_of(desk)
        words = words_of(desk, session)
        try:
            found = await asyncio.to_thread(desk.grace.access.check, session.token)
            if found is None or session.agent_id != found.staff.id:
                session.end()
                return RedirectResponse(f"{ROOT}/login?next={quote(_inside(request.url.path))}", 303)
            if found.must_enrol and right != "security":
                return RedirectResponse(f"{ROOT}/security", 303)
            visit = Visit(desk, ui.context.client, session, found.staff, words)
            if has_right(found.staff.role, RIGHTS[right]):
                await build(visit, request.path_params)
                return None
            _refuse(visit)
        except StorageError:
            dress(ui.context.client, words, words("Agents' console"))
            notice(words("The database does not answer just now. Please try again in a moment."))
        return None


def _refuse(visit: Visit) -> None:
    words = visit.words

    dress(visit.client, words, words("Agents' console"))
    with notice(words("Your role does not open this page. Please ask your supervisor.")):
        act(words("Sign out"), visit.sign_out, "outlined")


def words_of(desk: Desk, session: Session) -> Words:
    """Return the words in this browser's language."""
    locale = session.locale(desk.book.texts.locales, desk.grace.kit.settings.default_locale)
    return Words(desk.book, locale)


def login_page(desk: Desk) -> None:
    """Register the sign-in page."""

    @ui.page("/login")
    def opened(next: str = "/") -> Response | None:  # the query parameter is called so
        session = session_of(desk)
        if session.agent_id is not None and desk.grace.access.check(session.token, active=False) is not None:
            return RedirectResponse(ROOT + _inside(next), 303)
        Login(desk, session, _inside(next))
        return None


class Login:
    """The sign-in form; whatever is wrong, it says the same sentence."""

    def __init__(self, desk: Desk, session: Session, target: str) -> None:
        self.desk = desk
        self.session = session
        self.target = target
        self.words = words_of(desk, session)
        self.busy = False
        dress(ui.context.client, self.words, self.words("Sign in"))
        self._form()

    def _form(self) -> None:
        words = self.words
        settings = self.desk.grace.kit.settings
        with box("div", "login"), box("form", "login-card") as form:
            text("h1", "Grace")
            with box("div", "quiet"):
                text("p", settings.lender(words.locale))
                text("p", words("Agents' console"))
            login = ui.input(words("Login")).props('outlined autofocus autocomplete="username"')
            login.props('autocapitalize="none" spellcheck="false"')
            self.password = ui.input(words("Password"), password=True)
            self.password.props('outlined autocomplete="current-password"')
            self.code = ui.input(words("Code of your authenticator app")).props(
                'outlined autocomplete="one-time-code" inputmode="numeric"'
            )
            self.code.set_visibility(False)
            self.wrong = text("p", "", "wrong").props('role="alert"')
            self.button = act(words("Sign in")).props("type=submit")
            with box("div", "login-languages"):
                language_buttons(self.session, words.locale, self.desk.book.texts.locales)
        form.on("submit", self._sign_in, js_handler="(event) => grace.credentials(event, emit)")

    async def _sign_in(self, event: GenericEventArguments) -> None:
        if self.busy:
            return
        self.busy = True
        self.button.props("loading")
        try:
            await self._try(str(event.args["login"]).strip(), str(event.args["password"]))
        except StorageError:
            self.wrong.set_text(
                self.words("The database does not answer just now. Please try again in a moment.")
            )
        finally:
            self.busy = False
            self.button.props(remove="loading")

    async def _try(self, login: str, password: str) -> None:
        words = self.words
        entry = await asyncio.to_thread(
            self.desk.grace.access.sign_in,
            login,
            password,
            code=str(self.code.value or ""),
            address=ui.context.client.ip,
        )
        if entry.outcome == "in" and entry.staff is not None:
            self.session.begin(entry.staff, entry.token)
            if has_right(entry.staff.role, "speak"):
                await asyncio.to_thread(self.desk.grace.presence.say, entry.staff.id, "online")
            ui.navigate.to(self.target)
        elif entry.outcome == "code":
            self.wrong.set_text(words("Please enter the code that the app shows now, or a recovery code."))
            self.code.set_visibility(True)
            self.code.run_method("focus")
        elif self.code.visible:
            self.wrong.set_text(words("That did not match. Each code is good once: wait for the next one."))
            self.code.set_value("")
            self.code.run_method("focus")
        else:
            self.wrong.set_text(words("That login and password do not match."))
            self.password.set_value("")
            self.password.run_method("focus")


def _inside(path: str) -> str:
    """Return a path of the console itself, relative to its root: signing in sends nobody elsewhere."""
    path = path.removeprefix(ROOT)
    places = "|".join(page for page in RIGHTS if page not in ("queue", "case"))
    return path if re.fullmatch(rf"/(case/\d+|{places})", path, re.ASCII) else "/"
