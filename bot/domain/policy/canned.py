"""Replies that agents pick instead of typing them, with variables that are filled from the case."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, model_validator

from bot.domain.policy.base import Frozen, Said, misplaced

VARIABLES = (
    "name",
    "agent",
    "lender",
    "phone",
    "outstanding",
    "overdue",
    "days_past_due",
    "due_date",
    "next_amount",
    "promise_amount",
    "promise_date",
    "complaint_number",
    "complaint_date",
    "how_to_pay",
)
"""What a canned reply may name in braces."""
DEBT_VARIABLES = frozenset(
    {"outstanding", "overdue", "days_past_due", "due_date", "next_amount", "promise_amount", "promise_date"}
)
"""Those that tell of the debt: they stay empty until identity is verified."""
_NAMED = re.compile(r"\{([^{}]*)\}")


def variables_of(text: str) -> tuple[str, ...]:
    """Return the variables that a text names, each once, in order."""
    return tuple(dict.fromkeys(_NAMED.findall(text)))


class Canned(Frozen):
    """One reply: `id` is what is typed after the slash, `text` its words in each locale."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="lower-case letters, digits and -")
    title: dict[str, Said] = Field(min_length=1, description="a title for each locale")
    text: dict[str, Said] = Field(min_length=1, description="the words for each locale")
    teams: tuple[str, ...] = Field(default=(), description="only these teams; all when left out")
    answers: tuple[str, ...] = Field(default=(), description="intents to which it is suggested")


class CannedReplies(Frozen):
    """The file of canned replies."""

    canned: str = Field(min_length=1)
    version: int = Field(ge=1)
    replies: tuple[Canned, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for place, reply in enumerate(self.replies):
            if reply.id in [other.id for other in self.replies[:place]]:
                raise misplaced(("replies", place, "id"), f"{reply.id!r} stands twice")
            if set(reply.title) != set(reply.text):
                raise misplaced(("replies", place, "title"), "title and text need the same locales")
            for locale, text in reply.text.items():
                for name in variables_of(text):
                    if name not in VARIABLES:
                        raise misplaced(
                            ("replies", place, "text", locale),
                            f"{{{name}}} is none of {', '.join(VARIABLES)}",
                        )
                if "{" in _NAMED.sub("", text) or "}" in _NAMED.sub("", text):
                    raise misplaced(("replies", place, "text", locale), "a brace stands alone")
        return self

    def answering(self, intent: str) -> Canned | None:
        """Return the first reply to an intent."""
        return next((one for one in self.replies if intent in one.answers), None)

    def find(self, reply_id: str) -> Canned | None:
        """Return a reply by its id."""
        return next((one for one in self.replies if one.id == reply_id), None)
