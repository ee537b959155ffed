"""Web pages for links to point at, served on loopback by the suite itself."""

import itertools
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """What a path answers, and how many seconds it takes."""

    body: str
    status: int
    seconds: float
    location: str | None


class Pages:
    """A web server of one test run; port 0 lets the system choose."""

    def __init__(self, port: int) -> None:
        """Serve from now on, on a thread."""
        self.hits: Counter[str] = Counter()
        self._pages: dict[str, Page] = {}
        self._numbers = itertools.count(int(time.time() * 1000))
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(
        self, body: str, *, status: int = 200, seconds: float = 0, location: str | None = None
    ) -> str:
        """Serve a page at a URL of its own and give the URL."""
        path = f"/{next(self._numbers)}"
        self._pages[path] = Page(body, status, seconds, location)
        return self.url + path

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.hits[pages.url + self.path] += 1
                page = pages._pages.get(self.path.split("?")[0], Page("", 404, 0, None))
                time.sleep(page.seconds)
                body = page.body.encode()
                self.send_response(page.status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                if page.location:
                    self.send_header("Location", page.location)
                self.end_headers()
                with suppress(ConnectionError):  # a worker that was killed waits no longer
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        return Handler
