"""One process at a time: the second is told which is at work, and a dead one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import lock

HOLD = (
    "import sys; from pathlib import Path; from bot import lock\n"
    "with lock.held(Path(sys.argv[1]), 'x'): print('held', flush=True); sys.stdin.read()"
)


def test_a_second_holder_is_refused_with_the_first_one_s_number_and_the_advice(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    words = rf"{os.getpid()}.*a\.lock.*stop it\."
    with lock.held(path, ""), pytest.raises(lock.Busy, match=words), lock.held(path, "stop it."):
        pass


def test_it_is_free_again_after_the_block_whatever_ended_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(RuntimeError), lock.held(path, ""):
        raise RuntimeError
    with lock.held(path, ""):
        pass


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(lock.Busy, match=str(other.pid)), lock.held(path, ""):
            pass
        other.kill()
    with lock.held(path, ""):
        pass
