"""Accepted messages are never lost or doubled, and all clients end with the same, after each fault.

The short form of `make faults`; the clock of one node is 30 s slow meanwhile.
"""

from collections.abc import Iterator

import pytest

from tests.faults.crowd import Crowd
from tests.faults.table import FAULTS, Fault
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
    fault = fault.relaxed()
    assert crowd.count(fault).problems(fault) == []
