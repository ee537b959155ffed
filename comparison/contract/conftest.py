"""Options of the suite, which rows run, and what every test may ask for."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from comparison.contract.client import Flack, Person
from comparison.contract.minute import Minute
from comparison.contract.pages import Pages
from comparison.contract.wires import JsonWire, detect, open_wire

LEFT_OUT = pytest.StashKey[Counter[str]]()
WIRE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("contract")
    group.addoption("--url", help="the server under test, such as http://127.0.0.1:8000")
    group.addoption("--same-only", action="store_true", help="only rows that both servers keep")
    group.addoption("--preview-port", type=int, help="serve pages for links on this loopback port")
    group.addoption("--patience", type=float, default=15, help="seconds that anything may take")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the rows that cannot or shall not run here, and count them by reason."""
    if not config.option.url:
        raise pytest.UsageError("which server? --url http://...")
    try:
        config.stash[WIRE] = detect(config.option.url, config.option.patience)
    except OSError as error:
        pytest.exit(f"No server answers at {config.option.url}: {error}", returncode=2)
    kept, left_out = [], []
    reasons: Counter[str] = Counter()
    for item in items:
        marks = [mark.name for mark in item.iter_markers() if mark.name in ("same", "differs")]
        if len(marks) != 1:
            raise pytest.UsageError(f"{item.nodeid} needs one marker, same or differs")
        if reason := why_not(config, item):
            reasons[reason] += 1
            left_out.append(item)
        else:
            kept.append(item)
    config.stash[LEFT_OUT] = reasons
    config.hook.pytest_deselected(items=left_out)
    # Last, because it waits a minute for what the fixture began at the start.
    items[:] = sorted(kept, key=lambda item: "a_minute" in fixtures_of(item))


def why_not(config: pytest.Config, item: pytest.Item) -> str | None:
    """Give the reason to leave a row out, or None."""
    if config.option.same_only and item.get_closest_marker("differs"):
        return "where the servers differ (--same-only)"
    if config.stash[WIRE] != "json" and item.get_closest_marker("json_wire"):
        return "of the plain WebSocket wire"
    if preview_port(config) is None and "pages" in fixtures_of(item):
        return "of link expansion: no --preview-port"
    return None


def preview_port(config: pytest.Config) -> int | None:
    """Give the port for pages, 0 for any; a server with Socket.IO is taken to fetch anything."""
    port: int | None = config.option.preview_port
    return 0 if port is None and config.stash[WIRE] != "json" else port


def fixtures_of(item: pytest.Item) -> list[str]:
    """Give the names of the fixtures that a test asks for."""
    return list(getattr(item, "fixturenames", []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what did not run, and why."""
    for reason, count in config.stash.get(LEFT_OUT, Counter()).items():
        terminalreporter.line(f"{count} rows left out {reason}")


@pytest.fixture(scope="session")
def flack(pytestconfig: pytest.Config) -> Iterator[Flack]:
    """The server under test."""
    flack = Flack(pytestconfig.option.url, pytestconfig.option.patience)
    with flack.http:
        try:
            flack.get("/stats")
        except httpx.HTTPError as error:
            pytest.exit(f"No server answers at {flack.url}: {error}", returncode=2)
        yield flack


@pytest.fixture(scope="module")
def ann(flack: Flack) -> Person:
    """A user who is signed in. A test that changes her creates a person of its own."""
    return flack.person("ann")


@pytest.fixture(scope="module")
def bob(flack: Flack) -> Person:
    """Another user who is signed in."""
    return flack.person("bob")


@pytest.fixture
def connect(flack: Flack, pytestconfig: pytest.Config) -> Iterator[Callable[[], JsonWire]]:
    """Return a function that opens a socket; all are closed after the test."""
    with ExitStack() as sockets:
        yield lambda: sockets.enter_context(
            open_wire(pytestconfig.stash[WIRE], flack.url, flack.patience)
        )


@pytest.fixture
def listener(connect: Callable[[], JsonWire]) -> JsonWire:
    """The socket of a client that is not signed in."""
    return connect()


@pytest.fixture(scope="session")
def pages(pytestconfig: pytest.Config) -> Iterator[Pages]:
    """Pages for links to point at, on a port that the server may fetch from."""
    port = preview_port(pytestconfig)
    assert port is not None
    pages = Pages(port)
    yield pages
    pages.close()


@pytest.fixture(scope="session")
def a_minute(flack: Flack, pytestconfig: pytest.Config) -> Iterator[Minute]:
    """Two people a minute ago, one of whom has been silent since."""
    minute = Minute(flack, pytestconfig.stash[WIRE])
    yield minute
    minute.close()


@pytest.fixture(scope="session", autouse=True)
def begin_the_minute(request: pytest.FixtureRequest) -> None:
    """Begin at once what the last test looks at."""
    if any("a_minute" in fixtures_of(item) for item in request.session.items):
        request.getfixturevalue("a_minute")
