"""What events stop contact with whom, about what, where and until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.checker.files import Row

# Stops that last until a person lifts them.
_FIRM = {
    "dispute": "dispute_closed",
    "complaint": "complaint_closed",
    "self_harm": "resume",
    "vulnerable": "resume",
    "death": "resume",
    "underage": "resume",
    "represented": "resume",
    "bankrupt": "resume",
    "opt_out": "opt_in",
    "wrong_person": "resume",
    "third_party": "resume",
    "pause": "resume",
}
_LIFTING = {"opt_in", "dispute_closed", "complaint_closed", "hardship_reviewed", "resume"}
# The names of holds that differ from the events that placed them.
_HOLDS = {
    "threat": "vulnerable",
    "data_rights": "pause",
    "paid_claim": "pause",
    "breathing_space": "pause",
    "debt_adviser": "pause",
}
# What was agreed is kept up with reminders of its own: these stop the ladder only.
_AGREED = {"promise", "plan", "hardship"}
_THIS_CHANNEL = {"wrong_person", "third_party"}


@dataclass
class Stop:
    """One stop; None for channel, loan or end means all, all and until lifted."""

    kind: str
    since: datetime
    channel: str | None = None
    loan: str | None = None
    until: datetime | None = None


@dataclass
class Stops:
    """Everything that is in force, by borrower."""

    by_borrower: dict[str, list[Stop]] = field(default_factory=dict)
    night: set[str] = field(default_factory=set)
    verified: set[str] = field(default_factory=set)
    dues: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    switched_off: datetime | None = None
    wishes: dict[str, Row] = field(default_factory=dict)

    def allows_night(self, borrower: str) -> bool:
        return borrower in self.night

    def is_verified(self, borrower: str) -> bool:
        return borrower in self.verified

    def learn(self, event: Row, at: datetime) -> None:
        """Take one event in."""
        kind, who, loan, detail = event["kind"], event["borrower"], event["loan"], event["detail"]
        if kind == "kill_switch":
            self.switched_off = at if detail["on"] else None
        if who is None:
            return
        mine = self.by_borrower.setdefault(who, [])
        end = detail.get("until")
        until = None if end is None else datetime.fromisoformat(end)
        if kind == "contact_window" and ("windows" in detail or "channels" in detail):
            self.wishes[who] = detail
        elif kind == "consent":
            (self.night.add if detail["given"] else self.night.discard)(who)
        elif kind == "exempt":
            self._drop(who, kind)
            if detail["given"]:
                mine.append(Stop(kind, at))
        elif kind == "identity_verified":
            self.verified.add(who)
        elif kind == "due":
            parts = (detail[name].split()[0] for name in ("principal", "interest", "fee"))
            self.dues.setdefault(loan, {})[detail["number"]] = sum(map(Decimal, parts), Decimal())
        elif kind == "payment":
            self.paid[loan] += Decimal(detail["amount"].split()[0])  # type: ignore[assignment]
            mine[:] = [one for one in mine if not (one.kind == "pause" and one.loan == loan and one.until)]
        elif kind == "handoff_opened":
            mine.append(Stop("handoff", at))
        elif kind == "handoff_closed":
            mine.remove(next(one for one in mine if one.kind == "handoff"))
        elif kind in ("promise", "hardship", "contact_window"):
            mine.append(Stop(kind, at, loan=loan, until=until))
        elif kind in ("promise_kept", "promise_broken"):
            self._drop(who, "promise", loan)
        elif kind == "plan_accepted":
            self._drop(who, "promise", loan)
            mine.append(Stop("plan", at, loan=loan))
        elif kind in ("plan_completed", "plan_broken"):
            self._drop(who, "plan", loan)
        elif kind in _LIFTING:
            self._drop(who, _HOLDS.get(detail["hold"], detail["hold"]), loan, detail.get("channel"))
        elif kind in _FIRM and detail.get("scope") != "third_party":
            narrow = kind in _THIS_CHANNEL or detail.get("scope") == "channel"
            mine.append(Stop(kind, at, detail["channel"] if narrow else None, loan, until))

    def _drop(self, who: str, kind: str, loan: str | None = None, channel: str | None = None) -> None:
        self.by_borrower[who][:] = [
            one
            for one in self.by_borrower[who]
            if one.kind != kind or (loan and one.loan not in (None, loan)) or one.channel != channel
        ]

    def against(self, contact: Row, at: datetime) -> Iterator[str]:
        """Yield everything that forbids a contact which the lender starts."""
        who = contact["borrower"]
        bots = contact["initiator"] == "bot"
        if bots and self.switched_off is not None and self.switched_off < at:
            yield "kill_switch"
        for stop in self.by_borrower.get(who, []):
            if contact["purpose"] == "instalment" and stop.kind in _AGREED:
                continue
            if stop.kind == "handoff" and not bots:
                continue
            if (
                stop.since < at
                and (stop.channel in (None, contact["channel"]))
                and (stop.loan is None or not contact["loans"] or stop.loan in contact["loans"])
                and (stop.until is None or at < stop.until)
            ):
                yield stop.kind
        yield from self._unwished(contact, at)
        if contact["purpose"] == "reminder":
            yield from (f"paid: {loan}" for loan in contact["loans"] if self._is_paid(loan))

    def _unwished(self, contact: Row, at: datetime) -> Iterator[str]:
        """Yield where and when a borrower has asked not to be contacted."""
        wish = self.wishes.get(contact["borrower"], {})
        if wish.get("channels") and contact["channel"] not in wish["channels"]:
            yield f"contact_window: not by {contact['channel']}"
        local = at.astimezone(ZoneInfo(contact["timezone"]))
        windows = wish.get("windows") or []
        if windows and not any(
            (not one["weekdays"] or local.weekday() in one["weekdays"])
            and time.fromisoformat(one["start"]) <= local.time() < time.fromisoformat(one["end"])
            for one in windows
        ):
            yield f"contact_window: not at {local:%a %H:%M}"

    def _is_paid(self, loan: str) -> bool:
        return loan in self.dues and self.paid[loan] >= sum(self.dues[loan].values())
