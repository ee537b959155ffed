"""Schemathesis asks the running Flack, through nginx, for what the OpenAPI document allows and for
what it does not: never a 500, and every answer is as the document says.
"""

import os
import subprocess
import sys

import pytest

from tests.running import ROOT, Stack

# `make fuzz` asks for more examples of each operation, and for others each time.
EXAMPLES = os.environ.get("EXAMPLES", "")


@pytest.mark.timeout(6000)
def test_whatever_is_asked_the_answer_is_as_the_schema_says(playground: Stack) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", "tests/stack/schemathesis.toml"),
            *("run", f"{playground.url}/api/schema/openapi.json"),
            *("--max-examples", EXAMPLES or "10"),
            *([] if EXAMPLES else ["--seed", "1"]),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
