"""The contract suite passes on Flack behind a proxy, and fails on every fault planted in the proxy.

The run without a fault is the one on SQLite; tests/stack runs the suite on PostgreSQL, without a
proxy.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import Any

import pytest

from tests.comparison import warm
from tests.comparison.conftest import AT_ONCE
from tests.comparison.faults import FAULTS
from tests.comparison.proxy import Fault, planted
from tests.comparison.warm import Outcome
from tests.running import ROOT, Stack

NO_FAULT = "no fault"  # the proxy changes nothing
PLANTED = {name: (test, fault) for test, faults in FAULTS.items() for name, fault in faults.items()}


@pytest.fixture(scope="session")
def run(preview_ports: Queue[int]) -> Iterator[Callable[..., Outcome]]:
    """Return a function that runs the suite, or some of its tests, against a URL."""
    with warm.pool(AT_ONCE) as processes:

        def run(url: str, *arguments: str) -> Outcome:
            port = preview_ports.get()
            options = ["--url", url, "--preview-port", str(port)]
            outcome: Outcome = processes.apply(warm.run_pytest, (*arguments, *options))
            preview_ports.put(port)
            return outcome

        yield run


def file_of(test: str) -> str:
    """Return the argument by which pytest finds a test of the suite."""
    return f"comparison/contract/{test.replace('::', '.py::')}"


@pytest.fixture(scope="session")
def outcomes(
    reference: Stack, run: Callable[..., Outcome], request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[Outcome]]]:
    """The outcome of each run of the suite, by the name of its fault; several run at once.

    The run without a fault is the longest, because one row waits a minute: it starts first.
    """

    def catch(fault: Fault, *arguments: str) -> Outcome:
        with planted(reference.url, fault) as url:
            return run(url, *arguments)

    runs: dict[str, tuple[Any, ...]] = {
        NO_FAULT: (Fault(), "-p", "tests.frames", "comparison/contract")
    }
    for name, (test, fault) in PLANTED.items():
        # All of these fail: pytest's own tracebacks would parse each file that they name.
        runs[name] = (fault, file_of(test), "-x", "--patience", "3", "--tb", "native")
    chosen = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(catch, *runs[name]) for name in runs if name in chosen}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_caught(outcomes: dict[str, Future[Outcome]], name: str) -> None:
    code, output = outcomes[name].result()
    assert code == 1 and "1 failed" in output, output


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        ([], 4, "which server? --url http://..."),
        (["--url", "http://x", "--patience", "much"], 4, "invalid float value: 'much'"),
        (["--url", "http://127.0.0.1:1"], 2, "No server answers at http://127.0.0.1:1: "),
    ],
)
def test_the_suite_names_what_is_wrong_with_its_options(
    options: list[str], code: int, why: str
) -> None:
    command = [sys.executable, "-m", "comparison.contract", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert why in done.stdout + done.stderr


@pytest.mark.timeout(600)  # seconds: one row waits a minute
@pytest.mark.parametrize("name", [NO_FAULT])
def test_without_a_fault_flack_keeps_every_row_of_the_contract(
    outcomes: dict[str, Future[Outcome]], name: str
) -> None:
    code, output = outcomes[name].result()
    assert code == 0, output


def test_at_least_25_faults_are_planted() -> None:
    assert len(PLANTED) >= 25
