"""Servers that already run, found by the ports they listen on."""

import contextlib
import json
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import psutil
import redis

from comparison.bench.framing import WIRES
from comparison.bench.processes import Processes, listening_on
from comparison.bench.servers import PEERS, Server, Starter, flack
from comparison.bench.table import FLASK_2016, FLASK_TODAY
from comparison.contract.wires import detect

BROKERS = ("CELERY_BROKER_URL", "REDIS_URL")  # variables of the version of 2016, and of today
PATIENCE = 15.0  # seconds


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


def broker_of(port: int) -> tuple[str, str]:
    """Return the name and the value of the variable that holds the broker of a server."""
    for variable in BROKERS:
        if broker := variable_of(port, variable):
            return variable, broker
    raise LookupError(
        f"The server on port {port} has none of {', '.join(BROKERS)} in its environment: start it "
        "with the URL of its Redis, so that pushes can be published and its worker be found."
    )


def flask(*urls: str) -> Server:
    """Return a Flask version: its nodes at these URLs, their broker and their Celery worker.

    The version of 2016 reads pickled pushes on a channel of that time, one of today reads JSON.
    """
    ports = ports_of(urls)
    variable, broker = broker_of(ports[0])
    is_old = detect(f"http://127.0.0.1:{ports[0]}", PATIENCE) == "socketio3"

    def encode(data: dict[str, Any]) -> bytes:  # as the RedisManager of either time does
        call = {"method": "emit", "event": "updated_model", "data": data, "namespace": "/",
                "room": None, "skip_sid": None, "callback": None}  # fmt: skip
        return pickle.dumps(call, 2) if is_old else json.dumps(call).encode()

    wire = WIRES["socketio3" if is_old else "socketio4"]
    web = Processes(*(listening_on(port).pid for port in ports))
    return Server(FLASK_2016 if is_old else FLASK_TODAY, ports, wire, web,
                  redis.Redis.from_url(broker), "flask-socketio", encode,
                  using(variable, broker, "celery"))  # fmt: skip


def django(*urls: str) -> Server:
    """Return a Flack: its nodes at these URLs, or nginx before them, and its Celery worker."""
    ports = ports_of(urls)
    redis_url = variable_of(ports[0], "REDIS_URL")
    web = using("REDIS_URL", redis_url, "flack_project.daphne.server")
    return flack(ports, web, using("REDIS_URL", redis_url, "celery"), redis_url)


def starting(begin: Callable[[], Server], valkey: Callable[[], None]) -> Callable[[], Server]:
    """Return a function that starts a server, and Valkey before it, once."""

    @cache
    def started() -> Server:
        valkey()
        return begin()

    return started


def start(starter: Starter) -> dict[str, Callable[[], Server]]:
    """Return, by its column, what starts or finds each server that this machine can run."""
    valkey = cache(starter.valkey)
    servers = {"flack": starting(starter.flack, valkey)}
    if shutil.which("node") and (PEERS / "node_modules").exists():
        servers |= {
            "socket.io": starting(starter.socketio, valkey),
            "ws": starting(starter.ws, valkey),
        }
    if url := os.environ.get("FLASK_URL"):
        found = flask(url)
        servers[found.name] = lambda: found
    return servers
