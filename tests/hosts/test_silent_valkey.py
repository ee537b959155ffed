"""Chat goes on while the host of Valkey falls silent, and nothing is lost or doubled."""

import time

import psutil

from tests.faults.crowd import Crowd
from tests.faults.table import Fault
from tests.running import Stack

SILENCE = 20.0  # seconds
BUSY = 0.9  # of a core; a loop that spins takes all of it
# Bytes that a node may grow by: one that starts under load takes up to 120 MiB, while a receive
# loop that spins takes 2 GiB a minute.
MEMORY = 256 * 1024 * 1024


def test_valkey_is_silent_for_20_seconds(valkey_host, tmp_path):
    stack = Stack(tmp_path / "var", REDIS_URL=valkey_host.url)

    ann = stack.person("ann")

    def fall_silent(stack: Stack) -> None:
        heal_at = time.monotonic() + SILENCE
        valkey_host.fall_silent()
        with stack.connect(1) as first, stack.connect(2) as second:
            for number in range(3):
                posted_at = time.monotonic()
                message = stack.posted(ann, f"still here, {number}")
                for listener in (first, second):
                    listener.push("Message", id=message["id"])
                print(f"posted and pushed by both nodes in {time.monotonic() - posted_at:.1f} s")
            assert time.monotonic() < heal_at  # it was the nodes, not the network
        time.sleep(max(0, heal_at - time.monotonic()))
        valkey_host.heal()

    try:
        with Crowd(stack) as crowd:
            nodes = [stack.part(name) for name in ("node.1", "node.2")]
            before = [node.memory_info().rss for node in nodes]
            fault = Fault("Valkey's packets vanish for 20 s", fall_silent, seconds=10)
            report = crowd.count(fault)
            assert report.problems(fault) == []
            assert [stack.part(name).pid for name in ("node.1", "node.2")] == [
                node.pid for node in nodes
            ]
            for node, rss in zip(nodes, before, strict=True):
                assert node.memory_info().rss - rss < MEMORY
        for node in nodes:  # the clients are gone
            assert psutil.Process(node.pid).cpu_percent(2) < 100 * BUSY
    finally:
        stack.stop()
