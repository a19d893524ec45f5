"""The importer reads what Rasa's own reads, sentence by sentence and in its order."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from bot import processes
from tests.conftest import absent

SCRIPT = """
import json, sys
from rasa.shared.importers.rasa import RasaFileImporter
from bot.assistant.importer import LeanImporter
def read(kind):
    data = kind("config.yml", "domain.yml", [sys.argv[1]]).get_nlu_data("zh")
    parts = ("text", "intent", "metadata", "entities")
    seen = [[m.get(part) for part in parts] for m in data.training_examples]
    return [seen, data.fingerprint(), data.entity_synonyms]
lean, rasa = read(LeanImporter), read(RasaFileImporter)
print(json.dumps([lean, rasa]))
"""
PLAIN = 'version: "3.1"\nnlu:\n- intent: thank\n  examples: |\n    - thanks\n    - 谢谢 \n'
LABELLED = (
    "- intent: report_hardship\n  metadata: {hardship_reason: illness}\n  examples: |\n    - ill\n    - ill\n"
)
MARKED = (
    'version: "3.1"\nnlu:\n- intent: promise_to_pay\n  examples: |\n    - I pay [500](money)\n    - I will\n'
    "- synonym: five\n  examples: |\n    - 5\n"
)


def test_sentences_labels_details_and_order_are_those_of_rasas_own_importer(tmp_path: Path) -> None:
    if not processes.ASSISTANT_PYTHON.exists():
        absent("the assistant's environment is not there: make setup")
    for name, source in (("a", PLAIN + LABELLED), ("b", MARKED), ("c", PLAIN.replace("thank", "greet"))):
        (tmp_path / f"{name}.yml").write_text(source, "utf-8")
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-W", "ignore", "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": ".", "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    lean, rasa = json.loads(done.stdout.splitlines()[-1])
    key = json.dumps
    assert sorted(lean[0], key=key) == sorted(rasa[0], key=key)
    assert lean[1:] == rasa[1:]
    assert len(lean[0]) == 7
