"""What the bot says: rendered in the borrower's language, queued once, its first words naming who writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.language.formats import language_of
from bot.services.disclosures import disclosed
from bot.services.kit import Kit
from bot.services.packs import pack_for
from bot.storage.prepared import prepared
from bot.storage.queries import address_of
from bot.storage.tables import Conversation, Message


class Owner(Protocol):
    """Whose an address is: a row, or what has been read of one."""

    @property
    def id(self) -> int:
        """The borrower's number."""
        ...

    @property
    def locale(self) -> str:
        """How texts to them are written."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant said."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    keys: tuple[str, ...] = ()
    purpose: str = "reply"


def rendered(kit: Kit, key: str, locale: str, values: dict[str, str] | None = None) -> Reply:
    """Render one response; the lender's name and number are always at hand."""
    common = {"lender": kit.settings.lender(locale), "phone": kit.settings.lender_phone}
    made = kit.texts.render(key, locale, {**common, **(values or {})})
    buttons = [{"title": one.title, "payload": one.payload} for one in made.buttons]
    return Reply(made.text, buttons, (key,), made.metadata.get("purpose", "reply"))


def queue_reply(
    session: Session,
    kit: Kit,
    conversation: Conversation,
    reply: Reply,
    *,
    turn: str,
    now: datetime,
    cancelled: bool = False,
    payload: dict[str, Any] | None = None,
) -> Message | None:
    """Write a reply for the outbox, once for each `turn`; `cancelled` keeps one that must not go out.

    `payload` holds what it carries besides its words. Return it, None where it had been written before.
    """
    if is_queued(session, conversation, turn):
        return None
    text = reply.text
    if not cancelled:
        first = not conversation.disclosed
        verified = conversation.is_verified(now, kit.settings.identity_for)
        pack = pack_for(session, kit, conversation.borrower)
        duties = disclosed(kit, conversation, pack, verified=verified)
        if duties:
            text = f"{duties}\n\n{text}" if first else f"{text}\n\n{duties}"
    written = Message(
        conversation_id=conversation.id,
        direction="out",
        initiator="bot",
        purpose=reply.purpose,
        state="cancelled" if cancelled else "queued",
        external_id=f"turn:{turn}",
        text=text,
        payload=payload,
        buttons=reply.buttons,
        template=" ".join(reply.keys)[:200],
        template_version=kit.texts.version(reply.keys, conversation.locale),
        locale=conversation.locale,
        turn=turn,
        created_at=now,
    )
    session.add(written)
    return written


def is_queued(session: Session, conversation: Conversation, turn: str) -> bool:
    """Tell whether the reply of a turn has been written."""
    return session.scalars(*_written(conversation.id, f"turn:{turn}")).first() is not None


@prepared
def _written(conversation_id: str, external_id: str) -> Select[tuple[int]]:
    return select(Message.id).where(
        Message.conversation_id == conversation_id,
        Message.direction == "out",
        Message.external_id == external_id,
    )


def open_conversation(
    session: Session,
    kit: Kit,
    channel: str,
    address: str,
    now: datetime,
    owner: Owner | None = None,
    *,
    language: str | None = None,
) -> Conversation:
    """Make the conversation of an address, with the borrower it belongs to when that is known.

    `owner` is that borrower where the caller has one at hand.
    """
    if owner is None:
        row = address_of(session, channel, address)
        owner = None if row is None else row.borrower
    spoken = [one for one in kit.texts.locales if language and language_of(one) == language.split("-")[0]]
    locale = owner.locale if owner is not None else next(iter(spoken), kit.settings.default_locale)
    conversation = Conversation(
        id=kit.new_id(),
        borrower_id=owner.id if owner is not None else None,
        channel=channel,
        address=address,
        locale=locale,
        mode="bot",
        disclosed=False,
        identity_facts=[],
        created_at=now,
    )
    session.add(conversation)
    return conversation
