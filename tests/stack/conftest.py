"""Fixtures of the tests of the whole stack."""

import subprocess
import sys
from collections.abc import Generator, Iterator

import pytest

from tests.running import ROOT, Stack


@pytest.fixture(scope="session")
def contract_suite(postgresql_stack: Stack, preview_hosts: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the contract suite on PostgreSQL; tests/comparison runs it on SQLite."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.frames"]
    command += ["comparison/contract", "--url", postgresql_stack.url]
    command += ["--preview-port", preview_hosts.split(",")[1].rpartition(":")[2]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as suite:
        yield suite


@pytest.fixture(scope="session", autouse=True)
def start_contract_suite(request: pytest.FixtureRequest) -> None:
    """Start the contract suite first, because it takes longest, if a test waits for its end."""
    if any("contract_suite" in getattr(i, "fixturenames", ()) for i in request.session.items):
        request.getfixturevalue("contract_suite")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the output of the stack with a test that failed."""
    report = yield
    stack = item.funcargs.get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("output of the stack", stack.log()))
    return report
