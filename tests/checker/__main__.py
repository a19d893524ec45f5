"""`python -m tests.checker DIR --pack P`: prints every rule that the exported records in a folder break."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.checker.numbers import PACKS
from tests.checker.streams import check_folder

_SHOWN = 50


def main() -> int:
    """Check, print, and return 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.checker", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds contacts.csv and events.csv")
    parser.add_argument("--pack", required=True, choices=sorted(PACKS))
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    report = check_folder(given.folder, given.pack, given.jobs)
    for one in report.findings[:_SHOWN]:
        print(f"row {one.row}: {one.rule}: {one.why}")
    for rule, count in sorted(Counter(one.rule for one in report.findings).items()):
        print(f"{rule}: {count}")
    print(f"{report.contacts} contacts, {report.events} events, {len(report.findings)} violations")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
