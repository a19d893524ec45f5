"""Each agent's keys, kept on the server: they are the same at every desk."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.model import Refusal
from bot.domain.shortcuts import DEFAULTS, Shortcuts, choose
from bot.services.kit import Kit
from bot.services.rights import require
from bot.storage.db import retried
from bot.storage.tables import ShortcutRow


class ShortcutService:
    """Reads and keeps keys."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def of(self, agent_id: int) -> Shortcuts:
        """Return an agent's keys; what no command is called any more is left out."""
        with self.kit.db.begin() as session:
            row = session.get(ShortcutRow, agent_id)
            if row is None:
                return Shortcuts({})
            kept = choose({name: keys for name, keys in row.keys.items() if name in DEFAULTS}, bare=row.bare)
            return kept if isinstance(kept, Shortcuts) else Shortcuts({}, row.bare)

    @retried
    def save(
        self, agent_id: int, wanted: Mapping[str, str], *, bare: bool
    ) -> Shortcuts | tuple[Refusal, ...]:
        """Keep an agent's keys, or say for each command why not. Raises NotAllowed for who has left."""
        chosen = choose(wanted, bare=bare)
        if not isinstance(chosen, Shortcuts):
            return chosen
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            row = session.get(ShortcutRow, agent_id)
            if row is None:
                session.add(ShortcutRow(agent_id=agent_id, keys=dict(chosen.chosen), bare=bare))
            else:
                row.keys, row.bare = dict(chosen.chosen), bare
        return chosen
