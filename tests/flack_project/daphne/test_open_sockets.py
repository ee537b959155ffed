"""Tests of what an open socket keeps in memory, and that it still works."""

import asyncio
import gc
import weakref

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from flack_project.daphne import privates, server
from flack_project.daphne.websocket import WebSocketFactory

HANDSHAKE = (
    b"GET /ws/?a=b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Transport(StringTransport):
    """A transport whose connection is lost when it is closed, as that of TCP."""

    def loseConnection(self):  # noqa: N802
        """Close the connection."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


@pytest.fixture
def node():
    """A server whose application sends back each text."""

    async def application(scope, receive, send):
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            else:
                await send({"type": "websocket.send", "text": message["text"]})

    node = server.Server(application, endpoints=["unused"])
    node.connections = {}
    node.draining = type("Draining", (), {"began": 0.0})
    node.ws_factory = WebSocketFactory(node)
    node.ws_factory.setProtocolOptions(openHandshakeTimeout=0)
    return node


@pytest.fixture
async def echo(node):
    """An open socket of the server, without the HTTP request before it."""
    protocol, transport = node.ws_factory.buildProtocol(None), Transport()
    protocol._raw_query_string, transport.protocol = b"a=b", protocol
    transport.registerProducer(protocol, True)
    protocol.makeConnection(transport)
    protocol.dataReceived(HANDSHAKE)
    while protocol.state != protocol.STATE_OPEN:
        await asyncio.sleep(0)
    transport.clear()
    return protocol


async def answer(protocol):
    """Return what the server sends next."""
    while not (sent := protocol.transport.value()):
        await asyncio.sleep(0)
    protocol.transport.clear()
    return sent


@pytest.mark.parametrize("abort", [False, True])
async def test_a_sender_goes_on_when_autobahn_drops_the_connection(echo, abort):
    echo.pauseProducing()
    sender = asyncio.create_task(echo.drained())
    await asyncio.sleep(0)
    echo.dropConnection(abort=abort)
    async with asyncio.timeout(5):
        await sender


async def test_an_open_socket_keeps_nothing_of_its_handshake(echo):
    assert not privates.DROPPED & vars(echo).keys()
    assert len(vars(echo)) < 20


async def test_an_open_socket_receives_sends_and_closes(echo):
    echo.dataReceived(b"\x81\x82\0\0\0\0hi")
    assert await answer(echo) == b"\x81\x02hi"
    echo.dataReceived(b"\x88\x82\0\0\0\0\x03\xe8")
    assert await answer(echo) == b"\x88\x02\x03\xe8"
    assert (echo.state, echo.request.path) == (echo.STATE_CLOSED, "/ws/")


async def test_the_request_of_a_handshake_is_freed_without_the_garbage_collector(node):
    http, transport = server.HTTPFactory(node).buildProtocol(None), Transport()
    transport.protocol = http
    http.makeConnection(transport)
    gc.disable()
    try:
        http.dataReceived(HANDSHAKE[:-2])
        (request,) = node.connections
        freed = [weakref.ref(request), weakref.ref(request.channel)]
        del request
        http.dataReceived(HANDSHAKE[-2:])
        del http
        while transport.protocol.state != transport.protocol.STATE_OPEN:
            await asyncio.sleep(0)
        assert [each() for each in freed] == [None, None]
        assert list(node.connections) == [transport.protocol]
    finally:
        gc.enable()
