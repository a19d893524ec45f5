"""Coming in: second factors, sessions that end, tries that are counted by account and by address."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock
from bot.services.rights import NotAllowed
from bot.services.staff import Staff
from tests.integration.support import at_once, events, wait

PASSWORD = "correct horse battery"


@pytest.fixture
def li(grace: Grace) -> Staff:
    return grace.staff.add("li", "李敏", "agent", PASSWORD)


def token(grace: Grace, code: str = "") -> str:
    entry = grace.access.sign_in("li", PASSWORD, code=code)
    assert entry.outcome == "in"
    return entry.token


def enrol(grace: Grace, staff: Staff) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    begun = grace.factors.begin(staff.id)
    app = pyotp.TOTP(begun.secret)
    return app, grace.factors.confirm(staff.id, begun.secret, app.at(grace.kit.clock.now()))


class TestSessions:
    def test_a_session_is_whose_it_is_until_it_is_ended(self, grace: Grace, li: Staff) -> None:
        mine, other = token(grace), token(grace)
        found = grace.access.check(mine)
        assert found is not None
        assert (found.staff, found.must_enrol) == (li, False)
        grace.access.end(mine)
        assert grace.access.check(mine) is None
        assert grace.access.check(other) is not None

    @pytest.mark.parametrize("forged", [None, "", "x", "\udcff"])
    def test_what_is_no_session_opens_nothing(self, grace: Grace, li: Staff, forged: str | None) -> None:
        token(grace)
        assert grace.access.check(forged) is None

    def test_who_does_nothing_for_an_hour_is_signed_out(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        mine = token(grace)
        for _ in range(5):
            wait(clock, minutes=59)
            assert grace.access.check(mine) is not None
        wait(clock, minutes=59)
        # A page that merely stays open does nothing.
        assert grace.access.check(mine, active=False) is not None
        wait(clock, minutes=1)
        assert grace.access.check(mine) is None

    def test_the_busiest_session_ends_after_its_hours(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        mine = token(grace)
        for _ in range(24):
            assert grace.access.check(mine) is not None
            clock.move(timedelta(minutes=30))
        assert grace.access.check(mine) is None

    @pytest.mark.parametrize(
        "change", [{"role": "senior"}, {"password": "another long password"}, {"active": False}]
    )
    def test_a_change_of_the_account_ends_its_sessions(
        self, grace: Grace, li: Staff, change: dict[str, object]
    ) -> None:
        mine = token(grace)
        grace.staff.change("li", **change)  # type: ignore[arg-type]
        assert grace.access.check(mine) is None

    def test_signing_out_everywhere_else_keeps_this_session(self, grace: Grace, li: Staff) -> None:
        mine, others = token(grace), [token(grace) for _ in range(3)]
        assert grace.access.end_all(li.id, besides=mine) == 3
        assert [grace.access.check(one) for one in others] == [None] * 3
        assert grace.access.check(mine) is not None


class TestTries:
    def test_an_address_that_guesses_at_many_accounts_is_locked_for_all(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        for number in range(30):
            grace.access.sign_in(f"guess{number}", "x", address="203.0.113.9")
        assert grace.access.sign_in("li", PASSWORD, address="203.0.113.9").outcome == "refused"
        assert grace.access.sign_in("li", PASSWORD, address="203.0.113.10").outcome == "in"
        wait(clock, minutes=15)
        assert grace.access.sign_in("li", PASSWORD, address="203.0.113.9").outcome == "in"

    def test_an_office_that_signs_in_rightly_is_never_locked(self, grace: Grace, li: Staff) -> None:
        for _ in range(70):
            assert grace.access.sign_in("li", PASSWORD, address="203.0.113.9").outcome == "in"

    def test_another_replica_counts_the_same_tries(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        replica = build(grace.kit.settings, clock, migrate=False)
        for number in range(5):
            (grace, replica)[number % 2].access.sign_in("li", "wrong")
        assert replica.access.sign_in("li", PASSWORD).outcome == "refused"
        replica.close()

    def test_tries_are_counted_before_they_are_checked(self, grace: Grace, li: Staff) -> None:
        guesses = [lambda word=f"wrong{n}": grace.access.sign_in("li", word) for n in range(12)]
        at_once(*guesses)
        # Seven of twelve that came at once were never even compared.
        assert len(events(grace, "login_failed")) == 5


class TestSecondFactor:
    def test_a_code_is_asked_once_there_is_an_app(self, grace: Grace, li: Staff, clock: MovableClock) -> None:
        app, _ = enrol(grace, li)
        assert grace.access.sign_in("li", PASSWORD).outcome == "code"
        wait(clock, seconds=30)
        assert grace.access.sign_in("li", PASSWORD, code=app.at(clock.now())).outcome == "in"

    def test_the_code_alone_does_not_help_and_is_not_asked_for_a_wrong_password(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        app, _ = enrol(grace, li)
        wait(clock, seconds=30)
        assert grace.access.sign_in("li", "wrong").outcome == "refused"
        assert grace.access.sign_in("li", "wrong", code=app.at(clock.now())).outcome == "refused"

    def test_a_code_that_was_used_does_not_pass_again(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        app, _ = enrol(grace, li)
        assert grace.access.sign_in("li", PASSWORD, code=app.at(clock.now())).outcome == "refused"
        wait(clock, seconds=30)
        code = app.at(clock.now())
        assert grace.access.sign_in("li", PASSWORD, code=code).outcome == "in"
        assert grace.access.sign_in("li", PASSWORD, code=code).outcome == "refused"

    def test_of_two_that_use_a_code_at_once_one_gets_in(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        app, _ = enrol(grace, li)
        wait(clock, seconds=30)
        code = app.at(clock.now())
        ends = at_once(*[lambda: grace.access.sign_in("li", PASSWORD, code=code).outcome] * 3)
        assert sorted(ends) == ["in", "refused", "refused"]

    @pytest.mark.parametrize(("late", "passes"), [(-30, False), (0, True), (30, True), (61, False)])
    def test_a_clock_may_differ_by_half_a_minute(
        self, grace: Grace, li: Staff, clock: MovableClock, late: int, passes: bool
    ) -> None:
        app, _ = enrol(grace, li)
        wait(clock, minutes=5)
        code = app.at(clock.now())
        wait(clock, seconds=late if late >= 0 else 0)
        if late < 0:
            code = app.at(clock.now() - timedelta(seconds=61))
        assert (grace.access.sign_in("li", PASSWORD, code=code).outcome == "in") is passes

    def test_each_recovery_code_signs_in_once(self, grace: Grace, li: Staff) -> None:
        _, codes = enrol(grace, li)
        assert len(set(codes)) == 10
        assert grace.access.sign_in("li", PASSWORD, code=codes[0].upper()).outcome == "in"
        assert grace.access.sign_in("li", PASSWORD, code=codes[0]).outcome == "refused"
        assert grace.access.sign_in("li", PASSWORD, code=codes[1]).outcome == "in"

    def test_guesses_at_the_code_are_limited_like_guesses_at_the_password(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        app, _ = enrol(grace, li)
        for _ in range(5):
            assert grace.access.sign_in("li", PASSWORD, code="000000").outcome == "refused"
        wait(clock, seconds=30)
        assert grace.access.sign_in("li", PASSWORD, code=app.at(clock.now())).outcome == "refused"

    def test_a_role_that_must_have_one_opens_only_the_page_that_makes_one(
        self, grace: Grace, li: Staff, clock: MovableClock
    ) -> None:
        grace.kit.settings.totp_roles = "agent, supervisor"
        mine = token(grace)
        found = grace.access.check(mine)
        assert found is not None
        assert found.must_enrol
        enrol(grace, li)
        found = grace.access.check(mine)
        assert found is not None
        assert not found.must_enrol

    def test_a_wrong_code_puts_no_secret_in_force_and_a_second_app_is_refused(
        self, grace: Grace, li: Staff
    ) -> None:
        begun = grace.factors.begin(li.id)
        with pytest.raises(NotAllowed):
            grace.factors.confirm(li.id, begun.secret, "000000")
        assert not grace.factors.enrolled(li.id)
        enrol(grace, li)
        with pytest.raises(NotAllowed):
            enrol(grace, li)
        assert grace.factors.remove(li.id, actor="staff")
        assert grace.access.sign_in("li", PASSWORD).outcome == "in"
