"""Replies to pick, filled from the case: a variable without a value blocks the reply, and is named."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.policy import DEBT_VARIABLES, Canned, variables_of
from bot.language import formats
from bot.services.desk.presence import agent_views
from bot.services.kit import Kit, local_day, written
from bot.services.rights import NotAllowed, require
from bot.services.wording import MissingVariables
from bot.storage.queries import current_loan, loan_snapshot, zone_of
from bot.storage.tables import Agent, Complaint, Conversation, HandoffRow, Promise


@dataclass(frozen=True, slots=True)
class CannedView:
    """A reply as it would read in a case; `missing` names what has no value there and stands in braces."""

    id: str
    title: str
    text: str
    missing: tuple[str, ...]


class CannedService:
    """What `/` in the reply box opens."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def list(self, handoff_id: int, agent_id: int, locale: str | None = None) -> tuple[CannedView, ...]:
        """Return the replies for a case in its borrower's language, those of the agent's teams.

        `locale` is in which the titles are shown, the borrower's own when left out. Raises NotAllowed for an
        account that may not, or a case that there is not.
        """
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            case = _case(session, handoff_id)
            values = self._values(session, case, agent)
            spoken = case.conversation.locale
            teams = next(one.teams for one in agent_views(session, self.kit) if one.id == agent_id)
            return tuple(
                _filled(reply, spoken, locale or spoken, values)
                for reply in self.kit.policies.desk.canned.replies
                if not reply.teams or not teams or set(reply.teams) & set(teams)
            )

    def fill(self, handoff_id: int, agent_id: int, reply_id: str) -> str:
        """Return the words of one reply, ready to be sent.

        Raises MissingVariables, or NotAllowed for a reply that there is not.
        """
        with self.kit.db.begin() as session:
            agent = require(session, agent_id, "speak")
            reply = self.kit.policies.desk.canned.find(reply_id)
            if reply is None:
                raise NotAllowed("unknown", f"there is no reply {reply_id!r}")
            case = _case(session, handoff_id)
            spoken = case.conversation.locale
            found = _filled(reply, spoken, spoken, self._values(session, case, agent))
        if found.missing:
            raise MissingVariables(found.missing)
        return found.text

    def _values(self, session: Session, case: HandoffRow, agent: Agent) -> dict[str, str]:
        """Return what has a value in a case; nothing of the debt before identity is verified."""
        kit, conversation = self.kit, case.conversation
        locale, now = conversation.locale, self.kit.clock.now()
        values = {
            "agent": agent.name,
            "lender": kit.settings.lender(locale),
            "phone": kit.settings.lender_phone,
        }
        values |= _complaint(session, conversation, locale)
        verified = conversation.is_verified(now, kit.settings.identity_for)
        if not verified or conversation.borrower is None:
            return values
        values["name"] = conversation.borrower.name
        return values | self._of_loan(session, conversation)

    def _of_loan(self, session: Session, conversation: Conversation) -> dict[str, str]:
        assert conversation.borrower_id is not None
        row = current_loan(session, conversation.borrower_id)
        if row is None:
            return {}
        locale = conversation.locale
        today = local_day(self.kit.clock.now(), zone_of(conversation.borrower))
        loan, due = loan_snapshot(row), loan_snapshot(row).next_due()
        policy = self.kit.policies.product(row.product, today)
        values = {
            "outstanding": written(loan.outstanding, locale),
            "overdue": written(loan.overdue(today), locale),
            "how_to_pay": policy.how_to_pay.get(locale, ""),
        }
        late = loan.days_past_due(today)
        if late:
            values["days_past_due"] = str(late)
        if due is not None:
            values["due_date"] = formats.day(due.due_on, locale, today)
            values["next_amount"] = written(due.open, locale)
        promise = session.scalars(
            select(Promise).where(Promise.loan_id == row.id, Promise.state == "open")
        ).first()
        if promise is not None:
            money = type(loan.outstanding)(promise.amount_minor, row.currency)
            values["promise_amount"] = written(money, locale)
            values["promise_date"] = formats.day(promise.due_on, locale, today)
        assert set(values) - {"how_to_pay"} <= DEBT_VARIABLES
        return {name: value for name, value in values.items() if value}


def _complaint(session: Session, conversation: Conversation, locale: str) -> dict[str, str]:
    row = session.scalars(
        select(Complaint)
        .where(Complaint.conversation_id == conversation.id, Complaint.state == "open")
        .order_by(Complaint.id.desc())
    ).first()
    if row is None:
        return {}
    return {"complaint_number": row.number, "complaint_date": formats.day(row.due_on, locale)}


def _case(session: Session, handoff_id: int) -> HandoffRow:
    case = session.get(HandoffRow, handoff_id)
    if case is None:
        raise NotAllowed("closed", "there is no such hand-off")
    return case


def _filled(reply: Canned, spoken: str, shown: str, values: dict[str, str]) -> CannedView:
    text = reply.text.get(spoken) or next(iter(reply.text.values()))
    title = reply.title.get(shown) or next(iter(reply.title.values()))
    missing = tuple(name for name in variables_of(text) if name not in values)
    for name in variables_of(text):
        text = text.replace(f"{{{name}}}", values.get(name, f"{{{name}}}"))
    return CannedView(reply.id, title, text, missing)
