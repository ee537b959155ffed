"""Gaps: since when a node missed pushes, by the numbers of the messages that it received."""

import math
import time
from collections import deque

from chat.realtime.push import HEARTBEAT

SILENT = 3 * HEARTBEAT  # seconds in which every publisher sends a message, unless it was killed
LINGER = 5.0  # seconds in which a process that left may still commit something


class Gaps:
    """The last message of each publisher, and the gap that is not repaired yet.

    All times are monotonic. Before `repaired_at` nothing is missing: a repair reads everything.
    """

    def __init__(self) -> None:
        self.since = math.inf  # from here on pushes are missing; infinity if none are
        self.repaired_at = self._subscribed_at = time.monotonic()
        self._received_at = math.inf  # when the subscription last worked, infinity before the first
        self._last: dict[str, tuple[int, float]] = {}  # number and time, by publisher
        self._left: deque[float] = deque(maxlen=100)  # when publishers left

    def add(self, since: float) -> None:
        """Add a gap that began at `since`, or at the last repair if that was later."""
        self.since = min(self.since, max(since, self.repaired_at))

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
        for heard_at in (self._received_at, *(at for _, at in self._last.values())):
            self.add(heard_at)
        self._subscribed_at = time.monotonic()

    def receive(self, publisher: str, number: int, *, last: bool) -> None:
        """Note a message of a publisher, and the gap before it."""
        before, now = self._last.pop(publisher, None), time.monotonic()
        self._received_at = now
        if before is not None:
            if number != before[0] + 1:
                self.add(before[1])
        elif number != 1 and now > self._subscribed_at + SILENT:
            # Each publisher sent something since this node subscribed, so this one is new, or was
            # silent. It is at most this old, as a message takes less than two heartbeats.
            self.add(now - number * 2 * HEARTBEAT)
        if last:
            self._left.append(now)
        else:
            self._last[publisher] = number, now

    def heard_at(self, publisher: str) -> float:
        """Return when the last message of a publisher was received, or the time of the repair."""
        return self._last[publisher][1] if publisher in self._last else self.repaired_at

    def look(self) -> None:
        """Add the gaps of publishers that were killed, and of those that left a while ago."""
        now = time.monotonic()
        for publisher, (_, heard_at) in tuple(self._last.items()):
            if heard_at < now - SILENT:
                del self._last[publisher]
                self.add(heard_at)
        while self._left and self._left[0] <= now - LINGER:
            self.add(self._left.popleft())
