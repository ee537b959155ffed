"""Every test of the running stack runs on each database."""

from collections.abc import Generator

import pytest

from tests.running import Stack


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """All of Flack, running, on one database and then on the other."""
    stack: Stack = request.getfixturevalue(f"{request.param}_stack")
    return stack


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
