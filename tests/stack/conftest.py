"""Fixtures of the tests of the whole stack."""

import subprocess
import sys
from collections.abc import Generator, Iterator
from functools import cached_property

import pytest

from comparison.contract.client import eventually
from tests.running import ROOT, START, Stack


class ContractSuite:
    """A run of the contract suite on PostgreSQL; tests/comparison runs it on SQLite."""

    def __init__(self, stack: Stack, preview_hosts: str) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "tests.frames", "comparison/contract", "--url", stack.url]
        command += ["--preview-port", preview_hosts.split(",")[1].rpartition(":")[2]]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    @cached_property
    def output(self) -> str:
        """What the run printed, once it has ended."""
        return self.process.communicate()[0]


@pytest.fixture(scope="session")
def contract_suite(postgresql_stack: Stack, preview_hosts: str) -> Iterator[ContractSuite]:
    """The contract suite, which runs beside the tests."""
    suite = ContractSuite(postgresql_stack, preview_hosts)
    with suite.process:
        yield suite
        suite.process.kill()  # no test waited for its end


@pytest.fixture(scope="session", autouse=True)
def started_contract_suite(request: pytest.FixtureRequest) -> ContractSuite | None:
    """Start the contract suite first, because it takes longest, if a test waits for its end."""
    if any("contract_suite" in getattr(i, "fixturenames", ()) for i in request.session.items):
        suite: ContractSuite = request.getfixturevalue("contract_suite")
        return suite
    return None


@pytest.fixture(autouse=True)
def whole_stack(request: pytest.FixtureRequest) -> None:
    """Let each test begin with a whole stack: the one before may have killed parts of it."""
    for name in ("stack", "sqlite_stack", "postgresql_stack"):
        if name in request.fixturenames:
            eventually(request.getfixturevalue(name).is_whole, "a whole Flack", START)


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
