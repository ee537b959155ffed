"""Leases: which sockets of a user are open, on any node. A lease expires unless it is renewed."""

import threading
from collections.abc import Mapping
from typing import Protocol

import redis
from django.conf import settings

from chat import clock
from chat.replies import checked


class Leases(Protocol):
    """A store of leases."""

    def hold(self, leases: Mapping[tuple[int, str], float]) -> None:
        """Create or renew leases by user and socket; each value is the seconds until it expires."""

    def held(self, user_id: int) -> bool:
        """Return True if a socket of the user has a lease that has not expired."""


class RedisLeases:
    """Leases shared by all nodes: a sorted set per user, scored by the time of expiry."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)

    @checked
    def hold(self, leases: Mapping[tuple[int, str], float]) -> None:
        """See `Leases`."""
        now = clock.now()
        with self._redis.pipeline(transaction=False) as pipe:
            for (user_id, socket), seconds in leases.items():
                pipe.zadd(key_of(user_id), {socket: now + seconds})
                pipe.expire(key_of(user_id), 120)
            pipe.execute()

    @checked
    def held(self, user_id: int) -> bool:
        """See `Leases`; remove those that have expired."""
        with self._redis.pipeline() as pipe:
            pipe.zremrangebyscore(key_of(user_id), 0, clock.now())
            pipe.zcard(key_of(user_id))
            return bool(pipe.execute()[1])


class LocalLeases:
    """Leases of a single process. Expired ones are dropped every `SWEEP_EVERY` seconds."""

    SWEEP_EVERY = 60

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[int, dict[str, float]] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        """Return the number of users with a lease in memory."""
        return len(self._ends)

    def hold(self, leases: Mapping[tuple[int, str], float]) -> None:
        """See `Leases`."""
        now = clock.now()
        with self._lock:  # two threads that replace a dict at once would lose a lease
            for (user_id, socket), seconds in leases.items():
                ends = {**self._ends.get(user_id, {}), socket: now + seconds}
                self._ends[user_id] = _unexpired(ends, now)
            if now >= self._sweep_at:
                self._sweep_at = now + self.SWEEP_EVERY
                # A new dict, because `held` reads without the lock.
                current = {user: _unexpired(ends, now) for user, ends in self._ends.items()}
                self._ends = {user: ends for user, ends in current.items() if ends}

    def held(self, user_id: int) -> bool:
        """See `Leases`."""
        return bool(_unexpired(self._ends.get(user_id, {}), clock.now()))


def _unexpired(ends: dict[str, float], now: float) -> dict[str, float]:
    return {socket: end for socket, end in ends.items() if end > now}


def key_of(user_id: int) -> str:
    """Return the key of the leases of a user in Redis."""
    return f"flack:leases:{user_id}"


leases: Leases = RedisLeases(settings.REDIS_URL) if settings.REDIS_URL else LocalLeases()
