"""Many small calls made one: what is asked for while a call runs goes along with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")


class Together(Generic[T, R]):
    """Runs a blocking function over lists of items, one list at a time, in a thread.

    A single item goes at once; under load a list grows for as long as the one before it takes. One
    transaction so serves many callers, and none of them waits for more than two.
    """

    def __init__(self, work: Callable[[list[T]], Mapping[T, R]], most: int = 200) -> None:
        self._work = work
        self._most = most
        self._waiting: dict[T, asyncio.Future[R | None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R | None:
        """Return what the function says of an item, None when it says nothing; raise what it raises."""
        future = self._waiting.get(item)
        if future is None:
            future = self._waiting[item] = asyncio.get_running_loop().create_future()
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                chosen = dict(list(self._waiting.items())[: self._most])
                for item in chosen:
                    del self._waiting[item]
                await self._serve(chosen)
        finally:
            self._running = None

    async def _serve(self, chosen: dict[T, asyncio.Future[R | None]]) -> None:
        try:
            found = await asyncio.to_thread(self._work, list(chosen))
        except Exception as error:
            for future in chosen.values():
                future.set_exception(error)
            return
        for item, future in chosen.items():
            future.set_result(found.get(item))
