"""Tests of chat/realtime/gaps.py: since when pushes are missing after a new subscription."""

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
