"""What processes cost: CPU time and resident memory, from /proc."""

import contextlib
from collections.abc import Iterator

import psutil


class Processes:
    """Some processes and all their children, those that have ended included."""

    def __init__(self, *pids: int) -> None:
        """Take the process ids of the roots."""
        self.pids = pids
        self._roots = [psutil.Process(pid) for pid in pids]

    def cpu(self) -> float:
        """Return the user and system time used so far, in microseconds."""
        return 1e6 * sum(
            times.user + times.system + times.children_user + times.children_system
            for process in self._all()
            for times in [process.cpu_times()]
        )

    def resident(self) -> float:
        """Return the resident memory, in KiB."""
        return sum(process.memory_info().rss for process in self._all()) / 1024

    def count(self) -> int:
        """Return how many there are now."""
        return len(list(self._all()))

    def _all(self) -> Iterator[psutil.Process]:
        for root in self._roots:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)


def listening_on(port: int) -> psutil.Process:
    """Return the first of the processes that listen on a TCP port of this machine."""
    # psutil.net_connections() of all names only one of the processes that share a socket.
    listening = [p for p in psutil.process_iter() if port in _ports(p)]
    return min(listening, key=psutil.Process.create_time)


def _ports(process: psutil.Process) -> set[int]:
    """Return the TCP ports that a process listens on."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        connections = process.net_connections("tcp")
        return {c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN}
    return set()
