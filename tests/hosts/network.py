"""Hosts on one machine: a network namespace each, connected by a switch that can fail.

Packets pass through tun devices and a process (`tests/hosts/switch.py`), because not every kernel
has netem, and this way any two hosts can be cut off from each other.
"""

import ctypes
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

CLIENTS, NGINX, NODE1, NODE2, WORKER, VALKEY, POSTGRESQL = (f"10.203.0.{n}" for n in range(1, 8))
RTO_MAX = Path("/proc/sys/net/ipv4/tcp_rto_max_ms")
CLONE_NEWNET = 0x40000000  # of linux/sched.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # of linux/if_tun.h

libc = ctypes.CDLL(None, use_errno=True)


def why_not() -> str | None:
    """Return why this system cannot run hosts, or None if it can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and iproute2, to make network namespaces"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    if subprocess.run(["ip", "netns", "add", "flack-probe"], capture_output=True).returncode:
        return "this system allows no network namespaces"
    ip("netns del flack-probe")
    return None


def ip(command: str) -> None:
    """Run `ip` of iproute2."""
    subprocess.run(["ip", *command.split()], check=True)


def enter(namespace: int) -> None:
    """Move this thread to the network namespace of a file descriptor."""
    if libc.setns(namespace, CLONE_NEWNET):  # Python has it from 3.12 on
        raise OSError(ctypes.get_errno(), "setns")


def create_device(address: str) -> int:
    """Give this thread's namespace a device with an address, and return the other end."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", b"flack", IFF_TUN | IFF_NO_PI))
    # TCP doubles the time between retransmissions, so after an outage of 20 s it would wait for up
    # to 20 s. Linux before 6.15 has no bound for that.
    if RTO_MAX.exists():
        RTO_MAX.write_text("1000")
    ip("link set lo up")
    ip(f"addr add {address}/24 dev flack")
    ip("link set flack up")
    return fd


class Network:
    """A namespace per host, and the switch between them.

    The thread that starts it is on the host of the clients until it is removed, with the threads
    and processes that it starts. Were this machine itself one of the hosts, each address that it is
    given would end what its browsers load.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, int] = {}  # the switch's port of each, by namespace
        self._switch: subprocess.Popen[str] | None = None
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def start(self) -> None:
        """Create a host for each address, and a spare one for Valkey; be that of the clients."""
        ports = []
        for name, address in (
            ("nginx", NGINX),
            ("node1", NODE1),
            ("node2", NODE2),
            ("worker", WORKER),
            ("valkey", VALKEY),
            ("postgresql", POSTGRESQL),
            ("spare", VALKEY),
            ("clients", CLIENTS),
        ):
            self.hosts[name] = -1
            ip(f"netns add {self.namespace(name)}")
            with open(f"/run/netns/{self.namespace(name)}") as namespace:
                enter(namespace.fileno())
            self.hosts[name] = create_device(address)
            ports.append(f"{self.hosts[name]}={address}")
        self._switch = subprocess.Popen(
            [sys.executable, "-m", "tests.hosts.switch", *ports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=list(self.hosts.values()),
        )
        for fd in self.hosts.values():
            os.close(fd)

    def namespace(self, name: str) -> str:
        """Return the namespace of a host."""
        return f"flack{os.getpid()}-{name}"

    def command(self, host: str) -> list[str]:
        """Return the words that run a command on a host when they stand before it."""
        return ["ip", "netns", "exec", self.namespace(host)]

    def fail(self, *pairs: tuple[str, str], loss: float = 1.0, delay: float = 0.0) -> None:
        """Lose this part of the packets between each two addresses, and delay the others.

        The delay is in seconds, one way. All other connections of hosts work.
        """
        self._order({"cuts": [[*pair, loss, delay] for pair in pairs]})

    def isolate(self, *hosts: str, loss: float = 1.0, delay: float = 0.0) -> None:
        """As `fail`, between each of these hosts and all others but the clients."""
        others = {NGINX, NODE1, NODE2, WORKER, VALKEY, POSTGRESQL} - {*hosts}
        self.fail(*product(hosts, others), loss=loss, delay=delay)

    def heal(self) -> None:
        """Let all packets pass."""
        self._order({})

    def move(self, host: str) -> None:
        """Give a host the address that another one has had."""
        self._order({"moved": self.hosts[host]})

    def retransmit(self, times: int, *hosts: str) -> None:
        """Let the TCP of these hosts end a connection after this many retransmissions."""
        for name in hosts:
            command = f"echo {times} > /proc/sys/net/ipv4/tcp_retries2"
            subprocess.run([*self.command(name), "sh", "-c", command], check=True)

    def _order(self, order: dict[str, Any]) -> None:
        assert self._switch is not None and self._switch.stdin and self._switch.stdout
        self._switch.stdin.write(json.dumps(order) + "\n")
        self._switch.stdin.flush()
        assert self._switch.stdout.readline() == "done\n"

    def remove(self) -> None:
        """Leave the host of the clients, and remove hosts and switch."""
        enter(self._home)
        os.close(self._home)
        if self._switch is not None:
            self._switch.communicate()
        for name in self.hosts:
            subprocess.run(["ip", "netns", "del", self.namespace(name)])
