"""Rate limits. They are counted in the cache, so they hold for all nodes together."""

import logging
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_interface

import redis
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError

from chat import clock

# A cache that failed is not tried again for this long; else a request would wait for it per limit.
RETRY = 1.0  # seconds

logger = logging.getLogger(__name__)


class LimitReached(ValidationError):
    """A rate limit is exceeded; retry after `wait` seconds.

    A ValidationError, so that Django's forms show it. `first` is True for the first refusal in a
    window, so that a caller can log one line per window.
    """

    def __init__(self, wait: int, *, first: bool = False) -> None:
        super().__init__(f"Too many requests. Try again in {wait} s.")
        self.wait = wait
        self.first = first


@lru_cache(4096)
def networks(address: str) -> tuple[tuple[str, int], ...]:
    """Return the keys of a client, smallest network first, each with the factor of its limits.

    A client is an IPv4 address, or an IPv6 /64, which one customer holds. Many hold a /56 or a /48,
    so these have limits too, large enough for several customers.
    """
    try:
        ip = ip_interface(address).ip
    except ValueError:  # a Unix socket has no IP address
        return ((address, 1),)
    if isinstance(ip, IPv4Address) or ip.ipv4_mapped:
        return ((str(getattr(ip, "ipv4_mapped", None) or ip), 1),)
    return tuple(
        (str(IPv6Network((ip, prefix), strict=False)), factor)
        for prefix, factor in ((64, 1), (56, 4), (48, 16))
    )


def client(address: str) -> str:
    """Return the key of a client: its IPv4 address or IPv6 /64."""
    return networks(address)[0][0]


class LocalCounters:
    """The counts of this process, for the time that the cache is unavailable."""

    MOST = 10_000  # keys; of more, the one that was used least recently is dropped

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, counter: str, uses: int) -> int:
        """Count uses and return their sum."""
        with self._lock:
            spent = self._counts.pop(counter, 0) + uses
            self._counts[counter] = spent  # the newest again
            if len(self._counts) > self.MOST:
                del self._counts[next(iter(self._counts))]
        return spent


local_counters = LocalCounters()
_cache_retry_at = 0.0  # of `time.monotonic`; until then an unavailable cache is not tried again


@dataclass(frozen=True)
class Limit:
    """Fixed-window limit: `times` per `window` seconds per key."""

    name: str
    times: int
    window: int

    def spend(self, key: object, uses: int = 1, *, factor: int = 1) -> None:
        """Count uses; raise LimitReached above `factor` times the limit.

        While the cache is unavailable, each process counts for itself.
        """
        if not settings.FLACK_RATE_LIMITS:
            return
        now = int(clock.now())
        spent = self._add(f"limit:{self.name}:{key}:{now // self.window}", uses)
        times = self.times * factor
        if spent > times:
            raise LimitReached(self.window - now % self.window, first=spent - uses <= times)

    def spend_from(self, address: str) -> None:
        """Count a use for each network of a client."""
        for network, factor in networks(address):
            self.spend(network, factor=factor)

    def _add(self, counter: str, uses: int) -> int:
        global _cache_retry_at
        if time.monotonic() >= _cache_retry_at:
            try:
                cache.add(counter, 0, self.window)
                return cache.incr(counter, uses)
            except (redis.RedisError, ValueError) as error:  # ValueError: evicted after the add
                logger.warning("Limit counted locally limit=%s error=%.200s", self.name, error)
                _cache_retry_at = time.monotonic() + RETRY
        return local_counters.add(counter, uses)


REGISTER = Limit("register", 30, 60)  # key: client address
SIGN_IN = Limit("sign-in", 60, 60)  # key: client address
SIGN_IN_AS = Limit("sign-in-as", 20, 600)  # key: client address and nickname
# Key: nickname. Five addresses together can lock a user out, but cannot guess a password.
SIGN_IN_ANYWHERE = Limit("sign-in-anywhere", 100, 600)
CHANGE = Limit("change", 30, 60)  # key: user; changes of the nickname or password
POST = Limit("post", 60, 60)  # key: user; posts, edits and deletions
POST_FROM = Limit("post-from", 300, 60)  # key: client address; the same, by all users behind it
LINKS = Limit("links", 30, 60)  # key: user; more links are not expanded
FETCH = Limit("fetch", 120, 60)  # key: host that links lead to; more links are not expanded
SOCKETS = 200  # open at once, per client address and node; more per larger network of IPv6
FRAMES = 60  # per 10 seconds and socket
PIECES = 600  # per 10 seconds and socket; also counts pings and fragments of frames
FRAME_SIZE = 128 * 1024  # bytes: 10,000 characters, each as JSON's longest escape sequence
