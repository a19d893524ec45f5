"""The processes of a whole installation: two of each kind on one database, one Redis, killed and started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml
from pydantic import SecretStr

from bot import processes
from bot.settings import Settings
from tests.stack import MORNING, free_port

TOKEN = "soak"
_START = 120.0


@dataclass
class Life:
    """One start of a process: where its log is, and since when it runs."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float


@dataclass
class Part:
    """A process that is started again whenever it was killed."""

    name: str
    line: list[str]
    env: dict[str, str]
    ready: str
    metrics: str
    bearer: str
    lives: list[Life] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Of the life that it lives."""
        return self.lives[-1].process.pid

    def start(self, folder: Path) -> None:
        """Begin a life."""
        log = folder / f"{self.name}-{len(self.lives)}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                self.line,
                env=self.env,
                cwd=processes.ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.lives.append(Life(child, log, time.monotonic()))

    def wait(self) -> None:
        """Return once it answers. Raises RuntimeError with the end of its log when it does not."""
        end = time.monotonic() + _START
        while time.monotonic() < end and self.lives[-1].process.poll() is None:
            try:
                if httpx.get(self.ready, trust_env=False, timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise RuntimeError(f"{self.name}: {self.lives[-1].log.read_text('utf-8', 'replace')[-2000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        child = self.lives[-1].process
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def memory(self) -> float:
        """What it holds in memory now, in MB: the pages that are its own."""
        try:
            fields = Path(f"/proc/{self.pid}/smaps_rollup").read_text("ascii").splitlines()
        except OSError:
            return 0.0
        private = [one for one in fields if one.startswith(("Private_Clean", "Private_Dirty"))]
        return sum(int(one.split()[1]) for one in private) / 1024

    def told(self) -> str:
        """What it tells Prometheus."""
        found = httpx.get(
            self.metrics, headers={"Authorization": f"Bearer {self.bearer}"}, trust_env=False, timeout=10
        )
        return found.raise_for_status().text


@dataclass
class Site:
    """Everything that runs, by name."""

    folder: Path
    settings: Settings
    parts: dict[str, Part]

    @property
    def apps(self) -> list[str]:
        """Where borrowers reach it."""
        return [part.env["GRACE_PUBLIC_URL"] for part in self.parts.values() if part.name.startswith("app")]

    def start(self) -> None:
        """Start everything, and wait until all of it answers."""
        for part in self.parts.values():
            part.start(self.folder)
        for part in self.parts.values():
            part.wait()

    def stop(self) -> None:
        """End everything."""
        for part in self.parts.values():
            if part.lives:
                part.kill()


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run a Redis of our own; gives its port."""
    port = free_port()
    line = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as output:
        child = subprocess.Popen(line, stdout=output, stderr=output)
    try:
        time.sleep(0.5)
        yield port
    finally:
        child.kill()
        child.wait()


def site(folder: Path, database: str, memory: str, broker: int) -> Site:
    """Return an installation on a database, a database of Rasa's, and a Redis at a port."""
    endpoints = yaml.safe_load((processes.ROOT / "deploy/endpoints.yml").read_text("utf-8"))
    endpoints["lock_store"] = {"type": "redis", "url": "127.0.0.1", "port": broker, "db": 1}
    file = folder / "endpoints.yml"
    file.write_text(yaml.safe_dump(endpoints), "utf-8")
    common = Settings(
        _env_file=None,
        home=processes.ROOT,
        state=folder / "state",
        database_url=database,
        tracker_url=memory,
        broker_url=f"redis://127.0.0.1:{broker}/0",
        secret=SecretStr("for the soak only"),
        metrics_token=SecretStr(TOKEN),
        log_json=True,
        clock_offset=(MORNING - datetime.now(UTC)).total_seconds(),
        tick=5.0,
        lease=30.0,
        burst=0.05,
    )
    parts: dict[str, Part] = {}
    for number in (1, 2):
        for part in _pair(common, number, folder, file):
            parts[part.name] = part
    return Site(folder, common, parts)


def _pair(common: Settings, number: int, folder: Path, endpoints: Path) -> Iterator[Part]:
    ports = [free_port() for _ in range(4)]
    rasa, actions, app, worker = (f"http://127.0.0.1:{port}" for port in ports)
    own = common.model_copy(
        update={
            "state": folder / f"state{number}",
            "rasa_url": rasa,
            "actions_port": ports[1],
            "actions_url": f"{actions}/webhook",
            "port": ports[2],
            "public_url": app,
            "worker_port": ports[3],
        }
    )
    env = processes.environment(own)
    python = [sys.executable, "-m"]
    bearer = common.rasa_token.get_secret_value()
    run = ["run", "--interface", "127.0.0.1", "--port", str(ports[0]), "--model", str(processes.MODEL)]
    serving = [str(processes.ASSISTANT_PYTHON), "-m", "bot.assistant.serving"]
    line = [*serving, *run, "--endpoints", str(endpoints)]
    gateway = f"{rasa}/webhooks/gateway"
    yield Part(f"rasa{number}", line, env, f"{gateway}/", f"{gateway}/metrics", bearer)
    line = [*python, "actions"]
    yield Part(f"actions{number}", line, env, f"{actions}/health", f"{actions}/metrics", TOKEN)
    yield Part(f"app{number}", [*python, "bot.cli", "app"], env, f"{app}/health", f"{app}/metrics", TOKEN)
    line = [*python, "bot.cli", "worker"]
    yield Part(f"worker{number}", line, env, f"{worker}/health", f"{worker}/metrics", TOKEN)
