"""Which part of what Rasa needs is ill: its model, its memory, its locks, the action server."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from rasa.core.agent import Agent
from rasa.core.lock_store import RedisLockStore

from bot.assistant.adapters.session import ping

WELL = "ok"
PATIENCE = 3.0


async def examine(agent: Agent | None) -> tuple[dict[str, Any], int]:
    """Return what `/ready` says and its HTTP status, in the same form as the other processes do."""
    parts = {"model": WELL if agent is not None and agent.is_ready() else "no model is loaded"}
    if agent is not None and agent.is_ready():
        checks = {"tracker_store": _store(agent), "locks": _locks(agent), "actions": _actions(agent)}
        for part, said in zip(checks, await asyncio.gather(*map(_asked, checks.values())), strict=True):
            parts[part] = said
    ill = [part for part, said in parts.items() if said != WELL]
    return {"status": "ill" if ill else WELL, "ill": ill, "parts": parts}, 503 if ill else 200


async def _asked(check: Any) -> str:
    try:
        await asyncio.wait_for(check, PATIENCE)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} seconds"
    except Exception as error:
        return f"does not answer: {type(error).__name__}"
    return WELL


async def _store(agent: Agent) -> None:
    store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
    engine = getattr(store, "engine", None)
    if engine is not None:
        await asyncio.to_thread(ping, engine)


async def _locks(agent: Agent) -> None:
    if isinstance(agent.lock_store, RedisLockStore):
        await asyncio.to_thread(agent.lock_store.red.ping)


async def _actions(agent: Agent) -> None:
    url = agent.action_endpoint.url.rsplit("/", 1)[0] + "/health"
    async with aiohttp.ClientSession() as web, web.get(url) as answer:
        answer.raise_for_status()
