"""One clock for all: the database's.

Nodes on several machines have clocks that differ. If each stamped by its own, a client that asks
for what changed since its newest message would miss what a slow node stamps, and people would be
taken for silent. So each process knows how far its clock is off the database's, and adds that.
"""

import time

from django.db import DatabaseError, connection

CHECK_EVERY = 30.0  # seconds
TOLERANCE = 0.5  # seconds that are not worth a correction: times are in whole seconds
CLOCKS = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
}

_behind = 0.0  # seconds
_check_at = 0.0


def now() -> float:
    """Return the time in Unix seconds, as the database has it."""
    return time.time() + _behind


def set_right() -> None:
    """Compare with the database's clock, if that was not done lately; in a thread that may wait."""
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
    except DatabaseError:  # away: what needs it will say so
        _check_at = 0.0
        return
    behind = there - (asked_at + took / 2)
    _behind = behind if abs(behind) > TOLERANCE + took / 2 else 0.0
