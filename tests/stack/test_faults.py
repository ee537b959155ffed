"""What is accepted is never lost or doubled, and everybody ends with the same, whatever dies.

The short form of `make faults`; meanwhile the clock of one node is half a minute late.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.crowd import Crowd
from tests.faults.postgresql import hanging, stopped
from tests.faults.table import FAULTS, Fault
from tests.running import ROOT, Stack


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """People who write, read and listen while the faults happen."""
    late = str(ROOT / "tests/faults/skewed")
    stack = Stack(tmp_path_factory.mktemp("faults"), PYTHONPATH=late)
    with Crowd(stack) as crowd:
        yield crowd
    stack.stop()


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.is_short], ids=lambda fault: fault.name)
def test_nothing_is_lost(crowd: Crowd, fault: Fault) -> None:
    assert crowd.play(fault).problems(fault) == []


@pytest.mark.parametrize("fault_of", [stopped, hanging], ids=["is away", "hangs"])
def test_nothing_is_lost_while_postgresql(
    postgresql_stack: Stack, postgresql: str, fault_of: Callable[[str], Fault]
) -> None:
    fault = fault_of(postgresql)
    with Crowd(postgresql_stack, postgresql) as crowd:
        assert crowd.play(fault).problems(fault) == []
