"""The load generator counts the pushes to its sockets."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from comparison.bench.framing import Wire
from comparison.bench.processes import connections, free_port
from comparison.bench.servers import wait_for
from comparison.bench.swarm import ADDRESSES, Refused, Swarm
from comparison.contestants.running import Starter, front
from tests.kit import until


@pytest.fixture
def chat():
    """The port of a server, and its sockets."""
    with serving() as found:
        yield found


@contextmanager
def serving():
    """Run a server; the block gets its port, and its sockets."""
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
    """A swarm of that server."""
    swarm = Swarm([chat[0]], Wire("/"))
    yield swarm
    swarm.close()


def send_push(sockets, number, count):
    until(lambda: len(sockets) == count)
    for connection in sockets:
        connection.send(f'{{"html": "~{number:07}~"}}')


def test_the_delay_of_a_push_runs_from_its_due_time_to_its_last_receiver(chat, swarm):
    swarm.connect(2)
    due = time.perf_counter() - 5
    swarm.push(lambda numbers: send_push(chat[1], numbers[0], 2), due=due)
    swarm.drain(2)
    assert len(swarm.delays) == 2
    assert swarm.last[0] - due == max(swarm.delays) > 5


def test_lost_and_doubled_pushes_are_counted(chat, swarm):
    clients = swarm.connect(2)
    until(lambda: len(chat[1]) == 2)
    swarm.push(lambda numbers: send_push(chat[1][:1] * 2, numbers[0], 2))
    swarm.drain(2)
    assert swarm.lost_and_doubled(clients) == (1, 1)


@pytest.mark.parametrize("anew", ["reset", "another swarm"])
def test_a_push_that_comes_late_is_not_counted_in_the_next_measurement(chat, anew):
    late: list[int] = []
    before = Swarm([chat[0]], Wire("/"))
    clients = before.connect(1)
    before.push(late.extend)
    until(lambda: len(chat[1]) == 1)
    after = before if anew == "reset" else Swarm([chat[0]], Wire("/"))
    if after is before:
        after.reset(clients)
    else:
        before.close()
        clients = after.connect(1)
    until(lambda: len(chat[1]) == (1 if after is before else 2))

    def push(numbers):
        for number in (*late, *numbers, numbers[0] + 1):
            chat[1][-1].send(f'{{"html": "~{number:07}~"}}')

    after.push(push)
    after.drain(1)
    assert len(after.delays) == 1
    assert after.lost_and_doubled(clients) == (0, 0)
    after.close()


@pytest.mark.parametrize("balance", ["ip_hash;", "least_conn;"])
def test_both_nodes_behind_nginx_get_clients(chat, balance):
    port = free_port()
    with serving() as other, Starter() as starter:
        front(starter, port, [chat[0], other[0]], balance)
        wait_for(port)
        swarm = Swarm([port], Wire("/"))
        swarm.connect(16)
        until(lambda: [connections(each) for each in (chat[0], other[0])] == [8, 8])
        swarm.close()


def test_clients_come_to_each_port_from_every_address(chat):
    with serving() as other:
        swarm = Swarm([chat[0], other[0]], Wire("/"))
        swarm.connect(2 * len(ADDRESSES))
        for _, sockets in (chat, other):
            until(lambda sockets=sockets: len(sockets) == len(ADDRESSES))
            assert sorted(each.remote_address[0] for each in sockets) == ADDRESSES
        swarm.close()


@pytest.mark.parametrize("ack", ['{"event":"ack",', '{"event": "ack", '])
def test_an_author_is_sent_its_own_message_and_its_acknowledgement_is_no_push(chat, swarm, ack):
    clients = swarm.connect(1)
    until(lambda: len(chat[1]) == 1)

    def acknowledge_and_push(numbers):
        chat[1][0].send(f'{ack}"ref":"1","data":{{"source": "~{numbers[0]:07}~"}}}}')
        send_push(chat[1], numbers[0], 1)

    swarm.push(acknowledge_and_push)
    swarm.drain(1)
    assert (swarm.acks, swarm.received) == (1, 1)
    assert swarm.lost_and_doubled(clients) == (0, 0)


def test_pushes_to_a_writer_are_not_counted(chat, swarm):
    swarm.connect(1, counted=False)
    swarm.push(lambda numbers: send_push(chat[1], numbers[0], 1))
    swarm.run(0.2)
    assert swarm.received == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 503 Service Unavailable\r\n\r\n"])
def test_a_server_that_refuses_every_client_is_reported(answer):
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


@pytest.mark.parametrize("event", ["ack", "error"])
def test_acknowledged_frames_are_counted_and_an_error_is_reported(chat, swarm, event):
    swarm.connect(1, counted=False)
    until(lambda: len(chat[1]) == 1)
    chat[1][0].send(f'{{"event":"{event}","ref":1}}')
    if event == "error":
        with pytest.raises(Refused, match="1 errors"):
            swarm.await_acks(1)
    else:
        swarm.await_acks(1)
