"""The clock that all processes share: the database's.

Clocks of several machines differ. If each node used its own, a client that fetches changes since
its newest message would miss a change that a slow node stamped, and users would wrongly go offline.
So each process measures the offset between its clock and the database's, and adds it. It measures
again when its clock was set: 30 s of messages from the future would hide all others for as long as
the clock was ahead, since clients fetch changes since the newest.
"""

import time
from typing import Any

from django.db import Error, connection
from django.db.backends.signals import connection_created

CHECK_EVERY = 30.0  # seconds
TOLERANCE = 0.5  # seconds; smaller offsets are ignored, as times are in whole seconds
CLOCKS = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
}

_behind = 0.0  # seconds
_check_at = 0.0  # in terms of `time.monotonic()`
_steady = 0.0  # `time.time()` less `time.monotonic()` at the last check, until the clock is set
_has_failed = False  # True while the last check found no database


def now() -> float:
    """Return the time in Unix seconds by the clock of the database."""
    return time.time() + _behind


def set_right() -> None:
    """Measure the offset again after `CHECK_EVERY` seconds, and when this host's clock was set.

    Blocks on the database. After a failure no connection is opened for this: an attempt takes
    seconds, and that of the caller follows. The offset is measured once one has succeeded.
    """
    steady = time.time() - time.monotonic()
    if time.monotonic() < _check_at and abs(steady - _steady) < TOLERANCE:
        return
    if not _has_failed or connection.connection is not None:
        _measure(connection)


def _measure(connection: Any) -> None:
    global _behind, _check_at, _steady, _has_failed
    steady = time.time() - time.monotonic()
    _check_at = time.monotonic() + CHECK_EVERY
    try:
        with connection.cursor() as cursor:
            asked_at = time.time()
            cursor.execute(CLOCKS[connection.vendor])
            there = float(cursor.fetchone()[0])
            took = time.time() - asked_at
    except Error:  # unavailable: the next query of the caller reports that
        _check_at, _has_failed = 0.0, True
        return
    behind = there - (asked_at + took / 2)
    _behind = behind if abs(behind) > TOLERANCE + took / 2 else 0.0
    # Only now: other threads measure too rather than use the old offset.
    _steady, _has_failed = steady, False


def _measure_after_failure(connection: Any, **kwargs: Any) -> None:
    if _has_failed:
        _measure(connection)


connection_created.connect(_measure_after_failure)
