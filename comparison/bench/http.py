"""HTTP requests over persistent connections."""

import base64
import itertools
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

AT_ONCE = 4  # connections
_names = itertools.count(time.time_ns() // 1000)  # never used by an earlier run


@dataclass
class Answer:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        """Prepare for the server on this local port."""
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request and return the answer; headers are named with underscores."""
        begin = time.perf_counter()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(
            method, path, content, names | ({"Content-Type": "application/json"} if content else {})
        )
        response = self._connection.getresponse()
        data = response.read()
        seconds = time.perf_counter() - begin
        return Answer(response.status, dict(response.headers), data, seconds)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def sign_up(self) -> tuple[dict[str, Any], str]:
        """Register a user and sign in; return the user and the token."""
        name = f"bench-{next(_names)}"
        user = self.send("POST", "/api/users", {"nickname": name, "password": "a"}).json()
        token = self.send("POST", "/api/tokens", Authorization=basic(name, "a")).json()["token"]
        return user, token


def basic(name: str, password: str) -> str:
    """Return the value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def repeat(
    port: int, count: int, request: Callable[[Client], Answer], status: int
) -> tuple[list[float], Answer]:
    """Send a request `count` times on `AT_ONCE` connections; fail on another status than `status`.

    Return the seconds that each took, and the last answer.
    """
    answers: list[Answer] = []

    def some(_: int) -> None:
        client = Client(port)
        for _ in range(count // AT_ONCE):
            answer = request(client)
            assert answer.status == status, (answer.status, answer.body[:300])
            answers.append(answer)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(some, range(AT_ONCE)))
    return [answer.seconds for answer in answers], answers[-1]
