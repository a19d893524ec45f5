"""Who is writing: two facts, few tries, one-time links; and never a word on which fact was wrong."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select

from bot.bootstrap import Grace
from bot.services.accounts import IdentityNeeded
from bot.services.identity import Identity, withdraw
from bot.services.kit import MovableClock
from bot.storage.tables import AddressRow, Borrower, Conversation, LinkToken
from tests.factory import make_borrower
from tests.integration.support import at_once, change, chat, conversation_row, events, only, wait

_turns = itertools.count(1)


@pytest.fixture
def ref(grace: Grace) -> str:
    return make_borrower(grace, verified=False)


@pytest.fixture
def conversation(grace: Grace, ref: str) -> str:
    return chat(grace, ref, verified=False)


def present(grace: Grace, conversation: str, text: str, turn: str | None = None) -> Identity:
    return grace.identity.present(conversation, text, turn=turn or f"turn {next(_turns)}")


class TestFacts:
    def test_two_facts_in_one_message_verify_the_conversation_and_its_address(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        assert present(grace, conversation, "1990-05-12，手机尾号5678").status == "verified"
        assert grace.conversations.verified(conversation)
        assert only(grace, AddressRow, address=ref).verified
        assert [event.detail for event in events(grace, "identity_verified")] == [{"how": "two facts"}]

    def test_two_facts_may_come_in_two_messages(self, grace: Grace, conversation: str) -> None:
        assert grace.identity.missing_facts(conversation) == ("birth_date", "phone_last4")
        first = present(grace, conversation, "5678")
        assert (first.status, first.facts) == ("more", ("birth_date",))
        assert not grace.conversations.verified(conversation)
        assert present(grace, conversation, "1990年5月12日").status == "verified"

    @pytest.mark.parametrize(
        "written",
        [
            "1990-05-12",
            "1990/5/12",
            "1990.05.12",
            "1990年5月12日",
            "1990年05月12号",
            "19900512",
            "1990 5 12",
            "１９９０年５月１２日",
            "我是1990年5月12日生的",
            "12 May 1990",
            "12th of May, 1990",
            "May 12, 1990",
            "may 12th 1990",
            "12/05/1990",
            "5/12/1990",
            "12.5.1990",
            "I was born on 12-05-1990.",
        ],
    )
    def test_a_birth_date_counts_however_it_is_written(
        self, grace: Grace, conversation: str, written: str
    ) -> None:
        assert present(grace, conversation, written).status == "more"
        assert present(grace, conversation, "5678").status == "verified"

    @pytest.mark.parametrize(
        "written", ["5678", "尾号5678", "19900005678", "199-0000-5678", "+86 199 0000 5678", "５６７８"]
    )
    def test_a_phone_number_counts_by_its_last_four(
        self, grace: Grace, conversation: str, written: str
    ) -> None:
        assert present(grace, conversation, written).facts == ("birth_date",)

    @pytest.mark.parametrize("written", ["301X", "301x", "id 301x", "11010119900512301X", "３０１ｘ"])
    def test_an_identity_card_counts_by_its_last_four(
        self, grace: Grace, conversation: str, written: str
    ) -> None:
        assert present(grace, conversation, written).status == "more"
        assert conversation_row(grace, conversation).identity_facts == ["id_last4"]

    @pytest.mark.parametrize(
        "written",
        ["", "ok", "yes", "好的", "是我本人", "12 May", "90-05-12", "56", "abc5678def", "👍", "1.5"],
    )
    def test_what_states_no_fact_is_no_try_and_passes_nothing(
        self, grace: Grace, conversation: str, written: str
    ) -> None:
        found = present(grace, conversation, written)
        assert (found.status, found.left) == ("nothing", 3)
        assert conversation_row(grace, conversation).identity_failures == 0

    @pytest.mark.parametrize("written", ["1991-05-12", "12 June 1990", "5679", "3011", "1990-05-13 5670"])
    def test_a_wrong_fact_is_a_failed_try(self, grace: Grace, conversation: str, written: str) -> None:
        found = present(grace, conversation, written)
        assert (found.status, found.left) == ("wrong", 2)

    def test_the_same_fact_twice_is_not_two_facts(self, grace: Grace, conversation: str) -> None:
        present(grace, conversation, "5678")
        assert present(grace, conversation, "19900005678").status == "wrong"
        assert not grace.conversations.verified(conversation)

    def test_facts_that_are_not_on_file_are_not_asked_for(
        self, grace: Grace, ref: str, conversation: str
    ) -> None:
        change(grace, Borrower, {"ref": ref}, birth_date=None)
        assert grace.identity.missing_facts(conversation) == ("phone_last4", "id_last4")
        assert present(grace, conversation, "5678 301X").status == "verified"

    def test_one_fact_on_file_is_never_enough(self, grace: Grace, ref: str, conversation: str) -> None:
        change(grace, Borrower, {"ref": ref}, birth_date=None, id_last4=None)
        assert present(grace, conversation, "5678").status == "short"
        assert not grace.conversations.verified(conversation)


class TestTries:
    def test_three_failed_tries_lock_it_for_the_right_facts_too(
        self, grace: Grace, conversation: str
    ) -> None:
        tries = [present(grace, conversation, f"000{n}") for n in range(3)]
        assert [(one.status, one.left) for one in tries] == [("wrong", 2), ("wrong", 1), ("locked", 0)]
        assert present(grace, conversation, "1990-05-12 5678").status == "locked"
        assert not grace.identity.share_phone(conversation, "19900005678")
        assert not grace.conversations.verified(conversation)
        assert len(events(grace, "identity_failed")) == 3

    def test_a_turn_that_is_asked_again_costs_one_try_and_is_answered_alike(
        self, grace: Grace, conversation: str
    ) -> None:
        for turn in ("1", "2", "3"):
            first = present(grace, conversation, "0001", turn)
            assert [present(grace, conversation, "0001", turn) for _ in range(3)] == [first] * 3
        assert first.status == "locked"
        assert conversation_row(grace, conversation).identity_failures == 3
        assert len(events(grace, "identity_failed")) == 3

    def test_a_right_fact_in_a_turn_that_is_asked_again_stays_right(
        self, grace: Grace, conversation: str
    ) -> None:
        first = [present(grace, conversation, "5678", "1") for _ in range(2)]
        assert {one.status for one in first} == {"more"}
        second = [present(grace, conversation, "1990-05-12", "2") for _ in range(2)]
        assert {one.status for one in second} == {"verified"}
        assert conversation_row(grace, conversation).identity_failures == 0
        assert len(events(grace, "identity_verified")) == 1

    def test_a_repeated_turn_does_not_bring_back_an_identity_that_was_withdrawn(
        self, grace: Grace, conversation: str
    ) -> None:
        present(grace, conversation, "1990-05-12 5678", "1")
        grace.protection.honour(conversation, "wrong_person", turn="2", locale="zh_CN")
        assert present(grace, conversation, "1990-05-12 5678", "1").status == "locked"

    def test_a_lock_does_not_wear_off(self, grace: Grace, conversation: str, clock: MovableClock) -> None:
        for n in range(3):
            present(grace, conversation, f"000{n}")
        wait(clock, days=60)
        assert present(grace, conversation, "1990-05-12 5678").status == "locked"

    def test_threads_that_guess_at_once_get_no_more_tries(self, grace: Grace, conversation: str) -> None:
        guesses = [lambda n=n: present(grace, conversation, f"000{n}").status for n in range(6)]
        assert sorted(at_once(*guesses)) == ["locked"] * 4 + ["wrong"] * 2

    def test_the_answer_never_tells_which_fact_was_wrong(self, grace: Grace) -> None:
        answers = []
        for wrong in ("1991-01-01", "0000", "1991-01-01 0000", "1991-01-01 301Y"):
            conversation = chat(grace, make_borrower(grace, verified=False), verified=False)
            answers.append(present(grace, conversation, wrong))
        assert set(answers) == {Identity("wrong", ("birth_date", "phone_last4"), 2)}

    @pytest.mark.parametrize(
        "guesses",
        [
            " ".join(f"{n:04d}" for n in range(5600, 5700)),
            " ".join(f"1990-05-{day:02d}" for day in range(1, 32)),
            " ".join(f"{day}/5/1990" for day in range(8, 16)) + " 5678",
        ],
        ids=["last fours", "days", "days both ways"],
    )
    def test_a_list_of_guesses_is_one_failed_try(self, grace: Grace, conversation: str, guesses: str) -> None:
        assert present(grace, conversation, guesses).status == "wrong"
        assert conversation_row(grace, conversation).identity_facts == []

    def test_all_facts_and_a_loan_number_in_one_message_are_no_list_of_guesses(
        self, grace: Grace, conversation: str
    ) -> None:
        text = "贷款8812，生日12/05/1990，手机19900005678，身份证11010119900512301X"
        assert present(grace, conversation, text).status == "verified"


class TestExpiry:
    def test_a_verification_runs_out_and_then_no_debt_fact_is_told(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        present(grace, conversation, "1990-05-12 5678")
        wait(clock, days=grace.kit.settings.identity_days, seconds=-1)
        assert grace.conversations.verified(conversation)
        wait(clock, seconds=1)
        assert not grace.conversations.verified(conversation)
        with pytest.raises(IdentityNeeded):
            grace.accounts.standing(conversation)

    def test_after_it_ran_out_the_same_facts_are_asked_and_verify_again(
        self, grace: Grace, conversation: str, clock: MovableClock
    ) -> None:
        present(grace, conversation, "1990-05-12 5678")
        wait(clock, days=grace.kit.settings.identity_days)
        assert grace.identity.missing_facts(conversation) == ("birth_date", "phone_last4")
        assert present(grace, conversation, "5678").status == "more"
        assert present(grace, conversation, "1990-05-12").status == "verified"


class TestOtherWays:
    @pytest.mark.parametrize("phone", ["19900005678", "+86 199 0000 5678", "86-19900005678"])
    def test_a_phone_number_that_the_app_vouches_for_verifies(
        self, grace: Grace, conversation: str, phone: str
    ) -> None:
        assert grace.identity.share_phone(conversation, phone)
        assert grace.conversations.verified(conversation)

    @pytest.mark.parametrize("phone", ["19900005679", "5678", "", "0005678"])
    def test_another_phone_number_does_not(self, grace: Grace, conversation: str, phone: str) -> None:
        assert not grace.identity.share_phone(conversation, phone)
        assert not grace.conversations.verified(conversation)

    def test_a_colleague_who_checked_by_other_means_may_vouch(self, grace: Grace, conversation: str) -> None:
        for n in range(3):
            present(grace, conversation, f"000{n}")
        grace.identity.vouch(conversation, "agent 7")
        assert grace.conversations.verified(conversation)
        (event,) = events(grace, "identity_verified")
        assert (event.actor, event.cause) == ("agent 7", "vouched")

    def test_a_chat_of_nobody_can_be_verified_by_nothing(self, grace: Grace) -> None:
        conversation = grace.conversations.ensure("telegram", "stranger")
        assert present(grace, conversation, "1990-05-12 5678").status == "unknown"
        assert not grace.identity.share_phone(conversation, "19900005678")
        grace.identity.vouch(conversation, "agent 7")
        assert not grace.conversations.verified(conversation)
        assert grace.identity.missing_facts(conversation) == ()

    def test_withdrawing_takes_it_back_for_good(self, grace: Grace, ref: str, conversation: str) -> None:
        present(grace, conversation, "1990-05-12 5678")
        with grace.kit.db.begin() as session:
            row = session.get_one(Conversation, conversation)
            withdraw(session, row, grace.kit.settings.identity_tries)
        assert not grace.conversations.verified(conversation)
        assert not only(grace, AddressRow, address=ref).verified
        assert present(grace, conversation, "1990-05-12 5678").status == "locked"


class TestLinks:
    def test_a_link_binds_one_address_once(self, grace: Grace, ref: str) -> None:
        token = grace.links.issue(ref, "telegram")
        assert grace.links.bind(token, "telegram", "4711") == ref
        assert grace.links.bind(token, "telegram", "4712") is None
        assert only(grace, AddressRow, channel="telegram").address == "4711"
        assert len(events(grace, "link_issued")) == len(events(grace, "address_bound")) == 1

    def test_two_devices_that_use_a_link_at_once_bind_one(self, grace: Grace, ref: str) -> None:
        token = grace.links.issue(ref, "telegram")
        found = at_once(*[lambda n=n: grace.links.bind(token, "telegram", f"47{n}") for n in range(4)])
        assert sorted(found, key=str) == [None, None, None, ref]
        assert len(events(grace, "address_bound")) == 1

    def test_a_link_lives_for_its_hours_and_no_longer(
        self, grace: Grace, ref: str, clock: MovableClock
    ) -> None:
        late, in_time = (grace.links.issue(ref, "telegram") for _ in range(2))
        wait(clock, hours=grace.kit.settings.link_hours, seconds=-1)
        assert grace.links.bind(in_time, "telegram", "1") == ref
        wait(clock, seconds=1)
        assert grace.links.bind(late, "telegram", "2") is None

    def test_a_link_works_on_its_own_channel_only_and_is_not_used_up_by_another(
        self, grace: Grace, ref: str
    ) -> None:
        token = grace.links.issue(ref, "telegram")
        assert grace.links.bind(token, "webchat") is None
        assert grace.links.bind(token, "telegram", "4711") == ref

    @pytest.mark.parametrize("token", ["", "x", "a" * 500, "\x00", "令牌"])
    def test_a_made_up_link_binds_nothing(self, grace: Grace, token: str) -> None:
        assert grace.links.bind(token, "telegram", "4711") is None

    def test_the_token_itself_is_not_stored(self, grace: Grace, ref: str) -> None:
        token = grace.links.issue(ref, "telegram")
        assert token not in only(grace, LinkToken).token_hash
        assert len(token) >= 32

    def test_an_unknown_borrower_gets_no_link(self, grace: Grace) -> None:
        with pytest.raises(LookupError, match="nobody"):
            grace.links.issue("nobody", "telegram")

    def test_on_the_web_chat_the_address_is_the_borrower(self, grace: Grace, ref: str) -> None:
        token = grace.links.issue(ref, "webchat")
        assert grace.links.bind(token, "webchat") == ref

    def test_binding_is_not_identity(self, grace: Grace, ref: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        conversation = grace.conversations.ensure("telegram", "4711")
        assert not grace.conversations.verified(conversation)
        assert not only(grace, AddressRow, channel="telegram").verified

    def test_a_chat_that_another_borrower_takes_over_starts_anew(self, grace: Grace, ref: str) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        conversation = chat(grace, "4711", channel="telegram")
        other = make_borrower(grace, locale="en")
        grace.links.bind(grace.links.issue(other, "telegram"), "telegram", "4711")
        row = conversation_row(grace, conversation)
        assert (row.verified_at, row.identity_facts, row.locale) == (None, [], "en")
        with grace.kit.db.begin() as session:
            bound = session.scalars(
                select(AddressRow).where(AddressRow.channel == "telegram", AddressRow.address == "4711")
            ).one()
            assert (bound.borrower.ref, bound.verified) == (other, False)

    def test_a_chat_that_was_the_wrong_persons_can_be_the_right_persons_later(
        self, grace: Grace, ref: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        conversation = chat(grace, "4711", channel="telegram")
        grace.protection.honour(conversation, "wrong_person", turn="1", locale="zh_CN")
        other = make_borrower(grace)
        grace.links.bind(grace.links.issue(other, "telegram"), "telegram", "4711")
        row = only(grace, AddressRow, channel="telegram")
        assert (row.dead_at, row.dead_reason, row.consent) == (None, None, True)
        assert present(grace, conversation, "1990-05-12 5678").status == "verified"

    def test_who_is_not_the_borrower_stays_locked_out_even_with_a_new_link(
        self, grace: Grace, ref: str
    ) -> None:
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        conversation = chat(grace, "4711", channel="telegram")
        grace.protection.honour(conversation, "third_party", turn="1", locale="zh_CN")
        grace.links.bind(grace.links.issue(ref, "telegram"), "telegram", "4711")
        assert present(grace, conversation, "1990-05-12 5678").status == "locked"
        assert only(grace, AddressRow, channel="telegram").dead_at is not None
