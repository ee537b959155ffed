"""Tests of chat/realtime/roster.py."""

import asyncio
from contextlib import suppress

import pytest
from django.db import OperationalError
from redis import ConnectionError

from chat.realtime import batches, presence, roster
from chat.realtime.roster import Roster

pytestmark = pytest.mark.django_db  # the threads of the pool look at their connections


class Written:
    """What a roster wrote, in the place of the database and of Redis; either may be down."""

    def __init__(self):
        self.users, self.held = [], []
        self.database_error = self.redis_error = None

    def renew(self, user_ids):
        """See `presence.renew`."""
        if self.database_error:
            raise self.database_error
        self.users.append(set(user_ids))

    def hold(self, leases):
        """See `Leases.hold`."""
        if self.redis_error:
            raise self.redis_error
        self.held.append(dict(leases))


@pytest.fixture
def written(monkeypatch):
    """What was written."""
    written = Written()
    monkeypatch.setattr(presence, "renew", written.renew)
    monkeypatch.setattr(roster, "leases", written)
    monkeypatch.setattr(roster, "EVERY", 0)
    return written


@pytest.fixture
async def writing(written):
    """A roster that writes."""
    writing = Roster()
    task = asyncio.create_task(writing.write())
    yield writing
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_pings_of_a_second_are_written_together(writing, written):
    writing.renew(1, "first tab")
    writing.renew(1, "second tab")
    writing.renew(2, "tab")
    await writing.leave(3, "closed")
    assert written.users == [{1, 2}]
    assert written.held == [
        {
            (1, "first tab"): presence.LEASE,
            (1, "second tab"): presence.LEASE,
            (2, "tab"): presence.LEASE,
            (3, "closed"): presence.GRACE / 2,
        }
    ]


async def test_the_end_of_a_socket_stands_in_for_its_last_ping(writing, written):
    writing.renew(1, "tab")
    await writing.leave(1, "tab")
    assert written.held == [{(1, "tab"): presence.GRACE / 2}]


async def test_a_large_second_is_written_in_parts(writing, written, monkeypatch):
    monkeypatch.setattr(batches, "SIZE", 10)
    for number in range(24):
        writing.renew(number, "tab")
    await writing.leave(24, "tab")
    assert [len(users) for users in written.users] == [10, 10, 4]
    assert [len(leases) for leases in written.held] == [10, 10, 5]


@pytest.mark.parametrize(
    ("down", "error"),
    [("database_error", OperationalError("away")), ("redis_error", ConnectionError("away"))],
)
async def test_what_an_outage_kept_from_being_written_is_written_after_it(
    writing, written, down, error
):
    setattr(written, down, error)
    writing.renew(1, "tab")
    await writing.leave(2, "closed")  # returns, as the last lease of a socket expires by itself
    setattr(written, down, None)
    await writing.leave(3, "closed")
    assert set().union(*written.users) == {1}
    assert {(1, "tab"): presence.LEASE, (3, "closed"): presence.GRACE / 2}.items() <= {
        key: seconds for leases in written.held for key, seconds in leases.items()
    }.items()


async def test_without_redis_users_are_still_seen(writing, written):
    written.redis_error = ConnectionError("away")
    writing.renew(1, "tab")
    await writing.leave(2, "closed")
    assert written.users[0] == {1}


async def test_an_outage_keeps_one_lease_for_each_open_socket(writing, written):
    written.redis_error = ConnectionError("away")
    for number in range(100):
        writing.renew(1, "tab")
        await writing.leave(1, f"closed {number}")
    written.redis_error = None
    await writing.leave(1, "last")
    assert written.held[0].keys() == {(1, "tab"), (1, "last")}


async def test_users_that_arrive_while_others_are_written_are_written_together(monkeypatch):
    written, roster = [], Roster()
    monkeypatch.setattr(presence, "arrive", lambda sockets: written.append(list(sockets)))
    arrivals = [asyncio.create_task(roster.arrive(1, "first"))]
    await asyncio.sleep(0)
    task = asyncio.create_task(roster.write_arrivals())
    await asyncio.sleep(0)
    arrivals += [asyncio.create_task(roster.arrive(number, "tab")) for number in (2, 3, 4)]
    await asyncio.gather(*arrivals)
    assert written == [[(1, "first")], [(2, "tab"), (3, "tab"), (4, "tab")]]
    task.cancel()


async def test_an_outage_is_the_answer_to_each_arrival_and_the_next_is_written(monkeypatch):
    outcomes, roster = [OperationalError("away"), None], Roster()

    def arrive(sockets):
        if error := outcomes.pop(0):
            raise error

    monkeypatch.setattr(presence, "arrive", arrive)
    task = asyncio.create_task(roster.write_arrivals())
    failed = await asyncio.gather(
        roster.arrive(1, "tab"), roster.arrive(2, "tab"), return_exceptions=True
    )
    assert [type(error) for error in failed] == [OperationalError, OperationalError]
    await roster.arrive(1, "tab")
    assert outcomes == []
    task.cancel()
