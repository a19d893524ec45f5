"""Outgoing messages: claimed once, handed to a channel, outcome recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from bot.domain.contact import may_contact
from bot.domain.model import Case, Purpose
from bot.domain.policy import ContactPack
from bot.services.casefiles import CaseFiles
from bot.services.enclosures import PaperFile, paper_of
from bot.services.files import file_of
from bot.services.kit import Kit, SystemClock, local_day
from bot.services.nudges import carried, end, put_off, release
from bot.services.outbox_statements import (
    ON_THE_WAY,
    QUEUED,
    borrowers_of,
    conversations_locked,
    marking_sending,
    marking_sent,
    nudges_gone,
    spoken_of,
    to_claim,
    to_try_again,
)
from bot.services.pace import grant, keep_quiet
from bot.services.packs import pack_for, packs_for
from bot.services.reach import bury, take_another_way, undisclose
from bot.services.webhooks import announce, announce_all
from bot.services.withholding import Withholding
from bot.storage.queries import INITIATED, address_snapshot, own_address, own_addresses, zone_of
from bot.storage.tables import AddressRow, Conversation, Message, Nudge

Outcome = Literal["sent", "failed", "uncertain", "dead", "later", "cancelled"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that this caller, and nobody else, hands to its channel."""

    id: int
    conversation_id: str
    channel: str
    address: str
    text: str
    buttons: tuple[dict[str, Any], ...]
    locale: str
    initiator: str
    template: str | None
    asks_identity: bool
    in_bulk: bool = False
    """True for what the lender starts, many at a time: it may wait while people are answered."""
    carries: Literal["paper", "file"] | None = None
    file: PaperFile | None = None
    """What it carries, put in when it is handed to its channel."""
    claim: str | None = None
    """The claim that took it."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim has brought: messages to hand over, and which wait, how many seconds, for the pace."""

    taken: dict[int, Outgoing]
    later: frozenset[int] = frozenset()
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one message; `wait` is how many seconds its channel asks everybody to keep quiet.

    `claim` is the one that took it: what one claim could not send, another may have in hand by now.
    """

    message_id: int
    outcome: Outcome
    detail: str = ""
    wait: float = 0.0
    claim: str | None = None


SILENCE = "no answer: its process ended, or was cut off, before it told what became of it"
_NO_RATES: Mapping[str, float] = {}


class Outbox:
    """The one way out for bot and agent messages."""

    def __init__(
        self, kit: Kit, withholding: Withholding, wall: Callable[[], datetime] | None = None
    ) -> None:
        self.kit = kit
        # A channel counts real seconds, whatever the clock of the reminders shows.
        self.wall = wall or SystemClock().now
        self.withholding = withholding

    def queued(
        self,
        channels: tuple[str, ...],
        limit: int = 200,
        *,
        in_bulk: bool | None = None,
        conversation: str | None = None,
    ) -> list[tuple[int, str]]:
        """Return the messages that wait to be handed over: id and conversation.

        Answers and words of a hand-off come first, what the lender starts after them; each oldest first.
        `in_bulk` chooses what the lender starts, or all but that; `conversation`, what waits in that one.
        """
        found = QUEUED[in_bulk](channels, limit)
        if conversation is not None:
            statement, values = found
            found = statement.where(Message.conversation_id == conversation), values
        with self.kit.db.read() as session:
            return [(message_id, chat) for message_id, chat in session.execute(*found)]

    def claim(self, message_id: int) -> Outgoing | None:
        """Take one queued message, or None when it is gone, or may no longer go out."""
        return self.claim_many([message_id]).taken.get(message_id)

    def claim_many(
        self,
        message_ids: Collection[int],
        rates: Mapping[str, float] = _NO_RATES,
        claim: str | None = None,
    ) -> Claimed:
        """Take queued messages as far as their channels' pace allows, answers before what the lender starts.

        A bot message is cancelled here when people have the conversation, or have had it since: whatever was
        computed before the hand-off stays unsent. A hand-off takes the lock of the conversation that is held
        here, so that nothing is claimed after its instant. A reminder is asked about once more on the facts
        of now. What breaks a rule on wording is held, and a person told. `rates` are the messages a second
        that a channel takes. `claim` is a name of the caller's, of this call and no other: when this raises,
        nobody knows what it took, and `take_back` settles that.
        """
        with self.kit.db.begin() as session:
            rows = session.execute(*to_claim(message_ids)).all()
            if not self.kit.db.is_sqlite:
                # There, nobody else has written since this transaction began.
                _lock(session, rows)
            now = self.kit.clock.now()
            allowed, wait = self._within_pace(session, [tuple(row) for row in rows], rates)
            numbers = [message.nudge_id for message, _ in allowed if message.nudge_id is not None]
            nudges = _led(session, numbers)
            every = [nudge for led in nudges.values() for nudge in led]
            files = CaseFiles(session, self.kit, every, now) if every else None
            answers = [message.conversation_id for message, _ in allowed if message.nudge_id is None]
            places = own_addresses(session, answers)
            answers_to = (chat.borrower_id for one, chat in allowed if one.nudge_id is None)
            answered = {number for number in answers_to if number is not None}
            # Loaded at once and held on to, so that each chat finds its own.
            borrowers = session.scalars(*borrowers_of(answered)).all() if answered else ()
            packs = packs_for(session, self.kit, borrowers)
            _mark_sending(session, [message for message, _ in allowed], now, claim)
            taken = {}
            for message, conversation in allowed:
                mine = () if message.nudge_id is None else nudges[message.nudge_id]
                outgoing = self._take(session, message, conversation, mine, files, places, packs)
                if outgoing is not None:
                    taken[message.id] = outgoing
            later = frozenset(message.id for message, _ in rows) - {message.id for message, _ in allowed}
            return Claimed(taken, later, wait)

    def send_stored(self, session: Session, conversation: Conversation, message: Message) -> None:
        """Let a message out with the transaction that writes it, on a channel where storing it is sending it.

        The caller holds the conversation's lock. It is asked what any message is asked before it leaves:
        what may not go is cancelled or held, as by `claim_many`.
        """
        with session.no_autoflush:
            places = own_addresses(session, [conversation.id])
            packs = {conversation.borrower_id: pack_for(session, self.kit, conversation.borrower)}
        now = message.done_at = self.kit.clock.now()
        message.state = "sending"
        if self._take(session, message, conversation, (), None, places, packs) is None:
            return
        message.state = "sent"
        session.flush()
        announce(session, now, "message.out", conversation=conversation.id, message=message.id)

    def _within_pace(
        self,
        session: Session,
        rows: Sequence[tuple[Message, Conversation]],
        rates: Mapping[str, float],
    ) -> tuple[list[tuple[Message, Conversation]], float]:
        """Return the first of each channel's messages that may go now, and how long the others wait."""
        allowed, wait = [], 0.0
        for channel in sorted({conversation.channel for _, conversation in rows}):
            mine = [row for row in rows if row[1].channel == channel]
            granted, pause = grant(session, channel, len(mine), rates.get(channel), self.wall())
            allowed += mine[:granted]
            wait = max(wait, pause)
        return allowed, wait

    def _take(
        self,
        session: Session,
        message: Message,
        conversation: Conversation,
        nudges: Sequence[Nudge],
        files: CaseFiles | None,
        places: Mapping[str, AddressRow],
        packs: Mapping[int | None, ContactPack],
    ) -> Outgoing | None:
        if nudges:
            assert files is not None
            refusal = self._stopped(session, files, nudges, message, conversation)
        else:
            refusal = self._refusal(message, conversation) or self._unreachable(
                message, conversation, places.get(conversation.id), packs[conversation.borrower_id]
            )
        if refusal is not None:
            message.state, message.failure = "cancelled", refusal[:200]
            if any(nudge.state == "queued" for nudge in nudges):
                # It will be written anew, under the id that this one had.
                message.external_id = f"{message.external_id}:{message.id}"
            if nudges and files is not None:
                files.forget_contact(nudges[0].borrower_id, message.id)
            undisclose(session, conversation)
            return None
        if self.withholding.hold(session, message, conversation, nudges):
            return None
        return Outgoing(
            message.id,
            conversation.id,
            conversation.channel,
            conversation.address,
            message.text,
            tuple(message.buttons),
            message.locale,
            message.initiator,
            message.template,
            conversation.expected == "identity_confirmed" and conversation.borrower_id is not None,
            message.purpose in INITIATED,
            _carried(message),
            claim=message.claim,
        )

    def _refusal(self, message: Message, conversation: Conversation) -> str | None:
        if message.initiator == "bot" and message.purpose != "handoff":
            if conversation.mode == "human":
                return "people have the conversation"
            since = conversation.human_since
            if since is not None and message.created_at < since:
                return "people have had the conversation meanwhile"
        lasting = self.kit.settings.identity_for
        if _carried(message) and not conversation.is_verified(self.kit.clock.now(), lasting):
            return "identity is not verified"
        return None

    def _stopped(
        self,
        session: Session,
        files: CaseFiles,
        nudges: Sequence[Nudge],
        message: Message,
        conversation: Conversation,
    ) -> str | None:
        """Say what keeps a reminder from going out now, and end its nudge, or let it wait, accordingly.

        Of several debts in one message none may be at odds with the facts: the others wait for another one.
        """
        silent = self._refusal(message, conversation)
        why = {one.id: self._at_odds(session, files, one, message, conversation, silent) for one in nudges}
        if not any(why.values()):
            return None
        release([one for one in nudges if why[one.id] is None])
        return next(reason for reason in why.values() if reason is not None)

    def _at_odds(
        self,
        session: Session,
        files: CaseFiles,
        nudge: Nudge,
        message: Message,
        conversation: Conversation,
        silent: str | None,
    ) -> str | None:
        now = self.kit.clock.now()
        gone = silent or files.overtaken(nudge)
        if gone is not None:
            end(session, nudge, "cancelled", gone, now)
            return gone
        if nudge.expires_at <= now:
            end(session, nudge, "expired", "its time has passed", now)
            return nudge.reason
        loan = files.loans[nudge.loan_id]
        place = (conversation.channel, conversation.address)
        address = next((one for one in loan.borrower.addresses if (one.channel, one.address) == place), None)
        case = files.case(loan.borrower, address, loan.id, besides=message.id, ground=nudge.ground)
        pack = self.kit.policies.pack_of(
            loan.product, local_day(now, loan.borrower.timezone), loan.borrower.country
        )
        verdict = may_contact(case, Purpose(message.purpose), now, pack)
        return None if verdict.allowed else put_off(session, nudge, verdict, now)

    def _unreachable(
        self, message: Message, conversation: Conversation, row: AddressRow | None, pack: ContactPack
    ) -> str | None:
        if row is None or row.dead_reason in ("wrong_person", "third_party"):
            # A chat that is no one's address, or that left the list, is still answered when it writes.
            return None
        case = Case(
            timezone=zone_of(conversation.borrower),
            address=address_snapshot(row),
        )
        verdict = may_contact(case, Purpose(message.purpose), self.kit.clock.now(), pack)
        return "; ".join(reason.detail for reason in verdict.reasons) if verdict.status == "blocked" else None

    def settle(self, message_id: int, outcome: Outcome, detail: str = "", wait: float = 0.0) -> None:
        """Record what became of a message that was handed over, and of its nudge and address."""
        self.settle_many([Settlement(message_id, outcome, detail, wait)])

    def settle_many(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of messages that were handed over; all of them, or none when this raises."""
        now = self.kit.clock.now()
        plain = [one.message_id for one in settlements if one.outcome == "sent" and not one.detail]
        with self.kit.db.begin() as session:
            if plain:
                sent = session.execute(*marking_sent(plain)).all()
                announce_all(
                    session,
                    now,
                    "message.out",
                    [{"conversation": where, "message": number} for _, number, where in sent],
                )
                _went(session, [number for number, *_ in sent if number is not None], now)
            for one in settlements:
                if one.message_id not in plain:
                    self._settle(session, one, now)

    def _settle(self, session: Session, one: Settlement, now: datetime) -> None:
        message = session.get_one(Message, one.message_id, with_for_update={"key_share": True})
        if message.state not in ON_THE_WAY or (one.claim is not None and one.claim != message.claim):
            return
        message.state = {"dead": "failed", "later": "queued"}.get(one.outcome, one.outcome)
        if message.state == "sent" and message.read_at is not None:
            message.state = "read"
        message.failure = one.detail[:200] or None
        if message.state not in ("sent", "read"):
            # What was sent left at the instant at which it was taken and asked about, and counts from there.
            message.done_at = now
        conversation = session.get_one(Conversation, message.conversation_id)
        if one.wait > 0:
            keep_quiet(session, conversation.channel, self.wall() + timedelta(seconds=one.wait))
        if one.outcome == "dead":
            bury(session, own_address(session, conversation), now, one.detail)
        if message.state == "failed":
            undisclose(session, conversation)
        if message.nudge_id is not None and one.outcome != "later":
            if one.outcome == "sent":
                _went(session, [message.nudge_id], now)
            for nudge in carried(session, message.nudge_id):
                nudge.state, nudge.done_at = "sent" if one.outcome == "sent" else message.state, now
                nudge.reason = one.detail or nudge.reason
                if one.outcome == "dead":
                    take_another_way(session, nudge, now)

    def take_back(self, claim: str, message_ids: Collection[int]) -> frozenset[int]:
        """Queue again what a claim took whose end its caller never learnt: it has handed nothing over.

        Return those of which it is not known yet, locked as they are, perhaps by that very claim; ask again.
        """
        with self.kit.db.begin() as session:
            found = session.scalars(
                select(Message)
                .where(Message.id.in_(message_ids))
                .with_for_update(key_share=True, skip_locked=True)
                .execution_options(populate_existing=True)
            ).all()
            for message in found:
                if message.claim != claim or message.state not in ON_THE_WAY:
                    continue
                message.state, message.done_at, message.claim = "queued", None, None
                message.failure = None
                if message.nudge_id is not None:
                    for nudge in carried(session, message.nudge_id):
                        nudge.state = "sending"
            return frozenset(message_ids) - {message.id for message in found}

    def recover(self, replayable: tuple[str, ...], besides: Collection[int] = ()) -> int:
        """Settle what a crash left between hand-over and record, `besides` what the caller has in hand.

        Return how many rows that were.

        On `replayable` channels a second hand-over shows nothing twice, so the message is queued again;
        elsewhere the truth cannot be known: it becomes uncertain, is listed, and is never blindly resent.
        """
        stale = self.kit.clock.now() - timedelta(seconds=self.kit.settings.lease)
        with self.kit.db.begin() as session:
            rows = session.execute(
                select(Message, Conversation.channel)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(Message.direction == "out", Message.state == "sending", Message.done_at <= stale)
                # Whoever holds one records at this moment what became of it.
                .with_for_update(of=Message, key_share=True, skip_locked=True)
            ).all()
            # After a jump of the clock a lease may seem to be over while its message is on its way.
            rows = [row for row in rows if row[0].id not in besides]
            for message, channel in rows:
                if channel in replayable:
                    message.state = "queued"
                    continue
                message.state, message.failure = "uncertain", SILENCE
                if message.nudge_id is not None:
                    for nudge in carried(session, message.nudge_id):
                        nudge.state = "uncertain"
            return len(rows)


def _mark_sending(session: Session, messages: Sequence[Message], now: datetime, claim: str | None) -> None:
    """Note that messages are about to be handed over: in one statement, not in one for each of them."""
    if not messages:
        return
    session.execute(*marking_sending([message.id for message in messages], now, claim))
    for message in messages:
        for name, value in (("state", "sending"), ("done_at", now), ("claim", claim)):
            set_committed_value(message, name, value)


def _carried(message: Message) -> Literal["paper", "file"] | None:
    if paper_of(message.payload) is not None:
        return "paper"
    return None if file_of(message.payload) is None else "file"


def _led(session: Session, leader_ids: Sequence[int]) -> dict[int, list[Nudge]]:
    """Return the nudges of which the messages of these leaders speak, each leader before the others."""
    if not leader_ids:
        return {}
    led: dict[int, list[Nudge]] = {number: [] for number in leader_ids}
    for nudge in session.scalars(*spoken_of(leader_ids)):
        if nudge.id in led:
            led[nudge.id].insert(0, nudge)
        elif nudge.leader_id is not None:
            led[nudge.leader_id].append(nudge)
    return led


def _went(session: Session, leader_ids: Sequence[int], now: datetime) -> None:
    """Note that messages about nudges have gone, and from when on each is tried on its next channel."""
    if not leader_ids:
        return
    gone = session.execute(*nudges_gone(leader_ids, now)).all()
    for hours in {hours for _, hours in gone if hours is not None}:
        theirs = [number for number, its in gone if its == hours]
        session.execute(*to_try_again(theirs, now + timedelta(hours=hours)))


def _lock(session: Session, rows: Sequence[Row[tuple[Message, Conversation]]]) -> None:
    """Lock the conversations in which the bot would speak, always in one order, and read them anew."""
    spoken_in = {conversation.id for message, conversation in rows if message.initiator == "bot"}
    session.execute(*conversations_locked(spoken_in)).all()
