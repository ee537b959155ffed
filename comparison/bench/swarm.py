"""The load generator: thousands of WebSockets, read by one thread that counts their pushes.

Each push has its number between two tildes, so that one search in the frame finds it. The table
shows the CPU time of the generator too, so that a busy generator is not taken for a slow server.
"""

import contextlib
import os
import select
import socket
import time
from array import array
from collections.abc import Callable, Sequence

from comparison.bench.framing import CLOSE, PING, TEXT, Wire, frame

HEARTBEAT = 20  # seconds; Socket.IO of 2016 closes a connection that is silent for 60
# `ip_hash` of nginx reads three octets, so each address is of another network. Each also has some
# 28,000 ports of its own.
ADDRESSES = [f"127.0.{network}.1" for network in range(1, 9)]
ACK, HEAD = b'"ack"', 20  # what an acknowledgement has in its first bytes, and how many


class Refused(Exception):
    """A server refuses a client."""


class Client:
    """One WebSocket."""

    __slots__ = ("counted", "counts", "data", "is_ready", "upgraded", "wire")

    def __init__(self, wire: socket.socket, counted: bool) -> None:
        self.wire = wire
        self.counted = counted  # True if its pushes are counted
        self.data = b""
        self.upgraded = self.is_ready = False
        self.counts = bytearray()


class Swarm:
    """Many clients of one server, or of several nodes in turn.

    No two pushes of a process have the same number. One that comes after its measurement, which
    counted it as lost, is ignored in the next. Only one swarm of a process pushes at a time.
    """

    numbered = 0  # how many pushes all swarms have sent

    def __init__(self, ports: Sequence[int], wire: Wire) -> None:
        """Prepare clients for these ports, in turn."""
        self.ports, self.wire = ports, wire
        self.first = Swarm.numbered  # the number of the first push that counts
        self.epoll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.delays = array("d")  # seconds of each delivery
        self.sent: list[float] = []  # when each push was sent
        self.last = array("d")  # when each push reached its last receiver so far
        self.connected = self.received = self.closed = self.errors = self.acks = 0
        self.beat_at = time.perf_counter()

    def connect(self, count: int, at_once: int = 32, deaf: bool = False, counted: bool = True,
                patience: float = 120) -> list[Client]:  # fmt: skip
        """Open `count` sockets; return when all are ready, or raise Refused.

        Deaf clients are never read again. Clients that are not counted are read and ignored.
        """
        target, deadline = self.connected + count, time.perf_counter() + patience
        opened: list[Client] = []
        while self.connected < target:
            if time.perf_counter() > deadline:
                raise Refused(
                    f"{target - self.connected} clients could not connect within {patience:g} s"
                )
            while len(opened) < count and len(self.clients) - self.connected < at_once:
                opened.append(self._open(len(opened), deaf, counted))
            self._poll(0.05)
        for client in opened if deaf else ():
            self.epoll.unregister(client.wire)
        return opened

    def _open(self, number: int, deaf: bool, counted: bool) -> Client:
        wire = socket.socket()
        if deaf:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        wire.bind((ADDRESSES[number // len(self.ports) % len(ADDRESSES)], 0))
        wire.connect(("127.0.0.1", self.ports[number % len(self.ports)]))
        wire.sendall(self.wire.handshake())
        wire.setblocking(False)
        self.clients[wire.fileno()] = client = Client(wire, counted)
        self.epoll.register(wire, select.EPOLLIN)
        return client

    def push(self, send: Callable[[Sequence[int]], None], count: int = 1,
             due: float | None = None) -> None:  # fmt: skip
        """Let `send` publish the next `count` numbers; their delays count from `due`, or now."""
        numbers = range(Swarm.numbered, Swarm.numbered + count)
        Swarm.numbered += count
        self.sent += [due or time.perf_counter()] * count
        self.last.extend([0.0] * count)
        send(numbers)

    def run(self, seconds: float, each: Callable[[], None] | None = None, hertz: float = 0) -> None:
        """Read for so many seconds, and do `each` so many times a second."""
        begin = time.perf_counter()
        done = 0
        while (now := time.perf_counter() - begin) < seconds:
            if each is not None and now >= done / hertz:
                each()
                done += 1
            due = min(seconds, done / hertz) if hertz else seconds
            self._poll(max(0, due - now))

    def drain(self, expected: int, patience: float = 30) -> None:
        """Read until this number of pushes has come, and for 0.2 s more to find doubled ones."""
        deadline = time.perf_counter() + patience
        while self.received < expected and time.perf_counter() < deadline:
            self._poll(0.05)
        self.run(0.2)

    def await_acks(self, expected: int, patience: float = 30) -> None:
        """Read until this number of frames has been acknowledged, or raise Refused."""
        deadline = time.perf_counter() + patience
        while self.acks < expected:
            if self.errors or time.perf_counter() > deadline:
                raise Refused(
                    f"{self.acks} of {expected} frames acknowledged, {self.errors} errors"
                )
            self._poll(0.05)

    def lost_and_doubled(self, clients: Sequence[Client]) -> tuple[int, int]:
        """Return how many pushes did not come to these clients, and how many came again."""
        lost = doubled = 0
        for client in clients:
            counts = client.counts.ljust(len(self.sent), b"\0")
            missing = counts.count(0)
            lost += missing
            doubled += sum(counts) - (len(counts) - missing)
        return lost, doubled

    def reset(self, clients: Sequence[Client]) -> None:
        """Begin to count anew."""
        self.sent, self.received, self.delays, self.last = [], 0, array("d"), array("d")
        self.first = Swarm.numbered
        for client in clients:
            client.counts = bytearray()

    def say_goodbye(self, clients: Sequence[Client]) -> None:
        """Ask the server to close some sockets, as a browser does whose page is left."""
        for client in clients:
            with contextlib.suppress(OSError):  # it has hung up already
                client.wire.send(frame(CLOSE, b"\x03\xe9"))

    def close(self) -> None:
        """Close every socket."""
        for client in self.clients.values():
            client.wire.close()
        self.clients.clear()
        self.epoll.close()

    def _poll(self, patience: float) -> None:
        for fd, _ in self.epoll.poll(patience, 256):
            client = self.clients[fd]
            try:
                data = os.read(fd, 1 << 18)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                data = b""
            if data:
                self._take(client, client.data + data if client.data else data)
            else:
                self.epoll.unregister(fd)
                self.closed += 1
                if not client.is_ready:
                    raise Refused("the server hung up on a client that was about to connect")
        if self.wire.beats and time.perf_counter() > self.beat_at + HEARTBEAT:
            self.beat_at = time.perf_counter()
            for client in self.clients.values():
                with contextlib.suppress(OSError):  # the server hung up: its pushes will be missed
                    client.wire.send(frame(TEXT, b"2"))

    def _take(self, client: Client, data: bytes) -> None:
        """Read all whole frames; keep what is left for the next time."""
        now, position, end = time.perf_counter(), 0, len(data)
        if not client.upgraded:
            position = data.find(b"\r\n\r\n") + 4
            if position < 4:
                client.data = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                raise Refused(data[:200].decode(errors="replace"))
            client.upgraded = True
            if not self.wire.ready:
                self._in(client)
        while position + 2 <= end:
            size, start = data[position + 1], position + 2
            if size == 126:
                start += 2
                size = int.from_bytes(data[position + 2 : start], "big")
            elif size == 127:
                start += 8
                size = int.from_bytes(data[position + 2 : start], "big")
            if start + size > end:
                break
            opcode, position = data[position] & 15, start + size
            mark = data.find(b"~", start, position) if opcode == TEXT else -1
            if mark > 0 and client.counted and data.find(ACK, start, start + HEAD) < 0:
                number = int(data[mark + 1 : mark + 8]) - self.first
                if not 0 <= number < len(self.sent):
                    continue
                counts = client.counts
                if number >= len(counts):
                    counts.extend(bytes(number + 1 - len(counts)))
                counts[number] += 1
                self.received += 1
                self.delays.append(now - self.sent[number])
                self.last[number] = now
            else:
                self._answer(client, opcode, data[start:position])
        client.data = data[position:]

    def _answer(self, client: Client, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            client.wire.send(frame(PING + 1, payload))
        elif opcode == TEXT and payload == b"2":  # a heartbeat of Socket.IO
            client.wire.send(frame(TEXT, b"3"))
        elif opcode == TEXT and self.wire.ready and not client.is_ready:
            if payload.startswith(self.wire.ready):
                self._in(client)
            elif self.wire.first and payload.startswith(b"0"):
                client.wire.send(frame(TEXT, self.wire.first))
        elif opcode == TEXT and payload.startswith(b'{"event":"error"'):
            self.errors += 1
        elif opcode == TEXT and ACK in payload[:HEAD]:
            self.acks += 1

    def _in(self, client: Client) -> None:
        client.is_ready = True
        self.connected += 1
