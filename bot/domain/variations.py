"""Which wording of a text a borrower gets: always the same one, and evenly spread over borrowers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def assigned(borrower_id: int, template: str, names: Sequence[str]) -> str | None:
    """Return the variation of `template` that a borrower always gets; None where there is only one wording.

    The hash of borrower and template decides, so that two templates are split independently of each other.
    """
    if len(names) < 2:
        return None
    digest = hashlib.sha256(f"{borrower_id}\n{template}".encode()).digest()
    return names[int.from_bytes(digest[:8], "big") % len(names)]
