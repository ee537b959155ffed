"""Tests of the forms of the browsable pages: where they are, what they hold, how they fail."""

import re
from html import unescape

import pytest
from django.test import Client

from chat.models import User
from tests.api.test_browsable import HTML, html

pytestmark = pytest.mark.django_db

BODIES = {
    "/api/users": {"nickname": "Carol", "password": "staple-battery-horse"},
    "/api/users/{user}": {"nickname": "Carol"},
    "/api/messages": {"source": "hi"},
    "/api/messages/{message}": {"source": "hi"},
    "/api/tokens": {},
}


@pytest.fixture
def paths(alice):
    """The paths of BODIES, of Alice and of a message of hers."""
    message = alice.messages.create(source="*hello*")
    return {path: path.format(user=alice.pk, message=message.pk) for path in BODIES}


@pytest.fixture
def page(client):
    """A function that sends a request, and returns the page."""
    return lambda method, path, body=None: html(
        client.generic(
            method,
            path,
            body if isinstance(body, str) else re.sub("'", '"', str(body or {})),
            "application/json",
            headers=HTML,
        )
    )


def buttons(text):
    """Return the methods that the forms of a page send."""
    return set(re.findall(r'<button name="method" value="(\w+)"', text))


def field(text, name, kind="input"):
    """Return the value of a field of a form."""
    if kind == "textarea":
        return unescape(re.search(rf'<textarea id="{name}"[^>]*>\n?([^<]*)<', text)[1])
    return unescape(re.search(rf'<input id="{name}"[^>]* value="([^"]*)"', text)[1])


def error(text, name):
    """Return the error that is shown at a field."""
    assert re.search(rf'id="{name}"[^>]* aria-invalid="true" aria-describedby="{name}-help"', text)
    return unescape(re.search(rf'id="{name}-help"><strong class="error">([^<]*)<', text)[1])


@pytest.mark.parametrize("who", ["a stranger", "Alice", "Bob", "an operator", "Alice, banned"])
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_form_is_shown_where_the_request_succeeds(
    paths, alice, bob, make_user, client, page, who, path, method
):
    User.objects.filter(pk=alice.pk).update(is_banned=who == "Alice, banned")
    people = {"Bob": bob, "an operator": make_user("operator", is_staff=True)}
    if who != "a stranger":
        client.force_login(people.get(who, alice))
    shown = method in buttons(page("GET", paths[path]))
    response = client.generic(
        method, paths[path], re.sub("'", '"', str(BODIES[path])), "application/json"
    )
    assert shown is (response.status_code < 400)


def test_a_form_holds_what_is_there(paths, alice, client, page):
    client.force_login(alice)
    text = page("GET", paths["/api/users/{user}"])
    assert (field(text, "put-nickname"), field(text, "put-password")) == ("Alice", "")
    assert field(text, "PUT-raw", "textarea") == '{\n  "nickname": "Alice"\n}'
    assert "Leave it empty to keep it." in text
    text = page("GET", paths["/api/messages/{message}"])
    assert re.search(r'<details><summary>This cannot.*value="DELETE".*</details>', text, re.S)
    assert field(text, "put-source", "textarea") == "*hello*"
    assert field(text, "PUT-raw", "textarea") == '{\n  "source": "*hello*"\n}'


def test_no_phone_changes_a_nickname_while_it_is_typed(page):
    nickname, password = re.findall(r'<input id="post-[^>]*>', page("GET", "/api/users"))
    for field in (nickname, password):
        for name, value in [
            ("autocapitalize", "none"),
            ("autocorrect", "off"),
            ("spellcheck", "false"),
        ]:
            assert f'{name}="{value}"' in field
    assert 'autocomplete="off"' in nickname
    assert 'autocomplete="new-password"' in password


def test_a_refused_registration_keeps_the_form_and_shows_each_error(alice, page):
    text = page("POST", "/api/users", {"nickname": "Alice", "password": "1"})
    assert "HTTP 400" in text
    assert error(text, "post-nickname") == "This nickname is taken."
    assert "too short" in error(text, "post-password")
    assert field(text, "post-nickname") == "Alice"
    assert field(text, "post-password") == ""  # browsable.js keeps it: no page holds a password
    assert '"nickname": "Alice"' in field(text, "POST-raw", "textarea")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_refused_edit_keeps_the_form_and_shows_the_error(paths, alice, client, page, method):
    client.force_login(alice)
    text = page(method, paths["/api/messages/{message}"], {"source": "<!-- -->" * 2000})
    assert "at most 10000 characters" in error(text, "put-source")
    assert field(text, "put-source", "textarea") == "<!-- -->" * 2000


@pytest.mark.parametrize("body", ["{", "[1]", '"a"', '{"nickname": 5}', "{}"])
def test_a_body_that_is_no_form_has_a_page_too(page, body):
    text = page("POST", "/api/users", body)
    assert "HTTP 400" in text
    assert "POST" in buttons(text)


@pytest.mark.parametrize("body", ['{"source": "a"} x', '{"source": "\\ud800"}', '"a"', "["])
def test_a_body_that_is_no_json_keeps_the_form_of_who_is_signed_in(alice, body):
    strict = Client(enforce_csrf_checks=True)  # as in production
    strict.force_login(alice)
    text = html(strict.get("/api/messages", headers=HTML))
    [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
    headers = {**HTML, "X-CSRFToken": token}
    text = html(strict.post("/api/messages", body, "application/json", headers=headers))
    assert "HTTP 400" in text
    assert "POST" in buttons(text)


def test_a_form_that_worked_is_empty_again_or_holds_the_new_value(paths, alice, client, page):
    client.force_login(alice)
    assert field(page("POST", "/api/messages", {"source": "hi"}), "post-source", "textarea") == ""
    text = page("PUT", paths["/api/messages/{message}"], {"source": "bye"})
    assert "HTTP 204 No Content" in text
    assert field(text, "put-source", "textarea") == "bye"
    text = page("DELETE", paths["/api/messages/{message}"])
    assert "HTTP 204 No Content" in text
    assert buttons(text) == set()


def test_the_page_of_tokens_explains_how_to_get_one(client, call, page):
    text = page("GET", "/api/tokens")
    assert "curl -u NICKNAME:PASSWORD -X POST http://testserver/api/tokens" in text
    assert "405" not in text
    response = call("GET", "/api/tokens")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


def test_who_is_signed_in_gets_a_token_by_a_button(alice, client, page):
    client.force_login(alice)
    assert buttons(page("GET", "/api/tokens")) == {"POST"}
    assert re.search("[0-9a-f]{64}", page("POST", "/api/tokens"))


@pytest.mark.parametrize(
    ("path", "names"),
    [("/api/messages", "updated_since user_id limit before after q"),
     ("/api/users", "online updated_since ids nickname"), ("/api/deletions", "updated_since")],
)  # fmt: skip
def test_a_list_names_its_query_parameters(page, path, names):
    text = page("GET", f"{path}?updated_since=5")
    for name in names.split():
        assert f'<label for="{name}"><code>{name}</code></label>' in text
        assert field(text, name) == ("5" if name == "updated_since" else "")
