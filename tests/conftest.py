"""Fixtures of all tests.

Nearly everything is real: a database file shared by all threads, Flack's own channel layer and
cache, Valkey and servers as separate processes. Only three things are replaced: the clock, which
a test advances instead of waiting, the page that a link leads to, and the work of a password hash.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.db import connections
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from api.etags import bodies
from chat import clock as flack_clock
from chat import tasks, throttling
from chat.models import User
from chat.observability import stats
from chat.realtime import leases, presence, push, roster
from chat.realtime.publisher import Publisher
from chat.tasks import find_offline_users
from chat.threads import pool
from tests.frames import pytest_configure  # noqa: F401  # a hook
from tests.kit import PASSWORD, Clock, serve_page, signed_in
from tests.processes import (  # noqa: F401  # fixtures
    any_cache,
    cache_without_writes,
    manage,
    no_cache,
    serve,
    server,
    valkey,
)
from tests.sockets import connect, live, publisher  # noqa: F401  # fixtures
from tests.stacks import (  # noqa: F401  # fixtures
    pages,
    playground,
    postgresql,
    postgresql_server,
    postgresql_stack,
    preview_hosts,
    sqlite_stack,
    stack,
)

# A slow machine is not a failure, and all examples of a test may share its database.
hypothesis_settings.register_profile(
    "flack",
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("flack")


def pytest_collection_finish() -> None:
    """Let the garbage collector skip what was imported and collected, as it stays."""
    gc.collect()
    gc.freeze()


# --- Database, users, requests ----------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let SQLite use a file, which all threads share as in production."""
    database = connections.settings["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"] = {
            **database["TEST"],
            "NAME": str(tmp_path_factory.mktemp("db") / "db"),
        }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Let nothing write content types and permissions again each time that tables are emptied.

    That would take a sixth of the CPU time of tests/chat. At the end close the connections of the
    pool's threads, or PostgreSQL cannot drop the database.
    """
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    yield
    pool.shutdown()


@pytest.fixture(autouse=True)
def reset_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test without counted requests, open sockets and lists of another database."""
    stats.flush()
    bodies.clear()
    cache.clear()
    monkeypatch.setattr(throttling, "local_counters", throttling.LocalCounters())
    monkeypatch.setattr(throttling, "_cache_retry_at", 0.0)
    monkeypatch.setattr(flack_clock, "set_right", lambda: None)  # it would undo what `clock` does
    local = leases.LocalLeases()
    for module in (presence, roster):
        monkeypatch.setattr(module, "leases", local)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `PASSWORD`, computed once."""
    return make_password(PASSWORD)


@pytest.fixture
def make_user(db: None, password_hash: str) -> Callable[..., User]:
    """Return a function that creates a user that has never been online."""

    def make_user(nickname: str, **fields: Any) -> User:
        return User.objects.create(nickname=nickname, password=password_hash, **fields)

    return make_user


@pytest.fixture
def alice(make_user: Callable[..., User]) -> User:
    """Alice, online; `alice.token` is valid."""
    return signed_in(make_user("Alice", online=True))


@pytest.fixture
def bob(make_user: Callable[..., User]) -> User:
    """Bob, online; `bob.token` is valid."""
    return signed_in(make_user("Bob", online=True))


@pytest.fixture
def call(client: Any) -> Callable[..., Any]:
    """Return a function that sends a request; a body is sent as JSON, bytes unchanged."""

    def call(
        method: str,
        path: str,
        body: Any = b"",
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        headers = {
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **(headers or {}),
        }
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        return client.generic(method, path, data, content_type, headers=headers)

    return call


# --- Time and pushes --------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of this process, which only the test advances."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def new_minute(clock: Clock) -> None:
    """Start a new window of every rate limit, so that none ends during the test."""
    clock.advance(61 - clock() % 60)


@pytest.fixture(autouse=True, scope="session")
def mute() -> Iterator[None]:
    """Keep this process's own publisher still, also for a thread that outlives its test.

    Each of its heartbeats would be a gap for the hub of a test.
    """
    with pytest.MonkeyPatch.context() as patch:
        for method in ("publish", "end"):
            patch.setattr(push.publisher, method, lambda _: None)
        yield


@pytest.fixture(autouse=True)
def pushes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The data of every push, after the commit; only `live` publishes them."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        push.publisher, "publish", lambda text: sent.append(orjson.loads(text)["data"])
    )
    return sent


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digest of every token that ended, after the commit; only `live` publishes them."""
    digests: list[str] = []
    monkeypatch.setattr(push.publisher, "end", digests.extend)
    return digests


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Return a context manager that runs the on-commit callbacks at its end."""
    return partial(django_capture_on_commit_callbacks, execute=True)


# --- Other processes --------------------------------------------------------------------------


@setup_logging.connect
def leave_logging_alone(**kwargs: Any) -> None:
    """Keep Celery from removing pytest's log handlers."""


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Celery worker in a thread of this process."""
    # The worker starts it: this process's own would go on sending heartbeats in later tests.
    of_worker = Publisher()
    monkeypatch.setattr(tasks, "publisher", of_worker)
    current_app.control.purge()  # tasks of other tests
    with start_worker(current_app._get_current_object(), pool="solo", perform_ping_check=False):
        yield
        # The worker checks whether to stop after each task, otherwise every 2 s; it checks twice.
        for delay in (0.05, 0.15):
            threading.Timer(delay, find_offline_users.delay).start()
    of_worker.leave().result(5)


@pytest.fixture
def page(settings: Any) -> Iterator[str]:
    """The URL of a site that previews may fetch: "A page" at every path, 404 at /missing."""
    with serve_page() as address:
        settings.FLACK_PREVIEW_HOSTS = [address.removeprefix("http://")]
        yield address
