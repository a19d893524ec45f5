"""What training leaves in the model's archive: pickled by the standard library, in C.

Half a million n-grams take joblib, which reads them in Python, one and a half seconds at every start.
"""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

_COMPRESSION = 3


def keep(trained: object, path: Path) -> None:
    """Write what was trained to a file of the archive."""
    with gzip.open(path, "wb", compresslevel=_COMPRESSION) as file:
        pickle.dump(trained, file, protocol=pickle.HIGHEST_PROTOCOL)


def kept(path: Path) -> Any:
    """Read it back. Like all of Rasa's model files it is trusted: who may write it may run code here."""
    return pickle.loads(gzip.decompress(path.read_bytes()))  # nosec B301
