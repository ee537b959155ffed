"""The measured work of HTTP requests."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from comparison.bench import http
from comparison.bench.framing import TEXT, frame
from comparison.bench.rows import Numbers, measured, quantile, swarm_of
from comparison.bench.servers import Server

WARM_UP = 80  # requests


def requests(server: Server, request: Callable[[http.Client], http.Answer], status: int = 200,
             count: int = 400, settle: Callable[[http.Answer], None] = lambda _: None,
             ) -> Numbers:  # fmt: skip
    """Send a request `count` times after a warm-up, and return its cost and latency.

    `settle` waits until the server has done what the last answer leaves to its worker.
    """
    port = server.ports[0]
    settle(http.repeat(port, WARM_UP, request, status)[1])
    with measured(server.web, server.worker, stores=server.stores) as cost:
        seconds, last = http.repeat(port, count, request, status)
        settle(last)
    return cost.each(count) | {"p50 ms": quantile(seconds, 0.5), "p99 ms": quantile(seconds, 0.99)}


def hello(server: Server) -> Numbers:
    """Request `hello` from a server that answers nothing else."""
    return requests(server, lambda client: client.send("GET", "/"), count=2000)


@dataclass
class Site:
    """A server with HTTP, and a signed-in user."""

    server: Server
    path: str = field(init=False, default="")
    tag: str = field(init=False, default="")
    refs: Iterator[int] = field(init=False, default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.port = self.server.ports[0]
        self.user, token = http.Client(self.port).sign_up()
        self.token = f"Bearer {token}"

    def post_messages(self) -> None:
        """Post 100 messages that `self.path` lists, and no others."""
        self.path = f"/api/messages?updated_since={int(time.time())}"
        time.sleep(1.1)  # "since" is strict, and in whole seconds
        client = http.Client(self.port)
        for number in range(100):
            answer = self.post(client, number)
        self.settle(answer)
        time.sleep(3)  # to a list that is newer than 2 s Flack gives no ETag
        answer = http.Client(self.port).send("GET", self.path)
        assert len(answer.json()["messages"]) == 100
        self.tag = answer.headers.get("ETag", "")

    def settle(self, answer: http.Answer) -> None:
        """Wait until the Flask version's worker has finished its queue, by its last answer."""
        while answer.status == 202:
            time.sleep(1)
            path = urlsplit(answer.headers["Location"]).path
            answer = http.Client(self.port).send("GET", path, Authorization=self.token)

    def post(self, client: http.Client, number: int) -> http.Answer:
        """Post a message."""
        body = {"source": f"hello *world* {number}"}
        return client.send("POST", "/api/messages", body, Authorization=self.token)

    def measure(self, request: Callable[[http.Client], http.Answer], status: int = 200,
                count: int = 400) -> Numbers:  # fmt: skip
        """Send a request `count` times, and return its cost and latency."""
        return requests(self.server, request, status, count, self.settle)

    def messages(self, count: int = 400, **headers: str) -> Numbers:
        """List 100 messages."""
        self.post_messages()
        return self.measure(lambda client: client.send("GET", self.path, **headers), count=count)

    def known_messages(self) -> Numbers:
        """List the same messages with their ETag."""
        if not self.tag:
            self.post_messages()
        ask_again = {"If_None_Match": self.tag}
        return self.measure(lambda client: client.send("GET", self.path, **ask_again), 304)

    def own_user(self) -> Numbers:
        """Show the signed-in user."""
        path = f"/api/users/{self.user['id']}"
        return self.measure(lambda client: client.send("GET", path, Authorization=self.token))

    def posts(self) -> Numbers:
        """Post messages, and wait until the worker has written them."""
        numbers = itertools.count()
        status = 201 if self.server.name == "flack" else 202
        return self.measure(lambda client: self.post(client, next(numbers)), status)

    def socket_posts(self, rounds: int = 100) -> Numbers:
        """Post on `http.AT_ONCE` sockets at once; each also receives the push of every message."""
        parts = (self.server.web, self.server.worker)
        ping = {"event": "ping_user", "token": self.token.removeprefix("Bearer ")}
        with swarm_of(self.server, 0) as (swarm, _):
            clients = swarm.connect(http.AT_ONCE, counted=False)
            for client in clients:
                client.wire.send(frame(TEXT, json.dumps(ping).encode()))
            swarm.run(0.5)
            with measured(*parts, stores=self.server.stores) as cost:
                for number in range(1, rounds + 1):
                    data = {"source": f"hello *world* {number}"}
                    post = {"event": "post_message", "data": data, "ref": number}
                    for client in clients:
                        post["ref"] = next(self.refs)
                        client.wire.send(frame(TEXT, json.dumps(post).encode()))
                    swarm.await_acks(number * len(clients))
        return cost.each(rounds * http.AT_ONCE)


def sign_ins(server: Server, name: str = "ann", count: int = 40) -> Numbers:
    """Sign in repeatedly, while 100 sockets get 10 pushes per second."""
    client = http.Client(server.ports[0])
    client.send("POST", "/api/users", {"nickname": name, "password": "a"})
    header = http.basic(name, "a")

    def sign_in(client: http.Client) -> http.Answer:
        return client.send("POST", "/api/tokens", Authorization=header)

    with swarm_of(server, 100) as (swarm, _), measured(server.web) as cost:
        thread = threading.Thread(
            target=http.repeat, args=(server.ports[0], count, sign_in, 200), daemon=True
        )
        thread.start()
        while thread.is_alive():
            swarm.push(server.publish)
            swarm.run(0.1)
    return cost.each(count) | {"p99 ms": quantile(swarm.delays, 0.99)}
