"""What programs sign in with: tokens that act as one member of staff within their scopes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.services.kit import Kit
from bot.services.records import record
from bot.services.staff import Staff, StaffError, staff_of
from bot.storage.tables import Agent, ApiAnswer, ApiToken

Scope = Literal[
    "handoffs:read",
    "handoffs:write",
    "messages:read",
    "messages:write",
    "approvals:read",
    "approvals:write",
    "book:write",
    "contact:read",
    "export:read",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_PREFIX = "grace_"
_TOUCH = timedelta(minutes=1)
_STUCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is signed in: its token, as whom it acts, and what it may ask for."""

    token_id: int
    staff: Staff
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as an operator sees it."""

    name: str
    login: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Before:
    """What became of an earlier request with the same key: `status` is None while it is being worked on."""

    same: bool
    status: int | None
    body: str


class TokenService:
    """Makes, checks and revokes tokens, and remembers the answers to requests that may come twice."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def add(self, name: str, login: str, scopes: Sequence[str], *, days: int | None = None) -> str:
        """Make a token that acts as `login`; return it, shown this once.

        Raises StaffError for a name that is taken, an unknown login or an unknown scope.
        """
        unknown = [one for one in scopes if one not in SCOPES]
        if unknown or not scopes:
            raise StaffError(f"scopes are {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}")
        token, now = _PREFIX + secrets.token_urlsafe(32), self.kit.clock.now()
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login, Agent.active)).first()
            if agent is None:
                raise StaffError(f"nobody active has the login {login!r}")
            if session.scalars(select(ApiToken.id).where(ApiToken.name == name)).first() is not None:
                raise StaffError(f"there is a token {name!r} already")
            session.add(
                ApiToken(
                    name=name,
                    token_hash=_hash(token),
                    agent_id=agent.id,
                    scopes=sorted(set(scopes)),
                    created_at=now,
                    expires_at=None if days is None else now + timedelta(days=days),
                )
            )
            record(session, now, "token_added", cause="operator", actor="staff", name=name, agent=agent.id)
        return token

    def all(self) -> tuple[TokenView, ...]:
        """Return all tokens, those revoked too."""
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(ApiToken, Agent.login).join(Agent, Agent.id == ApiToken.agent_id).order_by(ApiToken.id)
            )
            return tuple(
                TokenView(
                    row.name,
                    login,
                    tuple(row.scopes),
                    row.created_at,
                    row.expires_at,
                    row.used_at,
                    row.revoked_at,
                )
                for row, login in rows
            )

    def revoke(self, name: str) -> bool:
        """End a token; tell whether there was one that still held."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = session.scalars(select(ApiToken).where(ApiToken.name == name)).first()
            if row is None or row.revoked_at is not None:
                return False
            row.revoked_at = now
            record(session, now, "token_revoked", cause="operator", actor="staff", name=name)
            return True

    def check(self, token: str) -> Program | None:
        """Return the program of a token; None when it is none, no longer holds, or its owner left."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            row = session.scalars(select(ApiToken).where(ApiToken.token_hash == _hash(token))).first()
            if row is None or row.revoked_at is not None:
                return None
            if row.expires_at is not None and now >= row.expires_at:
                return None
            agent = session.get_one(Agent, row.agent_id)
            if not agent.active:
                return None
            if row.used_at is None or now >= row.used_at + _TOUCH:
                row.used_at = now
            return Program(row.id, staff_of(agent), frozenset(row.scopes))

    def begin(self, program: Program, key: str, digest: str) -> Before | None:
        """Reserve an idempotency key for a request; return what became of an earlier one, or None.

        A reservation whose process died is taken over after five minutes: the services themselves do
        nothing twice for one key.
        """
        now = self.kit.clock.now()
        try:
            with self.kit.db.begin() as session:
                row = session.get(ApiAnswer, (program.token_id, key), with_for_update=True)
                if row is None:
                    session.add(ApiAnswer(token_id=program.token_id, key=key, digest=digest, created_at=now))
                    return None
                if row.digest == digest and row.status is None and now >= row.created_at + _STUCK:
                    row.created_at = now
                    return None
                return Before(row.digest == digest, row.status, row.body or "")
        except IntegrityError:
            return Before(True, None, "")

    def finish(self, program: Program, key: str, status: int, body: str) -> None:
        """Keep the answer to a request; a server's error is forgotten, so that it may be tried again."""
        with self.kit.db.begin() as session:
            row = session.get_one(ApiAnswer, (program.token_id, key), with_for_update=True)
            if status >= 500:
                session.delete(row)
            else:
                row.status, row.body = status, body


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
