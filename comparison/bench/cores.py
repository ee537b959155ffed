"""Keep the servers and the generator on cores of their own, and watch for other work."""

import gzip
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from comparison.bench.processes import Processes

EVERY = 0.5  # seconds between two samples
STAT = Path("/proc/stat")
TICKS = os.sysconf("SC_CLK_TCK")
# The columns of /proc/stat that processes use, and steal: what other virtual machines took.
USED = {"user": 0, "nice": 1, "system": 2, "steal": 7}
INTERRUPTS = {"irq": 5, "softirq": 6}  # most of it is the network of the processes
# Where kernels keep their configuration, the running one first.
CONFIGURATIONS = ("/proc/config.gz", "/boot/config-{}", "/lib/modules/{}/config")


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


@cache
def are_interrupts_charged(configurations: Sequence[str] = CONFIGURATIONS) -> bool:
    """Return True if the kernel charges an interrupt to the process that it interrupts.

    With CONFIG_IRQ_TIME_ACCOUNTING it does not, as in the kernels of Debian, Ubuntu and Fedora. A
    kernel whose configuration cannot be read is taken for one of those.
    """
    for name in configurations:
        path = Path(name.format(platform.release()))
        if path.exists():
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            return b"\nCONFIG_IRQ_TIME_ACCOUNTING=y" not in text
    return False


def machine_seconds(are_charged: bool | None = None) -> float:
    """Return the CPU time that all processes of the machine have used since it started.

    The time of interrupts is part of it where processes are charged for it, so that it can be
    compared with theirs.
    """
    charged = are_interrupts_charged() if are_charged is None else are_charged
    columns = USED | (INTERRUPTS if charged else {})
    fields = STAT.read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[index]) for index in columns.values()) / TICKS


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
