"""The contract suite passes on Flack with PostgreSQL."""

import pytest

from tests.stack.conftest import ContractSuite


@pytest.mark.timeout(600)  # seconds: one row waits a minute
def test_flack_keeps_every_row_of_the_contract_on_postgresql(contract_suite: ContractSuite) -> None:
    output = contract_suite.output
    assert contract_suite.process.returncode == 0, output
