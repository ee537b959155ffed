"""Run tests/api/test_plans.py on PostgreSQL."""

import os
import subprocess
import sys

from tests.running import ROOT


def test_a_request_costs_the_same_in_a_longer_table_of_postgresql(postgresql: str) -> None:
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*suite, "tests/api/test_plans.py"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": postgresql},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
