"""The fault of thousands who listen and say nothing, and of some whom nobody can reach any more."""

import resource
import socket
import time

from comparison.bench.swarm import Swarm, Wire
from tests.faults.table import Fault
from tests.running import HANDSHAKE, Stack

SOCKETS = 5_000
SECONDS = 60  # in which a half-open socket is gone
KIB = 64  # that an idle socket may cost all nodes together


def memory(stack: Stack) -> int:
    """Return the KiB that the nodes have."""
    return sum(stack.part(name).memory_info().rss for name in ("node.1", "node.2")) // 1024


def strike(stack: Stack) -> None:
    """Open idle sockets, and one that answers no ping; check what they cost, and that it ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before, began = memory(stack), time.monotonic()
    half_open = socket.create_connection(("127.0.0.1", stack.port))
    swarm = Swarm([stack.port], Wire("/ws/"))
    try:
        half_open.sendall(HANDSHAKE)
        swarm.connect(SOCKETS)
        each = (memory(stack) - before) / SOCKETS
        assert each < KIB, f"an idle socket costs {each:.0f} KiB"
        while not is_closed(half_open):
            swarm.run(1)
            assert time.monotonic() - began < SECONDS + 5, "a half-open socket stays"
        assert swarm.closed == 0, f"{swarm.closed} idle sockets were closed"
    finally:
        half_open.close()
        swarm.close()


def is_closed(plain: socket.socket) -> bool:
    """Say whether the other end has closed; read what came, as a system does for a dead program."""
    plain.setblocking(False)
    try:
        while data := plain.recv(65536):
            assert data
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


IDLE = Fault(f"{SOCKETS:,} idle sockets, one half-open", strike, resyncs=False)
