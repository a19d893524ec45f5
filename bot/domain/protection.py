"""What each protection signal does at once, whatever the contact pack."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.handoff import HandoffReason
from bot.domain.model import HoldKind


@dataclass(frozen=True, slots=True)
class Protection:
    """The effect of one act: what it freezes, who takes over, and the words that answer it."""

    response: str
    event: str
    hold: HoldKind | None = None
    handoff: HandoffReason | None = None
    this_address_only: bool = False
    withdraws_identity: bool = False


PROTECTIONS: dict[str, Protection] = {
    "signal_self_harm": Protection(
        "utter_protect_self_harm", "self_harm", HoldKind.SELF_HARM, HandoffReason.SELF_HARM
    ),
    "threaten_violence": Protection(
        "utter_protect_threat", "vulnerable", HoldKind.THREAT, HandoffReason.THREAT
    ),
    "report_death": Protection("utter_protect_death", "death", HoldKind.DEATH, HandoffReason.DEATH),
    "report_underage": Protection(
        "utter_protect_underage", "underage", HoldKind.UNDERAGE, HandoffReason.UNDERAGE
    ),
    "report_legal_representation": Protection(
        "utter_protect_represented", "represented", HoldKind.REPRESENTED, HandoffReason.REPRESENTED
    ),
    "report_bankruptcy": Protection(
        "utter_protect_bankrupt", "bankrupt", HoldKind.BANKRUPT, HandoffReason.BANKRUPT
    ),
    "stop_contact": Protection("utter_protect_stop", "opt_out", HoldKind.OPT_OUT),
    "wrong_person": Protection(
        "utter_protect_wrong_person",
        "wrong_person",
        HoldKind.WRONG_PERSON,
        this_address_only=True,
        withdraws_identity=True,
    ),
    "third_party": Protection(
        "utter_protect_third_party",
        "third_party",
        HoldKind.THIRD_PARTY,
        this_address_only=True,
        withdraws_identity=True,
    ),
    "dispute_debt": Protection("utter_protect_dispute", "dispute", HoldKind.DISPUTE, HandoffReason.DISPUTE),
    "file_complaint": Protection(
        "utter_protect_complaint", "complaint", HoldKind.COMPLAINT, HandoffReason.COMPLAINT
    ),
    "request_data_rights": Protection(
        "utter_protect_data_rights", "pause", HoldKind.DATA_RIGHTS, HandoffReason.DATA_RIGHTS
    ),
    "ask_human": Protection("utter_handoff_asked", "handoff_opened", None, HandoffReason.ASKED),
}
