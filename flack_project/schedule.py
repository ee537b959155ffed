"""When beat runs its tasks."""

import time
from datetime import UTC, datetime, timedelta

from celery.schedules import schedule

_START = datetime.now(UTC) - timedelta(seconds=time.monotonic())


def steady_now() -> datetime:
    """Return the time by this host's clock when the process started, plus the time since then."""
    return _START + timedelta(seconds=time.monotonic())


def every(seconds: float) -> schedule:
    """Return a schedule that runs a task every `seconds`, also after the clock was set.

    Celery's own measures by the wall clock: set back by an hour, it would run nothing for an hour.
    """
    return schedule(seconds, nowfun=steady_now)
