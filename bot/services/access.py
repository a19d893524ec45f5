"""Coming in: passwords with a limit on tries, second factors, sessions that expire and can be ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.factors import FactorService
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.staff import Staff, StaffService, end_sessions, staff_of
from bot.storage.db import retried
from bot.storage.tables import Agent, LoginTries, StaffSession

_TRIES = 5
_TRIES_OF_ADDRESS = 30
"""More than of an account: a whole office may share one address."""
_LOCK = timedelta(minutes=15)
_TOUCH = timedelta(minutes=1)

Outcome = Literal["in", "code", "refused"]


@dataclass(frozen=True, slots=True)
class Entry:
    """How a sign-in ended: `in` with a session's token, `code` when a second factor is still asked."""

    outcome: Outcome
    staff: Staff | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Who a session belongs to; with `must_enrol` it opens nothing but the page for a second factor."""

    staff: Staff
    must_enrol: bool


class AccessService:
    """Signs staff in and out."""

    def __init__(self, kit: Kit, staff: StaffService, factors: FactorService) -> None:
        self.kit = kit
        self.staff = staff
        self.factors = factors

    def sign_in(self, login: str, password: str, *, code: str = "", address: str | None = None) -> Entry:
        """Sign in by password and, where there is one, by a code of the second factor.

        An unknown login, a wrong password or code and a lock look alike and take as long. Tries are counted
        before they are checked, for the account and for the address that they come from.
        """
        free = self._count(login, address)
        agent_id = self.staff.verified(login, password)
        if agent_id is None or not free:
            if free:
                self._note_failure(login)
            return Entry("refused")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            passed = self.factors.passes(session, agent_id, code)
            if passed is None:
                # The password was right; its try is given back when the code comes.
                return Entry("code")
            if not passed:
                record(session, now, "login_failed", cause="console", actor=f"agent {agent_id}", why="code")
                return Entry("refused")
            agent = session.get_one(Agent, agent_id)
            token = secrets.token_urlsafe(32)
            session.add(StaffSession(token_hash=_hash(token), agent_id=agent_id, created_at=now, seen_at=now))
            self._forgive(session, login, address)
            record(session, now, "login", cause="console", actor=f"agent {agent_id}")
            return Entry("in", staff_of(agent), token)

    def check(self, token: str | None, *, active: bool = True) -> Presence | None:
        """Return who a session belongs to, or None when it was ended, has expired, or is none.

        `active` says that the person did something: a session ends when that has not been for a while.
        """
        if not token:
            return None
        now, settings = self.kit.clock.now(), self.kit.settings
        with self.kit.db.begin() as session:
            row = session.get(StaffSession, _hash(token))
            if row is None or row.ended_at is not None:
                return None
            if now >= row.created_at + timedelta(hours=settings.session_hours):
                return None
            if now >= row.seen_at + timedelta(minutes=settings.idle_minutes):
                return None
            agent = session.get_one(Agent, row.agent_id)
            if not agent.active:
                return None
            if active and now >= row.seen_at + _TOUCH:
                row.seen_at = now
            must = agent.role in settings.totp_for and not self.factors.has(session, agent.id)
            return Presence(staff_of(agent), must)

    def end(self, token: str | None) -> None:
        """Sign out."""
        if not token:
            return
        with self.kit.db.begin() as session:
            row = session.get(StaffSession, _hash(token))
            if row is not None and row.ended_at is None:
                row.ended_at = self.kit.clock.now()

    def end_all(self, agent_id: int, *, besides: str | None = None) -> int:
        """Sign somebody out everywhere, but for one session when it is named; return of how many."""
        with self.kit.db.begin() as session:
            return end_sessions(
                session, agent_id, self.kit.clock.now(), besides=None if besides is None else _hash(besides)
            )

    @retried
    def _count(self, login: str, address: str | None) -> bool:
        """Count one try before it is made; tell whether it may be made at all."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            free = [self._counted(session, key, most, now) for key, most in _keys(login, address)]
            return all(free)

    def _counted(self, session: Session, key: str, most: int, now: datetime) -> bool:
        row = session.get(LoginTries, key, with_for_update=True)
        if row is None:
            row = LoginTries(key=key, tries=0, last_at=now)
            session.add(row)
        if row.locked_until is not None and row.locked_until > now:
            return False
        if now >= row.last_at + _LOCK:
            row.tries = 0
        row.tries, row.last_at = row.tries + 1, now
        row.locked_until = now + _LOCK if row.tries >= most else None
        if row.tries >= most:
            row.tries = 0
        session.flush()
        return True

    def _forgive(self, session: Session, login: str, address: str | None) -> None:
        """Forget the tries of an account that got in; of its address only this one."""
        for key, most in _keys(login, address):
            row = session.get(LoginTries, key, with_for_update=True)
            if row is not None:
                row.tries = 0 if most == _TRIES else max(0, row.tries - 1)
                row.locked_until = None if most == _TRIES else row.locked_until

    def _note_failure(self, login: str) -> None:
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent.id).where(Agent.login == login)).first()
            if agent is not None:
                record(session, self.kit.clock.now(), "login_failed", cause="console", actor=f"agent {agent}")


def _keys(login: str, address: str | None) -> list[tuple[str, int]]:
    """Name what is limited, in the order in which it is locked, with the tries that it has."""
    found = [(_hash(f"account {login}"), _TRIES)]
    return found if address is None else [*found, (_hash(f"address {address}"), _TRIES_OF_ADDRESS)]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
