"""Tests of chat/realtime/hub.py: a real hub and channel layer, and a list in place of a server."""

import asyncio
import threading
import time
from types import SimpleNamespace

import orjson
import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError

from chat.observability import metrics
from chat.realtime import gaps, repair
from chat.realtime import hub as hub_module
from chat.realtime import publisher as publisher_module
from chat.realtime.hub import RESYNC, Hub
from chat.realtime.publisher import GROUP
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


@pytest.fixture(autouse=True)
def repair_at_once(monkeypatch):
    """Let repairs, new subscriptions and restarts wait for a moment only."""
    monkeypatch.setattr(hub_module, "REPAIR_EVERY", 0.01)
    monkeypatch.setattr(hub_module, "RESYNC_PAUSE", 0.01)
    monkeypatch.setattr(hub_module, "RETRY", 0.01)
    # On a busy machine a message of this process may take half a second, which is a gap.
    monkeypatch.setattr(hub_module, "LATE", 3600)


@pytest.fixture(autouse=True)
def missed(monkeypatch):
    """What a repair reads from the database: set `texts`; `asked` has since when, of each."""
    missed = SimpleNamespace(texts=["missed"], asked=[])

    def changes(since):
        missed.asked.append(since)
        if isinstance(missed.texts, Exception):
            raise missed.texts
        return missed.texts

    monkeypatch.setattr(repair, "changes", changes)
    # The threads of the pool have database connections, which these tests may not use.
    monkeypatch.setattr(hub_module, "in_thread", asyncio.to_thread)
    return missed


@pytest.fixture
def fast(monkeypatch):
    """Let every publisher send a message each 10 ms, and count as silent after 100 ms."""
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 0.01)
    for module in (hub_module, gaps):
        monkeypatch.setattr(module, "SILENT", 0.1)


async def rounds(count=5):
    """Let the hub look for gaps `count` times."""
    for _ in range(count):
        await asyncio.sleep(hub_module.REPAIR_EVERY)
    await settle()


async def until(condition):
    """Wait until a condition is true."""
    while not condition():
        await asyncio.sleep(0.005)


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


async def test_a_gap_is_repaired_from_the_database_once(live, missed):
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await pushes.send("d")
    await until(lambda: {"d", "missed"} <= set(server.heard))
    await rounds()
    assert server.heard.count("missed") == 1  # it may overtake "d"
    assert [text for text in server.heard if text != "missed"] == ["a", "c", "d"]
    assert len(missed.asked) == 1


async def test_a_repair_does_not_send_again_what_was_just_pushed(live, missed):
    server, pushes = Server(live), Pushes()
    missed.texts = ["a", "b", "c"]
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(lambda: "b" in server.heard)
    assert server.heard == ["a", "c", "b"]


class SlowRead:
    """A read of the database for a repair; it ends once `finish` is set."""

    def __init__(self, monkeypatch):
        self.begun, self.finish, self.read = threading.Event(), threading.Event(), repair.changes
        monkeypatch.setattr(repair, "changes", self.changes)

    def changes(self, since):
        """See `repair.changes`; in a thread."""
        texts = self.read(since)
        self.begun.set()
        self.finish.wait()
        return texts


@pytest.fixture
def slow(monkeypatch, missed):
    """A read of the database for a repair, which the test ends."""
    slow = SlowRead(monkeypatch)
    yield slow
    slow.finish.set()


DELETION = '{"event":"deleted_model","data":{"class":"Message","first":1,"last":1}}'


@pytest.mark.parametrize("read_too", [False, True])
async def test_a_deletion_during_a_repair_is_sent_after_the_rows_that_it_read(
    live, missed, slow, read_too
):
    missed.texts = ["the message", DELETION] if read_too else ["the message"]
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(slow.begun.is_set)
    await pushes.send(DELETION)
    await until(lambda: DELETION in server.heard)
    slow.finish.set()
    await until(lambda: "the message" in server.heard)
    await settle()
    assert server.heard == ["a", "c", DELETION, "the message", DELETION]


async def test_deletions_before_a_repair_are_not_sent_again(live, missed):
    server, pushes = Server(live), Pushes()
    await pushes.send(DELETION)
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(lambda: "missed" in server.heard)
    await rounds()
    assert server.heard == [DELETION, "c", "missed"]


async def test_more_deletions_during_a_repair_than_the_bound_are_a_resync(live, slow):
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(slow.begun.is_set)
    await pushes.send(*[DELETION] * hub_module.RECENT)
    await until(lambda: DELETION in server.heard)
    slow.finish.set()
    await until(lambda: RESYNC in server.heard)
    assert "missed" not in server.heard


async def test_gaps_that_are_found_together_are_one_repair(live, missed, slow):
    server = Server(live)
    for pushes in (Pushes("one"), Pushes("two"), Pushes("three")):
        await pushes.send("a")
        await pushes.send("b", lost=True)
        await pushes.send("c")
        await until(slow.begun.is_set)  # the others are found while the first is repaired
    await until(lambda: server.heard.count("c") == 3)
    slow.finish.set()
    await until(lambda: len(missed.asked) == 2)
    await rounds()
    assert len(missed.asked) == 2


async def test_a_gap_without_sockets_reads_nothing(live, missed):
    pushes = Pushes(first=1)
    await pushes.send(lost=True)
    await pushes.send()
    await rounds()
    assert missed.asked == []


async def test_a_gap_that_is_too_large_is_a_resync(live, missed):
    server, pushes = Server(live), Pushes()
    missed.texts = None
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(lambda: RESYNC in server.heard)
    assert server.heard == ["a", "c", RESYNC]


async def test_a_small_gap_soon_after_a_resync_is_repaired_at_once(live, missed, monkeypatch):
    monkeypatch.setattr(hub_module, "RESYNC_PAUSE", 3600)
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    for texts, repaired in ((None, RESYNC), (["missed"], "missed")):
        missed.texts = texts
        await pushes.send("b", lost=True)
        await pushes.send("c")
        await until(lambda: repaired in server.heard)  # noqa: B023


async def test_gaps_that_are_too_large_are_one_resync_in_a_while(live, missed, monkeypatch):
    monkeypatch.setattr(hub_module, "RESYNC_PAUSE", 3600)
    server, pushes = Server(live), Pushes()
    missed.texts = None
    await pushes.send("a")
    for _ in range(2):
        await pushes.send("b", lost=True)
        await pushes.send("c")
        await until(lambda: RESYNC in server.heard)
    await until(lambda: len(missed.asked) > 3)  # the second gap is looked at again and again
    assert server.heard.count(RESYNC) == 1
    missed.texts = ["missed"]
    await until(lambda: "missed" in server.heard)


async def test_a_repair_while_the_database_is_unavailable_is_tried_again(live, missed):
    server, pushes = Server(live), Pushes()
    missed.texts = OperationalError("unavailable")
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(lambda: len(missed.asked) > 2)
    assert server.heard == ["a", "c"]
    missed.texts = ["missed"]
    await until(lambda: "missed" in server.heard)
    assert len(set(missed.asked)) == 1  # the gap is the same until it is repaired


async def test_no_gap_gives_no_repair(live, missed):
    server, pushes = Server(live), Pushes()
    for text in "abcdef":
        await pushes.send(text)
    await rounds()
    assert server.heard == list("abcdef")
    assert missed.asked == []


async def test_a_heartbeat_shows_the_loss_of_the_last_push(live):
    server, pushes = Server(live), Pushes()
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send()
    await until(lambda: "missed" in server.heard)
    assert server.heard == ["a", "missed"]


async def test_publishers_are_counted_apart(live, missed):
    one, two = Pushes("one"), Pushes("two")
    Server(live)
    for pushes in (one, two, two, one):
        await pushes.send("a")
    await rounds()
    assert missed.asked == []


async def test_a_new_publisher_that_begins_with_one_is_no_gap(live, missed):
    Server(live)
    await Pushes().send("a")
    await rounds()
    assert missed.asked == []


async def test_a_new_publisher_whose_beginning_was_lost_is_a_gap(live):
    server = Server(live)
    await Pushes(first=2).send("b")
    await until(lambda: "missed" in server.heard)
    assert server.heard == ["b", "missed"]


async def test_what_an_older_publisher_pushed_while_this_hub_subscribed_is_repaired(live, missed):
    server, began = Server(live), time.monotonic()
    await Pushes(first=500).send("a")
    await until(lambda: "missed" in server.heard)
    assert server.heard == ["a", "missed"]
    assert missed.asked[0] < began  # the hub's own start


async def test_a_publisher_that_falls_silent_is_a_gap(live, monkeypatch):
    # Not in the hub: on a busy machine it would subscribe again, and miss "a".
    monkeypatch.setattr(gaps, "SILENT", 0.1)
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 0.01)
    server, other = Server(live), Pushes("other")
    await Pushes("gone").send("a")
    async with asyncio.timeout(30):
        while not {"a", "missed"} <= set(server.heard):
            await other.send()
            await asyncio.sleep(0.01)


async def test_what_a_publisher_did_after_it_left_is_repaired(live, monkeypatch):
    monkeypatch.setattr(gaps, "LINGER", 0.02)
    server = Server(live)
    await Pushes("gone").send("a", last=True)
    await until(lambda: server.heard == ["a", "missed"])


async def test_what_a_process_publishes_after_it_left_is_repaired_by_others(live, monkeypatch):
    monkeypatch.setattr(gaps, "LINGER", 0.02)
    server, other = Server(live), publisher_module.Publisher()
    other.start(asyncio.get_running_loop())
    await asyncio.wrap_future(other.leave())
    other.publish("missed")
    await until(lambda: server.heard == ["missed"])


async def test_resync_is_the_contracts_frame():
    assert orjson.loads(RESYNC) == {"event": "resync", "data": {}}


async def test_while_pushes_cannot_be_published_the_database_is_read_again_and_again(
    live, publisher, missed, monkeypatch
):
    async def unavailable(group, message):
        raise ConnectionError("unavailable")

    monkeypatch.setattr(hub_module, "LATE", 0)
    monkeypatch.setattr(get_channel_layer(), "group_send", unavailable)
    server = Server(live)
    publisher.publish("lost")
    await until(lambda: "missed" in server.heard)
    missed.texts = ["missed", "later"]
    await until(lambda: server.heard == ["missed", "later"])


async def test_a_layer_that_swallows_messages_is_unavailable_too(live, publisher, monkeypatch):
    async def swallow(group, message):
        pass

    monkeypatch.setattr(hub_module, "LATE", 0)
    monkeypatch.setattr(get_channel_layer(), "group_send", swallow)
    server = Server(live)
    publisher.publish("lost")
    await until(lambda: "missed" in server.heard)
    monkeypatch.setattr(hub_module, "HEARTBEAT", 0)
    assert live.state() == "unavailable"


async def test_a_subscription_that_receives_nothing_is_replaced(fast, live, publisher, monkeypatch):
    layer = get_channel_layer()
    receive, flush, flushed = layer.receive, layer.flush, asyncio.Event()

    async def deaf(channel):
        await flushed.wait()
        return await receive(channel)

    async def note_flush():
        await flush()
        flushed.set()

    monkeypatch.setattr(layer, "receive", deaf)
    monkeypatch.setattr(layer, "flush", note_flush)
    server = Server(live)
    await flushed.wait()
    await live.subscribed.wait()
    while "hello" not in server.heard:
        publisher.publish("hello")
        await asyncio.sleep(0.01)


async def test_an_error_of_the_layer_is_answered_by_a_new_subscription(live, monkeypatch):
    server, layer = Server(live), get_channel_layer()
    receive, failures = layer.receive, iter([ConnectionError("unavailable"), TimeoutError()])

    async def broken(channel):
        for error in failures:
            raise error
        return await receive(channel)

    monkeypatch.setattr(layer, "receive", broken)
    pushes = Pushes()
    while "b" not in server.heard:
        await pushes.send("b")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "push"},
        {"type": "push", "publisher": "x", "number": "one", "texts": []},
        {"type": "push", "publisher": "x", "number": 1, "texts": [None]},
        {"type": "push", "publisher": "x", "number": 1, "texts": None},
    ],
)
async def test_a_malformed_message_is_dropped_and_the_subscription_stays(live, publisher, message):
    server, layer = Server(live), get_channel_layer()
    before = set(layer.channels)
    await layer.group_send(GROUP, message)
    publisher.publish("hello")
    await settle()
    assert server.heard == ["hello"]
    assert set(layer.channels) == before


@pytest.fixture
def broken_fan_out(monkeypatch):
    """Let fan-outs fail as often as the list, which is returned, has errors."""
    errors, observe = [], metrics.FAN_OUT.observe

    def fail(seconds):
        if errors:
            raise errors.pop()
        observe(seconds)

    monkeypatch.setattr(metrics.FAN_OUT, "observe", fail)
    return errors


async def test_a_task_that_fails_is_logged_and_starts_again(
    live, publisher, broken_fan_out, caplog
):
    server = Server(live)
    broken_fan_out.append(RuntimeError("a defect"))
    publisher.publish("a")
    await until(lambda: "a defect" in caplog.text)
    publisher.publish("b")
    await until(lambda: "b" in server.heard)
    await until(lambda: "missed" in server.heard)  # of the fan-out that failed
    assert not live.is_broken()
    assert live.state() == "ok"


async def test_a_task_that_fails_again_and_again_is_broken(live, publisher, broken_fan_out):
    Server(live)
    broken_fan_out += [RuntimeError("a defect")] * hub_module.MAX_FAILURES
    while broken_fan_out:
        publisher.publish("a")
        await asyncio.sleep(0.01)
    await until(live.is_broken)
    assert live.state() == "unavailable"


async def test_a_hub_that_was_not_started_is_not_used(publisher):
    assert Hub(publisher).state() == "not used"


@pytest.mark.parametrize("texts", [False, True])
@pytest.mark.parametrize(("bound", "received"), [(6, ["abc", "def"]), (5, ["again"])])
async def test_pushes_that_do_not_fit_in_the_queue_are_repaired(
    live, missed, monkeypatch, bound, received, texts
):
    monkeypatch.setattr(hub_module, "MAX_QUEUE", bound)
    missed.texts = ["again"]
    server, sent_at = Server(live, texts=texts), time.monotonic()
    await Pushes().send("abc", "def")
    await until(lambda: len(server.heard) == len(received))
    assert server.heard == received
    assert all(sent_at <= since for since in missed.asked)


@pytest.mark.parametrize("texts", [None, ["missed"]], ids=["resync", "repair"])
async def test_a_repair_that_is_dropped_is_made_anew_from_where_it_began(live, missed, texts):
    missed.texts, send = texts, live._send
    server, pushes = Server(live), Pushes()

    def send_and_drop(texts, *since):
        send(texts, *since)
        if texts[:1] in ([hub_module.RESYNC], ["missed"]):  # once
            live._send, missed.texts = send, ["again"]
            live._drop()

    live._send = send_and_drop
    await pushes.send("a")
    await pushes.send("b", lost=True)
    await pushes.send("c")
    await until(lambda: "again" in server.heard)
    assert missed.asked[1] <= missed.asked[0]


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
