"""The contract suite on PostgreSQL; tests/comparison runs it on SQLite."""

import subprocess
import sys

import pytest

from tests.running import ROOT, Stack


@pytest.mark.timeout(600)  # seconds: one row waits a minute
def test_flack_keeps_every_row_of_the_contract_on_postgresql(
    postgresql_stack: Stack, preview_hosts: str
) -> None:
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "comparison/contract"]
    options = ["--url", postgresql_stack.url, "--preview-port", preview_hosts.rpartition(":")[2]]
    done = subprocess.run([*suite, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
