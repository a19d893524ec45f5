"""Who is there: what agents say of themselves, their signs of life, their teams and capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.domain.handoff import HandoffState
from bot.domain.policy import Routing
from bot.language.formats import language_of
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.storage.tables import Agent, AgentTeam, HandoffRow

Presence = Literal["online", "busy", "away"]
PRESENCES: tuple[Presence, ...] = get_args(Presence)


@dataclass(frozen=True, slots=True)
class AgentView:
    """A colleague as the board shows them.

    `presence` is `offline` without a sign of life; `load` counts the cases in their hands, snoozed ones
    apart. No `teams` means every team, no `languages` every language.
    """

    id: int
    name: str
    role: str
    presence: str
    seen_at: datetime | None
    teams: tuple[str, ...]
    languages: tuple[str, ...]
    capacity: int
    load: int
    snoozed: int

    @property
    def has_room(self) -> bool:
        """True while they may be given one more case."""
        return self.load < self.capacity


class PresenceService:
    """What the console's heartbeat and the supervisor's board call."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def beat(self, agent_id: int) -> str:
        """Take a sign of life and return the agent's presence. Raises NotAllowed for one who has left."""
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            agent.seen_at = self.kit.clock.now()
            return agent.presence

    def say(self, agent_id: int, presence: Presence) -> None:
        """Say how one is: online takes cases, busy keeps its own and is given none, away neither.

        Raises NotAllowed for an account that may not, or a presence that there is not.
        """
        if presence not in PRESENCES:
            raise NotAllowed("presence", f"{presence!r} is none of {', '.join(PRESENCES)}")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            before, agent.presence, agent.seen_at = agent.presence, presence, now
            if before != presence:
                actor = f"agent {agent_id}"
                record(session, now, "presence", cause="console", actor=actor, presence=presence)

    def leave(self, agent_id: int) -> None:
        """Sign off: their cases go back into the queue unless they return before they count as gone."""
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            if agent.presence != "away":
                agent.presence = "away"
                now = self.kit.clock.now()
                actor = f"agent {agent_id}"
                record(session, now, "presence", cause="console", actor=actor, presence="away")

    def place(
        self,
        by: int,
        agent_id: int,
        *,
        teams: Sequence[str] | None = None,
        languages: Sequence[str] | None = None,
        capacity: int | None = None,
    ) -> None:
        """Say an agent's teams, languages and number of cases at once; None changes nothing.

        Raises NotAllowed for a role that may not, for nobody who works here, and for a team, language or
        number that there is not.
        """
        require_teams(self.kit.policies.routing, teams or ())
        spoken = {language_of(locale) for locale in self.kit.texts.locales}
        if any(one not in spoken for one in languages or ()):
            raise NotAllowed("unknown", f"the languages are {', '.join(sorted(spoken))}")
        if capacity is not None and not 0 <= capacity <= 100:
            raise NotAllowed("capacity", "an agent has between 0 and 100 cases at once")
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            require(session, by, "assign")
            agent = worker(session, agent_id)
            if teams is not None:
                session.execute(delete(AgentTeam).where(AgentTeam.agent_id == agent_id))
                session.add_all(AgentTeam(agent_id=agent_id, team=team) for team in dict.fromkeys(teams))
            if languages is not None:
                agent.languages = list(dict.fromkeys(languages))
            if capacity is not None:
                agent.capacity = capacity
            record(
                session,
                now,
                "agent_placed",
                cause="console",
                actor=f"agent {by}",
                agent=agent_id,
                teams=None if teams is None else list(teams),
                languages=None if languages is None else list(languages),
                capacity=capacity,
            )

    def agents(self) -> tuple[AgentView, ...]:
        """Return everyone who works here, by name."""
        with self.kit.db.begin() as session:
            return agent_views(session, self.kit)

    def get(self, agent_id: int) -> AgentView | None:
        """Return one who works here."""
        return next((one for one in self.agents() if one.id == agent_id), None)


def agent_views(session: Session, kit: Kit) -> tuple[AgentView, ...]:
    """Return every active account with its presence and load, within a running transaction."""
    routing, now = kit.policies.routing, kit.clock.now()
    teams: dict[int, list[str]] = {}
    for agent_id, team in session.execute(
        select(AgentTeam.agent_id, AgentTeam.team).order_by(AgentTeam.team)
    ):
        teams.setdefault(agent_id, []).append(team)
    counted = select(HandoffRow.agent_id, HandoffRow.state, func.count()).where(
        HandoffRow.state.in_((HandoffState.CLAIMED.value, HandoffState.SNOOZED.value))
    )
    load = {
        (agent_id, state): count
        for agent_id, state, count in session.execute(counted.group_by(HandoffRow.agent_id, HandoffRow.state))
    }
    return tuple(
        AgentView(
            id=agent.id,
            name=agent.name,
            role=agent.role,
            presence=agent.presence if is_alive(agent, routing, now) else "offline",
            seen_at=agent.seen_at,
            teams=tuple(teams.get(agent.id, ())),
            languages=tuple(agent.languages),
            capacity=agent.capacity
            if agent.capacity is not None
            else _capacity(routing, teams.get(agent.id)),
            load=load.get((agent.id, HandoffState.CLAIMED.value), 0),
            snoozed=load.get((agent.id, HandoffState.SNOOZED.value), 0),
        )
        for agent in session.scalars(select(Agent).where(Agent.active).order_by(Agent.name, Agent.id))
    )


def worker(session: Session, agent_id: int) -> Agent:
    """Return somebody who works here. Raises NotAllowed for nobody."""
    agent = session.get(Agent, agent_id)
    if agent is None or not agent.active:
        raise NotAllowed("nobody", "there is no such colleague")
    return agent


def require_teams(routing: Routing, names: Sequence[str]) -> None:
    """Raise NotAllowed for the first team that there is not."""
    try:
        for name in names:
            routing.team(name)
    except LookupError as error:
        raise NotAllowed("team", str(error)) from error


def is_alive(agent: Agent, routing: Routing, now: datetime) -> bool:
    """Tell whether an agent has given a sign of life lately."""
    gone = timedelta(minutes=routing.offline_minutes)
    return agent.seen_at is not None and now - agent.seen_at < gone


def _capacity(routing: Routing, teams: Sequence[str] | None) -> int:
    """Return what an agent may have who was given no number: the most that one of their teams allows."""
    mine = [team for team in routing.teams if not teams or team.id in teams]
    return max(team.capacity for team in mine or routing.teams)
