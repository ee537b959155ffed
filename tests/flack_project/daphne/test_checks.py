"""Tests of when flack_project/daphne/server.py looks at its connections."""

import asyncio
from types import SimpleNamespace

import daphne.server
import pytest
from daphne import http_protocol, ws_protocol

from flack_project.daphne import server
from tests.kit import Clock


class Connection:
    """A connection that counts how often its time-outs are checked."""

    STATE_OPEN = state = 3

    def __init__(self):
        self.last_ping, self.checks = 0.0, 0

    def check_timeouts(self):
        """Count, and ping an open socket."""
        self.checks += 1
        self.last_ping = server.time.monotonic()


@pytest.fixture
def steady(monkeypatch):
    """The time since the start of the host, which only the test advances."""
    steady = Clock()
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=steady))
    return steady


@pytest.fixture
def idle_server(monkeypatch):
    """A server that is not running, whose checks are called by the test."""
    monkeypatch.setattr(server.reactor, "callLater", lambda *_: None)
    idle = server.Server(None, endpoints=["unused"], ping_interval=40)
    idle.connections = {}
    return idle


def test_an_open_socket_is_checked_only_when_it_is_due(idle_server, steady):
    request, socket = Connection(), Connection()
    idle_server.protocol_connected(request)
    idle_server.protocol_connected(socket)
    socket.last_ping = steady()
    idle_server.socket_opened(socket)
    for _ in range(41):
        idle_server.timeout_checker()
        steady.advance(2)
    assert (request.checks, socket.checks) == (41, 1)


def test_a_socket_that_is_closed_is_checked_no_more(idle_server, steady):
    socket = Connection()
    idle_server.protocol_connected(socket)
    idle_server.socket_opened(socket)
    socket.state = 0
    for _ in range(3):
        steady.advance(41)
        idle_server.timeout_checker()
    assert (socket.checks, idle_server._open) == (0, [])


@pytest.mark.parametrize("seconds", [-3600, 3600, 86400])
def test_daphne_measures_durations_also_when_the_clock_is_set(clock, seconds):
    for module in (http_protocol, daphne.server, ws_protocol):
        began = module.time.time()
        clock.advance(seconds)
        assert 0 <= module.time.time() - began < 600


async def test_connections_that_have_ended_are_cleared_away(idle_server):
    async def application(scope, receive, send):
        await asyncio.sleep(0 if scope["path"] == "short" else 60)

    idle_server.application = application
    connections = {name: Connection() for name in ("short", "short and gone", "long", "cancelled")}
    for name, connection in connections.items():
        idle_server.protocol_connected(connection)
        idle_server.create_application(connection, {"path": name.partition(" ")[0]})
    await asyncio.sleep(0.01)
    idle_server.protocol_disconnected(connections["short and gone"])
    idle_server.protocol_disconnected(connections["cancelled"])
    idle_server.connections[connections["cancelled"]]["disconnected"] -= 60
    idle_server.application_checker()  # cancels what its client has left
    await asyncio.sleep(0.01)
    idle_server.application_checker()
    assert idle_server.connections.keys() == {connections["short"], connections["long"]}
    idle_server.connections[connections["long"]]["application_instance"].cancel()


async def test_open_connections_are_not_looked_at_when_others_are_cleared_away(idle_server):
    class Open(Connection):
        looks = 0

        def __hash__(self):
            Open.looks += 1
            return id(self)

    idle_server.connections = {Open(): {} for _ in range(100)}
    Open.looks = 0
    idle_server.application_checker()
    assert (Open.looks, len(idle_server.connections)) == (0, 100)


async def test_an_application_that_ends_while_it_is_cleared_away_stops_no_later_check(idle_server):
    connection = Connection()

    async def application(scope, receive, send):
        idle_server.protocol_disconnected(connection)
        # It runs after the end of this task, and before the callback that reports the end.
        asyncio.get_running_loop().call_soon(idle_server.application_checker)

    idle_server.application = application
    idle_server.protocol_connected(connection)
    idle_server.create_application(connection, {})
    while idle_server.connections:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    idle_server.application_checker()
    assert idle_server._ending == set()
