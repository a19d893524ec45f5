"""Reads the training sentences: what Rasa's own importer reads, without its seconds of YAML and copying."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.data import get_data_files
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

_TOP = re.compile(r"^(\w+):", re.MULTILINE)
_BLOCK = {"intent": str, "examples": str, "metadata": dict}
_EXAMPLE = re.compile(r"- (?!.*[\[{])(.+)")


class LeanImporter(RasaFileImporter):
    """Rasa's importer, but for files that hold nothing but plain sentences by intent.

    Rasa reads every such file eight times with a YAML parser written in Python, and copies and hashes every
    sentence a dozen times: half a minute in a training of one and a half. A file with anything else in it
    (entity markup, synonyms, lists of examples) goes to Rasa, as do rules and the domain.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        """Sort the files: plain sentences, and the rest for Rasa."""
        files = {path: _plain(path) for path in get_data_files(training_data_paths, _is_yaml)}
        super().__init__(config_file, domain_path, [path for path, blocks in files.items() if blocks is None])
        self._sentences = TrainingData(
            [_Sentence.of(*one) for blocks in files.values() for one in _sentences(blocks or [])]
        )

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the sentences with whatever else Rasa finds."""
        return self._sentences.merge(super().get_nlu_data(language))


class _Sentence(Message):
    """A message whose copies are cheap: nothing in it but its metadata can be changed in place."""

    @classmethod
    def of(cls, text: str, intent: str, metadata: dict[str, Any] | None) -> Message:
        return cls.build(text, intent, [], metadata)

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        # Rasa strips every intent again whenever two sets are merged, and then hashes all messages anew.
        if add_to_output or self.get(prop) != info:
            super().set(prop, info, add_to_output)

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        twin = _Sentence.__new__(_Sentence)
        twin.__dict__.update(self.__dict__)
        twin.data = {
            key: value if isinstance(value, str) else copy.deepcopy(value, memo)
            for key, value in self.data.items()
        }
        twin.features, twin.output_properties = list(self.features), set(self.output_properties)
        return twin


def _is_yaml(path: str | Path) -> bool:
    return Path(path).suffix in (".yml", ".yaml")


def _plain(path: str) -> list[dict[str, Any]] | None:
    """Return the blocks of a file of plain sentences, None for any other."""
    source = Path(path).read_text("utf-8")
    if set(_TOP.findall(source)) != {"version", "nlu"}:
        return None
    blocks = yaml.load(source, Loader=yaml.CSafeLoader)["nlu"]
    return blocks if isinstance(blocks, list) and all(map(_is_plain, blocks)) else None


def _is_plain(block: Any) -> bool:
    return (
        isinstance(block, dict)
        and {"intent", "examples"} <= block.keys() <= _BLOCK.keys()
        and all(isinstance(value, _BLOCK[key]) for key, value in block.items())
        and "/" not in block["intent"]
        and bool(block["examples"].strip())
        and all(_EXAMPLE.fullmatch(line) for line in block["examples"].splitlines() if line.strip())
    )


def _sentences(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    for block in blocks:
        for line in block["examples"].splitlines():
            if line.strip():
                yield line[2:].strip(), block["intent"], block.get("metadata")
