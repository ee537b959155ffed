"""The faults: what is done to a running Flack."""

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


@dataclass(frozen=True)
class Fault:
    """Something that happens to a stack, and returns when it is over."""

    name: str
    strike: Callable[[Stack], None]
    refusals: str = "(?!)"  # what requests may be answered meanwhile, as a pattern
    closes: frozenset[int] = frozenset()  # the codes by which it closes sockets
    seconds: float = 10.0  # in which everybody has everything again


def wait_for_node(stack: Stack, name: str) -> None:
    """Wait until a node answers."""
    eventually(lambda: answers(stack, name), name, 20)


def answers(stack: Stack, name: str) -> bool:
    """Say whether a node answers."""
    with socket.socket(socket.AF_UNIX) as plain:
        if plain.connect_ex(str(stack.run_dir / f"{name}.sock")):
            return False
    with stack.node(int(name.removeprefix("node."))) as node:
        return node.get("/healthz").status_code == 200


def nothing(stack: Stack) -> None:
    """Let five seconds pass."""
    time.sleep(5)


def kill_node(stack: Stack) -> None:
    """Kill a node; its supervisor starts it again."""
    node = stack.part("node.1")
    node.kill()
    node.wait(10)


def restart_all_nodes(stack: Stack) -> None:
    """Let one node after the other leave, and come back."""
    for name in ("node.1", "node.2"):
        node = stack.part(name)
        node.terminate()
        node.wait(20)
        wait_for_node(stack, name)


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
    node = stack.part("node.1")
    node.terminate()
    node.wait(20)
    wait_for_node(stack, "node.1")
    path.write_text(configuration)
    stack.part("nginx.1").send_signal(signal.SIGHUP)
    time.sleep(1)


def lose_valkey(stack: Stack) -> None:
    """Kill Valkey, and let it be away for 5 s; it comes back empty."""
    shell, valkey = stack.shell("valkey.1"), stack.part("valkey.1")
    shell.suspend()  # or it would start Valkey at once
    valkey.kill()
    time.sleep(5)
    shell.resume()
    stack.part("valkey.1")


def lock_sqlite(stack: Stack) -> None:
    """Hold the lock of the database for 5 s, as a backup tool may that does not know WAL."""
    with closing(sqlite3.connect(stack.var / "db.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(5)
        connection.execute("ROLLBACK")


def kill_worker_and_beat(stack: Stack) -> None:
    """Kill the worker and beat; chat does not need them."""
    for name in ("worker.1", "beat.1"):
        stack.part(name).kill()
    time.sleep(2)


def drop_pushes(stack: Stack) -> None:
    """Cut every subscription of the channel layer, so that pushes get lost."""
    with redis.Redis.from_url(f"unix://{stack.run_dir}/valkey.sock") as valkey:
        for _ in range(3):
            valkey.client_kill_filter(_type="pubsub")
            time.sleep(1)


CUT_OFF = "POST .* 502|.* RemoteProtocolError.*"
AWAY = "(POST|GET|post_message) .*503"
LEAVING = frozenset({1012})
FAULTS = [
    Fault("nothing", nothing),
    Fault("a node killed", kill_node, CUT_OFF, closes=frozenset({1006})),
    Fault("Valkey killed for 5 s", lose_valkey, seconds=5),
    Fault("pushes dropped", drop_pushes),
    Fault("worker and beat killed", kill_worker_and_beat),
    Fault("SQLite locked for 5 s", lock_sqlite, AWAY),
    Fault("rolling restart of all nodes", restart_all_nodes, closes=LEAVING),
    Fault("nginx reloaded", reload_nginx),
    Fault("a node removed and added", remove_and_add_node, closes=LEAVING),
]
