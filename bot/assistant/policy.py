"""Rules, plus three things they need: interruptions, identity first, and several acts in one message."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.language.acts import read_with, still_to_serve

NEXT_ACT = "action_next_act"
IDENTITY_FORM = "identity_form"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class ActsPolicy(RulePolicy):
    """A RulePolicy that reads its rules in three more situations.

    *Interruption.* An act that is not among a form's `answers` is served by its own rule, whatever form is
    active, and the form then asks again. One mechanism for protection, questions and changes of subject.
    *Identity first.* An act outside `open_acts` in an unverified conversation starts the identity form; the
    act is kept by that form and served after it.
    *Several acts.* When a turn is done and the message held more acts, `action_next_act` brings the next one
    forward as if it had been said then; acts that the running form has already read are passed over (one that
    was interrupted has read none), and after a turn that ended the bot's part (slot `turn_ended`) all but
    protection.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Like RulePolicy's, with `answers` by form and `open_acts`."""
        return {**RulePolicy.get_default_config(), "answers": {}, "open_acts": []}

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ActsPolicy:
        """Read the learned rules back."""
        policy: ActsPolicy = super().load(config, model_storage, resource, execution_context, **kwargs)
        return policy

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict by rule, after identity and before the next act."""
        if self._needs_identity(tracker):
            return self._force(IDENTITY_FORM, tracker, domain)
        prediction = super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        chosen = domain.index_for_action(ACTION_LISTEN_NAME) if prediction.probabilities else -1
        listens = chosen >= 0 and prediction.probabilities[chosen] == prediction.max_confidence
        if listens and prediction.max_confidence > 0 and self._acts_left(tracker):
            return self._force(NEXT_ACT, tracker, domain)
        return prediction

    def _find_action_from_loop_happy_path(  # type: ignore[override]
        self, tracker: DialogueStateTracker
    ) -> tuple[str | None, str | None]:
        if self._interrupts(tracker):
            return None, None
        found: tuple[str | None, str | None] = RulePolicy._find_action_from_loop_happy_path(tracker)
        return found

    def _force(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        return self._rule_prediction(self._prediction_result(action, tracker, domain), action)

    def _interrupts(self, tracker: DialogueStateTracker) -> bool:
        """Tell whether this turn's act is none of the active form's, and the form has not run since."""
        form = tracker.active_loop_name
        if form is None or form not in self.config["answers"]:
            return False
        act = _act(tracker)
        if act is None or act in self.config["answers"][form]:
            return False
        return form not in _actions_of_turn(tracker)

    def _needs_identity(self, tracker: DialogueStateTracker) -> bool:
        act = _act(tracker)
        metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
        return (
            act is not None
            and tracker.latest_action_name == ACTION_LISTEN_NAME
            and bool(metadata.get("known"))
            and not metadata.get("verified")
            and tracker.active_loop_name != IDENTITY_FORM
            and act not in self.config["open_acts"]
        )

    def _acts_left(self, tracker: DialogueStateTracker) -> bool:
        forms = self.config["answers"]
        read = read_with(
            forms.get(tracker.active_loop_name),
            _act(tracker),
            opened=_opened(tracker),
            ran=not _actions_of_turn(tracker).isdisjoint(forms),
        )
        return bool(still_to_serve(_acts(tracker), read, protection_only=_ended(tracker)))


def _ended(tracker: DialogueStateTracker) -> bool:
    metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
    turn = str(metadata.get("turn") or "").partition(":")[0]
    return bool(turn) and tracker.get_slot("turn_ended") == turn


def _acts(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    message = tracker.latest_message
    return list((message.parse_data or {}).get("acts") or []) if message else []


def _act(tracker: DialogueStateTracker) -> str | None:
    message = tracker.latest_message
    return message.intent.get("name") if message and message.intent else None


def _opened(tracker: DialogueStateTracker) -> bool:
    """Tell whether the form that runs was opened by this message."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, ActiveLoop):
            return event.name is not None and event.name == tracker.active_loop_name
    return False


def _actions_of_turn(tracker: DialogueStateTracker) -> set[str]:
    names: set[str] = set()
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, ActionExecuted) and event.action_name:
            names.add(event.action_name)
    return names
