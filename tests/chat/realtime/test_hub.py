"""Tests of chat/realtime/hub.py: a real hub and channel layer, and a list in place of a server."""

import asyncio

import orjson
import pytest
import pytest_asyncio
from channels.layers import get_channel_layer

from chat.realtime import hub as hub_module
from chat.realtime import push
from chat.realtime.hub import RESYNC
from chat.realtime.push import GROUP
from tests.sockets import Server, settle


class Pushes:
    """Another process's publisher."""

    def __init__(self, name="another process", first=1):
        self.name, self.number = name, first

    async def send(self, *texts, lost=False, **more):
        message = {"type": "push", "publisher": self.name, "number": self.number, **more}
        self.number += 1
        if not lost:
            await get_channel_layer().group_send(GROUP, {**message, "texts": list(texts)})


@pytest.fixture
def fast(monkeypatch):
    """Let every publisher send a message each 10 ms, and count as silent after 100 ms."""
    monkeypatch.setattr(push, "HEARTBEAT", 0.01)
    monkeypatch.setattr(hub_module, "HEARTBEAT", 0.01)
    monkeypatch.setattr(hub_module, "SILENT", 0.1)


@pytest_asyncio.fixture
async def old(fast, live):
    """A hub that was subscribed for long before any publisher that starts now."""
    await asyncio.sleep(2 * hub_module.SILENT)
    return live


@pytest.fixture(autouse=True)
def resync_at_once(monkeypatch):
    """Let a resync wait for other gaps only until the event loop's next turn."""
    monkeypatch.setattr(hub_module, "RESYNC_AFTER", 0)


@pytest_asyncio.fixture
async def quiet(live):
    """The hub, after the first message of this process's own publisher."""
    await settle()
    return live


async def test_every_socket_gets_every_push(live, publisher):
    servers = [Server(live) for _ in range(250)]
    publisher.publish("hello")
    await settle()
    assert all(server.heard == ["hello"] for server in servers)


async def test_a_text_is_sent_as_the_same_object_to_all(live, publisher):
    first, second = Server(live), Server(live)
    publisher.publish("hello")
    await settle()
    assert first.messages[0] is second.messages[0]


async def test_joined_texts_are_one_message_where_the_server_takes_them(live):
    joined, plain = Server(live, texts=True), Server(live)
    await Pushes().send("a", "b")
    await settle()
    assert joined.messages == [{"type": "websocket.send", "texts": ["a", "b"]}]
    assert plain.messages == [
        {"type": "websocket.send", "text": "a"},
        {"type": "websocket.send", "text": "b"},
    ]


async def test_a_socket_that_left_receives_nothing(live, publisher):
    server = Server(live)
    live.leave(server.socket)
    publisher.publish("hello")
    await settle()
    assert server.heard == []


async def test_leaving_twice_is_leaving_once(live):
    one, two = Server(live), Server(live)
    live.leave(one.socket)
    live.leave(one.socket)
    assert live.addresses == {"address": 1}
    live.leave(two.socket)
    assert live.addresses == {}


async def test_a_gap_gives_one_resync(live):
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await pushes.send("d")
    await settle()
    assert [text for text in server.heard if text != RESYNC] == ["a", "c", "d"]
    assert server.heard.count(RESYNC) == 1


async def test_gaps_that_show_together_give_one_resync(live, monkeypatch):
    monkeypatch.setattr(hub_module, "RESYNC_AFTER", 0.02)
    server, one, two = Server(live), Pushes("one"), Pushes("two")
    for pushes in (one, two):
        await pushes.send("a")
        await pushes.send("b", lost=True)
        await pushes.send("c")
    while RESYNC not in server.heard:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert server.heard.count(RESYNC) == 1


async def test_no_gap_gives_no_resync(live):
    server, pushes = Server(live), Pushes()
    for text in "abcdef":
        await pushes.send(text)
    await settle()
    assert server.heard == list("abcdef")


async def test_a_heartbeat_shows_the_loss_of_the_last_push(live):
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send()
    await settle()
    assert server.heard == ["a", RESYNC]


async def test_publishers_are_counted_apart(live):
    server, one, two = Server(live), Pushes("one"), Pushes("two")
    for pushes in (one, two, two, one):
        await pushes.send("a")
    await settle()
    assert RESYNC not in server.heard


async def test_a_new_publisher_that_begins_with_one_is_no_gap(old):
    server = Server(old)
    await Pushes().send("a")
    await settle()
    assert server.heard == ["a"]


async def test_a_new_publisher_whose_beginning_was_lost_is_a_gap(old):
    server = Server(old)
    await Pushes(first=2).send("b")
    await settle()
    assert server.heard == ["b", RESYNC]


async def test_a_publisher_older_than_this_hub_is_no_gap(live):
    server = Server(live)
    await Pushes(first=500).send("a")
    await settle()
    assert server.heard == ["a"]


@pytest.mark.parametrize(("last", "resyncs"), [({}, 1), ({"last": True}, 0)])
async def test_a_publisher_that_falls_silent_is_a_gap_unless_it_left(fast, live, last, resyncs):
    server, other = Server(live), Pushes("other")
    await Pushes("gone").send("a", **last)
    await settle()
    for _ in range(30):
        await other.send()
        await asyncio.sleep(0.01)
    assert server.heard == ["a", *[RESYNC] * resyncs]


async def test_resync_is_the_contracts_frame():
    assert orjson.loads(RESYNC) == {"event": "resync", "data": {}}


async def test_a_hub_that_lost_its_layer_subscribes_again_and_sends_resync(quiet, monkeypatch):
    server, layer = Server(quiet), get_channel_layer()
    receive, sleep = layer.receive, asyncio.sleep
    failures = iter([ConnectionError("away")])

    async def broken(channel):
        for error in failures:
            raise error
        return await receive(channel)

    monkeypatch.setattr(layer, "receive", broken)
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(0))
    pushes = Pushes()
    await pushes.send("a")
    await settle()
    await pushes.send("b")
    await settle()
    assert sorted(server.heard) == sorted(["a", "b", RESYNC])


async def test_other_work_gets_its_turn_during_a_fan_out(live, monkeypatch, publisher):
    monkeypatch.setattr(hub_module, "SOCKETS_A_TURN", 10)
    servers = [Server(live) for _ in range(100)]
    publisher.publish("hello")
    progress = []
    while not all(server.heard for server in servers):
        await asyncio.sleep(0)
        progress.append(sum(bool(server.heard) for server in servers))
    assert [count for count in progress if count] == list(range(10, 101, 10))


async def test_starting_twice_subscribes_once(live, publisher):
    live.start()
    server = Server(live)
    publisher.publish("hello")
    await settle()
    assert server.heard == ["hello"]
