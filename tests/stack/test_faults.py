"""What is accepted is never lost or doubled, and everybody ends with the same, whatever dies."""

import re
from collections.abc import Iterator

import pytest

from tests.faults.crowd import Crowd, Report
from tests.faults.table import FAULTS, Fault
from tests.running import Stack


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """People who write, read and listen while the faults happen."""
    stack = Stack(tmp_path_factory.mktemp("faults"))
    with Crowd(stack) as crowd:
        yield crowd
    stack.stop()


def strike(crowd: Crowd, fault: Fault) -> Report:
    """Let a fault happen, and count what became of everything."""
    crowd.begin()
    fault.strike(crowd.stack)
    return crowd.settle()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nothing_is_lost_when_there_is(crowd: Crowd, fault: Fault) -> None:
    report = strike(crowd, fault)
    assert report.holds(), report
    assert report.seconds < fault.seconds, report
    assert not [one for one in report.failed if not re.fullmatch(fault.refusals, one)]
    assert report.closed.keys() <= fault.closes, report
