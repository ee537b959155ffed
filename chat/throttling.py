"""Rate limits. They are counted in the cache, so they hold for all nodes together."""

import logging
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address

import redis
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError

from chat import clock

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


def client(address: str) -> str:
    """Return the key of a client: its IPv4 address, or its IPv6 /64, which one customer holds."""
    try:
        ip = ip_address(address)
    except ValueError:  # a Unix socket has no IP address
        return address
    if isinstance(ip, IPv4Address) or ip.ipv4_mapped:
        return str(getattr(ip, "ipv4_mapped", None) or ip)
    return str(IPv6Network((ip, 64), strict=False))


@dataclass(frozen=True)
class Limit:
    """Fixed-window limit: `times` per `window` seconds per key."""

    name: str
    times: int
    window: int

    def spend(self, key: object, uses: int = 1) -> None:
        """Count one use or more; raise LimitReached above the limit.

        When the cache is unavailable, the use is not counted and not refused.
        """
        if not settings.FLACK_RATE_LIMITS:
            return
        now = int(clock.now())
        counter = f"limit:{self.name}:{key}:{now // self.window}"
        try:
            cache.add(counter, 0, self.window)
            spent = cache.incr(counter, uses)
        except (redis.RedisError, ValueError) as error:  # ValueError: evicted after the add
            logger.warning("limit not counted limit=%s error=%s", self.name, error)
            return
        if spent > self.times:
            raise LimitReached(self.window - now % self.window, first=spent - uses <= self.times)


REGISTER = Limit("register", 30, 60)  # key: client address
SIGN_IN = Limit("sign-in", 60, 60)  # key: client address
SIGN_IN_AS = Limit("sign-in-as", 20, 600)  # key: client address and nickname
# Key: nickname. Five addresses together can lock a user out, but cannot guess a password.
SIGN_IN_ANYWHERE = Limit("sign-in-anywhere", 100, 600)
CHANGE = Limit("change", 30, 60)  # key: user; changes of the nickname or password
POST = Limit("post", 60, 60)  # key: user; posts, edits and deletions
LINKS = Limit("links", 30, 60)  # key: user; more links are not expanded
FETCH = Limit("fetch", 120, 60)  # key: host that links lead to; more links are not expanded
SOCKETS = 200  # open at once, per client address and node
FRAMES = 60  # per 10 seconds and socket
PIECES = 600  # per 10 seconds and socket; also counts pings and fragments of frames
FRAME_SIZE = 128 * 1024  # bytes: 10,000 characters, each as JSON's longest escape sequence
