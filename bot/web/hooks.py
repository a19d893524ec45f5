"""Hands events over to webhooks: signed, tried again with growing waits, never to where they must not go."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from bot.services.webhooks import Call, WebhookService
from bot.storage.db import StorageError
from bot.web.api.refs import Refs

log = structlog.get_logger()
_PATIENCE = 10.0
_PAUSE = 1.0
_OUTAGE = 5.0


class Forbidden(Exception):
    """An address that no webhook may reach."""


class Hooks:
    """The loop of one app process; any number of them share the calls."""

    def __init__(self, webhooks: WebhookService, secret: str, *, private: bool) -> None:
        self._webhooks = webhooks
        self._refs = Refs(secret)
        self._private = private

    async def run(self) -> None:
        """Work until cancelled; an outage of the database is waited out."""
        while True:
            try:
                done = await self.once()
            except StorageError as error:
                log.warning("webhooks_wait", error=str(error))
                await asyncio.sleep(_OUTAGE)
                continue
            if not done:
                await asyncio.sleep(_PAUSE)

    async def once(self) -> int:
        """Make the calls that are due; return how many those were."""
        calls = await asyncio.to_thread(self._webhooks.claim)
        await asyncio.gather(*(self._make(call) for call in calls))
        return len(calls)

    async def _make(self, call: Call) -> None:
        failure, final = None, False
        try:
            status = await self._post(call)
            if not 200 <= status < 300:
                failure, final = f"status {status}", status == 410
        except Forbidden as error:
            failure, final = str(error), True
        except (httpx.HTTPError, OSError, ValueError) as error:
            failure = type(error).__name__
        if failure is not None:
            log.info("webhook_failed", call=call.id, event_name=call.event, error=failure)
        await asyncio.to_thread(self._webhooks.settle, call.id, failure, final=final)

    async def _post(self, call: Call) -> int:
        body = json.dumps(self._told(call.facts), ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(int(time.time()))
        parts = urlsplit(call.url)
        host = parts.hostname or ""
        address = await asyncio.to_thread(self._resolved, host, parts.port or 443)
        shown = f"[{address}]" if ":" in address else address
        port = f":{parts.port}" if parts.port else ""
        # Sent to the very address that was checked: a name may answer otherwise a moment later.
        url = parts._replace(netloc=shown + port).geturl()
        headers = {
            "Host": host + port,
            "Content-Type": "application/json",
            "User-Agent": "grace-webhooks/1",
            "Grace-Event": call.event,
            "Grace-Delivery": call.event_id,
            "Grace-Signature": f"t={stamp},v1={signature(call.secret, stamp, body)}",
        }
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, follow_redirects=False) as client:
            answer = await client.post(url, content=body, headers=headers, extensions={"sni_hostname": host})
            return answer.status_code

    def _resolved(self, host: str, port: int) -> str:
        """Return an address of a host. Raises Forbidden when any of them is within our own networks."""
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self._private and any(not ipaddress.ip_address(one).is_global for one in found):
            raise Forbidden("the address is within a private network")
        return found[0]

    def _told(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Name rows by their references, as the API does; ids of our tables stay here."""
        data = dict(facts["data"])
        told = {name: data[name] for name in ("conversation", "message", "number") if data.get(name)}
        if data.get("handoff"):
            told["handoff"] = self._refs.of("ho", int(data["handoff"]))
        if data.get("approval"):
            told["approval"] = self._refs.of("ap", int(data["approval"]))
        return {**facts, "data": told}


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return what proves that a body is ours and of when: HMAC-SHA256 of `<stamp>.<body>`, in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
