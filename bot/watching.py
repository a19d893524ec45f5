"""Starts and watches processes: one terminal, a clean stop, a dead child takes the rest down.

`python -m bot.watching LINES`: the command lines by name, as JSON. What watches is forked once for each of
them, so this module imports as little as it can.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from honcho.manager import Manager
from honcho.printer import Printer

_TAIL = 25


class Console(Printer):  # type: ignore[misc]
    """Prints the `front` process as it speaks; the others go to one log file each, shown when they die."""

    def __init__(self, front: str | None, folder: Path | None, output: IO[str] = sys.stdout) -> None:
        super().__init__(output=output)
        self.front = front
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, message: Any) -> None:
        """Put one line where it belongs."""
        if self._folder is None:
            super().write(message)
            return
        text = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
        if message.name == self.front:
            self.output.write(text)
            self.output.flush()
            return
        with (self._folder / f"{message.name}.log").open("a", encoding="utf-8") as file:
            file.write(text)

    def tail(self, name: str) -> str:
        """Return the last lines of a process's log."""
        path = (self._folder or Path()) / f"{name}.log"
        return "\n".join(path.read_text("utf-8").splitlines()[-_TAIL:]) if path.is_file() else ""


def run(lines: dict[str, str], env: dict[str, str], printer: Console, folder: Path) -> int:
    """Run all in `folder` until one ends or Ctrl-C; return its exit status, its log shown when it failed."""
    manager = Manager(printer=printer)
    for name, line in lines.items():
        manager.add_process(name, line, env=env, cwd=str(folder))
    manager.loop()
    status = int(manager.returncode or 0)
    if status:
        for name, process in manager._processes.items():
            if process.get("returncode") == status and name != printer.front:
                sys.stderr.write(f"\n{name} ended with status {status}.\n{printer.tail(name)}\n")
    # A child killed by signal n reports -n; a shell says 128 + n.
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(run(json.loads(sys.argv[1]), dict(os.environ), Console(None, None), Path.cwd()))
