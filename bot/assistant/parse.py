"""`python -m bot.assistant.parse MODEL`: messages on standard input, one JSON line each out."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

from bot.language.detect import script_language


def main(model: str) -> int:
    """Read every line; a line that is not what it should be gives an `error` and the rest go on."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    import structlog
    from rasa.core.agent import Agent

    # Rasa's debug lines carry whole messages, and would stand between the answers.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    agent = Agent.load(model)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(asyncio.run(parse_line(agent, line)), ensure_ascii=False), flush=True)
    return 0


async def parse_line(agent: Any, line: str) -> dict[str, Any]:
    """Parse one line: text, or a JSON object with text, at, timezone, currency, outstanding, expected."""
    from rasa.core.channels.channel import UserMessage

    try:
        text, context = read_line(line)
    except ValueError as error:
        return {"error": str(error)}
    parsed = await agent.processor.parse_message(UserMessage(text, metadata=context))
    return shaped(text, parsed)


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
    context = {key: body[key] for key in ("timezone", "currency", "outstanding", "expected") if body.get(key)}
    if "outstanding" in context:
        context["outstanding"] = str(context["outstanding"])
    at = datetime.fromisoformat(body["at"]) if body.get("at") else datetime.now(UTC)
    context["at"] = (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
    return body["text"], context


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
