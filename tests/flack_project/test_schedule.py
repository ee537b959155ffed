"""Tests of flack_project/schedule.py."""

import time
from datetime import datetime, timedelta

import pytest
from celery import current_app
from celery.beat import Scheduler
from django.conf import settings

from flack_project import schedule


@pytest.fixture
def sent(monkeypatch):
    """The names of the tasks that beat sends."""
    names = []
    monkeypatch.setattr(Scheduler, "apply_async", lambda self, entry, **_: names.append(entry.name))
    return names


@pytest.mark.parametrize("jump", [-86400, -3600, 3600, 86400])
def test_beat_sends_each_task_in_time_also_after_the_clock_was_set(sent, clock, monkeypatch, jump):
    set_to = datetime.now(schedule.UTC) + timedelta(seconds=jump)
    now, names = time.monotonic(), set(settings.CELERY_BEAT_SCHEDULE)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    beat = Scheduler(current_app)
    beat.tick()
    assert sent == []
    clock.advance(jump)
    monkeypatch.setattr(current_app, "now", lambda: set_to)
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    for _ in names:
        beat.tick()
    assert set(sent) == names


def test_beat_keeps_no_times_that_a_clock_set_back_would_make_the_future():
    assert current_app.conf.beat_scheduler == "celery.beat.Scheduler"
