"""Holds in people's hands: listed, and lifted on purpose and with a reason by who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bot.bootstrap import Grace
from bot.domain.model import HoldKind
from bot.domain.money import Money
from bot.domain.protection import PROTECTIONS
from bot.services.holds import right_to_lift
from bot.services.kit import MovableClock
from bot.services.rights import RIGHTS, NotAllowed
from bot.services.staff import ROLES
from bot.storage.tables import AddressRow, Agent, Complaint, HoldRow
from tests.integration.support import (
    at_once,
    change,
    chat,
    conversation_row,
    events,
    holds,
    make_agent,
    only,
    out,
    rows,
    say,
    tick,
    wait,
)

WHY = "与客户电话核实"
FOLLOWING = {HoldKind.PROMISE, HoldKind.PLAN, HoldKind.HANDOFF}


@pytest.fixture
def boss(grace: Grace) -> int:
    return make_agent(grace, "陈主管", "supervisor")


def honour(grace: Grace, conversation: str, act: str) -> None:
    grace.protection.honour(conversation, act, turn=act, locale="zh_CN")


def hold_of(grace: Grace, kind: HoldKind) -> int:
    return only(grace, HoldRow, kind=kind.value).id


def put(grace: Grace, ref: str, kind: HoldKind, **more: object) -> int:
    """Place a hold of any kind and return its id."""
    with grace.kit.db.begin() as session:
        row = HoldRow(
            borrower_id=only(grace, AddressRow, address=ref).borrower_id,
            kind=kind.value,
            cause="test",
            created_at=grace.kit.clock.now(),
            **more,
        )
        session.add(row)
        session.flush()
        return row.id


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as refusal:
        call()
    return refusal.value.code


class TestRights:
    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("kind", HoldKind)
    def test_who_may_lift_what_is_the_table_of_rights_and_nothing_else(
        self, grace: Grace, ref: str, conversation: str, kind: HoldKind, role: str
    ) -> None:
        number, agent = put(grace, ref, kind), make_agent(grace, role=role)
        right = right_to_lift(kind)
        assert (right is None) is (kind in FOLLOWING)
        if right is None:
            assert refused(lambda: grace.holds.lift(number, agent, WHY, asked=True)) == "follows"
        elif role not in RIGHTS[right]:
            assert refused(lambda: grace.holds.lift(number, agent, WHY, asked=True)) == "role"
        else:
            assert grace.holds.lift(number, agent, WHY, asked=True).kind == kind.value
            assert holds(grace, ref) == {}
            return
        assert kind.value in holds(grace, ref)

    @pytest.mark.parametrize("kind", sorted(set(HoldKind) - FOLLOWING))
    def test_an_agent_without_further_rights_lifts_nothing(self, kind: HoldKind) -> None:
        right = right_to_lift(kind)
        assert right is not None
        assert "agent" not in RIGHTS[right]

    def test_what_protects_is_lifted_by_a_supervisor_alone(self) -> None:
        for act in ("signal_self_harm", "report_death", "report_underage", "wrong_person", "third_party"):
            hold = PROTECTIONS[act].hold
            assert hold is not None
            assert right_to_lift(hold) == "lift_protection"
        assert RIGHTS["lift_protection"] == {"supervisor"}

    def test_an_account_that_was_switched_off_lifts_nothing(self, grace: Grace, ref: str, boss: int) -> None:
        number = put(grace, ref, HoldKind.DISPUTE)
        change(grace, Agent, {"id": boss}, active=False)
        assert refused(lambda: grace.holds.lift(number, boss, WHY)) == "role"


class TestLifting:
    def test_after_it_reminders_go_out_again(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        grace.holds.lift(put(grace, ref, HoldKind.SELF_HARM), boss, WHY)
        assert holds(grace, ref) == {}
        assert len(tick(grace)) == 1

    def test_it_is_on_record_with_the_reason_and_who_decided(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        number = put(grace, ref, HoldKind.UNDERAGE)
        grace.holds.lift(number, boss, f"  {WHY} ")
        (event,) = events(grace, "resume")
        assert (event.actor, event.cause) == (f"agent {boss}", f"hold {number}")
        assert event.detail == {"hold": "underage", "channel": None, "reason": WHY, "asked": False}
        assert only(grace, HoldRow).lifted_at == grace.kit.clock.now()

    @pytest.mark.parametrize("reason", ["", "   ", "\n"])
    def test_without_a_reason_nothing_is_lifted(self, grace: Grace, ref: str, boss: int, reason: str) -> None:
        number = put(grace, ref, HoldKind.DISPUTE)
        assert refused(lambda: grace.holds.lift(number, boss, reason)) == "reason"
        assert "dispute" in holds(grace, ref)

    def test_of_several_who_lift_at_once_one_does(self, grace: Grace, ref: str, boss: int) -> None:
        number = put(grace, ref, HoldKind.DISPUTE)

        def lift() -> str:
            try:
                return grace.holds.lift(number, boss, WHY).kind
            except NotAllowed as error:
                return error.code

        assert sorted(at_once(lift, lift, lift)) == ["dispute", "no_hold", "no_hold"]
        assert len(events(grace, "dispute_closed")) == 1

    def test_what_has_run_out_or_never_was_cannot_be_lifted(
        self, grace: Grace, ref: str, boss: int, clock: MovableClock
    ) -> None:
        number = put(grace, ref, HoldKind.HARDSHIP, until=clock.now() + timedelta(days=1))
        wait(clock, days=1)
        assert refused(lambda: grace.holds.lift(number, boss, WHY)) == "no_hold"
        assert refused(lambda: grace.holds.lift(4711, boss, WHY)) == "no_hold"

    def test_one_kind_lifted_leaves_the_others(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        for act in ("dispute_debt", "stop_contact"):
            honour(grace, conversation, act)
        grace.holds.lift(hold_of(grace, HoldKind.DISPUTE), boss, WHY)
        assert set(holds(grace, ref)) == {"opt_out", "handoff"}

    def test_a_complaint_that_was_answered_is_closed_with_its_hold(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        honour(grace, conversation, "file_complaint")
        grace.holds.lift(hold_of(grace, HoldKind.COMPLAINT), boss, WHY)
        assert only(grace, Complaint).state == "closed"
        assert len(events(grace, "complaint_closed")) == 1

    def test_a_promise_s_hold_ends_with_the_promise_and_not_by_hand(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        grace.promises.make(conversation, Money.of("500", "CNY"), date(2026, 3, 6), turn="1")
        number = hold_of(grace, HoldKind.PROMISE)
        assert refused(lambda: grace.holds.lift(number, boss, WHY, asked=True)) == "follows"


class TestWishes:
    def test_a_stop_is_undone_only_at_the_borrower_s_own_request(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        say(grace, ref, "退订")
        number = hold_of(grace, HoldKind.OPT_OUT)
        assert refused(lambda: grace.holds.lift(number, boss, WHY)) == "not_asked"
        assert "opt_out" in holds(grace, ref)
        grace.holds.lift(number, boss, WHY, asked=True)
        (event,) = events(grace, "opt_in")
        assert (event.detail["asked"], event.detail["reason"]) == (True, WHY)
        assert len(tick(grace)) == 1

    def test_a_later_stop_counts_anew(self, grace: Grace, ref: str, conversation: str, boss: int) -> None:
        say(grace, ref, "退订")
        grace.holds.lift(hold_of(grace, HoldKind.OPT_OUT), boss, WHY, asked=True)
        say(grace, ref, "退订")
        assert "opt_out" in holds(grace, ref)
        assert len(rows(grace, HoldRow, kind="opt_out")) == 2


class TestStrangers:
    @pytest.mark.parametrize("act", ["wrong_person", "third_party"])
    def test_an_address_that_was_given_up_by_mistake_counts_again_but_proves_nothing(
        self, grace: Grace, ref: str, conversation: str, boss: int, act: str
    ) -> None:
        honour(grace, conversation, act)
        grace.holds.lift(only(grace, HoldRow, kind=act).id, boss, WHY)
        row = only(grace, AddressRow, address=ref)
        assert (row.consent, row.dead_at, row.dead_reason, row.verified) == (True, None, None, False)
        assert not grace.conversations.verified(conversation)
        assert grace.identity.present(conversation, "1990-05-12 5678", turn="x").status == "verified"

    def test_another_address_that_a_stranger_gave_back_stays_given_up(
        self, grace: Grace, ref: str, conversation: str, boss: int
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        for place in (conversation, chat(grace, "4711", channel="telegram")):
            honour(grace, place, "wrong_person")
        grace.holds.lift(only(grace, HoldRow, kind="wrong_person", channel="webchat").id, boss, WHY)
        assert only(grace, AddressRow, channel="webchat").dead_at is None
        assert only(grace, AddressRow, channel="telegram").dead_at is not None


class TestListing:
    def test_it_names_what_holds_now_where_until_when_and_why(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        until = clock.now() + timedelta(days=2)
        first = put(grace, ref, HoldKind.OPT_OUT, channel="telegram")
        second = put(grace, ref, HoldKind.HARDSHIP, until=until)
        put(grace, ref, HoldKind.PAUSE, until=clock.now())
        assert [(one.id, one.kind, one.channel, one.until, one.cause) for one in grace.holds.of(ref)] == [
            (first, "opt_out", "telegram", None, "test"),
            (second, "hardship", None, until, "test"),
        ]

    def test_an_unknown_borrower_is_said_to_be_unknown(self, grace: Grace) -> None:
        with pytest.raises(LookupError, match="nobody"):
            grace.holds.of("nobody")


class TestVouching:
    @pytest.fixture
    def unverified(self, grace: Grace, ref: str) -> str:
        return chat(grace, ref, verified=False)

    def test_the_agent_who_has_the_conversation_may_say_who_writes(
        self, grace: Grace, ref: str, unverified: str
    ) -> None:
        agent = make_agent(grace)
        number = grace.handoffs.take_over(unverified, agent)
        grace.identity.vouch_as(unverified, agent, WHY)
        assert grace.conversations.verified(unverified)
        (event,) = events(grace, "identity_verified")
        assert (event.actor, event.cause) == (f"agent {agent}", f"handoff {number}")
        assert event.detail == {"how": WHY}

    def test_nobody_else_may(self, grace: Grace, unverified: str) -> None:
        agent, other = make_agent(grace), make_agent(grace, "王强")
        assert refused(lambda: grace.identity.vouch_as(unverified, agent, WHY)) == "taken"
        grace.handoffs.take_over(unverified, agent)
        assert refused(lambda: grace.identity.vouch_as(unverified, other, WHY)) == "taken"
        assert refused(lambda: grace.identity.vouch_as(unverified, 4711, WHY)) == "role"
        assert not grace.conversations.verified(unverified)

    def test_how_it_was_checked_must_be_said(self, grace: Grace, unverified: str) -> None:
        agent = make_agent(grace)
        grace.handoffs.take_over(unverified, agent)
        assert refused(lambda: grace.identity.vouch_as(unverified, agent, " ")) == "reason"

    def test_tries_that_were_used_up_do_not_stand_in_the_way(self, grace: Grace, unverified: str) -> None:
        for turn in "123":
            grace.identity.present(unverified, "0001", turn=turn)
        agent = make_agent(grace)
        grace.handoffs.take_over(unverified, agent)
        grace.identity.vouch_as(unverified, agent, WHY)
        assert conversation_row(grace, unverified).identity_failures == 0
        assert grace.conversations.verified(unverified)

    def test_where_somebody_else_was_found_to_write_it_takes_a_supervisor_first(
        self, grace: Grace, unverified: str, boss: int
    ) -> None:
        honour(grace, unverified, "wrong_person")
        agent = make_agent(grace)
        grace.handoffs.take_over(unverified, agent)
        assert refused(lambda: grace.identity.vouch_as(unverified, agent, WHY)) == "stranger"
        grace.holds.lift(hold_of(grace, HoldKind.WRONG_PERSON), boss, WHY)
        grace.identity.vouch_as(unverified, agent, WHY)
        assert grace.conversations.verified(unverified)

    def test_a_chat_of_nobody_has_no_identity_to_confirm(self, grace: Grace) -> None:
        conversation = grace.conversations.ensure("telegram", "stranger")
        agent = make_agent(grace)
        grace.handoffs.take_over(conversation, agent)
        assert refused(lambda: grace.identity.vouch_as(conversation, agent, WHY)) == "nobody"
        assert out(grace, conversation) == []
