"""The report on a development set: tables, pictures, every error listed, and the floors it must hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.assistant.evaluation import metrics
from bot.assistant.evaluation.metrics import Pair
from bot.assistant.features import normalise

_ENTITY = "entity_"


def figures(pairs: Sequence[Pair], entity_pairs: Sequence[Pair]) -> dict[str, float]:
    """Return every figure that a floor can name, as shares from 0 to 1 (`false_alarms`: lower is better)."""
    shares = {
        "primary": metrics.primary(pairs).value,
        "acts_micro_f1": metrics.micro_f1(pairs),
        "protection_recall": metrics.protection_recall(pairs).value,
        "false_alarms": metrics.false_alarms(pairs).value,
        "hardship_reason": metrics.reasons(pairs).value,
        "stop_scope": metrics.scopes(pairs).value,
    }
    shares |= {f"group_{group}": share.value for group, share in metrics.by_group(pairs).items()}
    for kind, (recall, precision) in metrics.entity_values(entity_pairs).items():
        shares[f"{_ENTITY}{kind}"] = recall.value
        shares[f"{_ENTITY}{kind}_precision"] = precision.value
    return {name: round(value, 4) for name, value in shares.items()}


def breaches(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Name every floor that is not held; `false_alarms` is a ceiling."""
    wrong = []
    for name, floor in floors.items():
        value = found.get(name)
        if value is None:
            wrong.append(f"{name}: there is no such figure")
        elif value > floor if name == "false_alarms" else value < floor:
            wrong.append(f"{name}: {value:.3f}, agreed {floor:.3f}")
    return wrong


def markdown(
    language: str, pairs: Sequence[Pair], entity_pairs: Sequence[Pair], seen: Sequence[Pair] = ()
) -> str:
    """Return the report of one language as Markdown; `seen` are messages that training has word for word."""
    return "\n".join(_lines(language, pairs, entity_pairs, seen)) + "\n"


def _lines(
    language: str, pairs: Sequence[Pair], entity_pairs: Sequence[Pair], seen: Sequence[Pair]
) -> Iterator[str]:
    yield f"# How the assistant reads: {language}\n"
    yield f"{len(pairs)} messages with acts, {len(entity_pairs)} with entities; training saw none of them.\n"
    yield f"| figure | value | with {len(seen)} messages that training has word for word |\n|---|---|---|"
    both = figures([*pairs, *seen], entity_pairs)
    for name, value in figures(pairs, entity_pairs).items():
        yield f"| {name} | {value:.3f} | {both[name]:.3f} |"
    yield "\n## By intent (primary act)\n\n| intent | precision | recall | F1 | messages |"
    yield "|---|---|---|---|---|"
    for row in sorted(metrics.per_intent(pairs), key=lambda one: one.f1):
        yield f"| {row.intent} | {row.precision:.2f} | {row.recall:.2f} | {row.f1:.2f} | {row.support} |"
    yield "\n## Most frequent confusions\n\n| labelled | read | times |\n|---|---|---|"
    wrong = [(pair, n) for pair, n in metrics.confusions(pairs).most_common() if pair[0] != pair[1]]
    for (label, read), count in wrong[:40]:
        yield f"| {label} | {read} | {count} |"
    yield "\n## Calibration\n\n| confidence | right | messages |\n|---|---|---|"
    for mean, share, count in metrics.calibration(pairs):
        yield f"| {mean:.2f} | {share:.2f} | {count} |"


def taught(rows: Sequence[tuple[str, str, str]]) -> str:
    """Return a Markdown table of the training sentences (language, intent, text): how many and how varied."""
    by: dict[str, dict[str, list[str]]] = {}
    for language, intent, text in rows:
        by.setdefault(intent, {}).setdefault(language, []).append(normalise(text))
    languages = sorted({language for language, _, _ in rows})
    heads = [
        f"{language} {what}" for language in languages for what in ("sentences", "diversity", "near-copies")
    ]
    lines = ["# What the assistant learns from\n", f"| intent | {' | '.join(heads)} |"]
    lines.append("|---" * (len(heads) + 1) + "|")
    for intent, texts in sorted(by.items()):
        cells = [
            cell
            for language in languages
            for cell in (
                str(len(texts.get(language, []))),
                f"{metrics.diversity(texts.get(language, [])):.2f}",
                str(metrics.near_copies(texts.get(language, []))),
            )
        ]
        lines.append(f"| {intent} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def errors(pairs: Sequence[Pair], entity_pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    """Yield every message that was read otherwise than labelled."""
    for label, read in pairs:
        got = [act["intent"] for act in read["acts"]]
        reason_wrong = label.hardship_reason and read["hardship_reason"] != label.hardship_reason
        if got[:1] != list(label.acts[:1]) or set(got) != set(label.acts) or reason_wrong:
            yield {
                "text": label.text,
                "labelled": list(label.acts),
                "read": got or [read["intent"]],
                "primary_right": read["intent"] == label.acts[0],
                "confidence": read["confidence"],
                "reason": [label.hardship_reason, read["hardship_reason"]],
            }
    for label, read in entity_pairs:
        missed, extra = metrics.unmatched(label, read)
        if missed or extra:
            brief = [{"entity": one["entity"], "value": one["value"]} for one in extra]
            yield {"text": label.text, "context": label.context, "missed": missed, "extra": brief}


def write(
    folder: Path,
    language: str,
    pairs: Sequence[Pair],
    entity_pairs: Sequence[Pair],
    *,
    seen: Sequence[Pair] = (),
) -> None:
    """Write report, figures, errors and pictures of one language into `folder`.

    `seen` are messages that training has too: beside the figures, not in them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{language}.md").write_text(markdown(language, pairs, entity_pairs, seen), "utf-8")
    (folder / f"{language}.json").write_text(
        json.dumps(figures(pairs, entity_pairs), indent=2) + "\n", "utf-8"
    )
    with (folder / f"{language}_errors.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in errors(pairs, entity_pairs))
    _pictures(folder, language, pairs)


def _pictures(folder: Path, language: str, pairs: Sequence[Pair]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    counts = metrics.confusions(pairs)
    names = sorted({name for pair in counts for name in pair})
    grid = np.array([[counts[row, column] for column in names] for row in names], float)
    shares = grid / np.maximum(grid.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(14, 13))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for row, column in zip(*np.nonzero(grid), strict=True):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(grid[row, column]), ha="center", va="center", fontsize=7, color=colour)
    axes.set(xlabel="read", ylabel="labelled", title=f"Primary acts, {language}: {len(pairs)} messages")
    figure.tight_layout()
    figure.savefig(folder / f"{language}_confusion.png", dpi=110)
    pyplot.close(figure)

    figure, axes = pyplot.subplots(figsize=(5, 5))
    rows = metrics.calibration(pairs)
    axes.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    axes.plot([mean for mean, _, _ in rows], [share for _, share, _ in rows], "o-")
    axes.set(
        xlabel="confidence", ylabel="share right", title=f"Calibration, {language}", xlim=(0, 1), ylim=(0, 1)
    )
    figure.tight_layout()
    figure.savefig(folder / f"{language}_calibration.png", dpi=110)
    pyplot.close(figure)
