"""One step of a ladder: apply a load for some seconds, and measure."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import psutil

from comparison.bench.processes import Processes
from comparison.bench.rows import Numbers, quantile
from comparison.bench.swarm import TEXT, Refused, Swarm, frame
from comparison.compare.arrivals import Arrivals, Request, request
from comparison.compare.sides import Side

PATIENCE = 5.0  # seconds after the last arrival; a message that comes later counts as lost
CONNECTING = 15.0  # seconds in which all clients must be connected
LATE = 1000  # milliseconds; a p99 above this breaks a step
SPEAK = {
    "flack": ('{{"event":"ping_user","token":"{token}"}}',
              '{{"event":"post_message","data":{{"source":"~{number:07}~ hello *world*"}},'
              '"token":"{token}","ref":"{at}-{number}"}}'),
    "flask": ('42["ping_user","{token}"]',
              '42["post_message",{{"source":"~{number:07}~ hello *world*"}},"{token}"]'),
}  # fmt: skip


@dataclass(frozen=True)
class Rung:
    """A load: messages per second to a number of sockets; without sockets, requests per second."""

    hertz: float
    sockets: int = 0

    @property
    def load(self) -> float:
        """Deliveries per second, or requests per second."""
        return self.hertz * (self.sockets or 1)

    def __str__(self) -> str:
        return f"{self.sockets} × {self.hertz:g}/s" if self.sockets else f"{self.hertz:g}/s"


def calm(*processes: Processes, wait: Callable[[float], None] = time.sleep) -> None:
    """Wait until processes are idle, at most 10 s."""
    before = sum(each.cpu() for each in processes)
    for _ in range(40):
        wait(0.25)
        now = sum(each.cpu() for each in processes)
        if now < before + 2e4:
            return
        before = now


@contextmanager
def accounted(side: Side, numbers: Numbers, units: float) -> Iterator[None]:
    """Measure the block: busy cores of the servers and of the generator, and memory.

    `units` is the number of requests or deliveries; "µs" is the CPU time of the version for one.
    """
    parts = {"web": [side.server.web], "worker": [side.server.worker], "beside": side.beside}
    before = {part: sum(each.cpu() for each in parts[part]) for part in parts}
    own, begin = time.process_time(), time.perf_counter()
    yield
    elapsed = time.perf_counter() - begin
    numbers["own cores"] = (time.process_time() - own) / elapsed
    numbers["own MiB"] = psutil.Process().memory_info().rss / 2**20
    numbers["MiB"] = (side.server.web.resident() + side.server.worker.resident()) / 1024
    for part in parts:
        used = sum(each.cpu() for each in parts[part]) - before[part]
        numbers[f"{part} cores"] = used / 1e6 / elapsed
    numbers["cores"] = sum(numbers[f"{part} cores"] for part in parts)
    numbers["µs"] = (numbers["web cores"] + numbers["worker cores"]) * elapsed * 1e6 / units


def talk(side: Side, rung: Rung, seconds: float) -> Numbers:
    """Post messages over sockets, and measure when the last listener has received each."""
    numbers: Numbers = {"errors": 0}
    side.renew()
    calm(side.server.web, side.server.worker)  # finish the previous step
    swarm, at = Swarm([side.port], side.server.wire), time.time_ns()
    stored = side.database.messages()
    sign_in, say = SPEAK[side.server.name]
    try:
        clients = swarm.connect(rung.sockets, patience=CONNECTING)
        speakers = swarm.connect(len(side.tokens), counted=False, patience=CONNECTING)
        for speaker, token in zip(speakers, side.tokens, strict=True):
            speaker.wire.send(frame(TEXT, sign_in.format(token=token).encode()))
        swarm.run(1)
        calm(side.server.web, side.server.worker)
        arrivals, begin = itertools.count(), time.perf_counter()

        def speak(sent: Sequence[int]) -> None:
            number = sent[0]
            token = side.tokens[number % len(speakers)]
            text = say.format(token=token, number=number, at=at)
            try:
                speakers[number % len(speakers)].wire.sendall(frame(TEXT, text.encode()))
            except OSError:  # the server does not read, or has closed
                swarm.errors += 1

        def arrive() -> None:
            swarm.push(speak, due=begin + next(arrivals) / rung.hertz)

        with accounted(side, numbers, rung.load * seconds):
            begin = time.perf_counter()
            swarm.run(seconds, arrive, rung.hertz)
            last = time.perf_counter()
            swarm.drain(len(swarm.sent) * len(clients), PATIENCE)
        numbers["behind s"] = max(0, max(swarm.last, default=0) - last)
        delays = [came - due for came, due in zip(swarm.last, swarm.sent, strict=True) if came]
        lost, doubled = swarm.lost_and_doubled(clients)
        numbers |= {
            "p50 ms": quantile(delays, 0.5),
            "p99 ms": quantile(delays, 0.99),
            "sent": len(swarm.sent),
            "stored": side.database.messages() - stored,
            "lost": lost,
            "doubled": doubled,
            "errors": swarm.errors + swarm.closed,
        }
    except Refused:
        numbers |= {"refused": 1, "errors": 1}
    finally:
        leave(swarm, side)
    return numbers


def leave(swarm: Swarm, side: Side) -> None:
    """Close the sockets as browsers do, once all is delivered: first the writers, one by one."""
    rest_a_while = partial(calm, side.server.web, side.server.worker, wait=swarm.run)
    swarm.hang_up([each for each in swarm.clients.values() if not each.is_ready])
    rest_a_while()
    listeners = [each for each in swarm.clients.values() if each.counted]
    for speaker in [each for each in swarm.clients.values() if not each.counted]:
        swarm.say_goodbye([speaker])
        swarm.run(0.02 + len(listeners) / 8000)  # every listener gets a push
    rest_a_while()
    for begin in range(0, len(listeners), 50):
        swarm.say_goodbye(listeners[begin : begin + 50])
        swarm.run(0.02)
    swarm.run(0.5)
    swarm.close()


def http(side: Side, rung: Rung, seconds: float, poll: bool, prefer: str = "") -> Numbers:
    """Send requests at a fixed rate: polls as the page of v0.13 sends them, or posts."""
    numbers: Numbers = {}
    make = partial(polling if poll else posting, side, headers=prefer)
    calm(side.server.web, side.server.worker)  # finish the previous step
    arrivals, stored = Arrivals(side.port, make), side.database.messages()
    begin = time.perf_counter()
    with accounted(side, numbers, rung.load * seconds):
        outcome = arrivals.run(rung.hertz, seconds)
        if not poll:
            deadline = begin + seconds + PATIENCE
            while side.database.messages() < stored + outcome.sent - outcome.errors:
                if time.perf_counter() > deadline:
                    break
                time.sleep(0.05)
            numbers["behind s"] = time.perf_counter() - begin - seconds
            numbers["stored"] = side.database.messages() - stored
            numbers["lost"] = max(0, outcome.sent - outcome.errors - numbers["stored"])
            numbers["doubled"] = max(0, numbers["stored"] - outcome.sent)
    return numbers | {
        "p50 ms": quantile(outcome.seconds, 0.5),
        "p99 ms": quantile(outcome.seconds, 0.99),
        "sent": outcome.sent,
        "errors": outcome.errors,
    }


def polling(side: Side, number: int, headers: str = "") -> Request:
    """Return one of the two requests that a page of v0.13 sends every second."""
    since = int(time.time()) - 2
    token = side.tokens[number // 2 % len(side.tokens)]
    what = ("users", "messages")[number % 2]
    return request("GET", f"/api/{what}?updated_since={since}", token, headers=headers)


def posting(side: Side, number: int, headers: str = "") -> Request:
    """Return a request that posts a message."""
    token = side.tokens[number % len(side.tokens)]
    body = b'{"source": "hello *world* %d"}' % number
    return request("POST", "/api/messages", token, body, headers, (201, 202))


def broken(numbers: Numbers) -> str:
    """Return the reason that a step broke, or an empty string if it was carried."""
    for name in ("refused", "errors", "lost", "doubled"):
        if numbers.get(name):
            return name
    late = numbers["p99 ms"] > LATE or numbers.get("behind s", 0) * 1000 > LATE
    return "late" if late else ""
