"""A server that speaks the Bot API, misbehaves when it is told to, and remembers who got something."""

from __future__ import annotations

import random
from collections import Counter, deque

from tests.e2e.fake_bot_api import BLOCKED, HALF, SERVER_ERROR, SILENT, Answer, FakeBotApi, refusal

FLOOD = refusal(429, "Too Many Requests: retry after 0.05", parameters={"retry_after": 0.05})
"""Asks to wait; a twentieth of a second, for Telegram's whole seconds would only make the runs longer."""
ALL = (FLOOD, BLOCKED, HALF, SILENT, SERVER_ERROR)


class BadServer(FakeBotApi):
    """Gives one of `bad` in the share `badness` of its answers; `taken` counts messages by chat."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self.bad: tuple[Answer, ...] = ()
        self.badness = 0.0
        self.taken: Counter[int] = Counter()
        self.given: Counter[int] = Counter()
        """How many requests were answered badly, by chat."""
        self.answers["sendMessage"] = deque()

    def _usual(self, method: str, data: dict[str, str]) -> Answer:
        # What is only counted need not be kept.
        self.calls.clear()
        chat = int(data["chat_id"])
        answer = Answer()
        if self.bad and self._rng.random() < self.badness:
            answer = self._rng.choice(self.bad)
            self.given[chat] += 1
        # Who gets no answer, or half of one, cannot tell whether it was taken: both happen.
        if answer in (HALF, SILENT):
            self.taken[chat] += self._rng.random() < 0.5
        elif answer.status == 200:
            self.taken[chat] += 1
        return answer
