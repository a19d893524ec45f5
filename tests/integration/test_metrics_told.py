"""What Prometheus is told: right figures, few labels, and every panel and alert asks for one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine

from bot.assistant import counting
from bot.bootstrap import Grace
from bot.domain.handoff import HandoffReason
from bot.observing import metrics
from bot.services.kit import MovableClock
from bot.storage.tables import HandoffRow, Nudge
from tests.factory import make_borrower
from tests.integration.support import answered, change, chat, claimed, rows, say, tick
from tests.stack import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARD = json.loads((DEPLOY / "grafana/grace.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ())]
RULES = [rule["expr"] for rule in ALERTS]


def told(grace: Grace) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Everything that the app tells, by sample and labels."""
    text = metrics.exposed(grace.gauges.registry).decode() + counting.exposed()
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name + ("_total" if family.type == "counter" else ""), {})
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def gauge(grace: Grace, name: str, **labels: str) -> float:
    grace.gauges._until = 0.0
    return told(grace)[name][tuple(sorted(labels.items()))]


def labels_of() -> dict[str, set[str]]:
    """The labels that each metric may have."""
    found = {}
    for family in (*metrics.REGISTRY._names_to_collectors.items(),):
        found[family[0]] = set(getattr(family[1], "_labelnames", ()))
    extra = {
        "grace_queue_lag_seconds": {"queue"},
        "grace_queue_length": {"queue"},
        "grace_nudges": {"state"},
        "grace_nudges_held": {"rule"},
        "grace_handoffs": {"state"},
        "grace_complaints": {"deadline"},
        "grace_rasa_turns_total": {"outcome"},
    }
    return {**found, **extra}


def names_in(query: str) -> Iterator[tuple[str, set[str]]]:
    """Every metric of a query, with the labels that are asked for in braces."""
    for name, braces in re.findall(r"\b((?:grace|process)_[a-z_]+)(?:\{([^}]*)\})?", query):
        yield name, set(re.findall(r"([a-z_]+)\s*=~?", braces)) - {"job", "instance"}


@pytest.mark.parametrize("query", [*QUERIES, *RULES])
def test_every_query_asks_for_what_is_told(query: str, fresh_grace: Callable[[], Grace]) -> None:
    grace = fresh_grace()
    known, labels = told(grace), labels_of()
    grace.close()
    found = list(names_in(query))
    assert found
    grouped = {one.strip() for by in re.findall(r"by \(([^)]*)\)", query) for one in by.split(",")} - {"le"}
    for name, asked in found:
        plain = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in known or plain in known, f"nothing is called {name}"
        assert asked <= labels.get(name, set()) | labels.get(plain, set())
    assert grouped <= set().union(
        *(labels.get(re.sub(r"_(bucket|sum|count)$", "", n), set()) | labels.get(n, set()) for n, _ in found)
    )


def test_every_panel_and_alert_has_a_query_and_says_what_it_is() -> None:
    assert len(QUERIES) >= 25
    assert len({panel["title"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert all(rule["annotations"]["summary"] for rule in ALERTS)


def test_what_waits_is_told_with_how_long_it_waits(grace: Grace, clock: MovableClock) -> None:
    ref = make_borrower(grace)
    conversation = chat(grace, ref)
    say(grace, ref, "你好")
    clock.move(timedelta(seconds=90))
    assert gauge(grace, "grace_queue_length", queue="inbound") == 1
    assert gauge(grace, "grace_queue_lag_seconds", queue="inbound") == 90
    answered(grace, claimed(grace, conversation))
    clock.move(timedelta(seconds=30))
    assert gauge(grace, "grace_queue_lag_seconds", queue="inbound") == 0
    assert gauge(grace, "grace_queue_lag_seconds", queue="outbound") == 30


def test_cases_that_wait_too_long_are_counted(grace: Grace, clock: MovableClock) -> None:
    for _ in range(2):
        conversation = chat(grace, make_borrower(grace))
        grace.handoffs.open(conversation, HandoffReason.ASKED, cause="test", actor="test")
        clock.move(timedelta(hours=9))
    assert gauge(grace, "grace_handoffs", state="waiting") == 2
    assert gauge(grace, "grace_handoff_wait_seconds") == 18 * 3600
    late = [one for one in rows(grace, HandoffRow) if one.respond_by and one.respond_by < clock.now()]
    assert gauge(grace, "grace_handoff_sla_breaches") == len(late) > 0


def test_reminders_are_told_by_state_and_by_the_rule_that_holds_them(grace: Grace) -> None:
    for _ in range(2):
        make_borrower(grace, days_past_due=3)
    tick(grace)
    nudge = rows(grace, Nudge)[0]
    change(
        grace, Nudge, {"id": nudge.id}, state="queued", reason="CN3: quiet until 8; CN40: seven in seven days"
    )
    assert gauge(grace, "grace_nudges", state="queued") == 1
    assert gauge(grace, "grace_nudges_held", rule="CN3") == 1
    assert gauge(grace, "grace_nudges_held", rule="CN40") == 1


def test_no_label_holds_a_person_and_there_are_few(grace: Grace) -> None:
    ref = make_borrower(grace)
    conversation = chat(grace, ref)
    say(grace, ref, "我叫张伟，13812345678")
    for number in range(400):
        metrics.count_trouble(f"place{number}", "error")
    metrics.count_trouble("张伟 13812345678", "error")
    text = metrics.exposed(grace.gauges.registry).decode() + counting.exposed()
    for word in (ref, conversation, "张伟", "13812345678", "19900005678"):
        assert word not in text
    found = told(grace)["grace_errors_total"]
    assert 100 < len(found) <= 2 * (metrics._MOST_PLACES + 1)
    assert found[(("level", "error"), ("place", "other"))] >= 251


def test_without_the_database_the_gauges_are_silent_and_the_rest_is_told(grace: Grace) -> None:
    grace.kit.db.engine = create_engine(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    grace.gauges._until = 0.0
    found = told(grace)
    assert "grace_queue_length" not in found
    assert "grace_turns_total" in found
