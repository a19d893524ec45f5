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

from bot.services.staff import ROLES
from bot.storage.db import StorageError
from bot.web.console.desk import Desk, Session, Visit
from bot.web.console.layout import act, box, dress, language_buttons, notice, text
from bot.web.console.words import Words

ROOT = "/console"
"""Where the console is mounted; every path below is relative to it."""

Right = Literal["queue", "case", "approvals", "complaints", "calls"]
RIGHTS: Mapping[Right, frozenset[str]] = {page: frozenset(ROLES) for page in get_args(Right)}
"""Which roles open which page."""

Build = Callable[[Visit, Mapping[str, Any]], Awaitable[None]]


def session_of(desk: Desk) -> Session:
    """Return the session of the browser that asks for the current page."""
    kit = desk.grace.kit
    return Session(app.storage.user, kit.clock, timedelta(hours=kit.settings.session_hours))


def room(desk: Desk, path: str, right: Right, build: Build) -> None:
    """Register a page that opens only to a session whose role has the right."""

    @ui.page(path)
    async def opened(request: Request) -> Response | None:
        session = session_of(desk)
        words = words_of(desk, session)
        try:
            agent_id = session.agent_id
            staff = None if agent_id is None else await asyncio.to_thread(desk.grace.staff.get, agent_id)
            if staff is None:
                session.end()
                return RedirectResponse(f"{ROOT}/login?next={quote(_inside(request.url.path))}", 303)
            visit = Visit(desk, ui.context.client, session, staff, words)
            if staff.role in RIGHTS[right]:
                await build(visit, request.path_params)
                return None
            _refuse(visit)
        except StorageError:
            dress(ui.context.client, words, words("Agents' console"))
            notice(words("The database does not answer just now. Please try again in a moment."))
        return None


def _refuse(visit: Visit) -> None:
    words = visit.words

    def sign_out() -> None:
        visit.session.end()
        visit.leave()

    dress(visit.client, words, words("Agents' console"))
    with notice(words("Your role does not open this page. Please ask your supervisor.")):
        act(words("Sign out"), sign_out, "outlined")


def words_of(desk: Desk, session: Session) -> Words:
    """Return the words in this browser's language."""
    locale = session.locale(desk.book.texts.locales, desk.grace.kit.settings.default_locale)
    return Words(desk.book, locale)


def login_page(desk: Desk) -> None:
    """Register the sign-in page."""

    @ui.page("/login")
    def opened(next: str = "/") -> Response | None:  # the query parameter is called so
        session = session_of(desk)
        if session.agent_id is not None:
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
        with box("main", "login"), box("form", "login-card") as form:
            text("h1", "Grace")
            with box("div", "quiet"):
                text("p", settings.lender(words.locale))
                text("p", words("Agents' console"))
            login = ui.input(words("Login")).props('outlined autofocus autocomplete="username"')
            login.props('autocapitalize="none" spellcheck="false"')
            self.password = ui.input(words("Password"), password=True)
            self.password.props('outlined autocomplete="current-password"')
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
            staff = await asyncio.to_thread(
                self.desk.grace.staff.sign_in, str(event.args["login"]).strip(), str(event.args["password"])
            )
        except StorageError:
            self.wrong.set_text(
                self.words("The database does not answer just now. Please try again in a moment.")
            )
        else:
            if staff is not None:
                self.session.begin(staff)
                ui.navigate.to(self.target)
                return
            self.wrong.set_text(self.words("That login and password do not match."))
            self.password.set_value("")
            self.password.run_method("focus")
        finally:
            self.busy = False
            self.button.props(remove="loading")


def _inside(path: str) -> str:
    """Return a path of the console itself, relative to its root: signing in sends nobody elsewhere."""
    path = path.removeprefix(ROOT)
    return path if re.fullmatch(r"/(case/\d+|approvals|complaints|calls)", path, re.ASCII) else "/"
