"""The roster: the signed-in sockets of this process, whose pings are written together.

A ping of a socket whose user is known is an entry in memory. Once a second all new entries are
written: `last_seen_at` in one statement, the leases in one pipeline. A user that arrives is written
at once, and those that arrive meanwhile next, together: after a restart all clients reconnect.
"""

import asyncio
import logging

from django.db import InterfaceError, OperationalError
from redis import RedisError

from chat.realtime import presence
from chat.realtime.batches import batches
from chat.realtime.leases import leases
from chat.threads import in_thread

EVERY = 1.0  # seconds from one write to the next

logger = logging.getLogger(__name__)


class Roster:
    """What is to be written: users that were seen, and leases of sockets, the newest of each.

    Both stay until they are written, so an outage loses nothing; there is at most one lease for
    each open socket. A lease never ends before it begins: it is renewed or left only after `arrive`
    returned, those writes follow one another, and a lease that was left is not used again.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin with nothing to write, on the running event loop."""
        self._seen: set[int] = set()
        self._leases: dict[tuple[int, str], float] = {}
        self._wake, self._written = asyncio.Event(), asyncio.Event()
        self._arrivals: list[tuple[int, str]] = []
        self._arrived = asyncio.Event()
        self._arrival: asyncio.Future[None] | None = None  # of all in `_arrivals`

    async def arrive(self, user_id: int, socket: str) -> None:
        """Begin a new lease and mark its user as online; return when that was written."""
        if self._arrival is None:
            self._arrival = asyncio.get_running_loop().create_future()
        self._arrivals.append((user_id, socket))
        self._arrived.set()
        await asyncio.shield(self._arrival)

    async def write_arrivals(self) -> None:
        """Write users that arrive, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            sockets, self._arrivals = self._arrivals, []
            arrival, self._arrival = self._arrival, None
            assert arrival is not None
            try:
                for some in batches(sockets):
                    await in_thread(presence.arrive, some)
            except Exception as error:  # each client receives it as the answer to its ping
                arrival.set_exception(error)
            else:
                arrival.set_result(None)
            finally:
                arrival.cancel()

    def renew(self, user_id: int, socket: str) -> None:
        """Note the ping of a socket: renew its lease and mark its user as seen."""
        self._seen.add(user_id)
        self._leases[user_id, socket] = presence.LEASE
        self._wake.set()

    async def leave(self, user_id: int, socket: str) -> None:
        """Let the lease of a closed socket expire; return when that was written, or tried."""
        self._leases[user_id, socket] = presence.GRACE / 2
        self._wake.set()
        await self._written.wait()

    async def write(self) -> None:
        """Write new entries, at most once in `EVERY` seconds, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            seen, self._seen = self._seen, set()
            held, self._leases = self._leases, {}
            written, self._written = self._written, asyncio.Event()
            try:
                for users in batches(list(seen)):
                    await in_thread(presence.renew, users)
                for entries in batches(list(held.items())):
                    await in_thread(leases.hold, dict(entries))
            except (RedisError, OperationalError, InterfaceError) as error:
                logger.warning("Pings are not written, trying again error=%s", error)
                self._seen |= seen
                # The old leases of closed sockets expire in any case.
                still = {key: end for key, end in held.items() if end == presence.LEASE}
                self._leases = still | self._leases
                self._wake.set()
            finally:
                written.set()
            await asyncio.sleep(EVERY)


roster = Roster()
