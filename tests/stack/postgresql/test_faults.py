"""As tests/stack/test_faults.py, while PostgreSQL is stopped or hangs."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.crowd import Crowd
from tests.faults.postgresql import postgresql_faults
from tests.faults.table import Fault
from tests.running import Stack
from tests.stack.conftest import ContractSuite

pytestmark = pytest.mark.timeout(600)  # seconds, in which the contract suite ends


@pytest.fixture(scope="module")
def crowd(
    stack: Stack, postgresql: str, started_contract_suite: ContractSuite | None
) -> Iterator[Crowd]:
    """Clients that write, read and listen while the faults happen, after the contract suite."""
    if started_contract_suite:
        assert started_contract_suite.output  # its requests would fail with the server
    with Crowd(stack, postgresql) as crowd:
        yield crowd


@pytest.fixture(scope="module")
def faults(postgresql_server: Any) -> dict[str, Fault]:
    """The faults of PostgreSQL by name, all made before the first one happens."""
    return {fault.name: fault for fault in postgresql_faults(postgresql_server)}


@pytest.mark.parametrize("name", ["PostgreSQL stopped for 5 s", "PostgreSQL hangs for 5 s"])
def test_nothing_is_lost(crowd: Crowd, faults: dict[str, Fault], name: str) -> None:
    fault = faults[name].relaxed()
    assert crowd.count(fault).problems(fault) == []
