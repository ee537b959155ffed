"""Fixtures of the tests of Flack on several hosts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crowd import Crowd
from tests.hosts.network import why_not
from tests.hosts.stack import DATABASE, Hosts
from tests.hosts.table import warm_up


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Clients that write, read and listen on several hosts while faults happen."""
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="flack-hosts-") as name:
        hosts = Hosts(Path(name))
        try:
            warm_up(hosts)
            with Crowd(hosts, DATABASE) as crowd:
                yield crowd
        finally:
            hosts.stop()
