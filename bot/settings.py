"""Settings: one place, from the environment (`GRACE_…`), files that it names, or a `.env` file."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class _FromFiles(PydanticBaseSettingsSource):
    """Settings from the files that `GRACE_…_FILE` variables name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the content of a setting's file without what stands around it."""
        path = os.environ.get(f"GRACE_{field_name.upper()}_FILE")
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text("utf-8").strip(), field_name, False
        except OSError as error:
            raise ValueError(f"GRACE_{field_name.upper()}_FILE: {path}: {error.strerror}") from error

    def __call__(self) -> dict[str, Any]:
        """Return every setting that has a file."""
        read = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in read.items() if value is not None}


class Settings(BaseSettings):
    """Every setting with its default; durations in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="GRACE_", env_file=".env", extra="ignore")

    home: Path = Field(default=Path("."), description="folder that holds policies, locales and domain.yml")
    state: Path = Field(default=Path("var"), description="folder for what this machine keeps by itself")
    database_url: str = Field(
        default="sqlite:///var/grace.db", description="SQLAlchemy URL: SQLite or PostgreSQL"
    )
    contact_pack: str = Field(
        default="", description="contact rules for strangers' chats; needed when products use several"
    )
    lender_name: str = Field(
        default="明达消费金融", description="the lender's full name, as borrowers see it"
    )
    lender_name_en: str = Field(default="Mingda Consumer Finance")
    lender_phone: str = Field(default="400-000-0000", description="the number a borrower can call to check")
    default_locale: Literal["zh_CN", "en"] = "zh_CN"

    secret: SecretStr = Field(
        default=SecretStr(""), description="signs sessions; empty: kept in <state>/secret"
    )
    data_keys: SecretStr = Field(
        default=SecretStr(""),
        description="keys that seal personal data at rest, newest first, by commas; empty: stored as it is",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080", description="where borrowers and agents reach the app"
    )
    link_hosts: str = Field(
        default="", description="hosts that messages may link to, by commas, with all below them"
    )
    host: str = "127.0.0.1"
    port: int = 8080

    rasa_url: str = "http://127.0.0.1:5005"
    rasa_token: SecretStr = Field(
        default=SecretStr("local-only"), description="between the gateway, Rasa and the action server"
    )
    actions_port: int = 5055
    actions_url: str = Field(
        default="", description="the action server's webhook; empty: on this machine, at its port"
    )
    tracker_url: str = Field(default="sqlite:///var/rasa.db", description="Rasa's tracker store")
    rasa_timeout: float = 20.0
    rasa_retry: float = Field(
        default=2.0, description="how often a kept message is tried again while Rasa is down"
    )

    turn_tries: int = Field(
        default=3, ge=1, description="a turn that fails this often by its own fault goes to people"
    )

    telegram_token: SecretStr | None = None
    telegram_api_base: str = Field(default="https://api.telegram.org", description="Bot API server")
    telegram_webhook_url: str | None = Field(default=None, description="public URL; empty: polling")
    telegram_webhook_secret: SecretStr | None = None

    telegram_rate: float = Field(
        default=30.0, ge=0, description="messages a second that Telegram takes from the bot; 0: no limit"
    )

    burst: float = Field(default=0.3, ge=0, description="messages this close together are one turn")
    lease: float = Field(default=60.0, description="a turn not finished after this long may be taken over")
    watch: float = Field(
        default=0.25, description="how often the app looks for rows that other processes wrote"
    )
    broker_url: str = Field(
        default="memory://",
        description="where tasks wait: memory:// in the app, redis://… or amqp://… for workers",
    )
    clock_offset: float = Field(default=0.0, description="moves the clock, for demos and tests only")
    clock_off: bool = Field(default=False, description="no scheduled reminders from this process")
    tick: float = Field(default=60.0, description="how often the reminder clock ticks")
    ahead: int = Field(
        default=3000,
        ge=1,
        description="how many reminders may wait, written, for their channels",
    )
    alert_chat: str = Field(
        default="", description="id of the agents' Telegram group that is told of waiting cases; empty: none"
    )
    alert_repeat: float = Field(
        default=300.0, ge=5, description="how often a case that nobody takes is told of there again"
    )
    handover_wait: float = Field(
        default=2.0,
        ge=0,
        description="how long handing over waits for a message of the bot that a channel has in its hands",
    )
    automatic_off: bool = Field(default=False, description="kill switch: no automatic messages, people go on")

    identity_tries: int = 3
    identity_days: int = Field(default=30, description="after this long a borrower is asked again")
    link_hours: int = Field(default=72, description="how long a one-time link lives")
    session_hours: int = Field(default=12, description="how long an agent's or a page's session lives")
    idle_minutes: int = Field(
        default=60, ge=1, description="an agent who does nothing for so long is signed out"
    )
    totp_roles: str = Field(
        default="", description="roles that must use an authenticator app, by commas; others may"
    )
    chat_frames: int = Field(
        default=20, ge=1, description="how many messages and taps a chat page may send in a second"
    )
    webhook_private: bool = Field(
        default=False, description="webhooks may reach private addresses, and go by http"
    )
    hardship_days: int = Field(
        default=180, ge=0, description="days after its review that what was told of a hardship is erased"
    )
    message_days: int = Field(
        default=0, ge=0, description="days after which the words of messages are erased; 0: never"
    )
    tracker_days: int = Field(
        default=30, ge=0, description="days after which Rasa's memory of a turn is erased; 0: never"
    )
    draft_days: int = Field(
        default=7, ge=0, description="days after which an agent's unsent draft is erased; 0: never"
    )
    files_a_day: int = Field(
        default=20, ge=0, description="how many files each side of a chat may send in a day"
    )
    max_text: int = Field(
        default=20_000, description="longer messages are cut here, and the borrower is told"
    )
    log_json: bool = Field(default=False, description="logs as one JSON object a line")
    metrics_token: SecretStr | None = Field(
        default=None, description="opens /metrics of the app (Authorization: Bearer …); empty: closed"
    )
    worker_port: int = Field(
        default=0, description="internal port of a worker's /health, /ready and /metrics; 0: none"
    )
    trace_url: str = Field(
        default="", description="OTLP/HTTP endpoint for traces, such as http://127.0.0.1:4318; empty: off"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read `GRACE_X_FILE` where `GRACE_X` is not given: as containers are handed their secrets."""
        return init_settings, env_settings, dotenv_settings, _FromFiles(settings_cls)

    @property
    def identity_for(self) -> timedelta:
        """How long a verification lasts."""
        return timedelta(days=self.identity_days)

    @property
    def totp_for(self) -> frozenset[str]:
        """The roles that must have a second factor."""
        return frozenset(one.strip() for one in self.totp_roles.split(",") if one.strip())

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that messages may link to: this app's own and those set."""
        own = urlsplit(self.public_url).hostname
        given = {one.strip().lower() for one in self.link_hosts.split(",")}
        return frozenset(one for one in {own, *given} if one)

    @property
    def actions_webhook(self) -> str:
        """Where Rasa calls actions."""
        return self.actions_url or f"http://127.0.0.1:{self.actions_port}/webhook"

    @property
    def actions_health(self) -> str:
        """Where the action server says that it lives."""
        return self.actions_webhook.removesuffix("/webhook") + "/health"

    def signing_secret(self) -> str:
        """Return the secret that signs sessions: the one set, or one made once and kept in a private file.

        Sessions so outlive a restart. Several machines need one common GRACE_SECRET.
        """
        given = self.secret.get_secret_value()
        if given:
            return given
        path = self.state / "secret"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text("ascii")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            secret = secrets.token_urlsafe(32)
            file.write(secret)
        return secret

    def lender(self, locale: str) -> str:
        """The lender's name in a locale."""
        return self.lender_name if locale.startswith("zh") else self.lender_name_en
