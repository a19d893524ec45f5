"""`python -m bot.assistant.serving run …`: Rasa's command line, without TensorFlow where nothing needs it.

Rasa imports its neural components when it starts, and TensorFlow with them, whether or not the model has any:
half of the time that the start takes, and most of the memory. Where the model that is to be served names
none, stand-ins take the place of their modules; whoever calls one all the same is told so. The adapter
`networks` (see bot/assistant/adapters) switches this off.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from bot.assistant.switches import wanted

NEURAL = frozenset(
    {
        "rasa.core.policies.ted_policy",
        "rasa.core.policies.unexpected_intent_policy",
        "rasa.nlu.classifiers.diet_classifier",
        "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
        "rasa.nlu.selectors.response_selector",
        "rasa.utils.tensorflow.callback",
        "rasa.utils.tensorflow.data_generator",
    }
)
"""Rasa's modules that import TensorFlow, as far as others import them by name."""


class NotServed(RuntimeError):
    """A neural component was asked for where none is served."""


class StandIn:
    """In the place of a class that is never made: it may be compared and subclassed, not used."""

    def __init__(self, *_: object, **__: object) -> None:
        self._refuse()

    @classmethod
    def _refuse(cls, *_: object, **__: object) -> NoReturn:
        raise NotServed(f"{cls.__name__} is not served: the model that was given at the start has none")

    create = load = _refuse


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (StandIn,), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname in NEURAL else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def needs_networks(model: Path) -> bool:
    """Tell whether a trained model names a neural component; what cannot be read as a model may."""
    try:
        with tarfile.open(model) as archive:
            member = next(one for one in archive if Path(one.name).name == "metadata.json")
            file = archive.extractfile(member)
            metadata = json.load(file) if file is not None else {}
        schemas = (metadata["train_schema"], metadata["predict_schema"])
        used = {node["uses"] for schema in schemas for node in schema["nodes"].values()}
    except (OSError, tarfile.TarError, StopIteration, ValueError, KeyError):
        return True
    return any(name.startswith(f"{module}.") for name in used for module in NEURAL)


def spare_networks(model: Path) -> bool:
    """Let Rasa start without TensorFlow if the model allows it, and tell whether it will.

    To be called before anything of Rasa is imported.
    """
    if "networks" not in wanted() or "rasa.utils.train_utils" in sys.modules or needs_networks(model):
        return False
    sys.meta_path.insert(0, _Finder())
    return True


def model_of(arguments: Sequence[str]) -> Path | None:
    """Return the file that `rasa run` is told to serve."""
    for name, value in pairwise(arguments):
        if name in ("-m", "--model"):
            return Path(value)
    return None


def main() -> None:
    """Run Rasa's command line."""
    model = model_of(sys.argv[1:])
    if sys.argv[1:2] == ["run"] and model is not None:
        spare_networks(model)
    from rasa.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
