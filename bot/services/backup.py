"""A backup as one file: the database, the files of conversations, Rasa's memory; and the way back.

What opens it stays outside: the keys that seal the data, and the secret that signs, are not in a backup.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import URL, make_url

from bot.domain.chain import GENESIS
from bot.observing.masking import Plain
from bot.services.kit import Kit
from bot.storage.db import Database
from bot.storage.tables import LedgerHead

FORM = 1
_DATABASE, _MEMORY, _MANIFEST, _FILES = "database", "memory", "manifest.json", "files"


class BackupError(Plain):
    """A backup cannot be written or brought back; the message says why, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: of which database and schema, when, and where its chains ended."""

    form: int
    kind: str
    revision: str
    at: str
    heads: Mapping[str, str]
    files: int
    memory: bool


class BackupService:
    """Writes backups while everything runs; brings them back where nothing runs."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def write(self, path: Path) -> Manifest:
        """Write a backup; it is there whole or not at all. Raises BackupError, StorageError."""
        db = self.kit.db
        with tempfile.TemporaryDirectory(dir=_near(path)) as made:
            folder = Path(made)
            with db.begin() as session:
                heads = {head.chain: head.hash for head in session.query(LedgerHead)}
            _dump(db.url, folder / _DATABASE)
            memory = _dump_memory(self.kit.settings.tracker_url, folder / _MEMORY)
            kept = self.kit.settings.state / "files"
            count = 0
            if kept.is_dir():
                shutil.copytree(kept, folder / _FILES)
                count = sum(1 for one in (folder / _FILES).rglob("*") if one.is_file())
            manifest = Manifest(
                FORM,
                db.url.get_backend_name(),
                db.revision() or "",
                self.kit.clock.now().isoformat(),
                heads,
                count,
                memory,
            )
            (folder / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
            new = folder / "new.tar.gz"
            with tarfile.open(new, "w:gz") as archive:
                for name in (_MANIFEST, _DATABASE, _MEMORY, _FILES):
                    if (folder / name).exists():
                        archive.add(folder / name, name)
            new.chmod(0o600)
            os.replace(new, path)
        return manifest


def restore(path: Path, database_url: str, tracker_url: str, state: Path) -> Manifest:
    """Bring a backup back into an empty database. Raises BackupError; then nothing was changed."""
    with tempfile.TemporaryDirectory(dir=_near(state)) as made:
        folder = Path(made)
        manifest = _unpacked(path, folder)
        db = Database(database_url)
        try:
            if manifest.kind != db.url.get_backend_name():
                raise BackupError(f"{path} is of {manifest.kind}; {db.url.get_backend_name()} cannot take it")
            if manifest.revision > db.newest_revision():
                newest = db.newest_revision()
                said = f"{path} has the schema {manifest.revision}, newer than this release's {newest}"
                raise BackupError(f"{said}: restore it with the release that wrote it")
            with db.engine.connect() as connection:
                if inspect(connection).get_table_names():
                    raise BackupError("the database is not empty: restore into a new one")
        finally:
            db.close()
        if (state / "files").exists():
            raise BackupError(f"{state / 'files'} is there already: move it away first")
        _load(folder / _DATABASE, db.url)
        if manifest.memory:
            _load(folder / _MEMORY, make_url(_plain(tracker_url)))
        if (folder / _FILES).is_dir():
            state.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / _FILES, state / "files")
    return manifest


def differences(manifest: Manifest, heads: Mapping[str, str]) -> list[str]:
    """Return the chains that do not go on from where the backup says that they ended."""
    return [chain for chain, head in manifest.heads.items() if heads.get(chain, GENESIS) != head]


def _unpacked(path: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(path, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        found = json.loads((folder / _MANIFEST).read_text("utf-8"))
        manifest = Manifest(**found)
    except (OSError, tarfile.TarError, ValueError, TypeError, EOFError) as error:
        raise BackupError(f"{path} is no backup, or is damaged: {type(error).__name__}") from error
    if manifest.form != FORM:
        raise BackupError(f"{path} has the form {manifest.form}; this release reads {FORM}")
    return manifest


def _dump_memory(url: str, to: Path) -> bool:
    """Rasa's memory goes along where it is there: losing it costs a borrower one open question."""
    found = make_url(_plain(url))
    if found.get_backend_name() == "sqlite" and not Path(found.database or "").is_file():
        return False
    _dump(found, to)
    return True


def _dump(url: URL, to: Path) -> None:
    if url.get_backend_name() == "sqlite":
        source, target = sqlite3.connect(f"file:{url.database}?mode=ro", uri=True), sqlite3.connect(to)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        return
    _run(["pg_dump", "-Fc", "--no-owner", "--file", str(to), _libpq(url)], url)


def _load(source: Path, url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        for name in (f"{path}-wal", f"{path}-shm"):
            Path(name).unlink(missing_ok=True)
        shutil.copyfile(source, path)
        return
    line = ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname", _libpq(url)]
    _run([*line, str(source)], url)


def _run(line: list[str], url: URL) -> None:
    """Run one of PostgreSQL's own programs; the password goes by the environment, where no list shows it."""
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        done = subprocess.run(line, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupError(f"{line[0]} is not installed: it comes with PostgreSQL's client") from error
    if done.returncode:
        raise BackupError(f"{line[0]} failed: {done.stderr.strip().splitlines()[-1:]}")


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _plain(url: str) -> str:
    return url.replace("+psycopg2", "").replace("postgres://", "postgresql://")


def _near(path: Path) -> Path:
    """Return the nearest folder that is there, so that a rename stays on one disk."""
    near = path.parent if not path.is_dir() else path
    while not near.exists():
        near = near.parent
    return near
