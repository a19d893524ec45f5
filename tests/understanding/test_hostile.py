"""No message, however it is made, breaks the reading or holds it up; all 100,000: `python -m bench.fuzz`.

How fast a message is read is measured there. Here only what would never end stands out, on any machine.
"""

from __future__ import annotations

import subprocess
import sys

from bot import processes
from tests.conftest import absent

MESSAGES = 2000
NEVER_ENDING = 2000
"""Milliseconds of processor time."""


def test_hostile_messages_are_read_without_fault_and_in_time() -> None:
    if not processes.ASSISTANT_PYTHON.exists() or not (processes.ROOT / processes.MODEL).exists():
        absent("the assistant's environment or its model is not there: make train")
    done = subprocess.run(
        [sys.executable, "-m", "bench.fuzz", str(MESSAGES), "--seed", "7", "--limit", str(NEVER_ENDING)],
        capture_output=True,
        text=True,
        cwd=processes.ROOT,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-500:]
    assert f"{MESSAGES:,} messages (seed 7): 0 failed, 0 took more" in done.stdout
