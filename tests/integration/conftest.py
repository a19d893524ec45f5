"""What the tests of the services share: texts and policies are read once, not once a test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

import bot.bootstrap
from bot.language.texts import Texts
from bot.storage.lint_rules import load_rules
from bot.storage.policies import Policies

_texts = lru_cache(Texts.load)
_policies = lru_cache(Policies.load)
_rules = lru_cache(load_rules)


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """Keep what was read of each folder while these tests run: it is not changed once it is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Texts, "load", _texts)
        patch.setattr(Policies, "load", _policies)
        patch.setattr(bot.bootstrap, "load_rules", _rules)
        yield
