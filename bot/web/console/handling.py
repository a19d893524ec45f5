"""One open case and how acts in it are done: as whoever is signed in now, a refusal said in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.domain.handoff import HandoffState
from bot.services.cases import CaseView
from bot.services.rights import NotAllowed
from bot.storage.db import StorageError
from bot.web.console.acting import refusal_words
from bot.web.console.desk import Visit
from bot.web.console.terms import OUTCOMES, STATES

T = TypeVar("T")


class Handling:
    """What the parts of the case page share: the case as it was last read, and `refresh`."""

    def __init__(self, visit: Visit, view: CaseView, refresh: Callable[[], Awaitable[None]]) -> None:
        self.visit = visit
        self.words = visit.words
        self.view = view
        self.refresh = refresh

    @property
    def number(self) -> int:
        """The case."""
        return self.view.handoff_id

    @property
    def state(self) -> HandoffState:
        """Where it stands."""
        return HandoffState(self.view.state)

    @property
    def is_mine(self) -> bool:
        """True while whoever reads the page has it, put aside or not."""
        return self.state.is_held and self.view.agent_id == self.visit.staff.id

    @property
    def may_speak(self) -> bool:
        """True when a reply from here would go out."""
        return self.state is HandoffState.WAITING or self.is_mine

    async def act(self, act: Callable[[int], T]) -> T | None:
        """Run one act; a refusal is shown and returns None."""
        said, done = await self.attempt(act)
        if said is not None:
            self.visit.say(said, "warning")
        return done

    async def attempt(self, act: Callable[[int], T]) -> tuple[str | None, T | None]:
        """Run one act; return what stood in the way in words, or what came of it."""
        staff = await self.visit.who()
        if staff is None:
            return None, None
        try:
            return None, await asyncio.to_thread(act, staff.id)
        except NotAllowed as refusal:
            await self.refresh()
            return self._why(refusal), None
        except StorageError:
            return self.words("The database does not answer just now. Please try again in a moment."), None

    async def done(self, act: Callable[[int], object]) -> bool:
        """Run one act that returns nothing; tell whether it went through, and let every page see it."""

        def did(agent: int) -> bool:
            act(agent)
            return True

        if not await self.act(did):
            return False
        await self.spread()
        await self.refresh()
        return True

    async def spread(self) -> None:
        """Send what was queued at once, and let every open page see it at once."""
        await self.visit.desk.wake()
        await self.visit.desk.feed.look()

    def standing(self) -> str:
        """Say who has the case."""
        words, view = self.words, self.view
        if not self.state.is_open:
            outcome = words.of(OUTCOMES, view.outcome or "resolved")
            return f"{words('Closed: {outcome}', outcome=outcome)} · {words.of(STATES, view.state)}"
        if view.agent_id is None:
            return words("Waiting for someone to take it.")
        if view.agent_id != self.visit.staff.id:
            return words("{name} has this conversation.", name=view.agent_name or "")
        if self.state is HandoffState.SNOOZED:
            return words("You have put this conversation aside.")
        return words("You have this conversation.")

    def _why(self, refusal: NotAllowed) -> str:
        """Say what stood in the way; who has the case, or that it is closed, stands in the case itself."""
        if refusal.code in ("taken", "closed"):
            return self.standing()
        return refusal_words(self.words, refusal)
