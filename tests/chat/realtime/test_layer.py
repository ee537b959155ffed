"""Tests of chat/realtime/layer.py: errors of a connection, made without a network."""

import asyncio

import pytest
from redis.asyncio import Connection, ConnectionPool, Redis

from chat.realtime.layer import POLL, PRIVATE, READ, Shard

NAMES = [(owner, name) for owner, names in PRIVATE.items() for name in names]


class PubSub:
    """A subscription whose reads raise or return at once, and count."""

    subscribed = True

    def __init__(self, outcome):
        self.outcome, self.reads = outcome, 0

    async def get_message(self, **options):
        self.reads += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(("owner", "name"), NAMES)
def test_channels_redis_has_the_private_names_that_are_used(owner, name):
    assert hasattr(owner, name), f"{owner.__name__} has no {name}: adapt chat/realtime/layer.py"


@pytest.fixture
def rests(monkeypatch):
    """The seconds of every sleep, none of which takes time."""
    rests = []

    async def rest(seconds):
        rests.append(seconds)
        await turn()

    monkeypatch.setattr(asyncio, "sleep", rest)
    return rests


async def turn(sleep=asyncio.sleep):
    """Let other tasks run."""
    await sleep(0)


@pytest.mark.parametrize("outcome", [None, TimeoutError("ETIMEDOUT"), RuntimeError("a defect")])
async def test_a_read_that_ends_at_once_neither_spins_nor_ends_the_loop(outcome, rests):
    shard = Shard({}, None)
    shard._pubsub = PubSub(outcome)
    shard._ensure_receiver()
    while len(rests) < 10:
        await turn()
    shard._receive_task.cancel()
    assert shard._pubsub.reads <= len(rests) + 1
    assert min(rests) > POLL / 2


async def test_a_silent_subscription_does_not_wake_the_node_ten_times_a_second():
    shard, waits, is_read = Shard({}, None), [], asyncio.Event()

    class Silent(PubSub):
        async def get_message(self, **options):
            waits.append(options["timeout"])
            is_read.set()
            await asyncio.Event().wait()

    shard._pubsub = Silent(None)
    shard._ensure_receiver()
    await is_read.wait()
    shard._receive_task.cancel()
    assert waits == [READ] and READ >= 10 * POLL


class Dead(Connection):
    """A connection that reads what a dead TCP connection does on Python 3.11: TimeoutError."""

    reads = 0
    is_connected = True

    async def can_read(self):
        return False

    async def connect(self):
        pass

    async def disconnect(self, *args, **options):
        pass

    async def send_command(self, *args, **options):
        pass

    async def _read_response_from_parser(self, **options):
        self.reads += 1
        if self.reads > 1000:
            raise RuntimeError("the receive loop spins")
        raise TimeoutError(110, "Connection timed out")


async def test_a_stream_that_raises_timeout_error_does_not_spin_the_loop(rests):
    shard, redis = Shard({}, None), Redis(connection_pool=ConnectionPool(connection_class=Dead))
    shard._pubsub = redis.pubsub()
    await shard._pubsub.subscribe("channel")
    shard._ensure_receiver()
    while len(rests) < 10:
        await turn()
    shard._receive_task.cancel()
    assert shard._pubsub.connection.reads <= len(rests) + 1
