"""Staff accounts: argon2 passwords, roles, and a lock after too many tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select

from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.db import retried
from bot.storage.tables import Agent

Role = Literal["agent", "senior", "supervisor"]
ROLES: tuple[Role, ...] = ("agent", "senior", "supervisor")
_TRIES = 5
_LOCK = timedelta(minutes=15)


class StaffError(ValueError):
    """A staff account cannot be made as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is signed in."""

    id: int
    login: str
    name: str
    role: str


class StaffService:
    """Makes accounts and checks passwords."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._hasher = PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """Verified for unknown logins, so that time does not tell which logins exist; made at first use."""
        return self._hasher.hash("nobody")

    @retried
    def add(self, login: str, name: str, role: str, password: str) -> Staff:
        """Make an account. Raises StaffError for a bad role, a short password or a login that is taken."""
        if role not in ROLES:
            raise StaffError(f"role {role!r} is none of {', '.join(ROLES)}")
        if len(password) < 10:
            raise StaffError("a password has at least 10 characters")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            if session.scalars(select(Agent.id).where(Agent.login == login)).first() is not None:
                raise StaffError(f"login {login!r} is taken")
            agent = Agent(
                login=login, name=name, role=role, password_hash=self._hasher.hash(password), created_at=now
            )
            session.add(agent)
            session.flush()
            record(session, now, "agent_added", cause="operator", actor="staff", agent=agent.id, role=role)
            return Staff(agent.id, login, name, role)

    def exists(self, login: str) -> bool:
        """Tell whether a login is taken."""
        with self.kit.db.begin() as session:
            return session.scalars(select(Agent.id).where(Agent.login == login)).first() is not None

    def sign_in(self, login: str, password: str) -> Staff | None:
        """Return who this is, or None for a wrong login, a wrong password or a locked account alike."""
        now, nobody = self.kit.clock.now(), self._nobody
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login).with_for_update()).first()
            right = self._verify(agent.password_hash if agent else nobody, password)
            if agent is None or not agent.active or (agent.locked_until and agent.locked_until > now):
                return None
            if not right:
                agent.failures += 1
                if agent.failures >= _TRIES:
                    agent.failures, agent.locked_until = 0, now + _LOCK
                record(session, now, "login_failed", cause="console", actor=f"agent {agent.id}")
                return None
            agent.failures, agent.locked_until = 0, None
            record(session, now, "login", cause="console", actor=f"agent {agent.id}")
            return Staff(agent.id, agent.login, agent.name, agent.role)

    def get(self, agent_id: int) -> Staff | None:
        """Return an active member of staff."""
        with self.kit.db.begin() as session:
            agent = session.get(Agent, agent_id)
            return (
                None
                if agent is None or not agent.active
                else Staff(agent.id, agent.login, agent.name, agent.role)
            )

    def by_login(self, login: str) -> Staff | None:
        """Return an active member of staff by their login."""
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login, Agent.active)).first()
            return None if agent is None else Staff(agent.id, agent.login, agent.name, agent.role)

    def names(self) -> dict[int, str]:
        """Return the name of everyone who ever worked here, by id: the records go on naming them."""
        with self.kit.db.begin() as session:
            return dict(session.execute(select(Agent.id, Agent.name)).tuples().all())

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
