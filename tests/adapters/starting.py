"""Loads the trained model as the assistant's start does and reads with it; prints what came of it as JSON.

Run in Rasa's environment, from the root of the project: python -m tests.adapters.starting MODEL
"""

from __future__ import annotations

import json
import sys

from bot.assistant.parse import Reader

SAID = (
    "明天下午三点前还500",
    "我失业了，这个月真的还不上，能不能分三期？",
    "别再发了",
    "I lost my job and can't pay until Friday",
    "who is this",
    "可以\n不过我先问一下利息",
    "",
)
CONTEXT = {"at": "2026-03-02T09:00:00+08:00", "timezone": "Asia/Shanghai", "currency": "CNY"}


def main() -> None:
    """Read, and tell whether TensorFlow was needed."""
    reader = Reader(sys.argv[1])
    read = [reader.read(text, CONTEXT) for text in SAID]
    print("RESULT" + json.dumps({"tensorflow": "tensorflow" in sys.modules, "read": read}))


if __name__ == "__main__":
    main()
