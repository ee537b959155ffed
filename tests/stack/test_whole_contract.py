"""The contract suite passes on Flack with PostgreSQL."""

import subprocess

import pytest


@pytest.mark.timeout(600)  # seconds: one row waits a minute
def test_flack_keeps_every_row_of_the_contract_on_postgresql(
    contract_suite: subprocess.Popen[str],
) -> None:
    output, _ = contract_suite.communicate()
    assert contract_suite.returncode == 0, output
