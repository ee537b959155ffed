"""Tests of chat/realtime/socket.py: sockets of a real hub, and a list in place of a server."""

import asyncio

import pytest

from chat.realtime import socket as socket_module
from tests.sockets import Server, settle


async def test_a_slow_socket_delays_no_other(live, publisher):
    slow, fast = Server(live), Server(live)
    slow.reads.clear()
    for text in "abc":
        publisher.publish(text)
        await settle()
    assert fast.heard == ["a", "b", "c"]
    assert slow.heard == ["a"]


async def test_a_slow_socket_gets_all_in_order_when_it_reads_again(live, publisher):
    slow = Server(live)
    slow.reads.clear()
    for text in "abc":
        publisher.publish(text)
        await settle()
    slow.reads.set()
    await settle()
    assert slow.heard == ["a", "b", "c"]


@pytest.mark.attack("Sockets: inbox, clients that do not read")
async def test_a_socket_that_never_reads_is_closed_with_1013_past_a_mebibyte(live, publisher):
    slow, fast = Server(live), Server(live)
    slow.reads.clear()
    for _ in range(12):
        publisher.publish("x" * 100_000)
        await settle()
    assert slow.messages[-1] == {"type": "websocket.close", "code": 1013}
    assert live.sockets == {fast.socket}
    assert len(fast.heard) == 12


@pytest.mark.attack("Sockets: inbox, clients that do not read")
async def test_a_socket_of_an_ended_token_that_never_reads_is_closed_too(
    live, monkeypatch, publisher
):
    monkeypatch.setattr(socket_module, "PARTING", 0.01)
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


async def test_a_socket_that_is_always_a_little_behind_is_not_closed(live, publisher):
    behind, reads = Server(live), asyncio.Semaphore(0)
    behind.wait = reads.acquire  # reads one message at a time
    for _ in range(30):
        publisher.publish("x" * 100_000)
        await settle()
        reads.release()
        await settle()
    assert live.sockets == {behind.socket}
    assert len(behind.messages) > 25


async def test_a_socket_that_is_lost_leaves(live, publisher):
    Server(live, error=ConnectionError("gone"))
    other = Server(live)
    publisher.publish("hello")
    await settle()
    assert live.sockets == {other.socket}
    assert other.heard == ["hello"]


async def test_a_socket_that_is_lost_while_it_waits_leaves(live, publisher):
    server = Server(live, error=ConnectionError("gone"))
    server.reads.clear()
    publisher.publish("hello")
    await settle()
    server.reads.set()
    await settle()
    assert live.sockets == set()


async def test_what_is_pushed_while_a_socket_opens_comes_after_it_opened(live, publisher):
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
