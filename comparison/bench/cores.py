"""Keep the servers and the generator on cores of their own, and watch for other work."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from comparison.bench.processes import Processes

EVERY = 0.5  # seconds between two samples
TICKS = os.sysconf("SC_CLK_TCK")
# The columns of /proc/stat that processes use, and steal: what other virtual machines took.
# Interrupts are left out: they belong to the network, and no process is charged for them.
USED = {"user": 0, "nice": 1, "system": 2, "steal": 7}


@dataclass(frozen=True)
class Cores:
    """The cores of the servers and those of the generator."""

    servers: frozenset[int]
    generator: frozenset[int]

    @classmethod
    def split(cls, available: Sequence[int] | None = None) -> "Cores":
        """Return the last core for the generator, and the first one for all servers.

        With a single core both share it. More cores stay free, so that every number is one of a
        core that a contestant has for itself.
        """
        cores = sorted(os.sched_getaffinity(0) if available is None else available)
        return cls(frozenset(cores[:1]), frozenset(cores[-1:]))

    def __str__(self) -> str:
        if self.servers == self.generator:
            return "servers and generator share the only core"
        servers, generator = (", ".join(map(str, sorted(cores))) for cores in
                              (self.servers, self.generator))  # fmt: skip
        return f"all servers of a contestant on core {servers}, the generator on core {generator}"


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """Pin this thread during the block; a process that it starts stays pinned."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine_seconds() -> float:
    """Return the CPU time that all processes of the machine have used since it started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[index]) for index in USED.values()) / TICKS


def own_seconds(processes: Sequence[Processes]) -> Callable[[], float]:
    """Return a function of the CPU time that these processes and this one have used."""
    return lambda: sum(each.cpu() for each in processes) / 1e6 + time.process_time()


class OtherWork:
    """Samples, during a block, the share of the machine that other processes use."""

    def __init__(self, own: Callable[[], float], machine: Callable[[], float] = machine_seconds,
                 cores: int | None = None) -> None:  # fmt: skip
        """Take the CPU time of what belongs to the measurement, and that of the machine."""
        self.own, self.machine = own, machine
        self.cores = cores or os.cpu_count() or 1
        self.samples: list[float] = []  # each a share of all cores
        self._over = threading.Event()

    def __enter__(self) -> "OtherWork":
        """Begin to sample."""
        self._began = self._last = self._now()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop sampling."""
        self._over.set()
        self._thread.join()
        self._ended = self._now()

    @property
    def share(self) -> float:
        """The share of all cores that other work used during the whole block."""
        return self._share(self._began, self._ended)

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), self.machine() - self.own()

    def _share(self, before: tuple[float, float], after: tuple[float, float]) -> float:
        elapsed = max(after[0] - before[0], 1e-9)
        return max(0.0, (after[1] - before[1]) / elapsed / self.cores)

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            now = self._now()
            self.samples.append(self._share(self._last, now))
            self._last = now
