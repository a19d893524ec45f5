"""Keys of the console: no two commands share one, and no key is one that the browser keeps for itself."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.shortcuts import DEFAULTS, Shortcuts, choose, normal
from bot.web.console.terms import COMMANDS

KEYS = st.text(st.sampled_from("abgqz/? 1é你\tF"), max_size=5)


def clash(one: str, other: str) -> bool:
    return bool(one and other) and (f"{one} ".startswith(f"{other} ") or f"{other} ".startswith(f"{one} "))


def test_every_command_has_a_name_and_no_two_share_their_keys() -> None:
    assert set(COMMANDS) == set(DEFAULTS)
    assert not any(clash(one, other) for one, other in permutations(DEFAULTS.values(), 2))
    assert choose(DEFAULTS, bare=True) == Shortcuts({})


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), KEYS, max_size=6), st.booleans())
def test_what_is_kept_never_clashes_and_what_is_refused_says_which(
    wanted: dict[str, str], bare: bool
) -> None:
    chosen = choose(wanted, bare=bare)
    if isinstance(chosen, tuple):
        assert {one.limit for one in chosen} <= set(wanted)
        return
    assert not any(clash(one, other) for one, other in permutations(chosen.keys.values(), 2))
    assert all(len(stroke) == 1 for keys in chosen.keys.values() for stroke in keys.split(" ") if keys)
    assert {command: chosen.keys[command] for command in wanted} == {
        command: normal(keys) for command, keys in wanted.items()
    }
    assert chosen.bare is bare


@pytest.mark.parametrize("keys", ["ctrl+w", "a b c", "ab", "Enter"])
def test_only_bare_characters_can_be_keys(keys: str) -> None:
    (refusal,) = choose({"take": keys}, bare=True)  # type: ignore[misc]
    assert (refusal.limit, refusal.allowed, refusal.asked) == ("take", "", keys)


def test_a_key_that_begins_anothers_is_refused_and_named() -> None:
    (refusal,) = choose({"take": "G"}, bare=True)  # type: ignore[misc]
    assert (refusal.limit, refusal.allowed) == ("take", "queue")
    freed = choose({"take": "r", "reply": "t"}, bare=True)
    assert isinstance(freed, Shortcuts)
    assert (freed.keys["take"], freed.keys["reply"]) == ("r", "t")
    assert choose({"take": "\uff32", "reply": ""}, bare=True) == Shortcuts({"take": "r", "reply": ""})
