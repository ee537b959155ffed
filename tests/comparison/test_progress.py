"""`make compare` prints how long the rest may take."""

import pytest

from comparison.compare import __main__ as compare
from comparison.compare.contest import QUICK, WHOLE, WORKS, Entry, expected


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""

    class Clock:
        now = 1000.0
        monotonic = staticmethod(lambda: Clock.now)

    monkeypatch.setattr(compare, "time", Clock)
    return Clock


def test_before_the_first_measurement_ends_the_time_left_is_what_was_expected(clock):
    progress = compare.Progress([600, 60, 60])
    assert progress.left == "0 of 3 measurements, about 12 min left"
    clock.now += 300
    assert progress.left == "0 of 3 measurements, about 7 min left"


def test_the_time_left_follows_the_pace_of_what_is_done(clock):
    progress = compare.Progress([60, 600, 60])
    clock.now += 120
    progress.next()
    assert progress.left == "1 of 3 measurements, about 22 min left"
    clock.now += 600
    assert progress.left == "1 of 3 measurements, about 12 min left"


def test_a_measurement_that_takes_longer_than_expected_leaves_the_time_of_the_others(clock):
    progress = compare.Progress([60, 60])
    clock.now += 1000
    assert progress.left == "0 of 2 measurements, about 1 min left"


def test_after_the_last_measurement_no_time_is_left():
    progress = compare.Progress([60])
    progress.next()
    assert progress.left == "1 of 1 measurements"


def test_a_search_takes_longer_than_a_single_load_and_a_whole_run_longer_than_a_quick_one():
    search, probe = Entry("flack", open), Entry("ws", open, only_probe=True)
    push, poll, _ = WORKS
    assert expected(search, push, WHOLE) > expected(search, poll, WHOLE)
    assert expected(search, poll, WHOLE) > expected(probe, poll, WHOLE)
    assert expected(search, poll, WHOLE) > expected(search, poll, QUICK)
