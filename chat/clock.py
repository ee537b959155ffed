"""The clock that all processes share: the database's.

Clocks of several machines differ. If each node used its own, a client that fetches changes since
its newest message would miss a change that a slow node stamped, and users would wrongly go offline.
So each process measures the offset between its clock and the database's, and adds it.
"""

import time

from django.db import DatabaseError, connection

CHECK_EVERY = 30.0  # seconds
TOLERANCE = 0.5  # seconds; smaller offsets are ignored, as times are in whole seconds
CLOCKS = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
}

_behind = 0.0  # seconds
_check_at = 0.0


def now() -> float:
    """Return the time in Unix seconds by the clock of the database."""
    return time.time() + _behind


def set_right() -> None:
    """Measure the offset again if `CHECK_EVERY` seconds have passed; blocks on the database."""
    global _behind, _check_at
    if time.monotonic() < _check_at:
        return
    _check_at = time.monotonic() + CHECK_EVERY
    try:
        with connection.cursor() as cursor:
            asked_at = time.time()
            cursor.execute(CLOCKS[connection.vendor])
            there = float(cursor.fetchone()[0])
            took = time.time() - asked_at
    except DatabaseError:  # unavailable: the next query of the caller reports that
        _check_at = 0.0
        return
    behind = there - (asked_at + took / 2)
    _behind = behind if abs(behind) > TOLERANCE + took / 2 else 0.0
