"""CPU time and resident memory of processes, from the kernel."""

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ESTABLISHED, LISTENING = "01", "0A"  # states in /proc/net/tcp


class Processes:
    """Some processes with all their children, including children that have ended."""

    def __init__(self, *pids: int) -> None:
        """Find the processes with these ids."""
        self.pids = pids
        self._roots = [psutil.Process(pid) for pid in pids]

    def cpu(self) -> float:
        """Return the user and system time used so far, in microseconds."""
        return 1e6 * sum(_seconds(process) for process in self._all())

    def resident(self) -> float:
        """Return the resident memory, in KiB."""
        return sum(_resident(process) for process in self._all()) / 1024

    def count(self) -> int:
        """Return the current number of processes."""
        return len(list(self._all()))

    def _all(self) -> Iterator[psutil.Process]:
        for root in self._roots:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield root
                yield from root.children(recursive=True)


def _seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and of its children that have ended.

    Its clock, named as clock_getcpuclockid(3) does, counts nanoseconds; /proc only ticks of 10 ms.
    """
    with contextlib.suppress(OSError, psutil.NoSuchProcess):  # it has just ended
        ended = process.cpu_times()
        own = time.clock_gettime(~process.pid << 3 | 2)
        return own + ended.children_user + ended.children_system
    return 0


def _resident(process: psutil.Process) -> int:
    """Return the resident memory of a process in bytes, 0 if it has just ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


def listening_on(port: int) -> psutil.Process:
    """Return the first of the processes that listen on a TCP port of this machine, or LookupError.

    psutil names only one of the processes that share a socket, or reads every table once for each.
    """
    links = {f"socket:[{inode}]" for inode in _sockets(port, LISTENING)}
    listening = [p for p in psutil.process_iter() if not links.isdisjoint(_open(p))]
    if not listening:
        raise LookupError(f"No process of this machine listens on port {port}.")
    return min(listening, key=psutil.Process.create_time)


def connections(port: int) -> int:
    """Return the number of connections to a TCP port of this machine."""
    return sum(1 for _ in _sockets(port, ESTABLISHED))


def _sockets(port: int, wanted: str) -> Iterator[str]:
    """Yield the inode of each socket of a local TCP port that is in a state."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == wanted and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _open(process: psutil.Process) -> Iterator[str]:
    """Yield the targets of a process's open file descriptors."""
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield os.readlink(descriptor)


def free_port() -> int:
    """Return a TCP port without a listener that the system gives to no connection."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
