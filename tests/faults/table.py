"""The faults: what each does to a running Flack, and what clients may notice of it."""

import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import redis

from comparison.contract.client import eventually
from tests.faults.writers import CALM, EVERY
from tests.running import START, Stack

# Patterns of the failed requests that a fault allows.
CUT_OFF = "(POST|GET|PUT|DELETE) .* 502|.* RemoteProtocolError.*"  # when a node is killed
UNAVAILABLE = "(POST|GET|PUT|DELETE|post_message) .*503"  # while the database is unavailable
# Close codes that a fault allows.
SHUTDOWN = frozenset({1012})  # a node closes its sockets during a graceful shutdown
KILLED = frozenset({1006})  # a node was killed


@dataclass(frozen=True)
class Fault:
    """A fault: `inject` returns when it is over."""

    name: str
    inject: Callable[[Any], None]  # takes the Stack
    refusals: str = "(?!)"  # a pattern of the failed requests that it allows
    closes: frozenset[int] = frozenset()  # the close codes that it allows
    seconds: float = 10.0  # after which every client must have every message
    resyncs: bool | None = None  # True if clients must get a resync, False if they must not
    every: float = EVERY  # seconds between two requests of one client
    is_short: bool = True  # True if it is also a test

    def relaxed(self) -> "Fault":
        """Return this fault for a test: fewer requests, and a bound that a busy machine keeps."""
        return replace(self, every=CALM, seconds=4 * self.seconds)


def nothing(stack: Stack) -> None:
    """Wait for 3 s."""
    time.sleep(3)


def kill_node(stack: Stack) -> None:
    """Kill a node, which is then restarted."""
    node = stack.part("node.1")
    node.kill()
    node.wait(10)


def lose_valkey(stack: Stack) -> None:
    """Kill Valkey; after an outage of 5 s it is restarted, and empty."""
    valkey = stack.part("valkey.1")
    with stack.no_restarts():
        valkey.kill()
        time.sleep(5)
    stack.part("valkey.1")


def hang_valkey(stack: Stack) -> None:
    """Suspend Valkey for 8 s, longer than every time-out: connections stay open, unanswered."""
    valkey = stack.part("valkey.1")
    valkey.suspend()
    time.sleep(8)
    valkey.resume()


def cut_subscriptions(stack: Stack) -> None:
    """Close every subscription of the channel layer, so that pushes get lost."""
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as valkey:
        valkey.client_kill_filter(_type="pubsub")


def drop_pushes(stack: Stack) -> None:
    """Close the subscriptions three times."""
    for _ in range(3):
        cut_subscriptions(stack)
        time.sleep(1)


def kill_worker_and_beat(stack: Stack) -> None:
    """Kill the workers and beat, which chatting does not need."""
    for name in ("worker.1", "previews.1", "beat.1"):
        stack.part(name).kill()
    time.sleep(2)


def lock_sqlite(stack: Stack) -> None:
    """Hold the write lock of the database for 5 s, as a tool of the operator may."""
    path = stack.var / "db.sqlite3"
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(5)
        connection.execute("ROLLBACK")


def restart_node(stack: Stack, name: str) -> None:
    """Shut a node down gracefully, and wait until it answers again."""
    node = stack.part(name)
    node.terminate()
    node.wait(20)
    eventually(lambda: stack.answers(name), name, START)


def restart_all_nodes(stack: Stack) -> None:
    """Restart one node after the other."""
    for name in ("node.1", "node.2"):
        restart_node(stack, name)


def reload_nginx(stack: Stack) -> None:
    """Reload the configuration of nginx three times."""
    for _ in range(3):
        stack.part("nginx.1").send_signal(signal.SIGHUP)
        time.sleep(1)


def remove_and_add_node(stack: Stack) -> None:
    """Remove a node from the upstream of nginx, restart it, and add it again."""
    path = stack.run_dir / "nginx.conf"
    configuration = path.read_text()
    path.write_text(re.sub(r"(server unix:.*node\.1\.sock)", r"\1 down", configuration))
    stack.part("nginx.1").send_signal(signal.SIGHUP)
    time.sleep(1)
    restart_node(stack, "node.1")
    path.write_text(configuration)
    stack.part("nginx.1").send_signal(signal.SIGHUP)
    time.sleep(1)


def pass_75_seconds(stack: Stack) -> None:
    """Wait for 75 s, longer than a user stays online without a ping."""
    time.sleep(75)


FAULTS = [
    Fault("nothing", nothing, resyncs=False),
    Fault("a node killed", kill_node, CUT_OFF, closes=KILLED, seconds=15),
    Fault("pushes dropped", drop_pushes, resyncs=False),
    Fault("Valkey killed for 5 s, back empty", lose_valkey, resyncs=False, seconds=5),
    Fault("Valkey hangs for 8 s", hang_valkey),
    Fault("worker and beat killed", kill_worker_and_beat, is_short=False),
    Fault("SQLite locked for 5 s", lock_sqlite, UNAVAILABLE),
    Fault("rolling restart of all nodes", restart_all_nodes, closes=SHUTDOWN),
    Fault("nginx reloaded three times", reload_nginx),
    Fault("a node removed and added", remove_and_add_node, closes=SHUTDOWN, is_short=False),
]
SKEWED = Fault("a node's clock 30 s late", pass_75_seconds, resyncs=False)
