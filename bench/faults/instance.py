"""A PostgreSQL server of one's own, thrown away at the end: one that may be restarted."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.stack import free_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A commit outlives the server's end, though not the machine's: the disk is waited for nowhere.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "shared_buffers": "16MB",
    "max_connections": "60",
}


class Instance:
    """A server on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._port = free_port()
        # The server refuses to run as root.
        self._owner = "postgres" if os.geteuid() == 0 else None
        if self._owner is not None:
            known = pwd.getpwnam(self._owner)
            folder.chmod(0o755)
            os.chown(folder, known.pw_uid, known.pw_gid)
        self._run("initdb", "-A", "trust", "-U", "grace", "--no-sync", "-E", "UTF8", "--locale=C")
        told = [f"-c {name}={value}" for name, value in _SETTINGS.items()]
        self._told = " ".join([*told, f"-c port={self._port}", f"-c unix_socket_directories={folder}"])
        self._run("pg_ctl", "start", "-w", "-s", "-l", str(folder / "log"), "-o", self._told)

    @property
    def url(self) -> str:
        """Its own database, to which everybody on this machine may connect."""
        return f"postgresql://grace@127.0.0.1:{self._port}/postgres"

    def restart(self, mode: str = "immediate") -> None:
        """Stop it as a crash would, `immediate`, or in good order, `fast`; and start it again."""
        log = str(self._data.parent / "log")
        self._run("pg_ctl", "restart", "-w", "-s", "-m", mode, "-l", log, "-o", self._told)

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "stop", "-s", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        path = _found(program)
        assert path is not None, f"{program} is not on this machine"
        subprocess.run(
            [path, "-D", str(self._data), *arguments],
            user=self._owner,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )


def is_there() -> bool:
    """Tell whether PostgreSQL's own programs are on this machine."""
    return all(_found(program) is not None for program in ("initdb", "pg_ctl"))


@contextmanager
def instance() -> Iterator[Instance]:
    """Make a server, and stop and remove it at the end."""
    memory = Path("/dev/shm")
    made = partial(tempfile.TemporaryDirectory, dir=memory if memory.is_dir() else None)
    with made() as folder:
        server = Instance(Path(folder))
        try:
            yield server
        finally:
            server.stop()


def _found(program: str) -> str | None:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(program, path=os.pathsep.join([*map(str, homes), os.environ.get("PATH", "")]))
