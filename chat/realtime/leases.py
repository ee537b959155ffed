"""Leases: which sockets of a user are open, on any node. A lease expires unless it is renewed."""

import threading
from typing import Protocol

import redis
from django.conf import settings

from chat import clock


class Leases(Protocol):
    """A store of leases."""

    def hold(self, user_id: int, socket: str, seconds: float) -> bool:
        """Let the lease of a socket expire in `seconds`; return True if it is new, not renewed."""

    def held(self, user_id: int) -> bool:
        """Return True if a socket of the user has a lease that has not expired."""


class RedisLeases:
    """Leases shared by all nodes: a sorted set per user, scored by the time of expiry."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)

    def hold(self, user_id: int, socket: str, seconds: float) -> bool:
        """See `Leases`."""
        key, now = f"flack:leases:{user_id}", clock.now()
        with self._redis.pipeline() as pipe:
            pipe.zremrangebyscore(key, 0, now)
            pipe.zadd(key, {socket: now + seconds})
            pipe.expire(key, 120)
            _, added, _ = pipe.execute()
        return bool(added)

    def held(self, user_id: int) -> bool:
        """See `Leases`."""
        return bool(self._redis.zcount(f"flack:leases:{user_id}", clock.now(), "+inf"))


class LocalLeases:
    """Leases of a single process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[int, dict[str, float]] = {}

    def hold(self, user_id: int, socket: str, seconds: float) -> bool:
        """See `Leases`."""
        now = clock.now()
        with self._lock:  # two threads that replace the dict at once would lose a lease
            ends = {n: end for n, end in self._ends.get(user_id, {}).items() if end > now}
            self._ends[user_id] = {**ends, socket: now + seconds}
        return socket not in ends

    def held(self, user_id: int) -> bool:
        """See `Leases`."""
        now = clock.now()
        return any(end > now for end in self._ends.get(user_id, {}).values())


leases: Leases = RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else LocalLeases()
