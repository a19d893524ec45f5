"""What Rasa's process counts, written as Prometheus reads it: its environment has no client for that."""

from __future__ import annotations

import resource
from collections import Counter

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 20.0)
_MOST_PLACES = 150
_errors: Counter[tuple[str, str]] = Counter()
_turns: Counter[str] = Counter()
_seconds: Counter[float] = Counter()
_totals = {"sum": 0.0, "count": 0}


def count_trouble(place: str, level: str) -> None:
    """Count a log line from WARNING on."""
    key = (place, level)
    _errors[key if key in _errors or len(_errors) < _MOST_PLACES else ("other", level)] += 1


def count_turn(outcome: str, seconds: float) -> None:
    """Count a turn, by how it ended, and the time that it took."""
    _turns[outcome] += 1
    _totals["sum"] += seconds
    _totals["count"] += 1
    for bucket in _BUCKETS:
        if seconds <= bucket:
            _seconds[bucket] += 1


def exposed() -> str:
    """Return everything counted so far."""
    lines = [
        "# HELP grace_rasa_turns_total Turns that Rasa took, by how they ended",
        "# TYPE grace_rasa_turns_total counter",
        *(f'grace_rasa_turns_total{{outcome="{one}"}} {n}' for one, n in sorted(_turns.items())),
        "# HELP grace_rasa_turn_seconds What a turn took within Rasa, its actions included",
        "# TYPE grace_rasa_turn_seconds histogram",
        *(f'grace_rasa_turn_seconds_bucket{{le="{one}"}} {_seconds[one]}' for one in _BUCKETS),
        f'grace_rasa_turn_seconds_bucket{{le="+Inf"}} {_totals["count"]}',
        f"grace_rasa_turn_seconds_sum {_totals['sum']:.6f}",
        f"grace_rasa_turn_seconds_count {_totals['count']}",
        "# HELP grace_errors_total Log lines from WARNING on, by where they come from",
        "# TYPE grace_errors_total counter",
        *(
            f'grace_errors_total{{level="{level}",place="{place}"}} {n}'
            for (place, level), n in sorted(_errors.items())
        ),
        "# HELP grace_rasa_memory_bytes The most memory that the process has held",
        "# TYPE grace_rasa_memory_bytes gauge",
        f"grace_rasa_memory_bytes {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}",
    ]
    return "\n".join(lines) + "\n"
