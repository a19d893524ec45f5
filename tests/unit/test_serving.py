"""Whether a model can be served without TensorFlow is read from its archive; on doubt it cannot."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from bot.assistant.serving import NotServed, StandIn, model_of, needs_networks


def archive(path: Path, *used: str, train: tuple[str, ...] = ()) -> Path:
    def schema(names: tuple[str, ...]) -> dict[str, object]:
        return {"nodes": {f"n{number}": {"uses": name} for number, name in enumerate(names)}}

    metadata = json.dumps({"train_schema": schema(train), "predict_schema": schema(used)}).encode()
    with tarfile.open(path, "w:gz") as made:
        member = tarfile.TarInfo("./metadata.json")
        member.size = len(metadata)
        made.addfile(member, io.BytesIO(metadata))
    return path


def test_a_model_of_our_own_components_needs_none(tmp_path: Path) -> None:
    ours = ("bot.assistant.acts.ActClassifier", "rasa.core.policies.ensemble.DefaultPolicyPredictionEnsemble")
    assert not needs_networks(archive(tmp_path / "m.tar.gz", *ours))


@pytest.mark.parametrize(
    "name",
    [
        "rasa.core.policies.ted_policy.TEDPolicy",
        "rasa.nlu.classifiers.diet_classifier.DIETClassifier",
        "rasa.nlu.selectors.response_selector.ResponseSelector",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer.LanguageModelFeaturizer",
    ],
)
def test_one_neural_component_is_enough(tmp_path: Path, name: str) -> None:
    assert needs_networks(archive(tmp_path / "m.tar.gz", "bot.assistant.acts.ActClassifier", name))
    assert needs_networks(archive(tmp_path / "t.tar.gz", "bot.assistant.acts.ActClassifier", train=(name,)))


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_cannot_be_read_is_left_to_rasa(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "m.tar.gz"
    if content is not None:
        path.write_bytes(content)
    assert needs_networks(path)


def test_an_archive_without_a_description_is_left_to_rasa(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz"):
        pass
    assert needs_networks(tmp_path / "m.tar.gz")


def test_the_model_is_read_from_the_command_line() -> None:
    assert model_of(["run", "--port", "1", "--model", "models/a.tar.gz"]) == Path("models/a.tar.gz")
    assert model_of(["run", "-m", "b.tar.gz", "--debug"]) == Path("b.tar.gz")
    assert model_of(["run", "--port", "1"]) is None


def test_whoever_calls_a_stand_in_is_told_so() -> None:
    class TEDPolicy(StandIn):
        pass

    for call in (TEDPolicy, TEDPolicy.load, TEDPolicy.create):
        with pytest.raises(NotServed, match="TEDPolicy is not served"):
            call()
