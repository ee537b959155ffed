"""Schemathesis sends requests that the OpenAPI document allows, and others, to a running Flack.

No answer may be a 500, and every answer must match the document.
"""

import os
import subprocess
import sys

import pytest

from tests.running import ROOT, Stack

# `make fuzz` sends more examples of each operation, and different ones each time.
EXAMPLES = os.environ.get("EXAMPLES", "")


@pytest.mark.timeout(6000)
def test_every_answer_matches_the_openapi_document(playground: Stack) -> None:
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
