"""Helpers of the tests: a password, a clock, a page, and a way to wait."""

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection

from chat import actions
from chat.models import User

PASSWORD = "staple-battery-horse"
NO_REDIS = "unix:///nonexistent/valkey.sock"


def signed_in(user: User) -> Any:
    """Return the user with a valid token in the attribute `token`."""
    user.token = actions.issue_token(user=user)  # type: ignore[attr-defined]
    return user


def basic(nickname: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the header of Basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{nickname}:{password}".encode()).decode()}


def redis_cache(url: str) -> dict[str, Any]:
    """Return the setting CACHES for the Redis at this URL."""
    return {
        "default": {
            "BACKEND": "flack_project.cache.Cache",
            "LOCATION": url,
            "OPTIONS": {"serializer": "flack_project.cache.JSONSerializer"},
        }
    }


def index_words() -> None:
    """Index the newest messages before their batch is complete; PostgreSQL has no batches."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE indexed_messages SET last_id = (SELECT max(id) FROM chat_message)"
            )


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until the condition is true, and return its result."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not true after {seconds:g} s"
        time.sleep(0.02)
    return answer


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """Call functions in threads that start together; return what each returned or raised."""
    barrier = threading.Barrier(len(functions))
    results: list[Any] = [None] * len(functions)

    def run(index: int, function: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[index] = function()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Clock:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self.now += seconds


class Page(BaseHTTPRequestHandler):
    """A site of pages with a title and a description."""

    def do_GET(self) -> None:
        """Answer 200 with the page, or 404 for /missing."""
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b'<title>A page</title><meta name="description" content="It says so.">')

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


PREVIEW = '<blockquote><p><a href="{}">A page</a></p><p>It says so.</p></blockquote>'


@contextmanager
def serve_page(page: type[Page] = Page) -> Iterator[str]:
    """Serve a page on the loopback interface; yields its URL."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), page)
    threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()
