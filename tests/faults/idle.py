"""The fault of thousands of idle sockets, and of a client that is connected but unreachable."""

import socket
import time

from comparison.bench.framing import Wire
from comparison.bench.swarm import Swarm
from flack_project.launcher.stack import raise_file_limit
from tests.faults.table import Fault
from tests.running import HANDSHAKE, Stack

SOCKETS = 5_000
SECONDS = 60  # after which a half-open socket must be closed
PATIENCE = 120  # seconds to open all
# Seconds between two requests of one client. Each push goes to all sockets: at the pace of the
# other faults that would be 200,000 deliveries a second, more than two cores can make.
EVERY = 2.0
KIB = 64  # that an idle socket may take in all nodes together


def memory(stack: Stack) -> int:
    """Return the memory of both nodes in KiB."""
    return sum(stack.part(name).memory_info().rss for name in ("node.1", "node.2")) // 1024


def inject(stack: Stack) -> None:
    """Open idle sockets, and one that answers no ping; check memory, and that it is closed."""
    raise_file_limit()
    before, began = memory(stack), time.monotonic()
    half_open = socket.create_connection(("127.0.0.1", stack.port))
    swarm = Swarm([stack.port], Wire("/ws/"))
    try:
        half_open.sendall(HANDSHAKE)
        swarm.connect(SOCKETS, patience=PATIENCE)
        each = (memory(stack) - before) / SOCKETS
        assert each < KIB, f"an idle socket takes {each:.0f} KiB, more than {KIB}"
        while not is_closed(half_open):
            swarm.run(1)
            assert time.monotonic() - began < SECONDS + 5, "a half-open socket stays open"
        assert swarm.closed == 0, f"{swarm.closed} idle sockets were closed"
    finally:
        half_open.close()
        swarm.close()


def is_closed(plain: socket.socket) -> bool:
    """Return True if the server has closed; read what it sent, as the system does for a client."""
    plain.setblocking(False)
    try:
        while data := plain.recv(65536):
            assert data
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


IDLE = Fault(f"{SOCKETS:,} idle sockets, one half-open", inject, resyncs=False, every=EVERY)
