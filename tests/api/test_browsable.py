"""Tests of the browsable pages: what a person sees who opens the API in a browser."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils.html import strip_tags

from chat.models import Message, User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

# As Chromium asks.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = [
    ("/api", 200),
    ("/api/users", 200),
    ("/api/users/{user}", 200),
    ("/api/messages", 200),
    ("/api/messages/{message}", 200),
    ("/api/users/me", 401),
    ("/api/tokens", 200),
    ("/tasks/status/00000000-0000-0000-0000-000000000000", 404),
    ("/api/users/999999", 404),
    ("/api/messages?limit=x", 400),
]
OTHERS = [("/api-auth/login/", 200), ("/api/schema/", 200), ("/api/schema/socket", 200)]


@pytest.fixture
def path(alice):
    """A function that fills the ids of Alice and of a message of hers into a path."""
    message = alice.messages.create(source="<b>hi</b>")
    return lambda text: text.format(user=alice.pk, message=message.pk)


@pytest.fixture
def browser(client):
    """A function that opens a page."""
    return lambda path: client.get(path, headers=HTML)


@pytest.fixture
def strict():
    """A browser whose forms are checked as in production."""
    return Client(enforce_csrf_checks=True)


def html(response):
    """Return the page of a response."""
    assert response["Content-Type"] == "text/html; charset=utf-8"
    return response.content.decode()


@pytest.mark.parametrize(("text", "status"), PAGES)
def test_a_stranger_sees_every_page(path, browser, text, status):
    response = browser(path(text))
    assert response.status_code == status
    assert "Flack" in html(response)
    assert ">Sign in</a>" in html(response)


@pytest.mark.parametrize(("text", "status"), PAGES)
def test_who_is_signed_in_sees_every_page(path, alice, client, browser, text, status):
    client.force_login(alice)
    response = browser(path(text))
    assert response.status_code == (200 if text == "/api/users/me" else status)
    assert "<bdi>Alice</bdi>" in html(response)
    assert "<button>Sign out</button>" in html(response)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(("text", "status"), PAGES)
def test_a_page_changes_nothing(path, alice, client, browser, text, status, signed_in, pushes):
    if signed_in:
        client.force_login(alice)
    before = [*User.objects.to_dicts(), *Message.objects.to_dicts()]
    browser(path(text))
    assert [*User.objects.to_dicts(), *Message.objects.to_dicts()] == before


@pytest.mark.parametrize(("text", "status"), [*PAGES, *OTHERS])
@pytest.mark.parametrize("signed_in", [False, True])
def test_a_page_runs_no_script_but_our_own(path, alice, client, browser, text, status, signed_in):
    if signed_in:
        client.force_login(alice)
    page = html(browser(path(text)))
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
    assert not re.search(r"<[^>]*\son\w+=|javascript:", page)
    assert not re.search(r"""<(?:script|link|img)[^>]*(?:src|href)=["']?(?:https?:)?//""", page)


def test_what_people_wrote_is_escaped(path, browser):
    assert "<b>hi</b>" not in html(browser(path("/api/messages")))


def test_a_session_is_opened_by_the_form(alice, strict):
    page = html(strict.get("/api-auth/login/?next=/api/messages"))
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = {"username": "Alice", "password": PASSWORD, "next": "/api/messages"}
    assert strict.post("/api-auth/login/", form).status_code == 403
    response = strict.post("/api-auth/login/", {**form, "csrfmiddlewaretoken": token})
    assert (response.status_code, response["Location"]) == (302, "/api/messages")
    assert "Alice" in html(strict.get("/api/messages", headers=HTML))


def test_a_session_that_names_no_page_goes_to_one(alice, client):
    response = client.post("/api-auth/login/", {"username": "Alice", "password": PASSWORD})
    assert client.get(response["Location"], headers=HTML).status_code == 200


def test_a_wrong_password_is_shown_on_the_page(alice, client):
    response = client.post("/api-auth/login/", {"username": "Alice", "password": "x"})
    assert "correct" in html(response)


def test_a_session_posts_only_with_the_token_of_its_form(alice, strict):
    strict.force_login(alice)
    body = {"source": "hi"}
    refused = strict.post("/api/messages", body, "application/json")
    assert (refused.status_code, list(refused.json())) == (403, ["error", "code"])
    page = html(strict.get("/api/messages", headers=HTML))
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    posted = strict.post("/api/messages", body, "application/json", headers={"X-CSRFToken": token})
    assert (posted.status_code, posted.json()["user_id"]) == (201, alice.pk)


def test_a_token_needs_no_token_of_a_form(alice, strict):
    headers = {"Authorization": f"Bearer {alice.token}"}
    posted = strict.post("/api/messages", {"source": "hi"}, "application/json", headers=headers)
    assert posted.status_code == 201


def test_a_session_is_closed_by_its_form(alice, strict):
    strict.force_login(alice)
    page = html(strict.get("/api/messages", headers=HTML))
    [(action, token)] = re.findall(
        r'<form[^>]* action="(/api-auth/logout/[^"]*)">\s*<input[^>]*value="(\w+)"', page
    )
    response = strict.post(action, {"csrfmiddlewaretoken": token})
    assert (response.status_code, response["Location"]) == (302, "/api/messages")
    assert "/api-auth/login/" in html(strict.get("/api/messages", headers=HTML))


def test_a_session_ends_with_the_password(alice, client):
    client.force_login(alice)
    path = f"/api/users/{alice.pk}"
    changed = client.put(path, {"password": "another-good-one"}, "application/json")
    assert changed.status_code == 204
    assert client.put(path, {"nickname": "x"}, "application/json").status_code == 401


def test_the_session_of_an_inactive_user_is_anonymous(alice, client):
    client.force_login(alice)
    User.objects.update(is_active=False)
    assert client.post("/api/messages", {"source": "a"}, "application/json").status_code == 401


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html"])
def test_a_program_gets_json(path, call, accept):
    response = call("GET", path("/api/users/{user}"), headers={"Accept": accept})
    assert response["Content-Type"] == "application/json"
    assert response.content.startswith(b'{"id":')


@pytest.mark.parametrize("text", ["/api/users", "/api/messages/{message}", "/api/tokens"])
def test_options_describe_an_endpoint(path, call, text):
    response = call("OPTIONS", path(text))
    assert response.status_code in (200, 401)
    assert response["Content-Type"] == "application/json"


def links(page):
    """Return where the links of a page lead."""
    return set(map(unescape, re.findall(r'<a [^>]*href="([^"]+)"', page)))


def test_every_page_is_reached_from_the_index(alice, client, browser):
    client.force_login(alice)
    alice.messages.create(source="hi")
    found, new = set(), {"/api"}
    while new:
        path = new.pop()
        found.add(path)
        response = browser(path)
        assert response.status_code == 200, path
        if path != "/" and response["Content-Type"].startswith("text/html"):
            new |= links(response.content.decode()) - found
    assert found >= {
        *("/", "/api/users", f"/api/users/{alice.pk}", "/api/users/me", "/api/messages"),
        *(f"/api/messages?user_id={alice.pk}", f"/api/messages/{alice.messages.get().pk}"),
        *("/api/tokens", "/api/deletions", "/api/schema/", "/api/schema/openapi.json"),
        *("/api/schema/socket", "/api/schema/asyncapi.json"),
    }


@pytest.mark.parametrize("path", ["/api", "/api/schema/", "/"])
def test_chat_api_and_documentation_link_each_other(browser, path):
    assert links(html(browser(path))) >= {"/api", "/api/schema/", "/"} - {path}


@pytest.mark.parametrize(
    ("path", "canonical"),
    [("/api/", "/api"), ("/api/schema", "/api/schema/"), ("/admin", "/admin/")],
)
def test_a_path_with_or_without_slash_redirects_to_the_canonical_one(client, path, canonical):
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, canonical)
    assert client.post(path).status_code == 405


def test_the_json_of_a_page_stays_relative_and_its_links_are_links(path, alice, call, browser):
    shown = re.search(
        r"<pre[^>]*>.*?\n\n(.*?)</pre>", html(browser(path("/api/users/{user}"))), re.S
    )[1]
    assert f'"<a href="/api/users/{alice.pk}">/api/users/{alice.pk}</a>"' in unescape(shown)
    assert json.loads(unescape(strip_tags(shown))) == call("GET", path("/api/users/{user}")).json()


@pytest.mark.parametrize(
    "source", ["<b>&</b>", "/api/x y", '"/api"', "javascript:a", "//a.example/"]
)
def test_the_json_of_a_page_is_as_a_client_receives_it(alice, call, browser, source):
    message = alice.messages.create(source=source, html=source)
    page = html(browser(f"/api/messages/{message.pk}"))
    shown = re.search(r"<pre[^>]*>.*?\n\n(.*?)</pre>", page, re.S)[1]
    assert (
        json.loads(unescape(strip_tags(shown))) == call("GET", f"/api/messages/{message.pk}").json()
    )
    assert len(re.findall("<a ", shown)) == 2


def test_the_headers_of_a_page_have_links(alice, client, browser, settings):
    client.force_login(alice)
    page = html(client.post("/api/messages", {"source": "a"}, "application/json", headers=HTML))
    pk = alice.messages.get().pk
    assert f'Location:</span> <a href="/api/messages/{pk}">' in page


@pytest.mark.parametrize(("text", "status"), [*PAGES, *OTHERS])
def test_each_page_has_viewport_icon_and_dark_theme(path, browser, text, status):
    page = html(browser(path(text)))
    assert '<html lang="en">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert '<link rel="icon" href="/static/chat/icon.svg">' in page
    assert ">Sign in</" in page
    css = Path(finders.find("chat/theme.css")).read_text()
    assert "chat/theme.css" in page and "color-scheme: light dark" in css
