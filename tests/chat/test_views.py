"""Tests of chat/views.py: the page, statistics, health."""

import json
import os
import re
import shutil
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from chat import views
from chat.observability import stats
from chat.tasks import PREVIEWS_SEEN, WORKER_SEEN

pytestmark = pytest.mark.django_db
STATIC = Path(views.__file__).parent / "static/chat"


@pytest.fixture(autouse=True)
def failed(monkeypatch):
    """The checks whose failure is logged: none at the start of a test."""
    monkeypatch.setattr(views, "_failed", set())


def test_the_page_is_the_browser_chat(client):
    response = client.get("/")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")


def test_the_page_needs_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/")


def test_the_page_has_nothing_that_its_policy_forbids(client):
    html = client.get("/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*json)|<style|\bstyle=|\son\w+=", html)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", html)


def test_the_page_preloads_every_module_once(client):
    html = client.get("/").content.decode()
    loaded = re.findall(
        r'(?:modulepreload" href|<script[^>]* src)="/static/chat/([\w-]+\.js)"', html
    )
    modules = {path.name for path in STATIC.glob("*.js")}
    assert sorted(loaded) == sorted(modules - {"ticker.js"})


def test_the_page_describes_itself_to_search_engines_and_social_cards(client):
    html = client.get("/").content.decode()
    found = dict(re.findall(r'<meta (?:name|property)="([\w:-]+)" content="([^"]+)"', html))
    assert found["description"] == found["og:description"] != ""
    assert found["og:image"] == "http://testserver/static/chat/icon.png"
    assert "viewport-fit=cover" in found["viewport"]


def test_the_bar_of_the_browser_has_the_color_of_the_page(client):
    html = client.get("/").content.decode()
    bars = re.findall(
        r'name="theme-color" content="(.+?)" media="\(prefers-color-scheme: (\w+)\)"', html
    )
    paper = re.search(r"--paper: light-dark\((.+?), (.+?)\)", (STATIC / "theme.css").read_text())
    assert bars == [(paper[1], "light"), (paper[2], "dark")]
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text())
    assert manifest["theme_color"] == manifest["background_color"] == paper[1]


def test_the_page_is_installable(client):
    html = client.get("/").content.decode()
    (path,) = re.findall(r'<link rel="manifest" href="([^"]+)"', html)
    assert client.head(path)["Content-Type"] == "application/manifest+json"
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text())
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        found = client.head(urljoin(path, icon["src"]))
        assert (found.status_code, found["Content-Type"]) == (200, icon["type"])
    assert "manifest-src 'self'" in client.get("/")["Content-Security-Policy"]


def test_the_icon_is_found_where_browsers_look_for_it(client):
    response = client.get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (301, "/static/chat/icon.png")


def test_without_javascript_the_page_leads_to_the_messages(client):
    html = client.get("/").content.decode()
    (sentence,) = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    (path,) = re.findall(r'href="([^"]+)"', sentence)
    assert client.get(path).status_code == 200


def test_statistics_count_requests(client):
    for _ in range(15):
        stats.add_request()
    assert client.get("/stats").json() == {"requests_per_second": 1.0}


def test_statistics_without_their_cache_are_unavailable(client, no_cache):
    response = client.get("/stats")
    assert response.status_code == 503
    assert list(response.json()) == ["error", "code"]


def test_health_needs_nothing(client, no_cache, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_all_parts_at_work_are_ready(client):
    cache.set_many({WORKER_SEEN: True, PREVIEWS_SEEN: True})
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "database": "ok",
        "redis": "not used",
        "worker": "ok",
        "previews": "ok",
        "push": "not used",
    }


def test_push_that_does_not_work_is_not_ready(client, monkeypatch):
    cache.set(WORKER_SEEN, True)
    monkeypatch.setattr(views.hub, "state", lambda: "unavailable")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["push"] == "unavailable"


def test_a_hub_that_cannot_be_restarted_is_not_healthy(client, monkeypatch):
    monkeypatch.setattr(views.hub, "is_broken", lambda: True)
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize(
    ("seen", "missing"), [(PREVIEWS_SEEN, "worker"), (WORKER_SEEN, "previews")]
)
def test_without_a_worker_a_node_is_ready_but_degraded(client, seen, missing):
    cache.set(seen, True)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (200, True)
    assert [name for name, state in response.json().items() if state == "degraded"] == [missing]


def test_without_redis_flack_is_not_ready(client, no_cache, settings):
    settings.REDIS_URL = "unix:///nonexistent"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["redis"] == "unavailable"


@pytest.mark.usefixtures("cache_without_writes")
def test_with_a_redis_that_cannot_be_written_flack_is_not_ready(client, caplog):
    responses = [client.get("/readyz") for _ in range(2)]
    assert [(each.status_code, each.json()["redis"]) for each in responses] == [
        (503, "unavailable")
    ] * 2
    lines = [line for line in caplog.messages if "service=redis" in line]
    assert len(lines) == 1
    assert re.search("OOM|maxmemory|read only", lines[0])


def test_without_a_database_flack_is_not_ready(client):
    cache.set(WORKER_SEEN, True)

    def away(*args):
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "unavailable"


def test_a_failed_check_is_logged_once_and_shows_no_address(client, caplog):
    def away(*args):
        raise OperationalError("10.0.0.5 refused the connection")

    assert client.get("/readyz").json()["database"] == "ok"
    with connection.execute_wrapper(away):
        responses = [client.get("/readyz") for _ in range(2)]
    assert all(b"10.0.0.5" not in response.content for response in responses)
    lines = [line for line in caplog.messages if "10.0.0.5" in line]
    assert lines == [
        "Readiness check failed service=database error=10.0.0.5 refused the connection"
    ]
    assert client.get("/readyz").json()["database"] == "ok"


def test_a_worker_that_has_not_reported_is_logged_only_after_the_start(client, caplog, monkeypatch):
    monkeypatch.setattr(views, "_started", time.monotonic())
    assert client.get("/readyz").json()["worker"] == "degraded"
    assert caplog.messages == []
    monkeypatch.setattr(views, "_started", time.monotonic() - views.STARTING)
    assert client.get("/readyz").json()["worker"] == "degraded"
    assert caplog.messages == [
        f"Readiness check failed service={name} error=no worker has reported lately"
        for name in ("worker", "previews")
    ]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="another database has its own disk")
def test_on_a_full_disk_flack_is_not_ready(client, caplog, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=views.MIN_FREE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "disk full")
    assert any("service=database error=the disk is full" in line for line in caplog.messages)
    monkeypatch.undo()
    assert client.get("/readyz").json()["database"] == "ok"


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite alone")
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_with_a_database_file_that_cannot_be_written_flack_is_not_ready(
    client, caplog, monkeypatch, kind
):
    file = connection.settings_dict["NAME"]
    refused = Path(file) if kind == "file" else Path(file).parent
    monkeypatch.setattr(os, "access", lambda path, mode: path != refused)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "unavailable")
    assert any("service=database error=the database is read-only" in m for m in caplog.messages)


@pytest.mark.parametrize("path", ["/", "/stats", "/healthz", "/readyz"])
def test_these_are_only_read(client, path):
    assert client.post(path).status_code == 405


def test_what_does_not_exist_is_not_found_in_json(client):
    response = client.get("/nowhere")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Not found.", "code": "not_found"},
    )


def test_a_host_that_is_not_allowed_is_a_400_in_json(client):
    response = client.get("/api/users", headers={"Host": "evil.example"})
    assert (response.status_code, list(response.json())) == (400, ["error", "code"])


def test_an_unexpected_error_is_a_500_in_json(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(stats, "requests_per_second", lambda: 1 / 0)
    response = client.get("/stats")
    assert (response.status_code, list(response.json())) == (500, ["error", "code"])


@pytest.mark.parametrize("path", ["/", "/api/users", "/admin/login/", "/nowhere"])
def test_every_answer_carries_a_strict_policy(client, path):
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
