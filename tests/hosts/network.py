"""Hosts on one machine: a network namespace each, connected by a switch that can fail.

Packets pass through tun devices and a process (`tests/hosts/switch.py`), because not every kernel
has netem, and this way any two hosts can be cut off from each other.
"""

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
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # of linux/if_tun.h


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


class Network:
    """A namespace per host, and the switch between them."""

    def __init__(self) -> None:
        self.hosts: dict[str, int] = {}  # the switch's port of each, by namespace
        self._switch: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Create a host for each address, and a spare one for Valkey."""
        ports = [f"{self._port(None, CLIENTS)}={CLIENTS}"]
        for name, address in (
            ("nginx", NGINX),
            ("node1", NODE1),
            ("node2", NODE2),
            ("worker", WORKER),
            ("valkey", VALKEY),
            ("postgresql", POSTGRESQL),
            ("spare", VALKEY),
        ):
            self.hosts[name] = -1
            ip(f"netns add {self.namespace(name)}")
            self.hosts[name] = self._port(name, address)
            ports.append(f"{self.hosts[name]}={address}")
        fds = [int(port.partition("=")[0]) for port in ports]
        self._switch = subprocess.Popen(
            [sys.executable, "-m", "tests.hosts.switch", *ports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=fds,
        )
        for fd in fds:
            os.close(fd)

    def namespace(self, name: str) -> str:
        """Return the namespace of a host."""
        return f"flack{os.getpid()}-{name}"

    def _port(self, name: str | None, address: str) -> int:
        """Give a host its device, and return the other end; None is this machine."""
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        device = f"f{os.getpid()}-{name or 'clients'}"[:15]
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
        inside = ""
        if name is not None:
            ip(f"link set {device} netns {self.namespace(name)}")
            inside = f"-n {self.namespace(name)} "
            ip(f"{inside}link set lo up")
            # TCP doubles the time between retransmissions, so after an outage of 20 s it would wait
            # for up to 20 s. Linux before 6.15 has no bound for that.
            if RTO_MAX.exists():
                set_bound = f"echo 1000 > {RTO_MAX}"
                subprocess.run([*self.command(name), "sh", "-c", set_bound], check=True)
        ip(f"{inside}addr add {address}/24 dev {device}")
        ip(f"{inside}link set {device} up")
        return fd

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
        """Remove hosts and switch."""
        if self._switch is not None:
            self._switch.communicate()
        for name in self.hosts:
            subprocess.run(["ip", "netns", "del", self.namespace(name)])
