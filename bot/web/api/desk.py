"""What every route shares: who asks, what they may, references, and answers given once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, StringConstraints

from bot.bootstrap import Grace
from bot.channels.channel import Door
from bot.services.rights import Right, has_right
from bot.services.tokens import Program, Scope
from bot.web.api.problems import Problem, answer_to
from bot.web.api.refs import Kind, Refs

_LONGEST_KEY = 128
_SCHEME = HTTPBearer(auto_error=False, description="a token of `grace tokens add`")


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes work with."""

    grace: Grace
    door: Door
    wake: Callable[[], Awaitable[None]]
    refs: Refs

    def id(self, kind: Kind, ref: str) -> int:
        """Return the id of a reference. Raises Problem 404 for what was never one."""
        number = self.refs.id(kind, ref)
        if number is None:
            raise Problem(404, "not_found", "there is nothing here")
        return number


def api_of(request: Request) -> Api:
    """Return what the routes of this app work with."""
    api: Api = request.app.state.api
    return api


async def program_of(request: Request) -> Program | None:
    """Return the program that asks."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    return await asyncio.to_thread(api_of(request).grace.tokens.check, token.strip())


def need(scope: Scope, right: Right) -> Any:
    """Return the dependency of a route: a token with this scope, of somebody whose role has this right."""

    async def allowed(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)] = None
    ) -> Program:
        program = await program_of(request)
        if program is None:
            raise Problem(401, "unauthenticated", "a valid bearer token is needed")
        if scope not in program.scopes:
            raise Problem(403, "scope", f"this token lacks the scope {scope}")
        if not has_right(program.staff.role, right):
            raise Problem(403, "role", "the role of this token's owner does not allow this")
        return program

    return Depends(allowed)


class OnceRoute(APIRoute):
    """A route whose POST with an `Idempotency-Key` is done once: asked again, it gives the same answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        original = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            if request.method != "POST" or key is None:
                return await original(request)
            program = await program_of(request)
            if program is None:
                return await original(request)
            if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
                raise Problem(422, "key", f"an idempotency key has 1 to {_LONGEST_KEY} visible characters")
            tokens = api_of(request).grace.tokens
            asked = f"{request.url.path}?{request.url.query}\n".encode() + await request.body()
            digest = hashlib.sha256(asked).hexdigest()
            before = await asyncio.to_thread(tokens.begin, program, key, digest)
            if before is not None:
                if not before.same:
                    raise Problem(422, "key_reused", "this key was used for another request")
                if before.status is None:
                    raise Problem(409, "in_progress", "the same request is being worked on")
                kind = "application/json" if before.status < 400 else "application/problem+json"
                return Response(before.body, before.status, {"Idempotency-Replayed": "true"}, media_type=kind)
            try:
                response = await original(request)
            except Exception as error:
                response = answer_to(error)
            body = bytes(response.body).decode()
            await asyncio.to_thread(tokens.finish, program, key, response.status_code, body)
            return response

        return once


def _clean(text: str) -> str:
    """Drop what no database takes as text."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


Written = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_clean)]
"""A text as it may be stored."""
Short = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_clean)]
Desk = Annotated[Api, Depends(api_of)]
