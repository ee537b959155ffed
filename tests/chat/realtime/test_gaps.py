"""Tests of chat/realtime/gaps.py: since when pushes are missing."""

import math
import time

import pytest

from chat.realtime.gaps import LINGER, SILENT, Gaps


@pytest.fixture
def now(monkeypatch):
    """A monotonic clock that a test sets: a list of one number."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def gaps(now):
    """The gaps of a node that starts now."""
    return Gaps()


def repair_after_silence(gaps, now):
    """Let all publishers be silent until they are removed, subscribe, repair; return when."""
    now[0] += SILENT + 1
    gaps.look()
    gaps.subscribe()
    gaps.take()
    gaps.close(now[0])
    return now[0]


def test_the_first_subscription_is_no_gap(gaps):
    gaps.subscribe()
    assert gaps.since == math.inf


def test_pushes_before_a_delayed_first_subscription_are_missing(gaps, now):
    gaps.unsubscribe()
    now[0] += 5
    gaps.subscribe()
    assert gaps.take() == 1000


@pytest.mark.parametrize("repaired", [False, True])
def test_pushes_since_the_last_message_or_repair_are_missing_after_a_new_subscription(
    gaps, now, repaired
):
    gaps.subscribe()
    gaps.receive("a", 1, last=False)
    since = repair_after_silence(gaps, now) if repaired else now[0]
    now[0] += 1
    gaps.unsubscribe()
    gaps.subscribe()
    assert gaps.take() == since


@pytest.fixture
def after_an_outage(gaps, now):
    """Gaps of a node that subscribed and repaired after all publishers had been silent."""
    gaps.receive("a", 1, last=False)
    gaps.unsubscribe()
    repair_after_silence(gaps, now)
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


@pytest.fixture
def after_a_late_message(gaps, now):
    """Gaps of a node that received the second message of a publisher as late as is allowed."""
    now[0] += 1
    gaps.receive("a", 1, last=False)
    now[0] += SILENT - 0.1
    gaps.receive("a", 2, last=False)
    return gaps


def test_pushes_after_a_late_message_are_missing_since_the_message_before_it(
    after_a_late_message, now
):
    now[0] += 1
    after_a_late_message.receive("a", 4, last=False)
    assert after_a_late_message.take() == 1001


def test_pushes_of_a_publisher_that_falls_silent_are_missing_since_before_its_last_message(
    after_a_late_message, now
):
    now[0] += SILENT + 0.1
    after_a_late_message.look()
    assert after_a_late_message.take() == 1001


def test_a_publisher_that_left_is_a_gap_once_for_what_it_did_afterwards(gaps, now):
    gaps.receive("a", 1, last=True)
    now[0] += LINGER - 1
    gaps.look()
    assert gaps.since == math.inf
    now[0] += 1
    gaps.look()
    assert gaps.take() == 1000
    now[0] += SILENT + 1
    gaps.look()
    assert gaps.since == math.inf
