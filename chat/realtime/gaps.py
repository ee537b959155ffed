"""Gaps: since when a node missed pushes, by the numbers of the messages that it received."""

import math
import time
from collections import deque
from typing import NamedTuple

from chat.realtime.publisher import HEARTBEAT

SILENT = 3 * HEARTBEAT  # seconds in which every publisher sends a message, unless it was killed
LINGER = 5.0  # seconds in which a process that left may still commit something


class Last(NamedTuple):
    """The last message of a publisher. What the publisher pushed after it is in the next one."""

    number: int
    received_at: float
    sent_after: float  # when the one before it was received: it may have been on its way since


class Gaps:
    """The last message of each publisher, and the gap that is not repaired yet.

    All times are monotonic. Before `repaired_at` nothing is missing: a repair reads everything.
    """

    def __init__(self) -> None:
        self.since = math.inf  # from here on pushes are missing; infinity if none are
        self.repaired_at = time.monotonic()
        self._received_at = math.inf  # when the subscription last worked, infinity before the first
        self._last: dict[str, Last] = {}  # by publisher
        self._left: deque[float] = deque(maxlen=100)  # when publishers left

    def add(self, since: float) -> None:
        """Add a gap that began at `since`, or at the last repair if that was later."""
        self.since = min(self.since, max(since, self.repaired_at))

    def reopen(self, since: float) -> None:
        """Add a gap whose repair was not sent after all; it may be older than that repair."""
        self.since = min(self.since, since)

    def close(self, until: float) -> None:
        """Remove the gap: a repair that began at `until` has sent everything."""
        self.repaired_at = until

    def take(self) -> float:
        """Return since when pushes are missing, and start anew."""
        since, self.since = self.since, math.inf
        return since

    def unsubscribe(self) -> None:
        """Note that a subscription ended, or could not begin."""
        self._received_at = min(self._received_at, time.monotonic())

    def subscribe(self) -> None:
        """Note a new subscription: pushes since the last messages of the old one are missing.

        Also those of publishers that were removed because the old one was silent.
        """
        for since in (self._received_at, *(last.sent_after for last in self._last.values())):
            self.add(since)

    def receive(self, publisher: str, number: int, *, last: bool) -> None:
        """Note a message of a publisher, and the gap before it."""
        before, now = self._last.pop(publisher, None), time.monotonic()
        self._received_at = now
        # If nothing is known of a publisher, it has just started or was silent, or this node has
        # just subscribed. Its first message is at most this old, as each takes less than two
        # heartbeats.
        sent_after = before.received_at if before else now - number * 2 * HEARTBEAT
        if number != (before.number + 1 if before else 1):
            self.add(before.sent_after if before else sent_after)
        if last:
            self._left.append(now)
        else:
            self._last[publisher] = Last(number, now, sent_after)

    def pushed_after(self, publisher: str) -> float:
        """Return a time from which on all pushes of a publisher may be missing."""
        return self._last[publisher].sent_after if publisher in self._last else self.repaired_at

    def look(self) -> None:
        """Add the gaps of publishers that were killed, and of those that left a while ago."""
        now = time.monotonic()
        for publisher, last in tuple(self._last.items()):
            if last.received_at < now - SILENT:
                del self._last[publisher]
                self.add(last.sent_after)
        while self._left and self._left[0] <= now - LINGER:
            self.add(self._left.popleft())
