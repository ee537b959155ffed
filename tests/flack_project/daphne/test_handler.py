"""Tests of flack_project/daphne/handler.py: HTTP by ASGI, in this process."""

import asyncio
import threading
from pathlib import Path

import orjson
import pytest
import rest_framework
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from prometheus_client.parser import text_string_to_metric_families

from chat.models import User
from chat.observability import stats, tracing
from chat.threads import in_thread
from flack_project.daphne.handler import HTTPHandler, flush_stats
from tests.kit import PASSWORD
from tests.stack.corpus_requests import PARAMETERS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("live")]

FOLDER = Path(rest_framework.__file__).parent / "static"
STYLE = (FOLDER / "rest_framework/css/bootstrap.min.css").read_bytes()


@pytest.fixture
def ask():
    """A function that sends a request as ASGI messages and returns status, headers and chunks."""
    handler = HTTPHandler()

    async def ask(method, path, *bodies, query=b"", headers=()):
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": [(b"host", b"localhost"), *headers],
        }
        client = ApplicationCommunicator(handler, scope)
        for body in bodies:
            await client.send_input({"type": "http.request", "body": body, "more_body": True})
        await client.send_input({"type": "http.request"})
        start = await client.receive_output(5)
        chunks = []
        while True:
            message = await client.receive_output(5)
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        await client.wait(5)
        return start["status"], start["headers"], chunks

    return ask


async def test_a_request_is_answered(ask):
    status, headers, chunks = await ask("GET", "/healthz")
    assert (status, b"".join(chunks)) == (200, b'{"status": "ok"}')
    assert (b"Content-Type", b"application/json") in headers


async def test_a_path_that_is_requested_again_has_its_own_view_and_arguments(ask, alice):
    posted = [await alice.messages.acreate(source=str(number)) for number in range(2)]
    for message in posted * 2:
        _, _, body = await ask("GET", f"/api/messages/{message.pk}")
        assert orjson.loads(b"".join(body))["id"] == message.pk
        assert (await ask("GET", f"/api/message/{message.pk}"))[0] == 404


async def test_a_body_may_come_in_parts(ask):
    body = orjson.dumps({"nickname": "Alice", "password": PASSWORD})
    json = [(b"content-type", b"application/json")]
    status, headers, _ = await ask("POST", "/api/users", body[:5], body[5:], b"", headers=json)
    user = await in_thread(User.objects.get)
    assert status == 201
    assert dict(headers)[b"Location"] == f"/api/users/{user.pk}".encode()


async def test_each_cookie_is_a_header(ask):
    _, headers, _ = await ask("GET", "/api-auth/login/")
    cookies = [value for name, value in headers if name == b"Set-Cookie"]
    assert [cookie.partition(b"=")[0] for cookie in cookies] == [b"csrftoken"]


@pytest.mark.parametrize("parts", [1, 3])
async def test_a_body_that_is_too_big_is_a_413(ask, parts):
    size = django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    bodies = [b"x" * (size // parts + 1)] * parts
    status, _, chunks = await ask("POST", "/api/users", *bodies)
    assert status == 413
    assert list(orjson.loads(b"".join(chunks))) == ["error", "code"]


async def test_a_body_of_just_the_size_is_read(ask):
    body = b"x" * django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    status, _, chunks = await ask(
        "POST", "/api/users", body, headers=[(b"content-type", b"application/json")]
    )
    assert status == 400
    assert b"not JSON" in b"".join(chunks)


async def test_a_query_that_is_not_utf_8_is_400(ask):
    status, _, chunks = await ask("GET", "/api/users", query=b"online=\xff")
    assert (status, list(orjson.loads(chunks[0]))) == (400, ["error", "code"])


@pytest.mark.attack("Broken requests, headers and handshakes")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("parameters", PARAMETERS, ids=lambda parameters: parameters[:20])
async def test_a_content_type_that_cannot_be_read_is_400(ask, method, parameters):
    headers = [(b"content-type", b"application/json; " + parameters)]
    status, _, chunks = await ask(method, "/api/users", headers=headers)
    assert status == 400
    assert orjson.loads(chunks[0]) == {
        "error": "The Content-Type cannot be read.",
        "code": "invalid",
    }


async def test_a_client_that_disconnects_gets_no_response():
    scope = {"type": "http", "method": "POST", "path": "/api/users", "headers": []}
    client = ApplicationCommunicator(HTTPHandler(), scope)
    await client.send_input({"type": "http.request", "body": b"{", "more_body": True})
    await client.send_input({"type": "http.disconnect"})
    await client.wait(5)
    assert client.output_queue.empty()


async def test_a_static_file_is_streamed_whole(ask):
    status, headers, chunks = await ask("GET", "/static/rest_framework/css/bootstrap.min.css")
    assert status == 200
    assert b"".join(chunks) == STYLE
    assert len(chunks) > 2
    assert dict(headers)[b"Content-Length"] == str(len(STYLE)).encode()


async def test_a_static_file_that_did_not_change_is_not_sent_again(ask):
    path = "/static/rest_framework/css/default.css"
    _, headers, _ = await ask("GET", path)
    same = [(b"if-modified-since", dict(headers)[b"Last-Modified"])]
    status, _, chunks = await ask("GET", path, headers=same)
    assert (status, b"".join(chunks)) == (304, b"")


async def test_a_static_file_that_does_not_exist_is_a_404(ask):
    assert (await ask("GET", "/static/../manage.py"))[0] == 404


@pytest.mark.parametrize(
    "path", ["/healthz", "/static/rest_framework/css/default.css", "/nowhere", "/%"]
)
async def test_each_request_starts_and_finishes_once(ask, path):
    signals = []

    def note(signal, **kwargs):
        signals.append(signal)

    for signal in (request_started, request_finished):
        signal.connect(note)
    try:
        await ask("GET", path)
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(note)
    assert signals == [request_started, request_finished]


async def test_as_many_requests_run_at_once_as_there_are_threads(ask, monkeypatch):
    barrier = threading.Barrier(django_settings.FLACK_THREADS)
    monkeypatch.setattr(stats, "requests_per_second", lambda: barrier.wait(10) and 1.0)
    requests = (ask("GET", "/stats") for _ in range(django_settings.FLACK_THREADS))
    assert [status for status, _, _ in await asyncio.gather(*requests)] == [
        200
    ] * django_settings.FLACK_THREADS


async def test_requests_are_counted(ask):
    for _ in range(3):
        await ask("GET", "/healthz")
    assert stats.requests_per_second() == 3 / stats.WINDOW


async def test_a_request_is_counted_by_method_route_and_status(ask):
    labels = {"method": "GET", "route": "message-detail", "status": "404"}

    async def counted():
        _, _, body = await ask("GET", "/metrics")
        samples = (
            sample
            for family in text_string_to_metric_families(b"".join(body).decode())
            for sample in family.samples
        )
        return sum(s.value for s in samples if s[:2] == ("flack_requests_total", labels))

    before = await counted()
    await ask("GET", "/api/messages/999999")
    assert await counted() == before + 1


def test_request_counts_are_dropped_while_the_cache_is_unavailable(no_cache, caplog):
    stats.add_request()
    flush_stats()
    assert "Requests not counted error=" in caplog.text


def test_request_counts_are_written_without_the_id_of_the_last_request():
    tracing.begin({"headers": []})
    flush_stats()
    assert tracing.request_id.get() == tracing.NONE
