"""The faults: what is done to a running Flack."""

import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from comparison.contract.client import eventually
from tests.running import Stack


@dataclass(frozen=True)
class Fault:
    """Something that happens to a stack, and returns when it is over."""

    name: str
    strike: Callable[[Stack], None]
    fails_nothing: bool = False  # whether no request may fail meanwhile
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


LEAVING = frozenset({1012})
FAULTS = [
    Fault("nothing", nothing, fails_nothing=True),
    Fault("a node killed", kill_node, closes=frozenset({1006})),
    Fault("rolling restart of all nodes", restart_all_nodes, fails_nothing=True, closes=LEAVING),
    Fault("nginx reloaded", reload_nginx, fails_nothing=True),
    Fault("a node removed and added", remove_and_add_node, fails_nothing=True, closes=LEAVING),
]
