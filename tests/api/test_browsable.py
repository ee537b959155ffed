"""Tests of the browsable pages: what a person sees who opens the API in a browser."""

import re

import pytest
from django.test import Client

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
    ("/api/tokens", 405),
    ("/tasks/status/00000000-0000-0000-0000-000000000000", 404),
    ("/api/users/999999", 404),
    ("/api/messages?limit=x", 400),
]


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
    assert "/api-auth/login/" in html(response)


@pytest.mark.parametrize(("text", "status"), PAGES)
def test_who_is_signed_in_sees_every_page(path, alice, client, browser, text, status):
    client.force_login(alice)
    response = browser(path(text))
    assert response.status_code == (405 if text == "/api/tokens" else status)
    assert text.startswith("/tasks/") or "Alice" in html(response)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(("text", "status"), PAGES)
def test_a_page_changes_nothing(path, alice, client, browser, text, status, signed_in, pushes):
    if signed_in:
        client.force_login(alice)
    before = [*User.objects.to_dicts(), *Message.objects.to_dicts()]
    browser(path(text))
    assert [*User.objects.to_dicts(), *Message.objects.to_dicts()] == before


@pytest.mark.parametrize(("text", "status"), [*PAGES, ("/api-auth/login/", 200)])
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


@pytest.mark.parametrize(
    ("text", "method", "for_strangers"),
    [("/api/users", "POST", True), ("/api/messages", "POST", False),
     ("/api/users/{user}", "PUT", False), ("/api/messages/{message}", "PUT", False)],
)  # fmt: skip
def test_a_form_is_drawn_for_whom_it_works(
    path, alice, client, browser, text, method, for_strangers
):
    button = f'title="Make a {method} request'
    assert (button in html(browser(path(text)))) is for_strangers
    client.force_login(alice)
    assert button in html(browser(path(text)))


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
    [token] = re.findall(r'"csrfToken": "(\w+)"', page)
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
