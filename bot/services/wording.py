"""What must not be said: texts that go out are searched for it, an agent's before it is taken."""

from __future__ import annotations

from typing import Any

from bot.domain.policy import VARIABLES, variables_of
from bot.language.lint import Context, Finding
from bot.services.kit import Kit
from bot.services.records import record
from bot.services.rights import NotAllowed, require
from bot.storage.tables import HandoffRow


class Unfit(NotAllowed):
    """An agent's message that may not go out; `faults` holds category and words, each pair once."""

    def __init__(self, text: str, found: list[Finding]) -> None:
        self.faults = tuple(dict.fromkeys((one.category, text[slice(*one.span)]) for one in found))
        super().__init__("wording", "; ".join(f"{words!r}: {category}" for category, words in self.faults))


class MissingVariables(NotAllowed):
    """A reply in which variables still stand in braces; `names` holds them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__("variable", f"no value for {', '.join(names)}")


def unfilled(text: str) -> tuple[str, ...]:
    """Return the variables of canned replies that a text still names in braces."""
    return tuple(name for name in variables_of(text) if name in VARIABLES)


def findings(kit: Kit, text: str, *, verified: bool) -> list[Finding]:
    """Return what a text breaks in a chat where identity is verified, or is not."""
    settings = kit.settings
    names = (settings.lender_name, settings.lender_name_en)
    return kit.lexicon.lint(text, Context(verified=verified, hosts=settings.hosts, names=names))


def require_fit(kit: Kit, handoff_id: int, agent_id: int, text: str) -> None:
    """Raises MissingVariables or Unfit for an agent's text that may not go out; Unfit is put on record."""
    if blanks := unfilled(text):
        raise MissingVariables(blanks)
    now = kit.clock.now()
    with kit.db.begin() as session:
        require(session, agent_id, "speak")
        conversation = session.get_one(HandoffRow, handoff_id).conversation
        found = findings(kit, text, verified=conversation.is_verified(now, kit.settings.identity_for))
        if not found:
            return
        record(
            session,
            now,
            "message_refused",
            cause=f"handoff {handoff_id}",
            actor=f"agent {agent_id}",
            borrower_id=conversation.borrower_id,
            **cited(kit, found),
        )
    raise Unfit(text, found)


def cited(kit: Kit, found: list[Finding]) -> dict[str, Any]:
    """Return what the record says of findings: never the words, which may hold personal data."""
    return {"rules": sorted({one.rule for one in found}), "version": kit.lexicon.version}
