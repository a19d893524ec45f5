"""The protection table: every signal of the group has its effect, and the gravest ones stop everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.handoff import HandoffReason
from bot.domain.model import HoldKind
from bot.domain.protection import PROTECTIONS
from bot.language.acts import PROTECTION
from bot.language.texts import Texts

# The protection group of what the assistant must understand.
GROUP = {
    "signal_self_harm",
    "threaten_violence",
    "report_death",
    "report_legal_representation",
    "report_bankruptcy",
    "report_underage",
    "stop_contact",
    "set_contact_time",
    "wrong_person",
    "third_party",
    "dispute_debt",
    "file_complaint",
    "request_data_rights",
    "ask_human",
}
# Its effect is an instant that the borrower names, so the service serves it and no fixed row does.
BY_INSTANT = {"set_contact_time"}


def test_every_act_of_the_protection_group_has_its_effect() -> None:
    assert set(PROTECTIONS) | BY_INSTANT == GROUP == PROTECTION


@pytest.mark.parametrize("act", sorted(PROTECTIONS))
def test_every_answer_can_be_said_in_every_language(act: str) -> None:
    texts = Texts.load(Path(__file__).parents[3])
    for locale in texts.locales:
        needed = texts.variables(PROTECTIONS[act].response, locale)
        assert texts.render(PROTECTIONS[act].response, locale, dict.fromkeys(needed, "x")).text


@pytest.mark.parametrize("act", sorted(set(PROTECTIONS) - {"ask_human"}))
def test_every_signal_but_a_wish_for_a_person_stops_collection(act: str) -> None:
    assert PROTECTIONS[act].hold is not None


def test_no_two_signals_share_a_hold_so_that_each_is_lifted_for_its_own_reason() -> None:
    holds = [one.hold for one in PROTECTIONS.values() if one.hold is not None]
    assert len(holds) == len(set(holds))


@pytest.mark.parametrize(
    "act",
    [
        "signal_self_harm",
        "threaten_violence",
        "report_death",
        "report_underage",
        "report_legal_representation",
        "report_bankruptcy",
        "dispute_debt",
        "file_complaint",
        "request_data_rights",
        "ask_human",
    ],
)
def test_what_a_person_must_see_goes_to_a_person(act: str) -> None:
    assert PROTECTIONS[act].handoff is not None


def test_self_harm_goes_to_people_and_is_never_given_back_by_itself() -> None:
    found = PROTECTIONS["signal_self_harm"]
    assert found.handoff is HandoffReason.SELF_HARM
    assert found.handoff.protects
    assert found.hold is HoldKind.SELF_HARM


@pytest.mark.parametrize("act", ["wrong_person", "third_party"])
def test_a_stranger_loses_the_address_and_the_identity_and_nothing_else(act: str) -> None:
    found = PROTECTIONS[act]
    assert found.this_address_only
    assert found.withdraws_identity
    assert found.handoff is None
    assert not any(
        other.this_address_only or other.withdraws_identity
        for name, other in PROTECTIONS.items()
        if name not in ("wrong_person", "third_party")
    )


def test_a_stop_is_honoured_by_the_bot_alone() -> None:
    assert PROTECTIONS["stop_contact"].hold is HoldKind.OPT_OUT
    assert PROTECTIONS["stop_contact"].handoff is None
