"""The diagnosis behind `doctor`: a probe through every process, and the first problem found."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLError
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from kombu.exceptions import OperationalError as BrokerError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from chat.tasks import PROBE


class Problem(Exception):
    """A sentence for the operator: what is wrong, and what to do."""


class Diagnosis:
    """Checks each hop in turn, waits up to `patience` seconds, and calls `found(name, ms)`."""

    def __init__(self, url: str, patience: float, found: Callable[[str, float], None]) -> None:
        self.url = urlsplit(url)
        self.patience = patience
        self.found = found

    def run(self) -> None:
        """Check every hop; raise Problem at the first that fails."""
        self._timed("database", self._check_database)
        if not settings.REDIS_URL:
            raise Problem(
                "REDIS_URL is not set here, so this command cannot reach the workers: give it the "
                "environment of the nodes, as `deploy/manage` and `make manage` do."
            )
        self._timed("redis", self._check_redis)
        self._timed("nginx", self._connect)
        self._timed("node", self._check_node)
        asyncio.run(self._check_socket())
        self._timed("worker of previews", self._check_previews)

    def _timed(self, hop: str, check: Callable[[], None]) -> None:
        began = time.perf_counter()
        check()
        self._found(hop, began)

    def _found(self, hop: str, began: float) -> None:
        self.found(hop, 1000 * (time.perf_counter() - began))

    def _check_database(self) -> None:
        try:
            connection.cursor().execute("SELECT 1 FROM chat_user LIMIT 1")
        except DatabaseError as error:
            raise Problem(
                f"The database does not answer ({_line(error)}): start it, correct DATABASE_URL, "
                "or create its tables by `manage.py migrate`."
            ) from error

    def _check_redis(self) -> None:
        try:
            cache.get("doctor")
        except redis.RedisError as error:
            raise Problem(
                f"Redis does not answer ({_line(error)}): start it, or correct REDIS_URL."
            ) from error
        try:
            cache.set("doctor", True, 1)
        except redis.RedisError as error:
            raise Problem(
                f"Redis cannot be written ({_line(error)}): give it more memory, or let "
                "REDIS_URL lead to the primary."
            ) from error

    def _http(self) -> HTTPConnection:
        kind = HTTPSConnection if self.url.scheme == "https" else HTTPConnection
        return kind(self.url.hostname or "", self.url.port, timeout=self.patience)

    def _connect(self) -> None:
        http = self._http()
        try:
            http.connect()
        except SSLError as error:
            raise Problem(
                f"{self.url.geturl()} has no valid certificate ({_line(error)}): renew it by "
                "`certbot renew`, or correct its name in the address."
            ) from error
        except OSError as error:
            raise Problem(
                f"No server listens at {self.url.geturl()} ({_line(error)}): start nginx, or give "
                "the address of the chat by FLACK_URL or --url."
            ) from error
        http.close()

    def _check_node(self) -> None:
        http = self._http()
        try:
            http.request("GET", "/readyz")
            response = http.getresponse()
            self._require_node(response)
            answer = json.loads(response.read())
            if not isinstance(answer, dict) or "ready" not in answer:
                raise ValueError("its /readyz is another one")
        except (OSError, HTTPException, ValueError) as error:
            raise Problem(
                f"The server at {self.url.geturl()} is not Flack ({_line(error)}): find out what "
                "uses its port, or give another address with --url."
            ) from error
        finally:
            http.close()
        bad = [name for name in ("database", "redis") if answer.get(name) not in ("ok", "not used")]
        if bad:
            raise Problem(
                f"A node cannot reach the {bad[0]} that this command reaches "
                f"({answer.get(bad[0])}): give both the same environment."
            )

    def _require_node(self, response: HTTPResponse) -> None:
        """Raise Problem if this is not an answer of a node."""
        if response.status in (301, 302, 307, 308):
            raise Problem(
                f"{self.url.geturl()} redirects to {response.headers['Location']}: give the "
                "address of that server with --url."
            )
        if response.status == 429:
            raise Problem("nginx limits the requests from here: try again in a minute.")
        if response.status in (502, 504):
            raise Problem("nginx reaches no node: start the nodes, or correct nginx's upstream.")
        if response.status == 400:
            raise Problem(
                f"The nodes reject requests for {self.url.hostname}: add it to ALLOWED_HOSTS."
            )

    async def _check_socket(self) -> None:
        """Open a socket, and let a worker push to it.

        The client of `websockets.sync` reads in a thread of its own, and a TLS connection must not
        be used by two at once: about one in 500 handshakes was never sent.
        """
        url = self.url._replace(scheme=self.url.scheme.replace("http", "ws"), path="/ws/").geturl()
        began = time.perf_counter()
        try:
            socket = await connect(url, open_timeout=self.patience, proxy=None)
        except (OSError, WebSocketException) as error:
            raise Problem(
                f"No WebSocket opens at {url} ({_line(error)}): let the proxy pass on the "
                "Upgrade header, as nginx/flack.conf does."
            ) from error
        self._found("socket", began)
        async with socket:
            await self._send_probe(socket)

    async def _send_probe(self, socket: ClientConnection) -> None:
        began = time.time()
        number = queue_probe("celery")
        received = await self._receives(socket, number)
        times: tuple[float, float] | None = cache.get(PROBE.format(number))
        if times is None:
            raise Problem(
                f"No Celery worker ran the probe within {self.patience:g} s: start a worker, or "
                "find out why the workers are busy."
            )
        if not received:
            raise Problem(
                "The worker published, but the socket received nothing: give nodes and workers the "
                "same REDIS_URL, and read the log of the nodes."
            )
        self.found("broker and worker", 1000 * (times[0] - began))
        self.found("database of the worker", 1000 * (times[1] - times[0]))
        self.found("push to the socket", 1000 * (time.time() - times[1]))

    def _check_previews(self) -> None:
        number, deadline = queue_probe("previews"), time.monotonic() + self.patience
        while cache.get(PROBE.format(number)) is None:
            if time.monotonic() > deadline:
                raise Problem(
                    f"No worker of the queue previews ran a probe within {self.patience:g} s: "
                    "start one, or find out why it is busy. Only previews of links are missing."
                )
            time.sleep(0.05)

    async def _receives(self, socket: ClientConnection, probe: int) -> bool:
        with suppress(TimeoutError, WebSocketException):
            async with asyncio.timeout(self.patience):
                async for frame in socket:
                    if json.loads(frame)["data"].get("first") == probe:
                        return True
        return False


def queue_probe(queue: str) -> int:
    """Queue a probe and return its number, an id that no message has."""
    number = random.randrange(2**52, 2**53)  # noqa: S311
    try:
        current_app.send_task("chat.tasks.probe", [number], queue=queue, expires=60)
    except BrokerError as error:
        raise Problem(f"Celery's broker does not take a task ({_line(error)}).") from error
    return number


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
