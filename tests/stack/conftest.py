"""Every test of the running stack runs on each database."""

import subprocess
import sys
from collections.abc import Generator, Iterator

import pytest

from tests.running import ROOT, Stack


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """All of Flack, running, on one database and then on the other."""
    stack: Stack = request.getfixturevalue(f"{request.param}_stack")
    return stack


@pytest.fixture(scope="session")
def contract_suite(postgresql_stack: Stack, preview_hosts: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the contract suite on PostgreSQL; tests/comparison runs it on SQLite."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.frames"]
    command += ["comparison/contract", "--url", postgresql_stack.url]
    command += ["--preview-port", preview_hosts.rpartition(":")[2]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as suite:
        yield suite


@pytest.fixture(scope="session", autouse=True)
def begin_the_contract_suite(request: pytest.FixtureRequest) -> None:
    """Begin at once what takes longest, if a test is to ask for its end."""
    if any("contract_suite" in getattr(i, "fixturenames", ()) for i in request.session.items):
        request.getfixturevalue("contract_suite")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the parts printed under a test that failed."""
    report = yield
    stack = item.funcargs.get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("printed by the parts", stack.log()))
    return report
