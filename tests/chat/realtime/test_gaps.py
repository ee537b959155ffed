"""Tests of chat/realtime/gaps.py: since when pushes are missing."""

import math
import time

import pytest

from chat.realtime.gaps import SILENT, Gaps


@pytest.fixture
def now(monkeypatch):
    """A monotonic clock that a test sets: a list of one number."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_subscription_is_no_gap(now):
    gaps = Gaps()
    gaps.subscribe()
    assert gaps.since == math.inf


def test_pushes_before_a_delayed_first_subscription_are_missing(now):
    gaps = Gaps()
    gaps.unsubscribe()
    now[0] += 5
    gaps.subscribe()
    assert gaps.take() == 1000


def test_pushes_since_the_last_message_are_missing_after_a_new_subscription(now):
    gaps = Gaps()
    gaps.subscribe()
    gaps.receive("a", 1, last=False)
    now[0] += 1
    gaps.unsubscribe()
    gaps.subscribe()
    assert gaps.take() == 1000


def test_pushes_between_the_last_repair_and_a_new_subscription_are_missing(now):
    gaps = Gaps()
    gaps.subscribe()
    gaps.receive("a", 1, last=False)
    now[0] += SILENT + 1
    gaps.look()  # removes the publisher
    gaps.take()
    gaps.close(now[0])
    repaired_at = now[0]
    now[0] += 1
    gaps.unsubscribe()
    gaps.subscribe()
    assert gaps.take() == repaired_at


@pytest.fixture
def after_an_outage(now):
    """Gaps of a node that subscribed and repaired after all publishers had been silent."""
    gaps = Gaps()
    gaps.receive("a", 1, last=False)
    gaps.unsubscribe()
    now[0] += SILENT + 1
    gaps.look()  # removes the publisher
    gaps.subscribe()
    gaps.take()
    gaps.close(now[0])
    return gaps


def test_pushes_that_a_publisher_dropped_after_the_repair_of_an_outage_are_missing(
    after_an_outage, now
):
    repaired_at = now[0]
    now[0] += 1  # in which it published nothing, because its last attempt had failed
    after_an_outage.receive("a", 7, last=False)
    assert after_an_outage.take() == repaired_at


def test_a_publisher_that_starts_after_an_outage_is_no_gap(after_an_outage):
    after_an_outage.receive("b", 1, last=False)
    assert after_an_outage.take() == math.inf


def test_what_followed_a_message_that_was_delivered_late_is_missing(now):
    gaps = Gaps()
    now[0] += 1
    gaps.receive("a", 1, last=False)
    now[0] += SILENT - 0.1  # the second message was on its way for as long
    gaps.receive("a", 2, last=False)
    now[0] += 1
    gaps.receive("a", 4, last=False)
    assert gaps.take() == 1001


def test_a_publisher_that_falls_silent_after_a_late_message_is_missing_since_before_it(now):
    gaps = Gaps()
    now[0] += 1
    gaps.receive("a", 1, last=False)
    now[0] += SILENT - 0.1
    gaps.receive("a", 2, last=False)
    now[0] += SILENT + 0.1
    gaps.look()
    assert gaps.take() == 1001
