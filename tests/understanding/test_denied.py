"""The trained model does not act on what a message denies, and still acts on what it says besides."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from bot import processes
from tests.conftest import absent

DENIED = {
    "他没死，只是联系不上": "report_death",
    "he's not dead, he just never answers his phone": "report_death",
    "我不是要投诉你们，你服务挺好的": "file_complaint",
    "not complaining, you've been very kind": "file_complaint",
    "别停，提醒挺好的": "stop_contact",
    "don't stop the reminders, they help me": "stop_contact",
    "I don't want you to stop helping me with the plan": "stop_contact",
    "I don't want to stop talking about the plan": "signal_self_harm",
    "借款人过世的话谁来还": "report_death",
    "if the borrower passes away, who pays": "report_death",
    "要是申请个人破产，这钱还用还吗": "report_bankruptcy",
    "what if I went bankrupt, would that wipe it": "report_bankruptcy",
    "I'm no student any longer, I work now": "report_underage",
    "who says I'm not paying, it comes on the 3rd": "refuse_to_pay",
    "it's not that I won't pay, wages come on the 9th": "refuse_to_pay",
    "谁说我不还，三号就打过去": "refuse_to_pay",
}
SAID = {
    "我不是要投诉你，我要去金融监管局投诉你们公司": "file_complaint",
    "我没死你们也别再给我发短信了": "stop_contact",
    "I'm not complaining about you, I'm taking this to the ombudsman": "file_complaint",
    "如果你们再打来，我就直说了，他上个月已经去世了": "report_death",
    "if you had asked me you would know he died in May": "report_death",
    "I'm not dead yet but I want to end my life tonight": "signal_self_harm",
    "can I have a payment link and a real person, I want to kill myself": "signal_self_harm",
    "how much do i owe before i kill myself": "signal_self_harm",
    "转人工，把余额告诉我，我想自杀": "signal_self_harm",
    "再给两个月，不然我就跳楼": "signal_self_harm",
    f"{'店里生意一直不好，' * 70}我想自杀": "signal_self_harm",
}


@pytest.fixture(scope="module")
def read() -> dict[str, set[str]]:
    if not processes.ASSISTANT_PYTHON.exists() or not (processes.ROOT / processes.MODEL).exists():
        absent("the assistant's environment or its model is not there: make train")
    done = subprocess.run(
        [str(processes.ASSISTANT_PYTHON), "-m", "bot.assistant.parse", str(processes.MODEL)],
        input="\n".join([*DENIED, *SAID]),
        capture_output=True,
        text=True,
        cwd=processes.ROOT,
        env={**os.environ, "PYTHONPATH": str(processes.ROOT), "PYTHONWARNINGS": "ignore"},
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["text"]: {act["intent"] for act in one["acts"]} for one in lines}


@pytest.mark.parametrize(("text", "act"), DENIED.items())
def test_what_is_denied_is_not_acted_on(read: dict[str, set[str]], text: str, act: str) -> None:
    assert act not in read[text]


@pytest.mark.parametrize(("text", "act"), SAID.items())
def test_what_is_said_beside_a_denial_is(read: dict[str, set[str]], text: str, act: str) -> None:
    assert act in read[text]
