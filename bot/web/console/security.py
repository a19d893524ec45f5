"""The page on which staff look after their own sign-in: the authenticator app, and their sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import segno
from nicegui import ui

from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.acting import attempt, refusal_words
from bot.web.console.desk import Visit
from bot.web.console.frame import Frame
from bot.web.console.layout import act, box, dress, text


async def security(visit: Visit, _: Mapping[str, Any]) -> None:
    """Build the page; whoever must have a second factor and has none sees nothing but this."""
    grace = visit.desk.grace
    enrolled = await asyncio.to_thread(grace.factors.enrolled, visit.staff.id)
    title = visit.words("Sign-in security")
    if visit.staff.role in grace.kit.settings.totp_for and not enrolled:
        dress(visit.client, visit.words, title)
    else:
        await Frame.open(visit, title)
    await SecurityPage(visit, enrolled).build()


class SecurityPage:
    """Enrols an authenticator app in three steps: scan, confirm by a code, keep the recovery codes."""

    def __init__(self, visit: Visit, enrolled: bool) -> None:
        self.visit = visit
        self.words = visit.words
        self.enrolled = enrolled

    async def build(self) -> None:
        """Draw the page."""
        words = self.words
        with box("div", "desk security") as self.place:
            text("h1", words("Sign-in security"))
            with box("section"):
                text("h2", words("Authenticator app"))
                if self.enrolled:
                    text("p", words("A code of your app is asked at each sign-in."))
                    text(
                        "p", words("Lost it? An operator can remove it: then you set up a new one."), "quiet"
                    )
                else:
                    await self._offer()
            with box("section"):
                text("h2", words("Where you are signed in"))
                act(words("Sign out everywhere else"), self._end_others, "outlined")
                act(words("Sign out"), self.visit.sign_out, "plain")

    async def _offer(self) -> None:
        words = self.words
        begun = await asyncio.to_thread(self.visit.desk.grace.factors.begin, self.visit.staff.id)
        self._secret = begun.secret
        with box("div", "enrol") as self.offer:
            text("p", words("Scan this with an authenticator app, then enter the code that it shows."))
            picture = ui.element("img").classes("qr")
            picture.props["src"] = segno.make(begun.uri, error="m").svg_data_uri(scale=5, light="white")
            picture.props["alt"] = words("The key below as a picture to scan")
            text("p", words("Or type this key into the app:"), "quiet")
            grouped = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
            text("code", grouped, "key")
            self.code = ui.input(words("Code of your authenticator app"))
            self.code.props('outlined autocomplete="one-time-code" inputmode="numeric"')
            self.code.on("keydown.enter", self._confirm)
            self.wrong = text("p", "", "wrong").props('role="alert"')
            act(words("Confirm"), self._confirm)

    async def _confirm(self) -> None:
        staff = await self.visit.who()
        if staff is None:
            return
        factors, code = self.visit.desk.grace.factors, str(self.code.value or "")
        try:
            codes = await asyncio.to_thread(factors.confirm, staff.id, self._secret, code)
        except NotAllowed as refusal:
            self.wrong.set_text(refusal_words(self.words, refusal))
            return
        except StorageError:
            self.wrong.set_text(
                self.words("The database does not answer just now. Please try again in a moment.")
            )
            return
        self._show(codes)

    def _show(self, codes: tuple[str, ...]) -> None:
        words = self.words
        self.offer.clear()
        with self.offer:
            text("p", words("Done. Keep these recovery codes: each signs you in once without the app."))
            text("p", words("They are shown only now."), "strong")
            with box("ul", "codes"):
                for one in codes:
                    with box("li"):
                        text("code", one)
            ui.link(words("Back to the queue"), "/")

    async def _end_others(self) -> None:
        access, token = self.visit.desk.grace.access, self.visit.session.token
        ended = await attempt(self.visit, lambda agent: access.end_all(agent, besides=token))
        if ended is not None:
            self.visit.say(self.words("Other sessions ended: {count}", count=ended), "positive")
