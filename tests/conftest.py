"""What the unit tests share.

Everything here is real: a database file that all threads open, Flack's own channel layer and cache,
Valkey and servers as processes of their own. Two things are stood in for: time, which a test sets
forward instead of waiting, and the page that a link leads to.
"""

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
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chat import clock as flack_clock
from chat.models import User
from chat.realtime import leases, presence, push
from chat.tasks import find_offline_users
from chat.threads import pool
from tests.frames import pytest_configure  # noqa: F401  # a hook
from tests.kit import PASSWORD, Clock, serve_page, signed_in
from tests.processes import (  # noqa: F401  # fixtures
    any_cache,
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
    postgresql_stack,
    preview_hosts,
    sqlite_stack,
    stack,
)

# A slow machine is no failure, and a test's database may well be the same for all its examples.
hypothesis_settings.register_profile(
    "flack",
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("flack")


# --- Database, people, requests ---------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let SQLite use a file, which all threads share as they do in production."""
    database = connections.settings["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"] = {
            **database["TEST"],
            "NAME": str(tmp_path_factory.mktemp("db") / "db"),
        }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """In the end let the pool's threads go, or PostgreSQL does not drop what they are on."""
    yield
    everyone = threading.Barrier(django_settings.FLACK_THREADS)

    def leave() -> None:
        everyone.wait(10)  # so that each thread gets one
        connections.close_all()

    for _ in range(django_settings.FLACK_THREADS):
        pool.submit(leave)
    pool.shutdown()


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with no counted limits and nobody's socket open."""
    cache.clear()
    monkeypatch.setattr(flack_clock, "_check_at", float("inf"))  # it would undo what `clock` does
    monkeypatch.setattr(presence, "leases", leases.LocalLeases())


@pytest.fixture(scope="session")
def password_hash() -> str:
    """`PASSWORD`, hashed once for everybody."""
    return make_password(PASSWORD)


@pytest.fixture
def make_user(db: None, password_hash: str) -> Callable[..., User]:
    """Return a function that saves a user, who has not been seen yet."""

    def make_user(nickname: str, **fields: Any) -> User:
        return User.objects.create(nickname=nickname, password=password_hash, **fields)

    return make_user


@pytest.fixture
def alice(make_user: Callable[..., User]) -> User:
    """Alice, online, whose `token` is good."""
    return signed_in(make_user("Alice", online=True))


@pytest.fixture
def bob(make_user: Callable[..., User]) -> User:
    """Bob, online, whose `token` is good."""
    return signed_in(make_user("Bob", online=True))


@pytest.fixture
def call(client: Any) -> Callable[..., Any]:
    """Return a function that sends a request: JSON, or bytes as they are."""

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
    """The clock of all of this process."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def new_minute(clock: Clock) -> None:
    """Let no limit's window end during the test."""
    clock.advance(61 - clock() % 60)


@pytest.fixture(autouse=True)
def pushes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every push whose transaction was committed, as data; none goes further, but see `live`."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        push.publisher, "publish", lambda text: sent.append(orjson.loads(text)["data"])
    )
    return sent


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digest of every token whose end was committed; none goes further, but see `live`."""
    digests: list[str] = []
    monkeypatch.setattr(push.publisher, "end", digests.extend)
    return digests


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Return a context after which what waits for a commit is done, though nothing is committed."""
    return partial(django_capture_on_commit_callbacks, execute=True)


# --- Other processes --------------------------------------------------------------------------


@setup_logging.connect
def leave_logging_alone(**kwargs: Any) -> None:
    """Keep Celery from taking pytest's handlers away."""


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker in a thread of this process."""
    current_app.control.purge()  # what other tests asked for
    with start_worker(current_app._get_current_object(), pool="solo", perform_ping_check=False):
        yield
        # It looks every two seconds whether it shall end, or after a task; and then once more.
        for delay in (0.05, 0.15):
            threading.Timer(delay, find_offline_users.delay).start()


@pytest.fixture
def page(settings: Any) -> Iterator[str]:
    """The address of a site whose pages previews may fetch: "A page", and 404 for /missing."""
    with serve_page() as address:
        settings.FLACK_PREVIEW_HOSTS = [address.removeprefix("http://")]
        yield address
