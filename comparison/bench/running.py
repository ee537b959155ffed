"""Servers that already run, found by the ports they listen on."""

import contextlib
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
import redis

from comparison.bench.processes import Processes, listening_on
from comparison.bench.servers import PEERS, Server, Starter, flack
from comparison.bench.swarm import Wire


def ports_of(urls: Sequence[str]) -> list[int]:
    """Return the ports of URLs, which must be on this machine."""
    return [int(url.rstrip("/").rpartition(":")[2]) for url in urls]


def variable_of(port: int, variable: str) -> str:
    """Return an environment variable of the server on a port.

    nginx hides its own environment, so its parents are read too.
    """
    first = listening_on(port)
    for process in (first, *first.parents()):
        with contextlib.suppress(psutil.AccessDenied):
            if found := process.environ().get(variable):
                return found
    return ""


def using(variable: str, value: str, word: str) -> Processes:
    """Return the processes that have a variable in their environment and a word in their command.

    A shell that waits for such a process is none of them.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(variable) == value and process.name() not in ("sh", "bash"):
                found += [process] if word in " ".join(process.cmdline()) else []
    pids = {process.pid for process in found}  # what these start is counted with them
    return Processes(*(process.pid for process in found if process.ppid() not in pids))


def flask(*urls: str) -> Server:
    """Return a Flask version: its nodes at these URLs, their broker and their Celery worker."""
    ports = ports_of(urls)
    broker = variable_of(ports[0], "CELERY_BROKER_URL")

    def encode(data: dict[str, Any]) -> bytes:  # as Flask-SocketIO's RedisManager does
        call = {"method": "emit", "event": "updated_model", "data": data, "namespace": "/",
                "room": None, "skip_sid": None, "callback": None}  # fmt: skip
        return pickle.dumps(call, 2)

    wire = Wire("/socket.io/?EIO=3&transport=websocket", ready=b"40", beats=True)
    web = Processes(*(listening_on(port).pid for port in ports))
    return Server("flask", ports, wire, web, redis.Redis.from_url(broker), "flask-socketio", encode,
                  using("CELERY_BROKER_URL", broker, "celery"))  # fmt: skip


def django(*urls: str) -> Server:
    """Return a Flack: its nodes at these URLs, or nginx before them, and its Celery worker."""
    ports = ports_of(urls)
    redis_url = variable_of(ports[0], "REDIS_URL")
    web = using("REDIS_URL", redis_url, "flack_project.daphne.server")
    return flack(ports, web, using("REDIS_URL", redis_url, "celery"), redis_url)


@contextlib.contextmanager
def start() -> Iterator[list[Server]]:
    """Start every server that this machine can run, and find the Flask version at FLASK_URL."""
    with Starter() as starter:
        starter.valkey()
        servers = [starter.flack()]
        if shutil.which("node") and (PEERS / "node_modules").exists():
            servers += [starter.socketio(), starter.ws()]
        if url := os.environ.get("FLASK_URL"):
            servers.append(flask(url))
        yield servers
