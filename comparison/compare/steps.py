"""One step: apply a load to a side for some seconds, and measure."""

import itertools
import json
import math
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from comparison.bench.cores import OtherWork, own_seconds
from comparison.bench.framing import TEXT, WIRES, frame
from comparison.bench.processes import Processes, connections
from comparison.bench.swarm import Refused, Swarm
from comparison.compare.arrivals import Arrivals, Request, request
from comparison.compare.method import Step, is_growing, quantile, quarters
from comparison.compare.sides import PEOPLE, Side

HERTZ = 10.0  # messages a second in a room
PATIENCE = 5.0  # seconds after the last arrival; a message that comes later counts as lost
POLLS, POSTS = 2.0, 1.0  # requests a second of an account: a page polls users and messages
CONNECTING = 60.0  # seconds in which all clients must be connected


@dataclass(frozen=True)
class Length:
    """The seconds of a step: those before it is measured, and those that are."""

    warm_up: float = 5
    seconds: float = 20


def calm(side: Side, wait: Callable[[float], None] = time.sleep) -> None:
    """Wait until the processes of a side are idle, at most 60 s."""
    before = sum(each.cpu() for each in side.processes)
    for _ in range(240):
        wait(0.25)
        now = sum(each.cpu() for each in side.processes)
        if now < before + 2e4:  # µs
            return
        before = now


@contextmanager
def accounted(side: Side, step: Step) -> Iterator[None]:
    """Measure the block: the CPU time of each part and of the generator, memory, other work."""

    def used() -> dict[str, float]:
        return {part: sum(p.cpu() for p in found) for part, found in side.parts.items()}

    before, own = used(), time.process_time()
    with OtherWork(own_seconds(side.processes)) as other:
        began = time.perf_counter()
        yield
        elapsed = time.perf_counter() - began
    step["seconds"] = elapsed
    step["cpu"] = {part: after - before[part] for part, after in used().items()}  # µs
    step["generator cores"] = (time.process_time() - own) / elapsed
    step["other work"] = other.share
    step["MiB"] = resident(side.parts["web"] + side.parts["worker"]) / 1024


def resident(processes: Sequence[Processes]) -> float:
    """Return the memory of processes in KiB."""
    return sum(each.resident() for each in processes)


def unit_costs(step: Step, units: float) -> Step:
    """Add the CPU time of each part for one unit, in µs; "µs" is that of web and worker."""
    each = {part: used / units for part, used in step.pop("cpu").items()} if units else {}
    return step | {"µs of": each, "µs": each.get("web", 0) + each.get("worker", 0)}


def times(step: Step, delays: Sequence[float], lags: Sequence[float]) -> Step:
    """Add quantiles of waiting times and of how late the generator sent, both in seconds."""
    milliseconds = [1000 * delay for delay in delays]
    medians = quarters(milliseconds)
    return step | {
        "p50 ms": quantile(milliseconds, 0.5),
        "p99 ms": quantile(milliseconds, 0.99),
        "max ms": max(milliseconds, default=0),
        "samples": len(milliseconds),
        "quarters ms": medians,
        "growing": is_growing(medians),
        "lag ms": 1000 * quantile(lags, 0.99),
    }


def event_text(wire: str, event: str, token: str, number: int = 0, at: int = 0) -> bytes:
    """Return the text of a client's event; a message has its number between two tildes."""
    data = {"source": f"~{number:07}~ hello *world*"}
    if wire != "json":
        arguments = [data, token] if event == "post_message" else [token]
        return b"42" + json.dumps([event, *arguments]).encode()
    frame = {"event": event, "token": token}
    if event == "post_message":
        frame |= {"data": data, "ref": f"{at}-{number}"}  # type: ignore[dict-item]
    return json.dumps(frame).encode()


def push(side: Side, sockets: float, length: Length) -> Step:
    """Post `HERTZ` messages a second over sockets; measure every delivery, authors' too."""
    step: Step = {"due": HERTZ * length.seconds, "sent": 0, "errors": 0}
    calm(side)  # finish the previous step
    swarm, at = Swarm([side.port], WIRES[side.wire]), time.time_ns()
    lags = array("d")
    try:
        tokens = side.tokens[: min(PEOPLE, int(sockets))]
        clients = swarm.connect(int(sockets) - len(tokens), patience=CONNECTING)
        authors = swarm.connect(len(tokens), patience=CONNECTING)
        clients += authors
        if len(side.nodes) > 1:
            step["clients of nodes"] = [connections(port) for port in side.nodes]
        for author, token in zip(authors, tokens, strict=True):
            author.wire.send(frame(TEXT, event_text(side.wire, "ping_user", token)))
        swarm.run(1)
        calm(side, swarm.run)

        def post_next(sent: Sequence[int]) -> None:
            number, author = sent[0], sent[0] % len(authors)
            text = event_text(side.wire, "post_message", tokens[author], number, at)
            try:
                authors[author].wire.sendall(frame(TEXT, text))
            except OSError:  # the server does not read, or has closed
                swarm.errors += 1

        def post_for(seconds: float) -> float:
            """Post for some seconds, and wait for what is on its way; return when it began."""
            arrivals, began = itertools.count(), time.perf_counter()

            def arrive() -> None:
                due = began + next(arrivals) / HERTZ
                lags.append(time.perf_counter() - due)
                swarm.push(post_next, due=due)

            swarm.run(seconds, arrive, HERTZ)
            swarm.drain(len(swarm.sent) * len(clients), PATIENCE)
            return began

        with accounted(side, step):  # what is kept if the server is too slow for the warm-up
            post_for(length.warm_up)
        if not swarm.received < len(swarm.sent) * len(clients):
            swarm.reset(clients)  # else the step begins late, and is broken as it stands
            at, lags = time.time_ns(), array("d")
            with accounted(side, step):
                ended = post_for(length.seconds) + length.seconds
            step["behind ms"] = 1000 * max(0.0, max(swarm.last, default=0) - ended)
        else:
            step["due"] = HERTZ * length.warm_up
        lost, doubled = swarm.lost_and_doubled(clients)
        step = times(step, swarm.delays, lags) | {
            "sent": len(swarm.sent),
            "units": swarm.received,
            "lost": lost,
            "doubled": doubled,
            "errors": swarm.errors + swarm.closed,
        }
    except Refused as error:
        step |= {"refused": str(error), "p99 ms": 0.0, "sent": step["due"], "units": 0}
    finally:
        swarm.close()
    return unit_costs(step, step["units"]) if "cpu" in step else step


def poll(side: Side, hertz: float, length: Length) -> Step:
    """Send the requests of a page of v0.13 at a fixed rate."""
    return http(side, hertz, length, polling, POLLS)


def post(side: Side, hertz: float, length: Length) -> Step:
    """Post messages over HTTP at a fixed rate; all must be in the database at the end."""
    return http(side, hertz, length, posting, POSTS)


def http(side: Side, hertz: float, length: Length, make: Callable[[Sequence[str], int], Request],
         each: float) -> Step:  # fmt: skip
    """Send requests at a fixed rate, `each` a second of an account."""
    people = math.ceil(hertz / each)
    side.sign_up(people)
    tokens = side.tokens[:people]
    calm(side)  # finish the previous step
    Arrivals(side.port, partial(make, tokens)).run(hertz, length.warm_up)
    calm(side)
    counted = side.database if make is posting else None
    stored = counted.messages() if counted else 0
    step: Step = {"due": int(hertz * length.seconds), "accounts": len(tokens)}
    arrivals = Arrivals(side.port, partial(make, tokens))
    with accounted(side, step):
        began = time.perf_counter()
        outcome = arrivals.run(hertz, length.seconds)
        if counted:
            wanted = stored + outcome.sent - outcome.errors
            while counted.messages() < wanted:
                if time.perf_counter() > began + length.seconds + PATIENCE:
                    break
                time.sleep(0.05)
            step["behind ms"] = 1000 * (time.perf_counter() - began - length.seconds)
            step["lost"] = max(0, wanted - counted.messages())
            step["doubled"] = max(0, counted.messages() - stored - outcome.sent)
    step |= {"sent": outcome.sent, "errors": outcome.errors, "units": outcome.sent}
    return unit_costs(times(step, outcome.seconds, outcome.lags), outcome.sent)


def polling(tokens: Sequence[str], number: int) -> Request:
    """Return one of the two requests that a page of v0.13 sends every second."""
    since = int(time.time()) - 2
    token = tokens[number // 2 % len(tokens)]
    what = ("users", "messages")[number % 2]
    return request("GET", f"/api/{what}?updated_since={since}", token)


def posting(tokens: Sequence[str], number: int) -> Request:
    """Return a request that posts a message."""
    token = tokens[number % len(tokens)]
    body = b'{"source": "hello *world* %d"}' % number
    return request("POST", "/api/messages", token, body, "", (201, 202))


def idle(side: Side, count: int = 500) -> Step:
    """Connect idle sockets, and measure the memory of each in KiB."""
    swarm = Swarm([side.port], WIRES[side.wire])
    try:
        swarm.connect(100, patience=CONNECTING)
        before = resident(side.parts["web"])
        swarm.connect(count, patience=CONNECTING)
        swarm.run(1)
        return {"KiB": (resident(side.parts["web"]) - before) / count}
    except Refused as error:
        return {"refused": str(error)}
    finally:
        swarm.close()
