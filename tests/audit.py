"""A pytest plugin that counts attacks, tried and through, by class: `make audit`.

A test marked `attack("class")` is one attack, and one that got through if it fails. A test that
tries several at once says so by the fixture `attacks`.
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
    """Count the attacks of a test that has run."""
    report = yield
    marker = item.get_closest_marker("attack")
    if marker and (report.when == "call" or report.failed):
        said: dict[str, Any] = dict(report.user_properties)
        tried[marker.args[0]] += int(said.get("tried", 1)) if report.when == "call" else 1
        through[marker.args[0]] += int(said.get("through", 1)) if report.failed else 0
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many were tried and got through."""
    width = max(map(len, tried), default=5)
    terminalreporter.section("attacks")
    terminalreporter.line(f"{'':{width}}   tried  through")
    for name in sorted(tried):
        terminalreporter.line(f"{name:{width}}  {tried[name]:6}  {through[name]:7}")
    terminalreporter.line(f"{'all':{width}}  {tried.total():6}  {through.total():7}")
