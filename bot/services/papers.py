"""Written terms of an agreed plan: queued once behind their message, made, kept, handed out."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.interest import effective_annual_rate
from bot.domain.money import Money
from bot.papers.terms import Payment, Terms, picture_pages
from bot.services.enclosures import Enclosure, PaperFile, paper_of
from bot.services.kit import Kit, local_day
from bot.services.records import record, record_once, recorded_in
from bot.services.replies import is_queued, queue_reply, rendered
from bot.services.rights import require
from bot.storage.db import retried
from bot.storage.prepared import prepared
from bot.storage.queries import active_plan
from bot.storage.tables import AuditEvent, Conversation, LoanRow, Message, OfferRow, Paper, Plan

_FRESH = timedelta(days=1)
_ENDINGS = {"picture": "png", "calendar": "ics", "agreement": "pdf"}
_GONE = ("cancelled", "held")
_ASKED = "papers_asked"
# What an integer column holds.
_LARGEST = 2**31


class PaperService:
    """Makes each paper once, from the plan as it is stored, and keeps it as it went out."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def follow(self, session: Session, conversation: Conversation, turn: str, now: datetime) -> None:
        """Queue the papers of what has just been agreed in a conversation, or asked for, each once.

        Called when a turn's answer is queued, so that the papers come behind it. A turn that broke off after
        the agreement leaves them to the next one, for a day.
        """
        if conversation.mode == "human" or not self._may_know(conversation, now):
            return
        agreed, asked = session.execute(
            *_due(conversation.id, now - _FRESH, conversation.borrower_id, _ASKED)
        ).one()
        for plan in session.scalars(*_agreed_in(conversation.id, now - _FRESH)).all() if agreed else ():
            # Their number may have changed with the plan since: all of them went, or none.
            if not is_queued(session, conversation, f"{_name(plan.id, 'calendar', 1)}:agreed"):
                self._queue(session, conversation, plan, "agreed", now)
        for event in recorded_in(session, conversation.borrower_id, turn, _ASKED) if asked else ():
            for number in event.detail["plans"]:
                self._queue(session, conversation, session.get_one(Plan, number), turn, now)

    def again(self, conversation_id: str, *, turn: str) -> bool:
        """Have the papers of the plans in force follow this turn's answer; False where there is none."""
        now = self.kit.clock.now()
        with self.kit.db.begin() as session:
            conversation = session.get_one(Conversation, conversation_id)
            borrower = conversation.borrower
            if borrower is None or not self._may_know(conversation, now):
                return False
            found = [active_plan(session, loan.id) for loan in borrower.loans]
            plans = [plan.id for plan in found if plan is not None]
            if plans:
                record_once(
                    session, now, _ASKED, turn=turn, actor="borrower", borrower_id=borrower.id, plans=plans
                )
            return bool(plans)

    def _may_know(self, conversation: Conversation, now: datetime) -> bool:
        return conversation.is_verified(now, self.kit.settings.identity_for)

    def _queue(
        self, session: Session, conversation: Conversation, plan: Plan, occasion: str, now: datetime
    ) -> None:
        pages = picture_pages(len(plan.items))
        parts = [*(("picture", page) for page in range(1, pages + 1)), ("calendar", 1), ("agreement", 1)]
        alt = rendered(self.kit, "utter_paper_alt", conversation.locale).text
        for kind, page in parts:
            many = kind == "picture" and pages > 1
            values = {"page": str(page), "pages": str(pages)}
            key = "utter_paper_picture_page" if many else f"utter_paper_{kind}"
            reply = rendered(self.kit, key, conversation.locale, values)
            name = f"plan-{plan.id}{f'-{page}' if many else ''}.{_ENDINGS[kind]}"
            carried = Enclosure(plan.id, kind, page, name, alt if kind == "picture" else "")
            queue_reply(
                session,
                self.kit,
                conversation,
                reply,
                turn=f"{_name(plan.id, kind, page)}:{occasion}"[:64],
                now=now,
                payload={"kind": "paper", "paper": asdict(carried)},
            )

    def file(self, message_id: int) -> PaperFile:
        """Return the paper that a message carries; made and kept the first time, the same ever after.

        Raises LookupError when the message carries none.
        """
        with self.kit.db.begin() as session:
            message = session.get(Message, message_id)
            carried = None if message is None else paper_of(message.payload)
            if message is None or carried is None:
                raise LookupError("there is no such paper")
            kept = session.get(Paper, (message.payload or {})["paper"].get("kept") or 0)
            if kept is not None:
                return PaperFile(carried.name, carried.type, carried.alt, kept.content)
            terms = self._terms(session, session.get_one(Plan, carried.plan), message.locale)
            digest, locale = _digest(terms), message.locale
            revision, content = _known(session, carried, locale, digest)
        if content is None:
            content = _made(self.kit, terms, carried, locale, revision)
        return PaperFile(
            carried.name,
            carried.type,
            carried.alt,
            self._keep(message_id, carried, digest, revision, content),
        )

    @retried
    def _keep(self, message_id: int, carried: Enclosure, digest: str, revision: int, content: bytes) -> bytes:
        """Keep a paper under its message; who comes second gets what the first one kept."""
        now = self.kit.clock.now()
        dialect = sqlite if self.kit.db.is_sqlite else postgresql
        with self.kit.db.begin() as session:
            message = session.get_one(Message, message_id, with_for_update=True)
            one = {"plan_id": carried.plan, "part": _part(carried), "locale": message.locale}
            is_new = session.scalar(
                dialect.insert(Paper)
                .values(
                    **one,
                    revision=revision,
                    digest=digest,
                    sha256=hashlib.sha256(content).hexdigest(),
                    content=content,
                    created_at=now,
                )
                .on_conflict_do_nothing()
                .returning(Paper.id)
            )
            kept = session.scalars(select(Paper).filter_by(**one, revision=revision)).one()
            message.payload = {**(message.payload or {}), "paper": {**asdict(carried), "kept": kept.id}}
            message.template_version = kept.sha256[:16]
            if is_new is not None:
                plan = session.get_one(Plan, carried.plan)
                record(
                    session,
                    now,
                    "paper_made",
                    cause=f"plan {plan.id}",
                    actor="bot",
                    borrower_id=session.get_one(LoanRow, plan.loan_id).borrower_id,
                    loan_id=plan.loan_id,
                    template=f"paper_{_part(carried)}",
                    locale=message.locale,
                    revision=revision,
                    sha256=kept.sha256,
                    policy_version=plan.policy_version,
                )
            return kept.content

    def opened(self, conversation_id: str, message_id: int) -> PaperFile:
        """Return a paper for its own conversation. Raises LookupError for any other, or an unverified one."""
        with self.kit.db.begin() as session:
            message = session.get(Message, message_id) if 0 < message_id < _LARGEST else None
            conversation = session.get(Conversation, conversation_id)
            theirs = message is not None and message.conversation_id == conversation_id
            if not theirs or conversation is None or message is None or message.state in _GONE:
                raise LookupError("there is no such paper")
            if not self._may_know(conversation, self.kit.clock.now()):
                raise LookupError("identity is not verified")
        return self.file(message_id)

    def read(self, message_id: int, agent_id: int) -> PaperFile:
        """Return a paper for a member of staff, and record that they read it.

        Raises LookupError when there is none, NotAllowed for an account that may not.
        """
        with self.kit.db.begin() as session:
            require(session, agent_id, "speak")
            message = session.get(Message, message_id)
            if message is None or paper_of(message.payload) is None:
                raise LookupError("there is no such paper")
            record(
                session,
                self.kit.clock.now(),
                "file_read",
                cause=f"file {message_id}",
                actor=f"agent {agent_id}",
                borrower_id=session.get_one(Conversation, message.conversation_id).borrower_id,
            )
        return self.file(message_id)

    def _terms(self, session: Session, plan: Plan, locale: str) -> Terms:
        offer, loan = session.get_one(OfferRow, plan.offer_id), session.get_one(LoanRow, plan.loan_id)
        agreed_on = local_day(plan.agreed_at, loan.borrower.timezone)
        how = self.kit.policies.product(loan.product, agreed_on).how_to_pay
        principal = Money(offer.principal_minor, loan.currency)
        payments = [(item.due_on, Money(item.amount_minor, loan.currency)) for item in plan.items]
        return Terms(
            plan=plan.id,
            kind=plan.kind,
            loan=loan.ref,
            lender=self.kit.settings.lender(locale),
            phone=self.kit.settings.lender_phone,
            borrower=loan.borrower.name,
            agreed_at=plan.agreed_at,
            agreed_on=agreed_on,
            currency=loan.currency,
            payments=tuple(Payment(n, day, money.amount) for n, (day, money) in enumerate(payments, 1)),
            principal=principal.amount,
            cost=Money(offer.cost_minor, loan.currency).amount,
            rate=effective_annual_rate(principal, payments, agreed_on),
            how_to_pay=how.get(locale) or next(iter(how.values())),
            policy_version=plan.policy_version,
            waived=Money(offer.waived_minor, loan.currency).amount,
        )


@prepared
def _due(
    conversation_id: str, since: datetime, borrower_id: int | None, kind: str
) -> Select[tuple[bool, bool]]:
    """Whether a plan was agreed there of late, and whether papers were ever asked for: mostly neither."""
    agreed = _agreed_since(conversation_id, since).with_only_columns(Plan.id)
    asked = select(AuditEvent.id).where(AuditEvent.borrower_id == borrower_id, AuditEvent.kind == kind)
    return select(agreed.exists(), asked.exists())


@prepared
def _agreed_in(conversation_id: str, since: datetime) -> Select[tuple[Plan]]:
    return _agreed_since(conversation_id, since)


def _agreed_since(conversation_id: str, since: datetime) -> Select[tuple[Plan]]:
    of_chat = select(Plan).join(OfferRow, OfferRow.id == Plan.offer_id)
    return of_chat.where(
        OfferRow.conversation_id == conversation_id, Plan.state == "active", Plan.agreed_at > since
    )


def _name(plan: int, kind: str, page: int) -> str:
    return f"paper:{plan}:{kind}-{page}"


def _known(session: Session, carried: Enclosure, locale: str, digest: str) -> tuple[int, bytes | None]:
    """Return the revision that the payments have reached, and the paper's content if it was made for it."""
    of_plan = select(Paper.revision, Paper.digest).where(Paper.plan_id == carried.plan)
    newest = session.execute(of_plan.order_by(Paper.revision.desc()).limit(1)).first()
    if newest is None or newest.digest != digest:
        return (0 if newest is None else newest.revision + 1), None
    same = {"plan_id": carried.plan, "part": _part(carried), "locale": locale, "revision": newest.revision}
    return newest.revision, session.scalars(select(Paper.content).filter_by(**same)).first()


def _part(carried: Enclosure) -> str:
    return f"{carried.kind}-{carried.page}" if carried.kind == "picture" else carried.kind


def _digest(terms: Terms) -> str:
    """Name what was agreed: days and amounts. Another lender's phone number makes no other plan."""
    lines = [terms.currency, *(f"{one.due_on} {one.amount}" for one in terms.payments)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _made(kit: Kit, terms: Terms, carried: Enclosure, locale: str, revision: int) -> bytes:
    # What draws takes a second to import: no process that draws nothing should wait for it.
    from bot.papers.making import made

    return made(kit.texts, terms, locale, carried.kind, page=carried.page, revision=revision)
