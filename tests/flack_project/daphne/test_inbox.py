"""Tests of flack_project/daphne/inbox.py, and of clients that do not read or that send too much."""

import re
import struct

import orjson
import pytest

from flack_project.daphne.inbox import MAX_MESSAGES, MAX_SIZE, Inbox
from flack_project.daphne.websocket import WebSocketProtocol
from tests.flack_project.daphne.clients import (
    open_unread,
    push_more_than_buffers_hold,
    receive,
    send_until_blocked,
)
from tests.kit import until


@pytest.mark.attack("Sockets: inbox, clients that do not read")
@pytest.mark.parametrize("strict", ["flack"], indirect=True)
def test_a_client_cannot_send_more_than_the_application_receives(strict):
    frame = b"\x81\xff" + struct.pack("!Q", 100_000) + b"mask" + b"x" * 100_000
    with open_unread(strict, "/deaf/") as plain:
        sent = send_until_blocked(plain, frame * 400)  # 40 MB
    assert sent < 15_000_000  # more than the kernel's buffers hold


@pytest.mark.attack("Sockets: inbox, clients that do not read")
def test_a_client_that_does_not_read_its_errors_leaves_the_node_when_it_disconnects(server):
    def sockets():
        found = re.search(
            r"^flack_sockets\S* (\S+)", server.http.get("/metrics").text, re.MULTILINE
        )
        return float(found[1])

    headers = {"Authorization": f"Bearer {server.sign_up('Pusher')}"}
    payload = orjson.dumps({"ref": "r" * 200})
    frames = (b"\x81\xfe" + struct.pack("!H", len(payload)) + bytes(4) + payload) * 50_000
    before = sockets()
    with open_unread(server) as plain:
        until(lambda: sockets() == before + 1)
        assert send_until_blocked(plain, frames) < len(frames)
        posted = server.http.post("/api/messages", json={"source": "hi"}, headers=headers)
        assert posted.status_code == 201  # its push finds the buffer full as well
        with server.socket() as other:
            other.send("nonsense")
            receive(other, "error")
    until(lambda: sockets() == before)


class Transport:
    """A transport that keeps whether it reads."""

    reads = True

    def pauseProducing(self):  # noqa: N802
        self.reads = False

    def resumeProducing(self):  # noqa: N802
        self.reads = True


@pytest.fixture
def inbox():
    """The inbox of an open socket, whose transport is the one above."""
    protocol = WebSocketProtocol()
    protocol.state, protocol.transport = protocol.STATE_OPEN, Transport()
    return Inbox(protocol)


@pytest.mark.attack("Sockets: inbox, clients that do not read")
@pytest.mark.parametrize("payload", [{"text": "x"}, {"bytes": b"x"}], ids=["text", "bytes"])
@pytest.mark.parametrize(("messages", "size"), [(MAX_MESSAGES, 1), (2, MAX_SIZE // 2)])
async def test_reading_stops_while_more_than_16_messages_or_256_kib_wait(
    inbox, payload, messages, size
):
    for _ in range(messages):
        inbox.put_nowait({name: one * size for name, one in payload.items()})
    assert inbox.protocol.transport.reads
    inbox.put_nowait(payload)
    assert not inbox.protocol.transport.reads
    await inbox.get()
    assert inbox.protocol.transport.reads


@pytest.mark.attack("Sockets: inbox, clients that do not read")
async def test_a_socket_that_was_refused_is_not_read_again(inbox):
    for _ in range(MAX_MESSAGES + 1):
        inbox.put_nowait({"text": "x"})
    inbox.protocol.state = WebSocketProtocol.STATE_CLOSING
    await inbox.get()
    assert not inbox.protocol.transport.reads


@pytest.mark.attack("Sockets: inbox, clients that do not read")
def test_a_socket_that_does_not_read_is_closed_and_harms_no_other(server):
    token = server.sign_up("Flood")
    with open_unread(server) as unread, server.socket(max_queue=None) as reader:
        push_more_than_buffers_hold(server, token, reader)
        peer = unread.getsockname()[1]
        until(lambda: peer not in server.peers(), seconds=10)
