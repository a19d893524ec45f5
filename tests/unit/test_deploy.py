"""The deploy files say what the code knows: commands, ports, settings, health, limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from bot.cli import app
from bot.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
MANIFESTS = [
    document
    for file in sorted((DEPLOY / "kubernetes").glob("*.yml"))
    for document in yaml.safe_load_all(file.read_text("utf-8"))
]
OURS = ("app", "worker", "actions", "rasa")
# What endpoints.yml and credentials.yml read beside the settings.
OF_RASA = {"GRACE_ACTIONS_URL", "GRACE_LOCK_HOST"}


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in MANIFESTS:
        if one["kind"] in ("Deployment", "StatefulSet"):
            yield (
                one["metadata"]["name"].removeprefix("grace-"),
                one["spec"]["template"]["spec"]["containers"][0],
            )


def names() -> set[str]:
    texts = [path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file()]
    return set(re.findall(r"\bGRACE_[A-Z_]+\b", "\n".join(texts)))


def test_every_setting_that_is_named_exists() -> None:
    known = {f"GRACE_{name.upper()}" for name in Settings.model_fields}
    assert names() - OF_RASA - {"GRACE_HOME"} <= known


def test_rasas_files_ask_for_nothing_that_is_not_given() -> None:
    asked = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "endpoints.yml").read_text("utf-8")))
    rasa = COMPOSE["services"]["rasa"]
    secrets = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE))
    assert rasa["env_file"] == [".env"]
    assert asked <= set(rasa["environment"]) | secrets
    config = next(one for one in MANIFESTS if one["kind"] == "ConfigMap")["data"]
    # Made from the same example, see the head of kubernetes/config.yml.
    assert asked - {"GRACE_TRACKER_URL"} <= set(config) | secrets
    assert {"secretRef": {"name": "grace"}} in dict(containers())["rasa"]["envFrom"]


@pytest.mark.parametrize("name", ["app", "worker"])
def test_commands_are_commands_of_the_command_line(name: str) -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for command in (COMPOSE["services"][name]["command"], dict(containers())[name]["command"]):
        assert command[:3] == ["python", "-m", "bot.cli"]
        assert command[3] in known


def test_ports_are_those_of_the_settings() -> None:
    ports = {name: one["ports"][0]["containerPort"] for name, one in containers() if "ports" in one}
    assert ports["app"] == Settings.model_fields["port"].default
    assert ports["actions"] == Settings.model_fields["actions_port"].default
    assert str(ports["rasa"]) == Settings.model_fields["rasa_url"].default.rsplit(":", 1)[1]


def test_every_part_stands_in_both_with_limits_and_whatever_listens_with_health() -> None:
    assert set(OURS) < set(COMPOSE["services"]) == {name for name, _ in containers()}
    for one in COMPOSE["services"].values():
        assert one["deploy"]["resources"]["limits"]["memory"]
        assert "healthcheck" in one
    for name, one in containers():
        assert one["resources"]["limits"].keys() == {"cpu", "memory"}
        assert {"readinessProbe", "livenessProbe"} <= one.keys()
        assert name not in OURS or one["readinessProbe"]["httpGet"]["path"].endswith("/ready")
        assert name not in OURS or "/ready" in COMPOSE["services"][name]["healthcheck"]["test"][-1]


def test_no_secret_stands_in_a_file() -> None:
    example = (DEPLOY / "env.example").read_text("utf-8")
    for line in example.splitlines():
        if re.match(r"\w*(PASSWORD|SECRET|TOKEN|KEYS)=", line):
            assert line.endswith("=")
    assert "postgresql://grace:${POSTGRES_PASSWORD}@" in (DEPLOY / "compose.yml").read_text("utf-8")


def test_only_the_app_is_reachable_from_outside() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["app"]
