"""Tests of flack_project/middleware.py, and of the other headers that a browser obeys."""

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from redis import RedisError

from chat import views
from chat.observability import stats
from chat.realtime.hub import hub
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

PAGES = ["/", "/admin/login/", "/api-auth/login/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_use_no_camera_and_no_microphone(client, path):
    policy = client.get(path)["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


def away(*args, **kwargs):
    """Fail as the database, the cache or the hub does while a service is unavailable."""
    raise OperationalError("away") if args else RedisError("away")


@pytest.mark.parametrize(
    ("path", "module", "name", "failing"),
    [
        ("/", views, "render", away),
        ("/api/users", BaseDatabaseWrapper, "cursor", away),
        ("/stats", stats, "requests_per_second", away),
        ("/healthz", hub, "is_broken", lambda: True),
        ("/readyz", hub, "state", lambda: "unavailable"),
    ],
)
def test_each_503_names_the_seconds_until_a_client_should_try_again(
    client, monkeypatch, path, module, name, failing
):
    monkeypatch.setattr(module, name, failing)
    answer = client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("path", [*PAGES, "/api/users", "/nowhere"])
def test_every_answer_keeps_to_itself(client, path):
    answer = client.get(path)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer


def test_the_debug_page_of_django_may_use_its_inline_styles(settings, client):
    settings.DEBUG = True
    assert "Content-Security-Policy" not in client.get("/nowhere")
    assert "Content-Security-Policy" in client.get("/api/users")


@pytest.fixture
def tls(settings):
    """The settings of a Flack behind TLS."""
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT = True


def test_over_tls_every_answer_asks_for_it(tls, client):
    answer = client.get("/api/users", headers={"X-Forwarded-Proto": "https"})
    assert (answer.status_code, answer["Strict-Transport-Security"]) == (200, "max-age=63072000")


def test_without_tls_only_the_balancer_is_answered(tls, client):
    assert client.get("/api/users")["Location"] == "https://testserver/api/users"
    for path in ("/healthz", "/readyz"):
        assert client.get(path).status_code in (200, 503)


def test_cookies_are_out_of_reach_of_scripts_other_sites_and_plain_http(tls, client, alice):
    over_tls = {"X-Forwarded-Proto": "https"}
    token = client.get("/api-auth/login/", headers=over_tls).cookies["csrftoken"]
    account = {"username": "Alice", "password": PASSWORD}
    session = client.post("/api-auth/login/", account, headers=over_tls).cookies["sessionid"]
    assert session["httponly"] and session["samesite"] == token["samesite"] == "Lax"
    assert session["secure"] and token["secure"]
