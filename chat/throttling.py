"""Limits: how often something may be done. Counted in the cache, so by all nodes together."""

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
    """Too often; `wait` is how many seconds to wait. Forms show it as they show what is invalid."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many requests. Try again in {wait} s.")
        self.wait = wait


def client(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that a customer has of IPv6."""
    try:
        ip = ip_address(address)
    except ValueError:  # of a local socket
        return address
    if isinstance(ip, IPv4Address) or ip.ipv4_mapped:
        return str(getattr(ip, "ipv4_mapped", None) or ip)
    return str(IPv6Network((ip, 64), strict=False))


@dataclass(frozen=True)
class Limit:
    """So many times in each window of so many seconds, for each who."""

    name: str
    times: int
    window: int

    def spend(self, who: object) -> None:
        """Count one; raise LimitReached past the limit. Without the cache nothing is refused."""
        if not settings.FLACK_RATE_LIMITS:
            return
        now = int(clock.now())
        key = f"limit:{self.name}:{who}:{now // self.window}"
        try:
            cache.add(key, 0, self.window)
            spent = cache.incr(key)
        except (redis.RedisError, ValueError) as error:  # away, or evicted in between
            logger.warning("Limit %s not counted: %s", self.name, error)
            return
        if spent > self.times:
            raise LimitReached(self.window - now % self.window)


REGISTER = Limit("register", 30, 60)  # by address
SIGN_IN = Limit("sign-in", 60, 60)  # by address
SIGN_IN_AS = Limit("sign-in-as", 20, 600)  # by address and nickname
# By nickname: five addresses together can keep somebody from signing in, but not guess a password.
SIGN_IN_ANYWHERE = Limit("sign-in-anywhere", 100, 600)
CHANGE = Limit("change", 30, 60)  # of a user's own nickname and password
POST = Limit("post", 60, 60)  # by user; edits count too
SOCKETS = 200  # open at once, by address, on one node
FRAMES = 60  # in 10 seconds, on one socket
PIECES = 600  # the same, with pings and the pieces of frames
FRAME_SIZE = 128 * 1024  # bytes: 10,000 characters of any kind, each as JSON's longest escape
