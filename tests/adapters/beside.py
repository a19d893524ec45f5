"""Runs Rasa's own code and each adapter on the same input; prints {check: [Rasa's, ours]} as JSON.

Run in Rasa's environment, from the root of the project: python -m tests.adapters.beside
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import rasa.core.channels  # noqa: F401  (loads every class of event)
from rasa.core.actions.action import RemoteAction
from rasa.core.tracker_store import SQLTrackerStore
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sklearn.svm import LinearSVC

from bot.assistant.adapters import event_types, graph, recent, schema
from bot.assistant.adapters.session import MOST_TURNS, SessionTrackerStore
from bot.assistant.endpoint import ActionEndpoint
from bot.assistant.features import sparse_features
from bot.assistant.scoring import Scorer

SLOTS = ("plan_wish", "plan_rounds", "promise_amount", "turn_ended", "requested_slot")
FORMS = ("plan_form", "promise_form", None)
OPENING = (
    partial(ActionExecuted, "action_session_start"),
    SessionStarted,
    partial(ActionExecuted, "action_listen"),
)


def outcome(work: Callable[[], Any]) -> Any:
    """Return what a call gives, or the name of what it raises."""
    try:
        return work()
    except Exception as error:
        return type(error).__name__


def _resolved(name: str) -> str:
    return repr(Event.resolve_by_type(name))


def event_classes() -> dict[str, list[Any]]:
    """Resolve every name of an event, an unknown one and an outdated one."""
    names = ["user", "bot", "action", "slot", "active_loop", "restart", "topic", "no_such_event"]
    names += ["followup", "session_started", "rewind", "undo", "form", "loop_interrupted", "pause", "resume"]
    stock = {name: outcome(partial(_resolved, name)) for name in names}
    event_types.install()
    ours = {name: outcome(partial(_resolved, name)) for name in names}
    return {f"event {name}": [stock[name], ours[name]] for name in names}


ANSWERS: tuple[Any, ...] = (
    {"events": [], "responses": []},
    {
        "events": [{"event": "slot", "name": "plan_wish", "value": {"a": 1}, "timestamp": None}],
        "responses": [],
    },
    {"events": [{"event": "active_loop", "name": None}, {"event": "followup", "name": "x"}]},
    {"events": [{"event": "slot", "value": 1}]},
    {"events": [{"event": "slot", "name": 3, "value": 1}]},
    {"events": [{"event": "nonsense"}]},
    {"events": [{"name": "no type"}]},
    {"events": [{"event": "bot", "text": 5}]},
    {"events": [{"event": "user", "text": "hi", "parse_data": {"intent": {"name": 4}}}]},
    {"events": [{"event": "action", "name": "x", "timestamp": "late"}]},
    {"events": "none"},
    {"events": [7]},
    {"responses": [{"text": "hi"}]},
    {"responses": ["hi"]},
    {"events": [], "responses": {"text": "hi"}},
    [],
    "text",
    None,
)


def answers_of_actions() -> dict[str, list[Any]]:
    """Check sound and broken answers of an action server."""
    action = RemoteAction("action_x", None)
    stock = [outcome(partial(action._validate_action_result, answer)) for answer in ANSWERS]
    schema.install()
    ours = [outcome(partial(action._validate_action_result, answer)) for answer in ANSWERS]
    return {f"answer {n}": [one, two] for n, (one, two) in enumerate(zip(stock, ours, strict=True))}


class Node:
    """A node of a small graph: joins its inputs, and keeps count of its runs."""

    runs: list[str] = []

    def __init__(self, name: str, needs: dict[str, str]) -> None:
        self.name, self.needs = name, needs

    def __call__(self, *inputs: Any) -> tuple[str, Any]:
        given: dict[str, Any] = dict(one for one in inputs if isinstance(one, tuple))
        if set(self.needs.values()) - given.keys():
            raise RuntimeError(f"{self.name} misses an input")
        Node.runs.append(self.name)
        return self.name, f"{self.name}({', '.join(given[need] for need in self.needs.values())})"


def graphs() -> dict[str, list[Any]]:
    """Run random graphs, whole and for one target, with and without an input."""
    from rasa.engine.graph import GraphSchema, SchemaNode

    found: dict[str, list[Any]] = {}
    draw = random.Random(5)
    walked = DaskGraphRunner.run
    for number in range(60):
        needs: dict[str, dict[str, str]] = {}
        for place in range(draw.randint(1, 9)):
            earlier = [f"n{one}" for one in range(place)] + ["__message__"]
            chosen = draw.sample(earlier, draw.randint(0, min(3, len(earlier))))
            needs[f"n{place}"] = {f"p{i}": one for i, one in enumerate(chosen)}
        nodes = {
            name: SchemaNode(
                needs=need, uses=Node, constructor_name="x", fn="x", config={}, is_target=draw.random() < 0.3
            )
            for name, need in needs.items()
        }
        runner = DaskGraphRunner.__new__(DaskGraphRunner)
        runner._graph_schema = GraphSchema(nodes)
        runner._instantiated_nodes = {name: Node(name, need) for name, need in needs.items()}
        runner._execution_context = None
        targets = [draw.choice(list(nodes))] if draw.random() < 0.7 else None
        inputs = draw.choice([{"__message__": "hello"}, {"__message__": "n0"}, {}])
        both = []
        for run in (walked, graph._run):
            Node.runs = []
            result = outcome(partial(run, runner, inputs, targets))
            both.append([result, sorted(Node.runs) if isinstance(result, dict) else None])
        found[f"graph {number}"] = both
    return found


def _turn(draw: random.Random, number: int) -> list[Event]:
    acts = draw.randint(1, 3)
    events: list[Event] = []
    for act in range(acts):
        metadata = {"turn": f"t{number}" + (f":{act}" if act else "")}
        events.append(
            UserUttered("x", {"name": "affirm"}, message_id=None if act else f"t{number}", metadata=metadata)
        )
        for _ in range(draw.randint(0, 4)):
            slot = draw.choice(SLOTS)
            events.append(
                draw.choice(
                    [
                        SlotSet(slot, draw.choice([None, 1, "x", {"a": [1]}])),
                        ActiveLoop(draw.choice(FORMS)),
                        LoopInterrupted(draw.random() < 0.5),
                        ActionExecuted(draw.choice(["action_protect", "plan_form"])),
                        BotUttered("answer", metadata={"utter_action": "utter_thanks"}),
                    ]
                )
            )
        events.append(ActionExecuted("action_listen"))
    return events


def _seen(tracker: DialogueStateTracker | None) -> Any:
    """Return what a turn can see of a tracker: its state, and everything since the message before last."""
    if tracker is None:
        return None
    loop = tracker.active_loop
    starts = [
        place
        for place, event in enumerate(tracker.events)
        if isinstance(event, UserUttered) and ":" not in event.metadata.get("turn", "")
    ]
    newest = list(tracker.events)[starts[-2] if len(starts) > 1 else 0 :]
    return {
        "slots": {name: slot.value for name, slot in tracker.slots.items()},
        "loop": [loop.name, loop.is_interrupted, loop.rejected] if loop else None,
        "listens": tracker.latest_action_name,
        "turn": tracker.latest_message.metadata if tracker.latest_message else None,
        "paused": tracker.is_paused(),
        "newest": [event.as_dict() for event in newest] if len(starts) > 1 else None,
    }


async def _talked(store: SQLTrackerStore, domain: Domain, sender: str) -> tuple[Any, int]:
    """Hold one conversation on a store; return what each turn sees, the log, and the most turns kept."""
    draw, states, longest = random.Random(sender), [], 0
    for turn in range(draw.randint(1, 30)):
        tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
        opening = () if tracker.events else OPENING
        for event in (*(one() for one in opening), *_turn(draw, turn)):
            event.timestamp = float(turn + 1)
            tracker.update(event, domain)
        await store.save(tracker)
        again = await store.retrieve(sender)
        states.append(_seen(again))
        longest = max(longest, sum(isinstance(e, UserUttered) and bool(e.message_id) for e in again.events))
    with store.session_scope() as session:
        events = session.query(store.SQLEvent).filter_by(sender_id=sender).order_by(store.SQLEvent.id)
        log = [[row.type_name, row.intent_name, row.action_name, row.data] for row in events]
    return json.loads(json.dumps([states, log])), longest


async def sessions() -> dict[str, list[Any]]:
    """Save and read back conversations of up to thirty turns in both stores; compare state and log."""
    domain = Domain.load("domain.yml")
    found: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        stock = SQLTrackerStore(domain, db=str(Path(folder) / "stock.db"))
        ours = SessionTrackerStore(domain, db=str(Path(folder) / "ours.db"))
        for number in range(12):
            sender = f"c{number}"
            theirs, _ = await _talked(stock, domain, sender)
            mine, longest = await _talked(ours, domain, sender)
            found[f"session {number}"] = [theirs, mine]
            found[f"session {number} stays short"] = [True, longest <= MOST_TURNS]
    return found


def calls() -> dict[str, list[Any]]:
    """Write random conversations for an action: ours is Rasa's, with the events since the message alone."""
    domain = Domain.load("domain.yml")
    endpoint = ActionEndpoint(url="http://127.0.0.1", enable_selective_domain=True)
    action, found = RemoteAction("action_protect", endpoint), {}
    theirs, ours = RemoteAction._action_call_format, recent._call
    for number in range(20):
        draw = random.Random(number)
        tracker = DialogueStateTracker(f"c{number}", domain.slots)
        turns = [_turn(draw, turn) for turn in range(draw.randint(0, 6))]
        for event in (*(one() for one in OPENING), *(event for turn in turns for event in turn)):
            tracker.update(event, domain)
        whole, mine = theirs(action, tracker, domain), ours(action, tracker, domain)
        last = len(turns[-1]) if turns else len(tracker.events)
        whole["tracker"]["events"] = whole["tracker"]["events"][-last:]
        found[f"call {number}"] = [whole, mine]
    return found


def scores() -> dict[str, list[Any]]:
    """Score texts by scikit-learn's own way and by ours."""
    said = {
        "pay": "我明天还 明天转给你 i will pay tomorrow",
        "ask": "还欠多少 多少钱 how much do i owe",
        "stop": "别再发了 stop it please do not write",
    }
    texts, labels = zip(*[(word, act) for act, words in said.items() for word in words.split()], strict=True)
    features = sparse_features().fit(texts)
    model = LinearSVC(random_state=0).fit(features.transform(texts), labels)
    asked = [*said.values(), *texts, "", " ", "???", "完全没见过的字", "zzz", "pay pay pay 多少 多少"]
    theirs = model.decision_function(features.transform(asked))
    mine = Scorer(features, model).scores(asked)
    pairs = zip(theirs.round(4).tolist(), mine.round(4).tolist(), strict=True)
    return {f"score {number}": list(pair) for number, pair in enumerate(pairs)}


def main() -> None:
    """Print every check."""
    checks = {**event_classes(), **answers_of_actions(), **graphs(), **calls(), **scores()}
    checks |= asyncio.run(sessions())
    print("RESULT" + json.dumps(checks))


if __name__ == "__main__":
    main()
