"""What agents have set up for themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base


class ShortcutRow(Base):
    """An agent's keys, where they differ from the defaults; without `bare` single characters do nothing."""

    __tablename__ = "shortcuts"
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    keys: Mapped[dict[str, Any]]
    bare: Mapped[bool]
