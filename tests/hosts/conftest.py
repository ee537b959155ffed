"""Fixtures of the tests of Flack on several hosts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.crowd import Crowd
from tests.hosts.network import why_not
from tests.hosts.stack import DATABASE, Hosts
from tests.stacks import CHEAP


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Clients that write, read and listen on several hosts while faults happen."""
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="flack-hosts-") as name:
        # Without the memory of real hashes, which nodes keep, `hosts.table.warm_up` is not needed.
        hosts = Hosts(Path(name), **CHEAP)
        try:
            with Crowd(hosts, DATABASE) as crowd:
                yield crowd
        finally:
            hosts.stop()
