"""The times of rows, in whole Unix seconds."""

from chat import clock

AHEAD = 3  # seconds that `updated_at` may lie in the future


def timestamp() -> int:
    """Return the current time in whole Unix seconds, by the clock of the database."""
    return int(clock.now())


def later_than(updated_at: int) -> int:
    """Return the time of a change: now, or one second after the row's last change.

    Each version of a row has a time of its own, so a client that receives two in any order keeps
    the newer one. The time is at most `AHEAD` seconds in the future: a client that fetches changes
    since its newest `updated_at` would miss other changes until then.
    """
    now = timestamp()
    return max(now, updated_at, min(updated_at + 1, now + AHEAD))
