"""Delivery to a server that speaks the Bot API, all checks and records on, beside a bare send loop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from multiprocessing.synchronize import Event
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import func, select, text
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.bootstrap import Grace, build
from bot.channels.dispatch import Dispatcher
from bot.channels.telegram import TelegramChannel
from bot.services.kit import MovableClock
from bot.services.outbox import Settlement
from bot.storage.tables import Message, Nudge
from tests.conftest import MORNING, postgres_database, settings_for
from tests.e2e.fake_bot_api import Answer, FakeBotApi

NUDGES = 3000
DRAINED = 100_000
_FORK = multiprocessing.get_context("fork")
_FILL = (
    "INSERT INTO borrowers (id, ref, name, phone, locale, timezone, exempt, night_consent, created_at)"
    " SELECT i, 'B' || i, 'N', '1', 'zh_CN', 'Asia/Shanghai', false, false, now()"
    " FROM generate_series(1, :n) i",
    "INSERT INTO addresses (borrower_id, channel, address, verified, consent)"
    " SELECT i, 'telegram', i::text, true, true FROM generate_series(1, :n) i",
    "INSERT INTO conversations (id, borrower_id, channel, address, locale, mode, verified_at, identity_facts,"
    " identity_failures, misunderstood, disclosed, outage_told, created_at)"
    " SELECT 'c' || i, i, 'telegram', i::text, 'zh_CN', 'bot', '2026-03-01', '[]', 0, 0, true, false, now()"
    " FROM generate_series(1, :n) i",
    "INSERT INTO loans (id, ref, borrower_id, product, currency, principal_minor, opened_on)"
    " SELECT i, 'L' || i, i, 'consumer-cn', 'CNY', 300000, '2025-06-01' FROM generate_series(1, :n) i",
    "INSERT INTO due_items (loan_id, number, due_on, principal_minor, interest_minor, fee_minor, paid_minor)"
    " SELECT i, 1, DATE '2026-03-02' - 3, 300000, 0, 0, 0 FROM generate_series(1, :n) i",
)


class Server(FakeBotApi):
    """Answers as Telegram does when all is well, and keeps nothing."""

    def _usual(self, method: str, data: dict[str, str]) -> Answer:
        result: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "G", "username": "g"}
        if method == "sendMessage":
            chat = {"id": int(data["chat_id"]), "type": "private"}
            result = {"message_id": 1, "date": 1_772_400_000, "chat": chat, "text": data["text"]}
        return Answer(body={"ok": True, "result": result})

    async def _respond(
        self, method: str, data: dict[str, str], files: dict[str, bytes], writer: asyncio.StreamWriter
    ) -> bool:
        self.calls.clear()
        return await super()._respond(method, data, files, writer)


def _serve(port: Any, ready: Event) -> None:
    async def go() -> None:
        server = Server()
        await server.open()
        port.value = int(server.url.rsplit(":", 1)[1])
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(go())


def _grace(url: str, server: str, at: MovableClock) -> Grace:
    changed = {
        "telegram_token": SecretStr("1:bench"),
        "telegram_api_base": server,
        "telegram_rate": 0.0,
    }
    return build(settings_for(url).model_copy(update=changed), at, migrate=False)


def _prepare(url: str, server: str) -> None:
    """A worker: decides, writes and records, while the app hands over."""
    grace = _grace(url, server, MovableClock(MORNING))
    os.nice(5)
    while True:
        batch = grace.delivery.prepare_due()
        grace.ledger.append()
        if not batch.decided:
            time.sleep(0.02)


async def _bare(server: str, count: int) -> float:
    """Return messages a second of the loop that the library's own examples show."""
    async with Bot("1:bench", f"{server}/bot", request=HTTPXRequest()) as bot:
        text_of = "您好，您的贷款有一笔3,000元已经过了还款日，想问问是不是漏看了，或者遇到了什么困难？" * 3
        start = time.perf_counter()
        for chat in range(1, count + 1):
            await bot.send_message(chat, text_of)
        return count / (time.perf_counter() - start)


async def _ours(url: str, server: str, count: int) -> float:
    """Return messages a second from the first claim to the last outcome and ledger record."""
    grace = _grace(url, server, MovableClock(MORNING))
    channel = TelegramChannel(grace)
    await channel.open()
    dispatcher = Dispatcher(grace, {"telegram": channel})
    worker = _FORK.Process(target=_prepare, args=(url, server), daemon=True)
    start = time.perf_counter()
    worker.start()
    while await asyncio.to_thread(_sent, grace) < count:
        await dispatcher.wake()
        await asyncio.sleep(0.05)
    await asyncio.to_thread(grace.ledger.append)
    seconds = time.perf_counter() - start
    worker.kill()
    worker.join()
    await dispatcher.stop()
    await channel.stop()
    grace.close()
    return count / seconds


def _sent(grace: Grace) -> int:
    with grace.kit.db.begin() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.state == "sent")) or 0


def _fill(url: str, count: int) -> None:
    grace = build(settings_for(url), MovableClock(MORNING))
    with grace.kit.db.begin() as session:
        for statement in _FILL:
            session.execute(text(statement), {"n": count})
    grace.reminders.plan()
    with grace.kit.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    grace.close()


def drain(count: int = DRAINED, rate: float = 30.0) -> dict[str, float]:
    """Send `count` reminders at a channel's rate on a clock that is moved by hand, and return how it went.

    Every second of the simulated clock the same services plan, prepare, claim and settle as ever; only the
    wire is left out. The window is what the contact rules leave of the day from the hour of sending on.
    """
    clock = MovableClock(MORNING)
    with postgres_database() as url:
        _fill(url, count)
        grace = _grace(url, "http://127.0.0.1:9", clock)
        grace.outbox.wall = clock.now
        most = sent = seconds = 0
        while sent < count and seconds < 13 * 3600:
            if seconds % 60 == 0:
                while grace.delivery.prepare_due(500).decided:
                    pass
            queued = [number for number, _ in grace.outbox.queued(("telegram",), 60)]
            taken = grace.outbox.claim_many(queued, {"telegram": rate}).taken
            grace.outbox.settle_many([Settlement(number, "sent") for number in taken])
            sent, most, seconds = sent + len(taken), max(most, len(taken)), seconds + 1
            clock.at = MORNING.fromtimestamp(MORNING.timestamp() + seconds, MORNING.tzinfo)
        with grace.kit.db.begin() as session:
            rows = session.execute(select(Nudge.state, func.count()).group_by(Nudge.state))
            states: dict[str, int] = dict(rows.tuples().all())
        grace.close()
    return {"sent": states.get("sent", 0), "of": count, "hours": seconds / 3600, "most_a_second": most}


def measure() -> dict[str, dict[str, float]]:
    """Return how fast messages go, and how a drain at a channel's rate went."""
    return {"rate": rated(), "drain": drain()}


def rated(count: int = NUDGES, rounds: int = 3) -> dict[str, float]:
    """Return messages a second of both in turns, and the ratio of their medians."""
    port, ready = _FORK.Value("i", 0), _FORK.Event()
    server = _FORK.Process(target=_serve, args=(port, ready), daemon=True)
    server.start()
    ready.wait(10)
    base = f"http://127.0.0.1:{port.value}"
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(asyncio.run(_bare(base, count)))
        with postgres_database() as url:
            _fill(url, count)
            ours.append(asyncio.run(_ours(url, base, count)))
    server.kill()
    server.join()
    mine, theirs = sorted(ours)[rounds // 2], sorted(bare)[rounds // 2]
    return {"ours": mine, "bare": theirs, "ratio": mine / theirs}


def show(console: Console, measured: dict[str, dict[str, float]]) -> None:
    """Print the figures."""
    found, drained = measured["rate"], measured["drain"]
    console.print(
        f"delivery: {found['ours']:.0f} messages / s, checks and records on; a bare loop of "
        f"python-telegram-bot {found['bare']:.0f}; ratio {found['ratio']:.2f}"
    )
    console.print(
        f"drain: {drained['sent']:,.0f} of {drained['of']:,.0f} reminders sent in {drained['hours']:.2f} h "
        f"of a simulated clock, at most {drained['most_a_second']:.0f} in a second"
    )


if __name__ == "__main__":
    show(Console(), measure())
