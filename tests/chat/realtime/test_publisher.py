"""Tests of chat/realtime/publisher.py."""

import asyncio
import os

import pytest_asyncio
from channels.layers import get_channel_layer
from prometheus_client import REGISTRY

from chat.realtime import publisher as publisher_module
from chat.realtime.publisher import GROUP, Publisher
from tests.sockets import settle


@pytest_asyncio.fixture
async def new_publisher(monkeypatch):
    """Return a function that makes another process's publisher; all leave in the end.

    None sends an empty message by itself unless a test sets another `HEARTBEAT`.
    """
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 3600)
    publishers = []

    def new_publisher():
        publishers.append(Publisher())
        return publishers[-1]

    yield new_publisher
    for publisher in publishers:
        await asyncio.wrap_future(publisher.leave())


@pytest_asyncio.fixture
async def channel(settings, valkey):
    """A function that awaits the next message of this test's publishers, through Valkey."""
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [valkey]},
        }
    }
    layer = get_channel_layer()
    name = await layer.new_channel()
    await layer.group_add(GROUP, name)

    async def receive():
        async with asyncio.timeout(30):
            return await layer.receive(name)

    yield receive
    await layer.flush()


async def test_texts_leave_in_order_and_numbered_from_one(channel, new_publisher):
    publisher = new_publisher()
    texts: list[str] = []
    numbers: list[int] = []
    publisher.start(asyncio.get_running_loop())
    for text in "abc":
        publisher.publish(text)
    while len(texts) < 3:
        message = await channel()
        texts += message["texts"]
        numbers.append(message["number"])
    assert texts == ["a", "b", "c"]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_queued_texts_are_sent_in_one_message(channel, new_publisher):
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    for text in "abcd":
        publisher.publish(text)
    assert (await channel())["texts"] == ["a", "b", "c", "d"]


async def test_texts_soon_after_a_message_are_joined(channel, new_publisher, monkeypatch):
    monkeypatch.setattr(publisher_module, "JOIN", 3600)
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    publisher.publish("a")
    messages = [await channel()]
    for text in "bc":
        await asyncio.to_thread(publisher.publish, text)
        await settle()
    publisher.leave()  # the last message waits for nothing
    while "last" not in messages[-1]:
        messages.append(await channel())
    assert [(m["number"], m["texts"]) for m in messages] == [(1, ["a"]), (2, ["b", "c"])]


async def test_joined_texts_are_sent_in_the_end(channel, new_publisher, monkeypatch):
    monkeypatch.setattr(publisher_module, "JOIN", 0.05)
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    texts: list[str] = []
    for text in "abc":
        publisher.publish(text)
        texts += (await channel())["texts"]
    assert texts == ["a", "b", "c"]


async def test_a_thread_without_a_loop_publishes_too(channel, new_publisher):
    publisher = new_publisher()
    await asyncio.to_thread(publisher.publish, "from a thread")
    assert (await channel())["texts"] == ["from a thread"]


async def test_ended_tokens_are_sent_too(channel, new_publisher):
    publisher = new_publisher()
    await asyncio.to_thread(publisher.end, ["a", "b"])
    assert (await channel())["ended"] == ["a", "b"]


async def test_a_silent_publisher_still_sends_its_number(channel, new_publisher, monkeypatch):
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 0.01)
    new_publisher().start(asyncio.get_running_loop())
    beats = [await channel() for _ in range(3)]
    assert [(m["number"], m["texts"]) for m in beats] == [(1, []), (2, []), (3, [])]


async def test_the_last_message_is_marked(channel, new_publisher):
    publisher = new_publisher()
    publisher.publish("a")
    await asyncio.wrap_future(publisher.leave())
    messages = [await channel()]
    while "last" not in messages[-1]:
        messages.append(await channel())
    assert [text for message in messages for text in message["texts"]] == ["a"]


async def test_a_lost_message_leaves_a_gap_in_the_numbers(channel, new_publisher, monkeypatch):
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 0.01)
    layer = get_channel_layer()
    group_send, losses = layer.group_send, iter([ConnectionError("away")])

    async def lossy(group, message):
        for error in losses:
            raise error
        await group_send(group, message)

    monkeypatch.setattr(layer, "group_send", lossy)
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    publisher.publish("lost")
    message = await channel()
    assert message["number"] > 1
    assert message["texts"] == []


async def test_a_publisher_that_fails_is_logged_and_starts_again(
    channel, new_publisher, monkeypatch, caplog
):
    has_failed = asyncio.Event()

    async def fail(group, message):
        raise ConnectionError("away")

    def fail_to_count(lost):
        has_failed.set()
        raise RuntimeError("a defect")

    monkeypatch.setattr(publisher_module, "RETRY", 0)
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    with monkeypatch.context() as patch:
        patch.setattr(get_channel_layer(), "group_send", fail)
        patch.setattr(publisher_module.metrics.LOST, "inc", fail_to_count)
        publisher.publish("lost")
        await has_failed.wait()
    publisher.publish("sent")
    message = await channel()
    assert (message["number"], message["texts"]) == (2, ["sent"])
    assert "The publisher failed" in caplog.text


async def test_texts_that_do_not_fit_in_the_queue_leave_a_gap_in_the_numbers(
    channel, new_publisher, monkeypatch
):
    monkeypatch.setattr(publisher_module, "MAX_SIZE", 3)
    lost = REGISTRY.get_sample_value("flack_lost_pushes_total")
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    for text in ("ab", "c"):
        publisher.publish(text)
    message = await channel()
    assert (message["number"], message["texts"]) == (1, ["ab", "c"])
    for text in ("ab", "cd", "e"):
        publisher.publish(text)
    message = await channel()
    assert (message["number"], message["texts"]) == (3, ["ab", "e"])
    assert REGISTRY.get_sample_value("flack_lost_pushes_total") == lost + 1


async def test_ended_tokens_past_the_bound_leave_a_gap_in_the_numbers(
    channel, new_publisher, monkeypatch
):
    monkeypatch.setattr(publisher_module, "MAX_ENDED", 3)
    publisher = new_publisher()
    publisher.start(asyncio.get_running_loop())
    publisher.end(["a", "b"])
    publisher.end(["c"])
    message = await channel()
    assert (message["number"], message["ended"]) == (1, ["a", "b", "c"])
    publisher.end(["d", "e"])
    publisher.end(["f", "g"])
    message = await channel()
    assert (message["number"], message["ended"]) == (3, ["d", "e"])
    publisher.end(["h", "i", "j", "k"])
    message = await channel()
    assert (message["number"], "ended" in message) == (5, False)


async def test_two_publishers_have_different_names(channel, new_publisher):
    for _ in range(2):
        new_publisher().publish("hello")
    assert (await channel())["publisher"] != (await channel())["publisher"]


async def test_a_forked_process_starts_a_publisher_of_its_own(channel, new_publisher, monkeypatch):
    publisher = new_publisher()
    await asyncio.to_thread(publisher.publish, "parent")
    parent = await channel()
    await asyncio.wrap_future(publisher.leave())  # a child has no threads
    while "last" not in await channel():
        pass
    child_pid = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child_pid)
    await asyncio.to_thread(publisher.publish, "child")
    child = await channel()
    assert child["publisher"] != parent["publisher"]
    assert child["number"] == 1


async def test_a_push_after_the_last_message_counts_as_lost(channel, new_publisher):
    publisher, lost = new_publisher(), REGISTRY.get_sample_value("flack_lost_pushes_total")
    publisher.start(asyncio.get_running_loop())
    await asyncio.wrap_future(publisher.leave())
    publisher.publish("too late")
    assert REGISTRY.get_sample_value("flack_lost_pushes_total") == lost + 1


async def test_a_publisher_is_late_until_its_newest_number_is_confirmed(channel, new_publisher):
    publisher = new_publisher()
    assert publisher.late_by() == 0
    publisher.start(asyncio.get_running_loop())
    publisher.publish("hello")
    message = await channel()
    assert publisher.late_by() > 0
    publisher.confirm(message["number"])
    assert publisher.late_by() == 0
