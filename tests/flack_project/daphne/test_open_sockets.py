"""Tests of what an open socket keeps in memory, and that it still works."""

import asyncio

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
async def echo():
    """An open socket of an application that sends back each text."""

    async def application(scope, receive, send):
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            else:
                await send({"type": "websocket.send", "text": message["text"]})

    node = server.Server(application, endpoints=["unused"])
    node.connections = {}
    factory = WebSocketFactory(node)
    factory.setProtocolOptions(openHandshakeTimeout=0)
    protocol, transport = factory.buildProtocol(None), Transport()
    protocol._raw_query_string, transport.protocol = b"a=b", protocol
    node.draining = type("Draining", (), {"began": 0.0})
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


async def test_an_open_socket_keeps_nothing_of_its_handshake(echo):
    assert not privates.DROPPED & vars(echo).keys()
    assert len(vars(echo)) < 20


async def test_an_open_socket_receives_sends_and_closes(echo):
    echo.dataReceived(b"\x81\x82\0\0\0\0hi")
    assert await answer(echo) == b"\x81\x02hi"
    echo.dataReceived(b"\x88\x82\0\0\0\0\x03\xe8")
    assert await answer(echo) == b"\x88\x02\x03\xe8"
    assert (echo.state, echo.request.path) == (echo.STATE_CLOSED, "/ws/")
