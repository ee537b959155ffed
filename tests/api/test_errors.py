"""Tests of api/exceptions.py and api/parsers.py: every error is JSON, of one form."""

import re
from pathlib import Path

import pytest
from django.db import DataError, InterfaceError, OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from chat import actions, errors, views
from chat.actions import messages
from chat.errors import CODES
from chat.models import Message

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db

BODIES = [b"", b"{", b"nonsense", b"NaN", b'"text"', b"7", b"null", b"[]", b"[{}]", b"\xff",
          b"{}{}", b'"\\ud800"', b"[" * 100_000, b'\xef\xbb\xbf{"source": "a"}']  # fmt: skip


def assert_is_an_error(response, status):
    """Check the form of an error."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert set(body) - {"fields"} == {"error", "code"}
    assert body["code"] in CODES
    assert isinstance(body["error"], str)
    assert body["error"]
    assert all(isinstance(text, str) for texts in body.get("fields", {}).values() for text in texts)


def test_the_codes_are_documented():
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/API.md").read_text(), re.MULTILINE)
    assert set(CODES) <= set(rows)


def test_the_codes_of_nginx_are_those_of_the_api():
    block = re.search(
        r"map \$status \$flack_code \{(.*?)\}", (ROOT / "nginx/http.conf").read_text(), re.S
    )
    assert block
    assert set(re.findall(r"(\w+);", block[1])) <= set(CODES)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:12])
@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_a_body_that_is_no_json_object_is_a_400(alice, call, path, body):
    assert_is_an_error(call("POST", path, body, token=alice.token), 400)


@pytest.mark.parametrize("body", ["text", 7, True, None, [], [{}]], ids=repr)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/users"), ("PUT", "/api/users/{0.pk}"), ("POST", "/api/messages")],
)
def test_the_error_of_json_that_is_no_object_names_no_field(alice, call, method, path, body):
    response = call(method, path.format(alice), body, token=alice.token)
    assert response.status_code == 400
    assert response.json() == {"error": "The body must be a JSON object.", "code": "invalid"}


@given(st.binary(max_size=100))
def test_any_body_is_a_400_or_posts(alice, call, settings, body):
    settings.FLACK_RATE_LIMITS = False
    response = call("POST", "/api/messages", body, token=alice.token)
    assert_is_an_error(response, 400)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_type_is_a_400(alice, call, content_type):
    response = call(
        "POST", "/api/messages", b"source=a", token=alice.token, content_type=content_type
    )
    assert_is_an_error(response, 400)
    assert not Message.objects.exists()


def test_a_charset_does_not_matter(alice, call):
    response = call("POST", "/api/messages", {"source": "é"}, token=alice.token,
                    content_type="application/json; charset=latin-1")  # fmt: skip
    assert response.json()["source"] == "é"


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/users"), ("PATCH", "/api/users"), ("DELETE", "/api/users/1"),
     ("PUT", "/api/messages"), ("POST", "/api/users/1"), ("TRACE", "/api/users"),
     ("NONSENSE", "/api/messages")],
)  # fmt: skip
def test_a_method_that_does_not_exist_is_a_405(alice, call, method, path):
    assert_is_an_error(call(method, path, token=alice.token), 405)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    ["/api/nothing", "/api/users/", "/api/messages/1/", "/api/tokens/1", "/tasks/",
     "/tasks/status/x", "/api/users/1%2F", "/api/%00", "/api/users.json"],
)  # fmt: skip
def test_a_path_that_does_not_exist_is_a_404(call, method, path):
    assert_is_an_error(call(method, path), 404)


ACCEPTS = ["application/xml", "text/plain;q=0.5", "image/*", "nonsense", "*/*", "", "," * 100,
           "text/html; a*=x; a*0=y"]  # fmt: skip


@pytest.mark.parametrize("accept", ACCEPTS)
def test_an_error_is_json_for_every_accept_header(call, accept):
    assert_is_an_error(call("GET", "/api/users/1", headers={"Accept": accept}), 404)


@pytest.mark.parametrize("accept", ACCEPTS)
def test_a_client_that_accepts_no_json_gets_json(alice, call, accept):
    accepts = {"Accept": accept}
    assert call("GET", f"/api/users/{alice.pk}", headers=accepts).json() == alice.to_dict()
    response = call("POST", "/api/messages", {"source": "a"}, token=alice.token, headers=accepts)
    assert (response.status_code, response["Content-Type"]) == (201, "application/json")


@pytest.mark.parametrize("query", ["?format=xml", "?format=json", "?format=api", "?_method=DELETE"])
def test_a_query_does_not_change_the_format(call, query):
    assert call("GET", f"/api/users{query}").json() == {"users": []}


@pytest.fixture(params=[OperationalError, InterfaceError])
def database_away(request):
    """A database that cannot be reached."""

    def away(*args):
        raise request.param("away")

    with connection.execute_wrapper(away):
        yield


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/users", b""),
        ("GET", "/api/messages/1", b""),
        ("POST", "/api/messages", {"source": "a"}),
        ("PUT", "/api/messages/1", {"source": "a"}),
        ("POST", "/api/users", {"nickname": "Carol", "password": "staple-battery-horse"}),
        ("DELETE", "/api/tokens", b""),
    ],
)
@pytest.mark.parametrize("token", [None, "0" * 64])
def test_an_unavailable_database_is_a_503_with_retry_after(
    database_away, call, method, path, body, token
):
    response = call(method, path, body, token=token)
    if response.status_code == 401:  # no user was looked up
        assert token is None
        return
    assert_is_an_error(response, 503)
    assert int(response["Retry-After"]) > 0


def test_a_database_that_fails_during_a_request_changes_nothing(alice, call, monkeypatch):
    def away(instance):
        raise OperationalError("away")

    message = alice.messages.create(source="a")
    monkeypatch.setattr(messages, "push_model", away)
    response = call("PUT", f"/api/messages/{message.pk}", {"source": "b"}, token=alice.token)
    assert_is_an_error(response, 503)
    assert Message.objects.get().source == "a"


def test_an_unexpected_error_is_a_500_in_json(alice, call, client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(actions, "prepare_post", lambda **kwargs: 1 / 0)
    assert_is_an_error(call("POST", "/api/messages", {"source": "a"}, token=alice.token), 500)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="limits the pages of SQLite's file")
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_a_503_and_the_log_has_the_reason_once(alice, call, caplog, monkeypatch):
    monkeypatch.setattr(errors, "_next_log", 0.0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1")  # no page more than there are
        try:
            body = {"source": "word " * 1500}
            statuses = {call("POST", "/api/messages", body, token=alice.token).status_code
                        for _ in range(20)}  # fmt: skip
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert 503 in statuses <= {201, 503}
    lines = [record.message for record in caplog.records if record.name == "chat.errors"]
    assert lines == ["Database unavailable error=database or disk is full"]
    assert call("POST", "/api/messages", {"source": "a"}, token=alice.token).status_code == 201


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_an_unavailable_database_is_a_503_outside_the_api_too(client, monkeypatch, error):
    def away(*args):
        raise error("away")

    monkeypatch.setattr(views, "render", away)
    client.raise_request_exception = False
    response = client.get("/")
    assert_is_an_error(response, 503)
    assert int(response["Retry-After"]) > 0


@pytest.mark.attack("Broken requests, headers and handshakes")
def test_a_nul_in_the_session_cookie_is_no_server_error(client):
    client.raise_request_exception = False
    response = client.get("/admin/", headers={"Cookie": 'sessionid="12345678\\000"'})
    assert response.status_code == (400 if connection.vendor == "postgresql" else 302)


def test_a_value_that_the_database_cannot_store_is_a_400(call):
    def refuse(*args):
        raise DataError("text fields cannot contain NUL (0x00) bytes")

    with connection.execute_wrapper(refuse):
        assert_is_an_error(call("GET", "/api/users"), 400)
