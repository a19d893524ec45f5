"""How fast a page may send: a burst, then a steady pace; what was not used up is not saved for ever."""

from __future__ import annotations

from bot.web.chat.pace import Pace


class Watch:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_one_second_s_worth_passes_and_then_one_at_a_time() -> None:
    watch = Watch()
    pace = Pace(4, watch)
    assert [pace.allows() for _ in range(6)] == [True] * 4 + [False] * 2
    watch.now += 0.25
    assert [pace.allows() for _ in range(2)] == [True, False]


def test_a_long_silence_saves_up_no_more_than_one_burst() -> None:
    watch = Watch()
    pace = Pace(4, watch)
    watch.now += 3600
    assert sum(pace.allows() for _ in range(100)) == 4
