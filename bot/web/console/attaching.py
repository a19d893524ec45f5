"""A file beside the reply: its button, its place above the box, and the address that takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app
from nicegui.element import Element
from nicegui.events import GenericEventArguments
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from bot.services.files import LARGEST
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.acting import refusal_words
from bot.web.console.auth import session_of, words_of
from bot.web.console.desk import Desk
from bot.web.console.handling import Handling
from bot.web.console.layout import box, commanded, icon_button
from bot.web.console.terms import REFUSALS

_PATH = "/case/{number}/file"
_LARGEST = 2**31
_WORDS = 2**20
"""What a request may hold besides the file, in bytes: the words below it, its name, its frame."""


class Attaching:
    """What the reply box has of it; the browser keeps the file until it is sent."""

    def __init__(self, case: Handling) -> None:
        self.words = case.words
        self.place = box("div", "attached").props('role="status"')
        self.place.props["data-remove"] = self.words("Take the file away")
        self.place.props["data-failed"] = self.words("The file was not sent. Please try again.")

    def button(self) -> None:
        """Draw the button."""
        button = icon_button("attach_file", self.words("Attach a file"))
        button.on("click", js_handler="() => grace.attach.choose()")
        commanded(button, "attach")

    def tell(
        self, holder: Element, sent: Callable[[], Awaitable[None]], refused: Callable[[str], None]
    ) -> None:
        """Have it told what came of a file; the browser tells the element that holds the reply."""

        def why(event: GenericEventArguments) -> None:
            refused(str(event.args.get("text", ""))[:1000])

        holder.on("attached", sent, js_handler="(event) => emit(event.detail)")
        holder.on("refused", why, js_handler="(event) => emit(event.detail)")


def attachments(desk: Desk) -> None:
    """Register the address that takes a file for a case's borrower."""
    app.remove_route(_PATH)

    @app.post(_PATH, include_in_schema=False)
    async def attach(number: int, request: Request) -> JSONResponse:
        session = session_of(desk)
        words = words_of(desk, session)
        if not 0 < number < _LARGEST:
            return JSONResponse({}, 404)
        try:
            found = await asyncio.to_thread(desk.grace.access.check, session.token)
            if found is None or found.must_enrol:
                return JSONResponse({}, 401)
            async with _form(request) as form:
                file, text, key = form.get("file"), form.get("text", ""), form.get("key")
                if not isinstance(file, UploadFile) or not isinstance(text, str) or not isinstance(key, str):
                    return JSONResponse({}, 400)
                name, content = file.filename or "", await file.read()
            send, agent = desk.grace.attachments.send, found.staff.id
            words_below = text[: desk.grace.kit.settings.max_text]
            await asyncio.to_thread(lambda: send(number, agent, name, content, words_below, key=key[:64]))
        except NotAllowed as refusal:
            return JSONResponse({"text": refusal_words(words, refusal)}, 409)
        except _TooLarge:
            return JSONResponse({"text": words.of(REFUSALS, "file_large")}, 413)
        except MultiPartException:
            return JSONResponse({}, 400)
        except StorageError:
            said = words("The database does not answer just now. Please try again in a moment.")
            return JSONResponse({"text": said}, 503)
        await desk.wake()
        await desk.feed.look()
        return JSONResponse({})


class _TooLarge(Exception):
    """A request holds more than a file may."""


class _form:
    """The fields of a request, read no further than a file may be long, and closed after."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._form = FormData()

    async def __aenter__(self) -> FormData:
        parser = MultiPartParser(
            self._request.headers, self._limited(), max_files=1, max_fields=2, max_part_size=_WORDS
        )
        self._form = await parser.parse()
        return self._form

    async def __aexit__(self, *_: object) -> None:
        await self._form.close()

    async def _limited(self) -> AsyncGenerator[bytes, None]:
        left = LARGEST + _WORDS
        async for part in self._request.stream():
            left -= len(part)
            if left < 0:
                raise _TooLarge
            yield part
