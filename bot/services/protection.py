"""Honours a protection signal at once: holds, hand-off, opt-out, complaint number."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.complaints import answer_by
from bot.domain.handoff import HandoffReason
from bot.domain.model import HoldKind
from bot.domain.protection import PROTECTIONS, Protection
from bot.language import formats
from bot.services.handoffs import HandoffService
from bot.services.identity import withdraw
from bot.services.kit import Kit, local_day
from bot.services.packs import pack_for
from bot.services.records import caused_by, place_hold, record_once
from bot.services.waiting import waiting_words
from bot.storage.queries import own_address, zone_of
from bot.storage.tables import Complaint, Conversation

_STOP_RESPONSES = {"third_party": "utter_protect_stop_third_party", "channel": "utter_protect_stop_channel"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say: a response key, its values, and whether a person has the conversation now."""

    response: str
    values: dict[str, str] = field(default_factory=dict)
    handed_over: bool = False


class ProtectionService:
    """One entry for every protection act, from the dialogue and from literal stop words alike."""

    def __init__(self, kit: Kit, handoffs: HandoffService) -> None:
        self.kit = kit
        self.handoffs = handoffs

    def honour(
        self,
        conversation_id: str,
        act: str,
        *,
        turn: str,
        locale: str,
        text: str = "",
        scope: str = "all",
        channel: str | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Do what `act` demands, in one transaction, and return the words that answer it.

        `scope` and `channel` narrow a stop; `until` is the instant a borrower named for later contact.
        """
        if act == "set_contact_time":
            return self._later(conversation_id, turn, locale, until)
        protection = PROTECTIONS[act]
        now = self.kit.clock.now()
        values: dict[str, str] = {}
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            if act == "file_complaint":
                values |= self._complaint(session, conversation, turn, locale, text)
            if not (act == "stop_contact" and scope == "third_party"):
                self._hold(session, conversation, protection, scope, channel, turn)
            if protection.withdraws_identity:
                withdraw(session, conversation, self.kit.settings.identity_tries)
            if protection.event != "handoff_opened":
                record_once(
                    session,
                    now,
                    protection.event,
                    turn=turn,
                    actor="borrower",
                    borrower_id=conversation.borrower_id,
                    scope=scope,
                    channel=channel or conversation.channel,
                )
            if protection.handoff is not None:
                self.handoffs.open_in(
                    session, conversation, protection.handoff, cause=caused_by(turn), actor="bot"
                )
            values |= self._told(session, conversation, protection, act, locale)
        response = (
            _STOP_RESPONSES.get(scope, protection.response) if act == "stop_contact" else protection.response
        )
        return Answer(response, values, protection.handoff is not None)

    def _told(
        self,
        session: Session,
        conversation: Conversation,
        protection: Protection,
        act: str,
        locale: str,
    ) -> dict[str, str]:
        """What the answer names: when a person will be there, and whom to call in need."""
        values = {}
        if protection.handoff is not None:
            values["wait"] = waiting_words(session, self.kit, conversation, locale)
        if act == "signal_self_harm":
            lines = pack_for(session, self.kit, conversation.borrower).crisis_lines
            values["lines"] = formats.listed(lines, locale)
        return values

    def hand_over(
        self, conversation_id: str, reason: HandoffReason, response: str, *, turn: str, locale: str
    ) -> Answer:
        """Open a hand-off for a reason that is no protection act, and return the words for it."""
        self.handoffs.open(conversation_id, reason, cause=caused_by(turn))
        return Answer(response, {"wait": self.handoffs.waiting_words(conversation_id, locale)}, True)

    def _hold(
        self,
        session: Session,
        conversation: Conversation,
        protection: Protection,
        scope: str,
        channel: str | None,
        turn: str,
    ) -> None:
        if conversation.borrower_id is None or protection.hold is None:
            return
        now = self.kit.clock.now()
        only = channel or conversation.channel if protection.this_address_only or scope == "channel" else None
        place_hold(
            session, now, conversation.borrower_id, protection.hold, cause=caused_by(turn), channel=only
        )
        if protection.this_address_only:
            self._retire_address(session, conversation, protection.event)

    def _retire_address(self, session: Session, conversation: Conversation, why: str) -> None:
        row = own_address(session, conversation)
        if row is not None and row.dead_at is None:
            row.consent, row.dead_at, row.dead_reason = False, self.kit.clock.now(), why

    def _complaint(
        self, session: Session, conversation: Conversation, turn: str, locale: str, text: str
    ) -> dict[str, str]:
        now = self.kit.clock.now()
        zone = zone_of(conversation.borrower)
        today = local_day(now, zone)
        due_on = answer_by(pack_for(session, self.kit, conversation.borrower), today)
        row = session.scalars(select(Complaint).where(Complaint.turn == turn)).first()
        if row is None:
            row = Complaint(
                # Unique until the row's own id makes the number: two complaints may come at once.
                number=uuid.uuid4().hex[:24],
                borrower_id=conversation.borrower_id,
                conversation_id=conversation.id,
                turn=turn,
                text=text,
                state="open",
                opened_at=now,
                due_on=due_on,
            )
            session.add(row)
            session.flush()
            row.number = f"C{today:%y%m%d}-{row.id:04d}"
        return {"number": row.number, "due": formats.day(row.due_on, locale, today)}

    def _later(self, conversation_id: str, turn: str, locale: str, until: datetime | None) -> Answer:
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            named = until is not None and until > now
            end = until if named and until is not None else now + timedelta(hours=12)
            if conversation.borrower_id is not None:
                place_hold(
                    session,
                    now,
                    conversation.borrower_id,
                    HoldKind.CONTACT_WINDOW,
                    cause=caused_by(turn),
                    until=end,
                )
            record_once(
                session,
                now,
                "contact_window",
                turn=turn,
                actor="borrower",
                borrower_id=conversation.borrower_id,
                until=end.isoformat(),
                named=named,
            )
            zone = zone_of(conversation.borrower)
        if not named:
            return Answer("utter_protect_contact_time_ask")
        return Answer(
            "utter_protect_contact_time", {"until": formats.instant(end.astimezone(ZoneInfo(zone)), locale)}
        )
