"""A pytest plugin of `make audit`: count the attacks that were tried and that succeeded, by class.

A test marked `attack("class")` is one attack, which succeeded if the test fails. A test that tries
several attacks records their numbers by `record_property("tried", …)` and "through".
"""

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

tried: Counter[str] = Counter()
through: Counter[str] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count the attacks of a finished test."""
    report = yield
    marker = item.get_closest_marker("attack")
    if marker and (report.when == "call" or report.failed):
        recorded: dict[str, Any] = dict(report.user_properties)
        tried[marker.args[0]] += int(recorded.get("tried", 1)) if report.when == "call" else 1
        through[marker.args[0]] += int(recorded.get("through", 1)) if report.failed else 0
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many attacks were tried and how many succeeded."""
    width = max(map(len, tried), default=5)
    terminalreporter.section("attacks")
    terminalreporter.line(f"{'':{width}}   tried  succeeded")
    for name in sorted(tried):
        terminalreporter.line(f"{name:{width}}  {tried[name]:6}  {through[name]:9}")
    terminalreporter.line(f"{'all':{width}}  {tried.total():6}  {through.total():9}")
