"""What the tests of the services share: a borrower and their chat; texts and policies read but once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

import pytest
from argon2 import PasswordHasher

import bot.bootstrap
import bot.services.staff
from bot.bootstrap import Grace
from bot.language.texts import Texts
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies
from tests.factory import make_borrower
from tests.integration.support import chat

_texts = lru_cache(Texts.load)
_policies = lru_cache(Policies.load)
_rules = lru_cache(load_rules)
_hasher = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """Keep what was read of each folder while these tests run: it is not changed once it is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Texts, "load", _texts)
        patch.setattr(Policies, "load", _policies)
        patch.setattr(bot.bootstrap, "load_rules", _rules)
        # Hash with little work: what these tests look at is not how long it takes.
        patch.setattr(bot.services.staff, "PasswordHasher", _hasher)
        yield


@pytest.fixture
def ref(grace: Grace) -> str:
    """A borrower with one loan, by the lender's reference."""
    return make_borrower(grace)


@pytest.fixture
def conversation(grace: Grace, ref: str) -> str:
    """The chat of that borrower."""
    return chat(grace, ref)
