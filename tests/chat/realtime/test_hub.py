"""Tests of chat/realtime/hub.py: the real hub and channel layer; a list in place of a server."""

import asyncio

import orjson
import pytest
import pytest_asyncio
from channels.layers import get_channel_layer

from chat.realtime import hub as hub_module
from chat.realtime.hub import RESYNC, Socket
from chat.realtime.push import GROUP, HEARTBEAT, publisher


class Server:
    """The ASGI server's end of a socket: keeps what it was sent, and waits while `reads` is off."""

    def __init__(self, hub, *, texts=False):
        self.messages, self.reads = [], asyncio.Event()
        self.reads.set()
        self.wait = self.reads.wait
        self.socket = Socket(self.send, "address", texts=texts)
        hub.join(self.socket)

    async def send(self, message):
        self.messages.append(message)
        await self.wait()

    @property
    def heard(self):
        return [text for m in self.messages for text in m.get("texts") or [m["text"]]]


class Pushes:
    """Another process's publisher."""

    def __init__(self, name="another process", first=1):
        self.name, self.number = name, first

    async def send(self, *texts, lost=False, **more):
        message = {"type": "push", "publisher": self.name, "number": self.number, **more}
        self.number += 1
        if not lost:
            await get_channel_layer().group_send(GROUP, {**message, "texts": list(texts)})


async def settle():
    """Let the hub do what it has to."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def old(live, monkeypatch):
    """The hub, subscribed for so long that each publisher was heard since."""
    monkeypatch.setattr(live, "_subscribed_at", live._subscribed_at - 3 * HEARTBEAT)
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


async def test_every_socket_gets_every_push(live):
    servers = [Server(live) for _ in range(250)]
    publisher.publish("hello")
    await settle()
    assert all(server.heard == ["hello"] for server in servers)


async def test_a_text_is_sent_as_the_same_object_to_all(live):
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


async def test_who_left_gets_nothing(live):
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


def let_time_pass(hub, publisher):
    """Let a publisher, if it is expected to speak, have been silent for long."""
    hub._look_at = 0
    if publisher in hub._heard:
        number, heard_at = hub._heard[publisher]
        hub._heard[publisher] = number, heard_at - 2 * hub_module.SILENT


@pytest.mark.parametrize(("last", "resyncs"), [({}, [RESYNC]), ({"last": True}, [])])
async def test_a_publisher_that_falls_silent_is_a_gap_unless_it_said_goodbye(live, last, resyncs):
    server, other = Server(live), Pushes("other")
    await Pushes("gone").send("a", **last)
    await settle()
    let_time_pass(live, "gone")
    await other.send("b")
    await settle()
    await other.send("c")
    await settle()
    assert server.heard == ["a", "b", *resyncs, "c"]


async def test_resync_is_the_contracts_frame():
    assert orjson.loads(RESYNC) == {"event": "resync", "data": {}}


async def test_a_hub_that_lost_its_layer_subscribes_again_and_says_resync(quiet, monkeypatch):
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


async def test_a_slow_socket_delays_no_other(live):
    slow, fast = Server(live), Server(live)
    slow.reads.clear()
    for text in "abc":
        publisher.publish(text)
        await settle()
    assert fast.heard == ["a", "b", "c"]
    assert slow.heard == ["a"]


async def test_a_slow_socket_gets_all_in_order_when_it_reads_again(live):
    slow = Server(live)
    slow.reads.clear()
    for text in "abc":
        publisher.publish(text)
        await settle()
    slow.reads.set()
    await settle()
    assert slow.heard == ["a", "b", "c"]


async def test_a_socket_that_never_reads_is_closed_with_1013_past_a_mebibyte(live):
    slow, fast = Server(live), Server(live)
    slow.reads.clear()
    for _ in range(12):
        publisher.publish("x" * 100_000)
        await settle()
    assert slow.messages[-1] == {"type": "websocket.close", "code": 1013}
    assert live.sockets == {fast.socket}
    assert len(fast.heard) == 12


async def test_a_socket_of_an_ended_token_that_never_reads_is_closed_too(live, monkeypatch):
    monkeypatch.setattr(hub_module, "PARTING", 0.01)
    slow = Server(live)
    slow.socket.digest = "d"
    slow.reads.clear()
    publisher.publish("hello")
    await settle()
    publisher.end(["d"])
    while len(slow.messages) < 3:
        await asyncio.sleep(0.01)
    assert slow.messages[-1] == {"type": "websocket.close", "code": 1008}
    assert live.sockets == set()


async def test_a_socket_that_is_always_a_little_behind_is_not_closed(live):
    behind, reads = Server(live), asyncio.Semaphore(0)
    behind.wait = reads.acquire  # reads one message at a time
    for _ in range(30):
        publisher.publish("x" * 100_000)
        await settle()
        if len(behind.messages) > 1 or behind.socket._backlog:
            reads.release()
            await settle()
    assert live.sockets == {behind.socket}
    assert len(behind.messages) > 25


async def test_a_socket_that_is_lost_leaves(live):
    server, other = Server(live), Server(live)

    async def broken(message):
        raise ConnectionError("gone")

    server.socket._send = broken
    publisher.publish("hello")
    await settle()
    assert live.sockets == {other.socket}
    assert other.heard == ["hello"]


async def test_a_socket_that_is_lost_while_it_waits_leaves(live):
    server = Server(live)
    server.reads.clear()

    async def broken(message):
        await server.reads.wait()
        raise ConnectionError("gone")

    server.socket._send = broken
    publisher.publish("hello")
    await settle()
    server.reads.set()
    await settle()
    assert live.sockets == set()


async def test_what_is_pushed_while_a_socket_opens_comes_after_it_opened(live):
    server, opened = Server(live), asyncio.Event()

    async def accept():
        await opened.wait()
        server.messages.append({"text": "accepted"})

    opening = server.socket.hold(accept())
    publisher.publish("hello")
    await settle()
    assert server.heard == []
    opened.set()
    await opening
    assert server.heard == ["accepted", "hello"]


async def test_other_work_gets_its_turn_during_a_fan_out(live, monkeypatch):
    monkeypatch.setattr(hub_module, "SOCKETS_A_TURN", 10)
    servers = [Server(live) for _ in range(100)]
    publisher.publish("hello")
    progress = []
    while not all(server.heard for server in servers):
        await asyncio.sleep(0)
        progress.append(sum(bool(server.heard) for server in servers))
    assert [count for count in progress if count] == list(range(10, 101, 10))


async def test_starting_twice_subscribes_once(live):
    live.start()
    server = Server(live)
    publisher.publish("hello")
    await settle()
    assert server.heard == ["hello"]
