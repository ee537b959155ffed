"""The HTTP side of the server under test, and the people who use it."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

POLL = 0.05  # seconds
TRIES = 3  # a push may come twice after a delay that the server repairs, but not each time


@dataclass
class Person:
    """A registered user who is signed in."""

    id: int
    nickname: str
    password: str
    token: str


def new_nickname(word: str = "user") -> str:
    """Return an unused nickname, of at most 32 characters for words of up to 16."""
    return f"{word}-{secrets.token_hex(7)}"


def new_password() -> str:
    """Return a password that no validator refuses."""
    return secrets.token_urlsafe(12)


def path_of(location: str) -> str:
    """Take a Location, relative or absolute, and give its path."""
    return urlsplit(location).path


def eventually(look: Callable[[], Any], what: str, seconds: float) -> Any:
    """Look again and again until there is something, and give it; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(POLL)
    return found


class Flack:
    """A Flack server, by its URL. `patience` is how long, in seconds, it may take for anything."""

    def __init__(self, url: str, patience: float) -> None:
        """Open a connection pool that ignores the environment's proxies."""
        self.url = url.rstrip("/")
        self.patience = patience
        # Reading the certificates takes 20 ms of CPU time: only for a server with TLS.
        tls = not self.url.startswith("http://")
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=tls)

    def request(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """Send one request, with a bearer token if given; `options` are httpx's."""
        headers = dict(options.pop("headers", None) or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST and give its answer, or the one a 202 leads to."""
        return self.finished(self.request("POST", path, **options))

    def put(self, path: str, **options: Any) -> httpx.Response:
        """Send a PUT and give its answer, or the one a 202 leads to."""
        return self.finished(self.request("PUT", path, **options))

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """Send a DELETE."""
        return self.request("DELETE", path, **options)

    def finished(self, answer: httpx.Response) -> httpx.Response:
        """Take any answer; follow a 202 until its task is done and give the task's response.

        The reference says 404 for a task that still waits in its queue: a 404 counts once it lasts.
        """
        if answer.status_code != 202:
            return answer
        location, started = answer.headers["Location"], time.monotonic()
        queued = self.patience / 3
        while True:
            answer, waited = self.http.get(location), time.monotonic() - started
            done = answer.status_code != 202 and (answer.status_code != 404 or waited > queued)
            if done or waited > self.patience:
                return answer
            time.sleep(POLL)

    def sign_in(self, nickname: str, password: str) -> str:
        """Return a token for a nickname and its password."""
        answer = self.post("/api/tokens", auth=(nickname, password))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token

    def person(self, word: str = "user") -> Person:
        """Register a new user and sign in."""
        nickname, password = new_nickname(word), new_password()
        answer = self.post("/api/users", json={"nickname": nickname, "password": password})
        assert answer.status_code == 201, answer.text
        return Person(answer.json()["id"], nickname, password, self.sign_in(nickname, password))

    def user(self, user_id: int) -> dict[str, Any]:
        """Read a user."""
        user: dict[str, Any] = self.get(f"/api/users/{user_id}").json()
        return user

    def message(self, message_id: int) -> dict[str, Any]:
        """Read a message."""
        message: dict[str, Any] = self.get(f"/api/messages/{message_id}").json()
        return message

    def posted(self, author: Person, source: str, **options: Any) -> dict[str, Any]:
        """Post a message over HTTP and give it as the answer has it."""
        answer = self.post("/api/messages", token=author.token, json={"source": source}, **options)
        assert answer.status_code == 201, answer.text
        message: dict[str, Any] = answer.json()
        return message

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        """List the messages, with a query such as `updated_since=5`; follow `Link`."""
        messages: list[dict[str, Any]] = []
        path = f"/api/messages?{query}"
        while path:
            answer = self.get(path)
            messages += answer.json()["messages"]
            path = answer.links.get("next", {}).get("url", "")
        return messages
