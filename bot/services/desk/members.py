"""Who works here, as supervisors see and place them: role, teams, languages, cases at once."""

from __future__ import annotations

from sqlalchemy import select

from bot.services.desk.presence import AgentView, agent_views
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.services.staff import ROLES, Role, end_sessions
from bot.storage.tables import Agent


class MemberService:
    """Reads the members and gives them roles; `PresenceService.place` gives them teams."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def all(self, reader: int) -> tuple[AgentView, ...]:
        """Return every active member, by name. Raises NotAllowed for a role that may not."""
        with self.kit.db.begin() as session:
            require(session, reader, "assign")
            return agent_views(session, self.kit)

    def appoint(self, by: int, agent_id: int, role: Role) -> None:
        """Give a member another role; they are signed out everywhere, so that it counts at once.

        Raises NotAllowed for a role that may not, for oneself, for somebody who is not here, and for a role
        that there is not.
        """
        if role not in ROLES:
            raise NotAllowed("unknown", f"role {role!r} is none of {', '.join(ROLES)}")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, by, "assign")
            if by == agent_id:
                raise NotAllowed("oneself", "nobody changes their own role")
            agent = session.scalars(
                select(Agent).where(Agent.id == agent_id, Agent.active).with_for_update()
            ).first()
            if agent is None:
                raise NotAllowed("nobody", "there is no such agent")
            before = agent.role
            if before == role:
                return
            agent.role = role
            end_sessions(session, agent.id, now)
            record(
                session,
                now,
                "agent_changed",
                cause="console",
                actor=f"agent {by}",
                agent=agent.id,
                role=role,
                before=before,
            )
