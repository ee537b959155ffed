"""What `doctor` does: follow a probe through all parts, and say where it is stuck."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from kombu.exceptions import OperationalError as BrokerError
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from chat.tasks import PROBE


class Trouble(Exception):
    """One sentence for the operator: what is wrong, and what to do."""


class Examination:
    """Goes from hop to hop, and waits `patience` seconds for each.

    Calls `found` with its name and milliseconds.
    """

    def __init__(self, url: str, patience: float, found: Callable[[str, float], None]) -> None:
        self.url = urlsplit(url)
        self.patience = patience
        self.found = found

    def run(self) -> None:
        """Visit every part; Trouble at the first that fails."""
        self._timed("database", self._look_into_the_database)
        if not settings.REDIS_URL:
            raise Trouble(
                "REDIS_URL is not set here, so this command cannot reach the workers: give it the "
                "environment of the nodes, as `make manage` does."
            )
        self._timed("redis", self._ask_redis)
        self._timed("nginx", self._knock)
        self._timed("node", self._ask_a_node)
        with self._timed("socket", self._open_socket) as socket:
            self._send_probe(socket)

    def _timed(self, hop: str, visit: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = visit()
        self.found(hop, 1000 * (time.perf_counter() - started))
        return result

    def _look_into_the_database(self) -> None:
        try:
            connection.cursor().execute("SELECT 1 FROM chat_user LIMIT 1")
        except DatabaseError as error:
            raise Trouble(
                f"The database does not answer ({_line(error)}): start it, correct DATABASE_URL, "
                "or create its tables by `manage.py migrate`."
            ) from error

    def _ask_redis(self) -> None:
        try:
            cache.get("doctor")
        except redis.RedisError as error:
            raise Trouble(
                f"Redis does not answer ({_line(error)}): start it, or correct REDIS_URL."
            ) from error

    def _http(self) -> HTTPConnection:
        kind = HTTPSConnection if self.url.scheme == "https" else HTTPConnection
        return kind(self.url.hostname or "", self.url.port, timeout=self.patience)

    def _knock(self) -> None:
        http = self._http()
        try:
            http.connect()
        except OSError as error:
            raise Trouble(
                f"Nobody listens at {self.url.geturl()} ({_line(error)}): start nginx, or name the "
                "address of the chat by --url."
            ) from error
        http.close()

    def _ask_a_node(self) -> None:
        http = self._http()
        try:
            http.request("GET", "/readyz")
            response = http.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise Trouble(
                f"What listens at {self.url.geturl()} is no Flack ({_line(error)}): look which "
                "server has its port, or name another address by --url."
            ) from error
        finally:
            http.close()
        if response.status in (502, 504):
            raise Trouble("nginx reaches no node: start the nodes, or correct nginx's upstream.")
        if response.status == 400:
            raise Trouble(
                f"The nodes do not take requests for {self.url.hostname}: add it to ALLOWED_HOSTS."
            )
        bad = [name for name in ("database", "redis") if answer.get(name) not in ("ok", "not used")]
        if bad:
            raise Trouble(
                f"A node does not reach the {bad[0]} that this command reaches "
                f"({answer.get(bad[0])}): give both the same environment."
            )

    def _open_socket(self) -> ClientConnection:
        url = self.url._replace(scheme=self.url.scheme.replace("http", "ws"), path="/ws/").geturl()
        try:
            return connect(url, open_timeout=self.patience, proxy=None)
        except (OSError, WebSocketException) as error:
            raise Trouble(
                f"No WebSocket opens at {url} ({_line(error)}): let the proxy pass Upgrade on, as "
                "nginx/flack.conf does."
            ) from error

    def _send_probe(self, socket: ClientConnection) -> None:
        number = random.randrange(1, 2**53)  # noqa: S311
        began = time.time()
        try:
            current_app.send_task("chat.tasks.probe", [number])
        except BrokerError as error:
            raise Trouble(f"Celery's broker does not take a task ({_line(error)}).") from error
        heard = self._hears(socket, -number)
        told: tuple[float, float] | None = cache.get(PROBE.format(number))
        if told is None:
            raise Trouble(
                f"No Celery worker took the probe within {self.patience:g} s: start one, or look "
                "at why the workers are busy."
            )
        if not heard:
            raise Trouble(
                "The worker pushed, but the socket heard nothing: give nodes and workers the same "
                "REDIS_URL, and look at what the nodes log."
            )
        self.found("broker and worker", 1000 * (told[0] - began))
        self.found("database of the worker", 1000 * (told[1] - told[0]))
        self.found("push to the socket", 1000 * (time.time() - told[1]))

    def _hears(self, socket: ClientConnection, probe: int) -> bool:
        deadline = time.monotonic() + self.patience
        with suppress(TimeoutError, WebSocketException):
            while (left := deadline - time.monotonic()) > 0:
                if json.loads(socket.recv(timeout=left))["data"].get("first") == probe:
                    return True
        return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
