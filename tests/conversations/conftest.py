"""Chats on the live stack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.stack import Stack, Talks


@pytest_asyncio.fixture
async def talks(stack: Stack) -> AsyncIterator[Talks]:
    made = Talks(stack)
    await made.start()
    yield made
    await made.stop()
