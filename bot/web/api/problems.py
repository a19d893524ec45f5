"""Refusals as problem details (RFC 9457): a code for programs, a sentence for people, never a trace."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import NoResultFound
from starlette.exceptions import HTTPException

from bot.services.accounts import IdentityNeeded
from bot.services.loanbook import BookError
from bot.services.rights import Beyond, NotAllowed
from bot.services.wording import Unfit
from bot.storage.db import StorageError

log = structlog.get_logger()

_BAD = frozenset({"empty", "reason", "wording", "terms", "until", "team", "name", "variable", "nobody"})
_TITLES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported",
}


class Problem(Exception):
    """A refusal of the API itself."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def answer_to(error: Exception) -> JSONResponse:
    """Return the answer that an error deserves; what nobody foresaw says nothing of itself."""
    match error:
        case Problem():
            return problem(error.status, error.code, error.detail, **error.more)
        case RequestValidationError():
            faults = [
                {"field": ".".join(str(part) for part in one["loc"]), "reason": one["msg"]}
                for one in error.errors()
            ]
            return problem(422, "invalid", "the request is not as it should be", errors=faults)
        case Unfit():
            faults = [{"rule": category, "words": words} for category, words in error.faults]
            return problem(422, error.code, "a rule on wording forbids this text", errors=faults)
        case Beyond():
            limits = [
                {"limit": one.limit, "asked": one.asked, "allowed": one.allowed} for one in error.limits
            ]
            return problem(422, error.code, "these terms are beyond this level", errors=limits)
        case NotAllowed():
            status = 403 if error.code == "role" else 422 if error.code in _BAD else 409
            return problem(status, error.code, str(error))
        case IdentityNeeded():
            return problem(409, "unverified", "identity is not confirmed")
        case BookError():
            return problem(422, "book", "the file as a whole cannot be read as a book")
        case LookupError() | NoResultFound():
            return problem(404, "not_found", "there is nothing here")
        case StorageError():
            return problem(503, "unavailable", "the database does not answer just now")
        case HTTPException():
            return problem(error.status_code, _TITLES.get(error.status_code, "refused"), str(error.detail))
    log.error("api_failed", error=type(error).__name__)
    return problem(500, "failed", "something went wrong here")


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """Return problem details; `code` is stable, `detail` is for people."""
    body = {
        "type": f"urn:grace:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Answer every error of an app so."""

    async def handle(_: Request, error: Exception) -> JSONResponse:
        return answer_to(error)

    for kind in (
        Problem,
        RequestValidationError,
        NotAllowed,
        IdentityNeeded,
        BookError,
        LookupError,
        NoResultFound,
        StorageError,
        HTTPException,
    ):
        app.add_exception_handler(kind, handle)
