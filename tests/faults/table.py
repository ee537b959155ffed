"""The faults: what is done to a running Flack, and what may be seen of it."""

import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import redis

from comparison.contract.client import eventually
from tests.running import Stack

CUT_OFF = "(POST|GET|PUT) .* 502|.* RemoteProtocolError.*"  # answers of a node that is killed
UNAVAILABLE = "(POST|GET|PUT|post_message) .*503"  # and while the database is away
LEAVING = frozenset({1012})  # the code by which a node that leaves closes its sockets
GONE = frozenset({1006})  # and what a client sees when one is killed


@dataclass(frozen=True)
class Fault:
    """Something that happens to a stack, and returns when it is over."""

    name: str
    strike: Callable[[Stack], None]
    refusals: str = "(?!)"  # what requests may be answered meanwhile, as a pattern
    closes: frozenset[int] = frozenset()  # by which codes sockets may be closed
    seconds: float = 10.0  # in which everybody has everything again
    resyncs: bool | None = None  # whether clients have to be told to fetch, or must not
    is_short: bool = True  # whether it is also one of the tests


def nothing(stack: Stack) -> None:
    """Let some seconds pass."""
    time.sleep(3)


def kill_node(stack: Stack) -> None:
    """Kill a node; its supervisor starts it again."""
    node = stack.part("node.1")
    node.kill()
    node.wait(10)


def lose_valkey(stack: Stack) -> None:
    """Kill Valkey, and let it be away for 5 s; it comes back empty."""
    shell, valkey = stack.shell("valkey.1"), stack.part("valkey.1")
    shell.suspend()  # or it would start Valkey at once
    valkey.kill()
    time.sleep(5)
    shell.resume()
    stack.part("valkey.1")


def hang_valkey(stack: Stack) -> None:
    """Stop Valkey for 8 s, longer than anybody waits for it: it is there, but does not answer."""
    valkey = stack.part("valkey.1")
    valkey.suspend()
    time.sleep(8)
    valkey.resume()


def cut_subscriptions(stack: Stack) -> None:
    """Cut every subscription of the channel layer, so that pushes get lost."""
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as valkey:
        valkey.client_kill_filter(_type="pubsub")


def drop_pushes(stack: Stack) -> None:
    """Cut the subscriptions three times."""
    for _ in range(3):
        cut_subscriptions(stack)
        time.sleep(1)


def kill_worker_and_beat(stack: Stack) -> None:
    """Kill the worker and beat; those who chat do not need them."""
    for name in ("worker.1", "beat.1"):
        stack.part(name).kill()
    time.sleep(2)


def lock_sqlite(stack: Stack) -> None:
    """Hold the lock of the database for 5 s, as a tool may that does not know WAL."""
    with closing(sqlite3.connect(stack.var / "db.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(5)
        connection.execute("ROLLBACK")


def restart_node(stack: Stack, name: str) -> None:
    """Let a node leave, and wait until it is back."""
    node = stack.part(name)
    node.terminate()
    node.wait(20)
    eventually(lambda: answers(stack, name), name, 20)


def answers(stack: Stack, name: str) -> bool:
    """Say whether a node answers."""
    with socket.socket(socket.AF_UNIX) as plain:
        if plain.connect_ex(str(stack.run_dir / f"{name}.sock")):
            return False
    with stack.node(int(name.removeprefix("node."))) as node:
        return node.get("/healthz").status_code == 200


def restart_all_nodes(stack: Stack) -> None:
    """Restart one node after the other."""
    for name in ("node.1", "node.2"):
        restart_node(stack, name)


def reload_nginx(stack: Stack) -> None:
    """Let nginx read its configuration again, three times."""
    for _ in range(3):
        stack.part("nginx.1").send_signal(signal.SIGHUP)
        time.sleep(1)


def remove_and_add_node(stack: Stack) -> None:
    """Take a node out of nginx's configuration, and out of service; then add it again."""
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
    """Let more time pass than a user may be silent for."""
    time.sleep(75)


FAULTS = [
    Fault("nothing", nothing, resyncs=False),
    Fault("a node killed", kill_node, CUT_OFF, closes=GONE, seconds=15),
    Fault("pushes dropped", drop_pushes, resyncs=True),
    Fault("Valkey killed for 5 s, back empty", lose_valkey, resyncs=True, seconds=5),
    Fault("Valkey hangs for 8 s", hang_valkey),
    Fault("worker and beat killed", kill_worker_and_beat, is_short=False),
    Fault("SQLite locked for 5 s", lock_sqlite, UNAVAILABLE),
    Fault("rolling restart of all nodes", restart_all_nodes, closes=LEAVING),
    Fault("nginx reloaded three times", reload_nginx),
    Fault("a node removed and added", remove_and_add_node, closes=LEAVING, is_short=False),
]
SKEWED = Fault("a node's clock 30 s late", pass_75_seconds, resyncs=False)
