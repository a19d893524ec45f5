"""Two countries in one house: each borrower lives under the contact rules of their own loan."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Grace, build
from bot.services.kit import MovableClock
from bot.settings import Settings
from bot.storage.tables import Borrower, Complaint, LoanRow
from tests.conftest import ROOT
from tests.factory import make_borrower
from tests.integration.support import change, chat, only, out, send, tick, wait


@pytest.fixture
def grace(settings: Settings, clock: MovableClock, tmp_path: Path) -> Iterator[Grace]:
    """All services, with a second product under other contact rules."""
    home = tmp_path / "home"
    shutil.copytree(ROOT / "policies", home / "policies")
    for name in ("domain.yml", "locales"):
        (home / name).symlink_to(ROOT / name)
    pack = (ROOT / "policies/contact/cn.yml").read_text("utf-8")
    pack = (
        pack.replace("pack: cn\n", "pack: us\n")
        .replace("countries: [CN]", "countries: []")
        .replace("complaint_days: 15", "complaint_days: 5")
        .replace("{days: 15", "{days: 5")
    )
    pack = pack.replace('["12356", "120", "110"]', '["988"]')
    pack = pack.replace('["09:00", "20:00"]', '["11:00", "12:00"]')
    (home / "policies/contact/us.yml").write_text(pack, "utf-8")
    product = (ROOT / "policies/consumer-cn.yml").read_text("utf-8")
    product = product.replace("product: consumer-cn\n", "product: consumer-us\n")
    product = product.replace("contact_pack: cn\n", "contact_pack: us\n")
    (home / "policies/consumer-us.yml").write_text(product, "utf-8")
    changed = settings.model_copy(update={"home": home, "contact_pack": "cn"})
    built = build(changed, clock, migrate=False)
    yield built
    built.close()


@pytest.fixture
def here(grace: Grace) -> str:
    return chat(grace, make_borrower(grace))


@pytest.fixture
def abroad(grace: Grace) -> str:
    ref = make_borrower(grace)
    change(grace, LoanRow, {"borrower_id": only(grace, Borrower, ref=ref).id}, product="consumer-us")
    return chat(grace, ref)


def told(grace: Grace, conversation: str, act: str) -> dict[str, str]:
    return grace.protection.honour(conversation, act, turn=conversation[:8], locale="en").values


def test_the_crisis_line_is_that_of_the_borrower_s_own_country(grace: Grace, here: str, abroad: str) -> None:
    assert told(grace, here, "signal_self_harm")["lines"] == "12356, 120, or 110"
    assert told(grace, abroad, "signal_self_harm")["lines"] == "988"
    stranger = grace.conversations.ensure("telegram", "stranger")
    assert "12356" in told(grace, stranger, "signal_self_harm")["lines"]


def test_a_complaint_is_answered_within_the_days_of_the_borrower_s_own_rules(
    grace: Grace, here: str, abroad: str
) -> None:
    for conversation, day in ((here, "2026-03-17"), (abroad, "2026-03-07")):
        told(grace, conversation, "file_complaint")
        assert only(grace, Complaint, conversation_id=conversation).due_on.isoformat() == day


def test_the_hours_of_people_are_those_of_the_borrower_s_own_country(
    grace: Grace, here: str, abroad: str
) -> None:
    # Nine in the morning in China: here somebody is at work, abroad they begin at eleven.
    assert "11:00" not in told(grace, here, "ask_human")["wait"]
    assert "11:00" in told(grace, abroad, "ask_human")["wait"]


def test_each_reminder_and_each_answer_passes_under_its_own_rules(
    grace: Grace, here: str, abroad: str, clock: MovableClock
) -> None:
    assert len(tick(grace)) == 2
    versions = {one.conversation_id: one.pack_version or "" for c in (here, abroad) for one in out(grace, c)}
    assert versions[here].startswith("cn@")
    assert versions[abroad].startswith("us@")
    wait(clock, hours=1)
    grace.conversations.say(abroad, "utter_sticker", turn="1")
    assert len(send(grace)) == 3
