"""Tests of chat/models/times.py; tests/chat/actions/ has those of the times of changes."""

from chat.models import timestamp


def test_time_is_in_whole_seconds(clock):
    assert timestamp() == int(clock())
