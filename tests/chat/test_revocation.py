"""Tests of how sign-ins end: each way to end them, for each way to be signed in."""

import io
import sys

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client

from chat import actions
from chat.errors import Unauthenticated
from chat.models import Token, User
from tests.kit import PASSWORD, basic

pytestmark = pytest.mark.django_db

NEW = "another-good-one"
USER = "/admin/chat/user/"


@pytest.fixture
def operator():
    """The browser of an operator."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", PASSWORD))
    return client


@pytest.fixture
def typed(monkeypatch):
    """Give the new password to a command on its standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{NEW}\n"))


def api_password(alice, **_):
    headers = {"Authorization": f"Bearer {alice.token}"}
    body = {"password": NEW}
    path = f"/api/users/{alice.pk}"
    assert Client().put(path, body, "application/json", headers=headers).status_code == 204


def api_password_by_session(alice, **_):
    client = Client()
    client.force_login(User.objects.get(pk=alice.pk))
    path = f"/api/users/{alice.pk}"
    assert client.put(path, {"password": NEW}, "application/json").status_code == 204


def own_admin_password(alice, **_):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=alice.pk))
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/admin/password_change/", form).status_code == 302
    assert client.get("/admin/").status_code == 302  # this session ended too


def admin_password(alice, operator, **_):
    form = {"password1": NEW, "password2": NEW}
    assert operator.post(f"{USER}{alice.pk}/password/", form).status_code == 302


def changepassword(typed, **_):
    call_command("changepassword", "Alice")


def resetpassword(**_):
    call_command("resetpassword", "Alice", "--yes")


def admin_action(name):
    def act(alice, operator, **_):
        form = {"action": name, "_selected_action": [alice.pk]}
        path = f"{USER}?is_banned__exact=0"  # a filter that a banned user no longer matches
        assert operator.post(path, form).status_code == 302

    return act


def admin_form(**fields):
    def act(alice, operator, **_):
        form = {"nickname": "Alice", **fields}
        assert operator.post(f"{USER}{alice.pk}/change/", form).status_code == 302

    return act


def revoketokens(*args):
    return lambda **_: call_command("revoketokens", *args, "--yes")


def purgeuser(**_):
    call_command("purgeuser", "Alice", "--yes")


ENDS = {
    "the API's new password": api_password,
    "the API's new password by session": api_password_by_session,
    "one's own password in the admin": own_admin_password,
    "a password that an operator sets": admin_password,
    "changepassword": changepassword,
    "resetpassword": resetpassword,
    "the admin's action": admin_action("end_sign_ins"),
    "the admin's ban": admin_action("ban"),
    "a ban in the form": admin_form(is_active="on", is_banned="on"),
    "an inactive user in the form": admin_form(),
    "revoketokens": revoketokens("Alice"),
    "revoketokens --all": revoketokens("--all"),
    "purgeuser": purgeuser,
}


@pytest.fixture(params=list(ENDS.values()), ids=list(ENDS))
def end(request, alice, operator, typed, committed):
    """A function that ends Alice's sign-ins in one of the ways."""

    def end():
        with committed():
            request.param(alice=alice, operator=operator, typed=typed)

    return end


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_token_ends(alice, bob, call, end):
    end()
    assert call("GET", "/api/users", token=alice.token).status_code == 401


@pytest.mark.attack("Sockets: tokens")
def test_the_sockets_of_a_token_are_closed(alice, end, ended):
    end()
    assert Token.digest_of(alice.token) in ended


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_session_ends_and_issues_no_token(alice, client, end):
    client.force_login(User.objects.get(pk=alice.pk))
    end()
    assert client.post("/api/tokens").status_code == 401


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_sign_in_under_way_gets_no_token(alice, end):
    user = authenticate(nickname="Alice", password=PASSWORD)
    end()
    with pytest.raises(Unauthenticated):
        actions.issue_token(user=user)


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_sign_in_under_way_gets_no_session(alice, client, end):
    user = authenticate(nickname="Alice", password=PASSWORD)
    end()
    with pytest.raises(Unauthenticated):
        client.force_login(user)
    assert client.post("/api/tokens").status_code == 401


def test_the_sign_ins_of_others_stay(bob, call, end, request):
    if "--all" in request.node.name:
        pytest.skip("this ends the sign-ins of all users")
    session = Client()
    session.force_login(User.objects.get(pk=bob.pk))
    end()
    assert call("GET", "/api/users", token=bob.token).status_code == 200
    assert session.post("/api/tokens").status_code == 200


def test_a_sign_in_that_fails_under_way_is_a_401(alice, call, monkeypatch):
    issue_token = actions.issue_token

    def changed_first(*, user):
        actions.change_user(user=user, password=NEW)
        return issue_token(user=user)

    monkeypatch.setattr(actions, "issue_token", changed_first)
    response = call("POST", "/api/tokens", headers=basic("Alice"))
    assert (response.status_code, response.json()["code"]) == (401, "authentication_required")
    assert response["WWW-Authenticate"] == 'Bearer realm="Authentication Required"'
    assert not Token.objects.exists()


def test_a_banned_user_signs_in_again_and_reads(alice, call, operator):
    admin_action("ban")(alice=alice, operator=operator)
    token = call("POST", "/api/tokens", headers=basic("Alice")).json()["token"]
    assert call("GET", "/api/messages", token=token).status_code == 200
    response = call("POST", "/api/messages", {"source": "a"}, token=token)
    assert (response.status_code, response.json()["code"]) == (403, "banned")


def test_signing_out_ends_the_session_of_the_same_browser(alice, client):
    client.force_login(User.objects.get(pk=alice.pk))
    client.delete("/api/tokens", headers={"Authorization": f"Bearer {alice.token}"})
    assert client.post("/api/tokens").status_code == 401


def test_signing_out_leaves_the_session_of_another_user(alice, bob, client):
    client.force_login(User.objects.get(pk=bob.pk))
    client.delete("/api/tokens", headers={"Authorization": f"Bearer {alice.token}"})
    assert client.post("/api/tokens").status_code == 200


def test_a_session_of_the_version_before_stays_valid(alice):
    assert "." not in User.objects.get(pk=alice.pk).get_session_auth_hash()
