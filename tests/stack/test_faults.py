"""Accepted messages are never lost or doubled, and all clients end with the same, after each fault.

The short form of `make faults`; the clock of one node is 30 s slow meanwhile.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.crowd import Crowd
from tests.faults.postgresql import postgresql_faults
from tests.faults.table import FAULTS, Fault
from tests.faults.writers import CALM
from tests.running import ROOT, Stack


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Clients that write, read and listen while the faults happen, on SQLite."""
    skewed = str(ROOT / "tests/faults/skewed")
    stack = Stack(tmp_path_factory.mktemp("faults"), PYTHONPATH=skewed)
    with Crowd(stack) as crowd:
        yield crowd
    stack.stop()


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.is_short], ids=lambda fault: fault.name)
def test_nothing_is_lost(crowd: Crowd, fault: Fault) -> None:
    if " for " in fault.name:
        fault = replace(fault, every=CALM)
    assert crowd.count(fault).problems(fault) == []


@pytest.fixture(scope="module")
def postgresql_crowd(postgresql_stack: Stack, postgresql: str) -> Iterator[Crowd]:
    """The same clients on PostgreSQL."""
    with Crowd(postgresql_stack, postgresql) as crowd:
        yield crowd


@pytest.fixture(scope="module")
def faults(postgresql_server: Any) -> dict[str, Fault]:
    """The faults of PostgreSQL by name, all made before the first one happens."""
    return {fault.name: fault for fault in postgresql_faults(postgresql_server)}


@pytest.mark.parametrize("name", ["PostgreSQL stopped for 5 s", "PostgreSQL hangs for 5 s"])
def test_nothing_is_lost_on_postgresql(
    postgresql_crowd: Crowd, faults: dict[str, Fault], name: str
) -> None:
    fault = replace(faults[name], every=CALM)
    assert postgresql_crowd.count(fault).problems(fault) == []
