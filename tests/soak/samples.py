"""Samples of every process, of the data stores, and of the latency that visitors had."""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psutil
import redis

from tests.faults.writers import Record
from tests.running import Stack
from tests.soak.growth import Series
from tests.soak.visitors import Visitor

PARTS = "valkey.1 node.1 node.2 worker.1 previews.1 beat.1 nginx.1".split()
ROWS = {
    "message": "chat_message",
    "user": "chat_user",
    "token": "chat_token",
    "deferred": "api_deferred",
    "session": "django_session",
    "deletion": "chat_deletion",
}
# Whose CPU time is divided by the number of requests; "test" is this process.
CPU = {
    "nodes": ("node.1", "node.2"),
    "workers": ("worker.1", "previews.1"),
    "nginx and Valkey": ("nginx.1", "valkey.1"),
}
HEALTHZ = 20  # requests
MIB = 2**20
TICK = 0.05  # seconds


class Stalls:
    """The longest time in which the event loop of the clients ran nothing.

    nginx closes a connection, without an answer, whose request is not whole after 10 s
    (`client_body_timeout`). httpx sends head and body of a request in two turns of the loop.
    """

    def __init__(self) -> None:
        self.longest = self.latest = 0.0  # seconds, of the run and since `take`

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            self.latest = max(self.latest, time.monotonic() - began - TICK)
            self.longest = max(self.longest, self.latest)

    def take(self) -> float:
        """Return the longest stall since the last call, in seconds."""
        latest, self.latest = self.latest, 0.0
        return latest


class Sampler:
    """Takes samples of a stack; `series` has them by "UNIT NAME".

    Their times are those of a run at speed 1, in which as much happens.
    """

    def __init__(
        self, stack: Stack, visitors: Sequence[Visitor], record: Record, speed: float = 1
    ) -> None:
        self.stack, self.visitors, self.record, self.speed = stack, visitors, record, speed
        self.series: dict[str, Series] = {}
        self.parts = {name: stack.part(name) for name in PARTS}
        self.valkey = redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock")
        self.stalls = Stalls()
        self.began = time.monotonic()
        self.requests, self.cpu = record.requests, self._cpu()

    def sample(self) -> None:
        """Take one sample of everything; raise psutil.NoSuchProcess if a process has ended."""
        now = (time.monotonic() - self.began) * self.speed
        for name, value in self._values().items():
            self.series.setdefault(name, []).append((now, value))

    def _values(self) -> dict[str, float]:
        values: dict[str, float] = {}
        requests, cpu = self.record.requests, self._cpu()
        if requests > self.requests:
            for name, spent in cpu.items():
                milliseconds = 1000 * (spent - self.cpu[name])
                values[f"cpu {name}"] = milliseconds / (requests - self.requests)
        self.requests, self.cpu = requests, cpu
        for name, process in self.parts.items():
            ones = family(process)
            values[f"MiB {name}"] = sum(one.memory_full_info().uss for one in ones) / MIB
            values[f"files {name}"] = sum(one.num_fds() for one in ones)
            values[f"threads {name}"] = sum(one.num_threads() for one in ones)
        for file in ("db.sqlite3", "db.sqlite3-wal"):
            values[f"MiB {file}"] = size(self.stack.var / file) / MIB
        with closing(sqlite3.connect(self.stack.var / "db.sqlite3", timeout=10)) as database:
            for name, table in ROWS.items():
                count = database.execute(f"SELECT count(*) FROM {table}").fetchone()
                values[f"rows {name}"] = count[0]
        values["keys Valkey"] = self.valkey.dbsize()
        values["ms stall of the clients"] = 1000 * self.stalls.take()
        values["ms healthz"] = 1000 * statistics.median(self._healthz() for _ in range(HEALTHZ))
        seconds = [one for visitor in self.visitors for _, one in list(visitor.seconds)[-10:]]
        if seconds:
            values["ms median"] = 1000 * statistics.median(seconds)
            values["ms 95 %"] = 1000 * statistics.quantiles([*seconds, seconds[0]], n=20)[-1]
        return values

    def _healthz(self) -> float:
        """Return the seconds of a request that reads nothing: it waits for the machine alone."""
        began = time.monotonic()
        self.stack.get("/healthz")
        return time.monotonic() - began

    def _cpu(self) -> dict[str, float]:
        """Return the seconds of CPU time that each group of processes has used."""
        spent = {
            name: sum(cpu_of(one) for part in parts for one in family(self.parts[part]))
            for name, parts in CPU.items()
        }
        return {**spent, "test": cpu_of(psutil.Process())}


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and its children."""
    return [process, *process.children(recursive=True)]


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU time of a process in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


def size(path: Path) -> int:
    """Return the size of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0
