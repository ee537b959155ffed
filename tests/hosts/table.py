"""The faults of hosts and of the network between them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.faults.crowd import Crowd
from tests.faults.report import Report
from tests.faults.table import UNAVAILABLE, Fault
from tests.hosts.network import NGINX, NODE1, POSTGRESQL, RTO_MAX, VALKEY
from tests.hosts.stack import Hosts

SECONDS = 5.0  # after which every client has every message again
LENGTH = 20.0  # seconds that a fault lasts, longer than every time-out
SAMPLE = 2.0  # seconds in which CPU and memory of a node are measured
# A receive loop that spins takes all of a core, and 2 GiB of memory a minute.
GROWTH = 1.25  # times the memory that a node took before the fault
BUSY = 0.5  # of a core, more than a node took before the fault
HASHES = 16  # passwords hashed at once by a node, twice as many as it has threads
# Node 1 cannot use the database, or nginx waits in vain for its answer.
CUT_OFF = f"{UNAVAILABLE}|(POST|GET|PUT) .* 50[24]"
GIVEN_UP = frozenset({1006})  # by the client, whose pings were not answered

Inject = Callable[[Hosts], None]


def lasting(seconds: float, fail: Inject) -> Inject:
    """Return the fault that begins with `fail`, and heals after `seconds`."""

    def inject(hosts: Hosts) -> None:
        fail(hosts)
        try:
            time.sleep(seconds)
        finally:
            hosts.network.heal()

    return inject


def cut(one: str, other: str) -> Inject:
    """Return the fault that two hosts cannot reach each other."""
    return lasting(LENGTH, lambda hosts: hosts.network.fail((one, other)))


def cut_from_nginx(hosts: Hosts) -> None:
    """Cut a node off from nginx.

    A connection ends after 15 retransmissions. With their usual delays that takes 15 minutes. With
    those of `RTO_MAX` it takes 14 s, so they may be 255. That is not taken back: the connections
    that are healed would end, of which the other end may not learn.
    """
    hosts.network.retransmit(255, "nginx", "node1")
    cut(NODE1, NGINX)(hosts)


def silence_valkey(hosts: Hosts) -> None:
    """Let the packets of Valkey vanish; chat must go on between the nodes meanwhile."""
    ann = hosts.person("ann")
    with hosts.connect(1) as first, hosts.connect(2) as second:
        heal_at = time.monotonic() + LENGTH
        hosts.network.isolate(VALKEY)
        try:
            for number in range(3):
                message = hosts.posted(ann, f"still here, {number}")
                for listener in (first, second):
                    listener.push("Message", id=message["id"])
            assert time.monotonic() < heal_at, "a push waited for the network"
            time.sleep(heal_at - time.monotonic())
        finally:
            hosts.network.heal()


def replace_valkey(hosts: Hosts) -> None:
    """Give Valkey's address to a host with an empty one; the old one runs on, unreachable."""
    hosts.start_valkey("spare")
    hosts.network.move("spare")


FAULTS = [
    Fault("Valkey's host silent for 20 s", silence_valkey, seconds=SECONDS),
    Fault(
        "Valkey's host silent for 90 s",
        lasting(90, lambda hosts: hosts.network.isolate(VALKEY)),
        seconds=SECONDS,
        is_short=False,
    ),
    Fault("Valkey's host replaced by an empty one", replace_valkey, seconds=SECONDS),
    Fault("a node cut off from Valkey", cut(NODE1, VALKEY), seconds=SECONDS),
    Fault(
        "a node cut off from PostgreSQL",
        cut(NODE1, POSTGRESQL),
        CUT_OFF,
        seconds=SECONDS,
        is_short=False,
    ),
    Fault(
        "a node cut off from nginx",
        cut_from_nginx,
        CUT_OFF,
        closes=GIVEN_UP,
        seconds=SECONDS if RTO_MAX.exists() else LENGTH,
        is_short=False,
    ),
    Fault(
        "30 % of the packets of Valkey and PostgreSQL lost",
        lasting(LENGTH, lambda hosts: hosts.network.isolate(VALKEY, POSTGRESQL, loss=0.3)),
        seconds=SECONDS,
        is_short=False,
    ),
    Fault(
        "Valkey and PostgreSQL 200 ms away",
        lasting(LENGTH, lambda hosts: hosts.network.isolate(VALKEY, POSTGRESQL, loss=0, delay=0.1)),
        seconds=SECONDS,
        is_short=False,
    ),
]


def warm_up(hosts: Hosts) -> None:
    """Let each thread of the nodes hash passwords, as each then keeps the memory that it took."""
    ann = hosts.person("ann")
    for number in (1, 2):
        with hosts.node(number) as node, ThreadPoolExecutor(HASHES) as pool:
            account = ann.nickname, ann.password
            for _ in range(3):
                sign_ins = [
                    pool.submit(node.post, "/api/tokens", auth=account) for _ in range(HASHES)
                ]
                assert all(sign_in.result().status_code == 200 for sign_in in sign_ins)


def count(crowd: Crowd, fault: Fault) -> tuple[Report, list[str]]:
    """Inject a fault; return the counts, and what went wrong."""
    assert isinstance(crowd.stack, Hosts)
    crowd.record.every = fault.every  # also while the CPU is measured that nodes take before it
    before = Usage(crowd.stack)
    report = crowd.count(fault)
    return report, report.problems(fault) + before.problems(Usage(crowd.stack))


class Usage:
    """The CPU and memory that the nodes take under load."""

    def __init__(self, hosts: Hosts) -> None:
        """Measure for `SAMPLE` seconds."""
        self.nodes = [hosts.part(name) for name in ("node.1", "node.2")]
        before = [sum(node.cpu_times()[:2]) for node in self.nodes]
        memory = []
        for _ in range(20):  # the least, as a password hash takes 100 MiB for a moment
            time.sleep(SAMPLE / 20)
            memory.append([node.memory_info().rss for node in self.nodes])
        self.memory = [min(sizes) for sizes in zip(*memory, strict=True)]
        self.cpu = [
            (sum(node.cpu_times()[:2]) - seconds) / SAMPLE
            for node, seconds in zip(self.nodes, before, strict=True)
        ]

    def problems(self, after: "Usage") -> list[str]:
        """Return what is not as it was before the fault."""
        found = []
        for number, node in enumerate(self.nodes):
            if not node.is_running() or node.status() == psutil.STATUS_ZOMBIE:
                found.append(f"node {number + 1} ended")
            memory, cpu = after.memory[number], after.cpu[number]
            if memory > GROWTH * self.memory[number]:
                found.append(f"memory of node {number + 1}: {self.memory[number]} to {memory}")
            if cpu > self.cpu[number] + BUSY:
                found.append(f"CPU of node {number + 1}: {self.cpu[number]:.2f} to {cpu:.2f}")
        return found
