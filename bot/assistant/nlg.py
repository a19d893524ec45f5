"""Renders responses in the borrower's language, from the same catalogue as reminders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.assistant import faults
from bot.language.texts import SOURCE_LOCALE, TextError, Texts


class CatalogueNLG(NaturalLanguageGenerator):
    """Takes the locale from the turn's context, or from the action that switched it."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        self._texts = Texts.load(Path(endpoint_config.kwargs.get("home", ".")))

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Return the message with its key and purpose in `metadata`; None where there is no such response."""
        if utter_action not in self._texts.keys():  # noqa: SIM118
            return None
        context = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
        locale = kwargs.get("locale") or context.get("locale") or SOURCE_LOCALE
        try:
            rendered = self._texts.render(utter_action, locale, {**context, **kwargs})
        except TextError:
            faults.note("broken")
            raise
        return {
            "text": rendered.text,
            "buttons": [{"title": one.title, "payload": one.payload} for one in rendered.buttons],
            "metadata": {"key": rendered.key, **rendered.metadata},
        }
