"""`python -m bot.assistant.parse MODEL`: messages on standard input, one JSON line each out."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.assistant.serving import spare_networks
from bot.language.detect import script_language


class Reader:
    """A trained model that reads messages outside any conversation."""

    def __init__(self, model: str) -> None:
        """Load a model file. Raises ModelNotFound of Rasa's when there is none."""
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        spare_networks(Path(model))
        import structlog
        from rasa.core.agent import Agent

        # Rasa's debug lines carry whole messages, and would stand between the answers.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        self._agent: Any = Agent.load(model)

    def read(self, text: str, context: dict[str, Any]) -> dict[str, Any]:
        """Return the parse contract's object for a message in its context: at, timezone, currency, …"""
        return shaped(text, asyncio.run(self.parse(text, context)))

    async def parse(self, text: str, context: dict[str, Any]) -> dict[str, Any]:
        """Return what Rasa makes of a message."""
        from rasa.core.channels.channel import UserMessage

        parsed: dict[str, Any] = await self._agent.processor.parse_message(
            UserMessage(text, metadata=context)
        )
        return parsed


def main(model: str) -> int:
    """Read every line; a line that is not what it should be gives an `error` and the rest go on."""
    reader = Reader(model)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(_answer(reader, line), ensure_ascii=False), flush=True)
    return 0


def _answer(reader: Reader, line: str) -> dict[str, Any]:
    try:
        text, context = read_line(line)
    except ValueError as error:
        return {"error": str(error)}
    return reader.read(text, context)


def read_line(line: str) -> tuple[str, dict[str, Any]]:
    """Return text and context of an input line. Raises ValueError for no text or a bad instant."""
    stripped = line.strip()
    if not stripped.startswith("{"):
        return stripped, {"at": datetime.now(UTC).isoformat()}
    try:
        body = json.loads(stripped)
    except ValueError:
        return stripped, {"at": datetime.now(UTC).isoformat()}
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise ValueError("a JSON line needs a string `text`")
    return body["text"], context_of(body)


def context_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context that a JSON line gives; what it leaves out is now, in China, in yuan.

    Raises ValueError for an instant or amount that is none.
    """
    context = {key: body[key] for key in ("timezone", "currency", "outstanding", "expected") if body.get(key)}
    if "outstanding" in context:
        try:
            context["outstanding"] = str(Decimal(str(context["outstanding"])))
        except ArithmeticError as error:
            raise ValueError(f"outstanding: {context['outstanding']!r} is no amount") from error
    at = datetime.fromisoformat(body["at"]) if body.get("at") else datetime.now(UTC)
    context["at"] = (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
    return context


def shaped(text: str, parsed: dict[str, Any]) -> dict[str, Any]:
    """Return the parse contract's object."""
    acts = parsed.get("acts") or []
    entities = [
        {key: value for key, value in entity.items() if key != "extractor"}
        for entity in parsed.get("entities", [])
    ]
    reason = next((e["value"] for e in entities if e["entity"] == "hardship_reason"), None)
    return {
        "text": text,
        "language": script_language(text),
        "intent": parsed["intent"]["name"],
        "confidence": round(parsed["intent"]["confidence"], 4),
        "acts": acts,
        "entities": [entity for entity in entities if "start" in entity or entity["entity"] == "scope"],
        "hardship_reason": reason,
        "fallback": not acts,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
