"""Tests of chat/clock.py."""

import time

import pytest
from django.db import OperationalError, connection

from chat import clock as flack_clock
from chat.clock import set_right
from chat.models import timestamp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def due(monkeypatch):
    """Let the clock be compared with the database's by the next `set_right`."""
    monkeypatch.setattr(flack_clock, "_check_at", 0.0)
    monkeypatch.setattr(flack_clock, "_behind", 0.0)
    monkeypatch.setattr(flack_clock, "_has_failed", False)


@pytest.fixture
def right():
    """The right time."""
    return time.time()


@pytest.mark.parametrize("seconds", [-30, 30, 86400])
def test_a_clock_that_is_off_is_set_right(right, clock, seconds):
    clock.advance(seconds)
    assert abs(timestamp() - right) > 20
    set_right()
    assert abs(timestamp() - right) < 5


def test_a_clock_that_is_right_is_left_alone(clock):
    set_right()
    assert flack_clock.now() == clock()


def test_the_database_is_not_asked_again_at_once(clock, monkeypatch, django_assert_num_queries):
    now = time.monotonic()
    monkeypatch.setattr(
        time, "monotonic", lambda: now
    )  # a pause would look like a clock that is set
    set_right()
    with django_assert_num_queries(0):
        set_right()


@pytest.mark.parametrize("seconds", [-86400, -3600, 3600, 86400])
def test_a_clock_that_is_set_while_the_process_runs_is_set_right_at_once(right, clock, seconds):
    set_right()
    clock.advance(seconds)
    set_right()
    assert abs(flack_clock.now() - right) < 60


def test_while_the_database_is_unavailable_the_clock_stays_and_the_check_is_repeated(
    clock, monkeypatch
):
    clock.advance(30)

    def away():
        raise OperationalError("away")

    with monkeypatch.context() as context:
        context.setattr(connection, "cursor", away)
        set_right()
        assert flack_clock.now() == clock()
    set_right()
    assert -31 < flack_clock.now() - clock() < -29


@pytest.fixture
def closed(monkeypatch):
    """A connection that is not open, in place of the connection of this thread."""
    closed = connection.copy()
    monkeypatch.setattr(flack_clock, "connection", closed)
    yield closed
    closed.close()


def test_a_request_waits_once_for_a_database_that_cannot_be_reached(clock, closed, monkeypatch):
    attempts = []

    def fail(parameters):
        attempts.append(parameters)
        raise OperationalError("unreachable")

    with monkeypatch.context() as context:
        context.setattr(closed, "get_new_connection", fail)
        for _ in range(3):  # the first request finds out
            attempts.clear()
            set_right()
            with pytest.raises(OperationalError):
                closed.ensure_connection()
        assert len(attempts) == 1
    clock.advance(30)
    set_right()
    closed.ensure_connection()  # of the caller: it can be reached again
    assert -31 < flack_clock.now() - clock() < -29
