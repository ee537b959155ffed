"""Requests per second of all nodes together.

Each node counts in memory and adds its counts to the cache once per second, not once per request.
"""

import threading
from collections import Counter
from contextlib import suppress

from django.core.cache import cache

from chat import clock

WINDOW = 15  # seconds

_lock = threading.Lock()
_requests: Counter[int] = Counter()


def add_request() -> bool:
    """Count a request; return True for the first since `flush`: the caller then schedules one."""
    with _lock:
        first = not _requests
        _requests[int(clock.now())] += 1
    return first


def flush() -> None:
    """Add the counts of this process to the shared ones; raise RedisError without a cache."""
    with _lock:
        counted = dict(_requests)
        _requests.clear()
    for second, requests in counted.items():
        key = f"requests:{second}"
        if not cache.add(key, requests, 2 * WINDOW):
            with suppress(ValueError):  # evicted since: the cache has no room for these counts
                cache.incr(key, requests)


def requests_per_second() -> float:
    """Return the mean over the last `WINDOW` seconds."""
    flush()
    now = int(clock.now())
    return sum(cache.get_many([f"requests:{now - ago}" for ago in range(WINDOW)]).values()) / WINDOW
