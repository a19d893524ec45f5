"""Staff accounts: argon2 passwords and roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.services.kit import Kit
from bot.services.records import record
from bot.storage.db import retried
from bot.storage.tables import Agent, StaffSession

Role = Literal["agent", "senior", "supervisor", "auditor"]
ROLES: tuple[Role, ...] = ("agent", "senior", "supervisor", "auditor")
"""Who works here; an auditor reads and exports, and does nothing else."""


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
        self._check(role, password)
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

    def verified(self, login: str, password: str) -> int | None:
        """Return the id of the active account that a password opens, else None, after the same time."""
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login)).first()
        right = self._verify(agent.password_hash if agent else self._nobody, password)
        return agent.id if agent is not None and agent.active and right else None

    def change(
        self, login: str, *, role: str | None = None, password: str | None = None, active: bool | None = None
    ) -> Staff:
        """Change an account; whoever is signed in with it is signed out everywhere.

        Raises StaffError for an unknown login, a bad role or a short password.
        """
        self._check(role, password)
        now = self.kit.clock.now()
        hashed = None if password is None else self._hasher.hash(password)
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login).with_for_update()).first()
            if agent is None:
                raise StaffError(f"nobody has the login {login!r}")
            agent.role = role or agent.role
            agent.password_hash = hashed or agent.password_hash
            agent.active = agent.active if active is None else active
            end_sessions(session, agent.id, now)
            record(
                session,
                now,
                "agent_changed",
                cause="operator",
                actor="staff",
                agent=agent.id,
                role=agent.role,
                active=agent.active,
                password=password is not None,
            )
            return staff_of(agent)

    def everyone(self) -> list[tuple[Staff, bool]]:
        """Return all accounts by login, and whether each is active."""
        with self.kit.db.begin() as session:
            return [
                (staff_of(agent), agent.active)
                for agent in session.scalars(select(Agent).order_by(Agent.login))
            ]

    def get(self, agent_id: int) -> Staff | None:
        """Return an active member of staff."""
        with self.kit.db.begin() as session:
            agent = session.get(Agent, agent_id)
            return None if agent is None or not agent.active else staff_of(agent)

    def by_login(self, login: str) -> Staff | None:
        """Return an active member of staff by their login."""
        with self.kit.db.begin() as session:
            agent = session.scalars(select(Agent).where(Agent.login == login, Agent.active)).first()
            return None if agent is None else staff_of(agent)

    def names(self) -> dict[int, str]:
        """Return the name of everyone who ever worked here, by id: the records go on naming them."""
        with self.kit.db.begin() as session:
            return dict(session.execute(select(Agent.id, Agent.name)).tuples().all())

    def _check(self, role: str | None, password: str | None) -> None:
        if role is not None and role not in ROLES:
            raise StaffError(f"role {role!r} is none of {', '.join(ROLES)}")
        if password is not None and len(password) < 10:
            raise StaffError("a password has at least 10 characters")

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


def staff_of(agent: Agent) -> Staff:
    """Return an account as it is passed around."""
    return Staff(agent.id, agent.login, agent.name, agent.role)


def end_sessions(session: Session, agent_id: int, now: datetime, *, besides: str | None = None) -> int:
    """End the sessions of somebody within a running transaction, but for one; return how many."""
    ended = session.scalars(
        update(StaffSession)
        .where(
            StaffSession.agent_id == agent_id,
            StaffSession.ended_at.is_(None),
            StaffSession.token_hash != (besides or ""),
        )
        .values(ended_at=now)
        .returning(StaffSession.agent_id)
    )
    return len(ended.all())
