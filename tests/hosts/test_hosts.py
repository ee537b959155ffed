"""Accepted messages are never lost or doubled, and nodes stay as they were, while hosts fail.

The short form of the rows about hosts of `make faults`.
"""

import pytest

from tests.faults.crowd import Crowd
from tests.faults.table import Fault
from tests.hosts.table import FAULTS, count


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.is_short], ids=lambda fault: fault.name)
def test_nothing_is_lost_and_nodes_stay_as_they_were(crowd: Crowd, fault: Fault) -> None:
    _, problems = count(crowd, fault.relaxed())
    assert problems == [], crowd.stack.log()[-20_000:]
