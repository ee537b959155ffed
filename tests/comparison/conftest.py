"""A running Flack behind nginx, for the contract suite and the proxy with its faults."""

from collections.abc import Iterator
from queue import Queue

import pytest

from comparison.bench.processes import free_port
from tests.running import Stack
from tests.stacks import CHEAP

AT_ONCE = 4  # parallel runs of the suite, which mostly wait


@pytest.fixture(scope="session")
def preview_ports() -> Queue[int]:
    """Ports for the suite's pages; each run takes one, and returns it at its end."""
    ports: Queue[int] = Queue()
    for _ in range(AT_ONCE):
        ports.put(free_port())
    return ports


@pytest.fixture(scope="session")
def reference(
    tmp_path_factory: pytest.TempPathFactory, preview_ports: Queue[int]
) -> Iterator[Stack]:
    """A running Flack that may fetch the suite's pages."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in preview_ports.queue)
    stack = Stack(tmp_path_factory.mktemp("var"), FLACK_PREVIEW_HOSTS=hosts, **CHEAP)
    yield stack
    stack.stop()
