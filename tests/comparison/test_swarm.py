"""The load generator counts what its sockets get."""

import socket
import threading
import time
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from comparison.bench.swarm import Refused, Swarm, Wire
from tests.kit import until


@pytest.fixture
def chat():
    """Give the port of a server, and its sockets."""
    sockets = []

    def stay(connection):
        sockets.append(connection)
        with suppress(ConnectionClosed):
            connection.recv()

    with serve(stay, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1], sockets
        server.shutdown()
        thread.join()


@pytest.fixture
def swarm(chat):
    """Give a swarm of that server."""
    swarm = Swarm([chat[0]], Wire("/"))
    yield swarm
    swarm.close()


def tell(sockets, number, count):
    until(lambda: len(sockets) == count)
    for connection in sockets:
        connection.send(f'{{"html": "~{number:07}~"}}')


def test_a_push_is_late_by_its_last_receiver_since_it_was_due(chat, swarm):
    swarm.connect(2)
    due = time.perf_counter() - 5
    swarm.push(lambda numbers: tell(chat[1], numbers[0], 2), due=due)
    swarm.drain(2)
    assert len(swarm.delays) == 2
    assert swarm.last[0] - due == max(swarm.delays) > 5


def test_what_is_lost_and_what_comes_twice_is_counted(chat, swarm):
    clients = swarm.connect(2)
    until(lambda: len(chat[1]) == 2)
    swarm.push(lambda numbers: tell(chat[1][:1] * 2, numbers[0], 2))
    swarm.drain(2)
    assert swarm.lost_and_doubled(clients) == (1, 1)


def test_who_only_speaks_is_not_counted(chat, swarm):
    swarm.connect(1, counted=False)
    swarm.push(lambda numbers: tell(chat[1], numbers[0], 1))
    swarm.run(0.2)
    assert swarm.received == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 503 Service Unavailable\r\n\r\n"])
def test_a_server_that_lets_nobody_in_refuses(answer):
    def hang_up(listener):
        wire, _ = listener.accept()
        with wire:
            wire.recv(1000)
            wire.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=[listener])
        thread.start()
        swarm = Swarm([listener.getsockname()[1]], Wire("/"))
        with pytest.raises(Refused):
            swarm.connect(1, patience=5)
        thread.join()
        swarm.close()
