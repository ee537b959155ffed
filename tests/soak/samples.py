"""Samples of every process, of the data stores, and of the latency that visitors had."""

import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import redis

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
MIB = 2**20


class Sampler:
    """Takes samples of a stack; `series` has them by "UNIT NAME"."""

    def __init__(self, stack: Stack, visitors: Sequence[Visitor]) -> None:
        self.stack, self.visitors = stack, visitors
        self.series: dict[str, Series] = {}
        self.parts = {name: stack.part(name) for name in PARTS}
        self.valkey = redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock")
        self.began = time.monotonic()

    def sample(self) -> None:
        """Take one sample of everything; raise psutil.NoSuchProcess if a process has ended."""
        now = time.monotonic() - self.began
        for name, value in self._values().items():
            self.series.setdefault(name, []).append((now, value))

    def _values(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, process in self.parts.items():
            family = [process, *process.children(recursive=True)]
            values[f"MiB {name}"] = sum(one.memory_full_info().uss for one in family) / MIB
            values[f"files {name}"] = sum(one.num_fds() for one in family)
            values[f"threads {name}"] = sum(one.num_threads() for one in family)
        for file in ("db.sqlite3", "db.sqlite3-wal"):
            values[f"MiB {file}"] = size(self.stack.var / file) / MIB
        with closing(sqlite3.connect(self.stack.var / "db.sqlite3", timeout=10)) as database:
            for name, table in ROWS.items():
                count = database.execute(f"SELECT count(*) FROM {table}").fetchone()
                values[f"rows {name}"] = count[0]
        values["keys Valkey"] = self.valkey.dbsize()
        seconds = [one for visitor in self.visitors for _, one in list(visitor.seconds)[-10:]]
        if seconds:
            values["ms median"] = 1000 * statistics.median(seconds)
            values["ms 95 %"] = 1000 * statistics.quantiles([*seconds, seconds[0]], n=20)[-1]
        return values


def size(path: Path) -> int:
    """Return the size of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0
