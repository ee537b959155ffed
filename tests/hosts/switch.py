"""A switch between hosts: forwards IPv4 packets, and drops or delays them as it is told.

A process of its own, so that a busy test does not slow the network down: its arguments are file
descriptors of tun devices with their addresses, `7=10.203.0.2`. Each line of its input is a JSON
object of rules, answered by a line: `{"cuts": [[address, address, loss, delay], …], "moved": fd}`.
A tun device after the first of an address is the port of a spare host, used once it is `moved` to.
"""

import heapq
import json
import os
import random
import select
import socket
import sys
import time
from contextlib import suppress

SIZE = 65_536  # bytes, more than a packet has


def main(arguments: list[str]) -> None:
    """Forward packets until the input ends."""
    addresses: dict[int, bytes] = {}
    ports: dict[bytes, int] = {}
    for argument in arguments:
        number, _, address = argument.partition("=")
        addresses[int(number)] = socket.inet_aton(address)
        ports.setdefault(socket.inet_aton(address), int(number))
    rules: dict[tuple[bytes, bytes], tuple[float, float]] = {}  # loss and delay, by direction
    delayed: list[tuple[float, int, bytes]] = []
    poll = select.epoll()
    for fd in (0, *addresses):
        poll.register(fd, select.EPOLLIN)
    while True:
        timeout = max(0.0, delayed[0][0] - time.monotonic()) if delayed else -1
        for fd, _ in poll.poll(timeout):
            if fd == 0:
                if not (line := sys.stdin.readline()):
                    return
                order = json.loads(line)
                rules = {}
                for one, other, loss, delay in order.get("cuts", ()):
                    pair = socket.inet_aton(one), socket.inet_aton(other)
                    rules[pair] = rules[pair[::-1]] = loss, delay
                if "moved" in order:
                    ports[addresses[order["moved"]]] = order["moved"]
                print("done", flush=True)
                continue
            packet = os.read(fd, SIZE)
            source, target = packet[12:16], packet[16:20]
            if packet[0] >> 4 != 4 or ports.get(source) != fd or target not in ports:
                continue
            loss, delay = rules.get((source, target), (0.0, 0.0))
            if random.random() < loss:
                continue
            if delay:
                heapq.heappush(delayed, (time.monotonic() + delay, ports[target], packet))
            else:
                send(ports[target], packet)
        while delayed and delayed[0][0] <= time.monotonic():
            _, port, packet = heapq.heappop(delayed)
            send(port, packet)


def send(port: int, packet: bytes) -> None:
    """Write a packet, unless the queue of the device is full."""
    with suppress(BlockingIOError):
        os.write(port, packet)


if __name__ == "__main__":
    main(sys.argv[1:])
