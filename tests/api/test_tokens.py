"""Tests of api/tokens.py: sign in, sign out."""

import pytest

from chat import throttling
from chat.models import Token, User
from tests.kit import PASSWORD, basic

pytestmark = pytest.mark.django_db


def test_signing_in_gives_a_token_of_64_hex_digits(alice, call):
    response = call("POST", "/api/tokens", headers=basic("Alice"))
    assert response.status_code == 200
    assert list(response.json()) == ["token"]
    assert len(bytes.fromhex(response.json()["token"])) == 32


def test_each_sign_in_gets_its_own(alice, call):
    tokens = {call("POST", "/api/tokens", headers=basic("Alice")).json()["token"] for _ in range(3)}
    assert len(tokens | {alice.token}) == 4
    for token in tokens | {alice.token}:
        assert call("GET", "/api/users", token=token).status_code == 200


def test_signing_in_brings_online(make_user, call):
    make_user("Carol")
    call("POST", "/api/tokens", headers=basic("Carol"))
    assert User.objects.get().online


@pytest.mark.parametrize("nickname", ["李雷", "o'Hara", "a b"])
def test_a_nickname_of_any_script_signs_in(make_user, call, nickname):
    make_user(nickname)
    assert call("POST", "/api/tokens", headers=basic(nickname)).status_code == 200


def test_a_password_may_have_a_colon(call):
    call("POST", "/api/users", {"nickname": "Alice", "password": "staple:battery"})
    assert call("POST", "/api/tokens", headers=basic("Alice", "staple:battery")).status_code == 200


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("Alice", "wrong"),
        basic("Alice", ""),
        basic("nobody"),
        basic(""),
        basic("a\0b"),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic QWxpY2U="},  # without a colon
        {"Authorization": "Basic /////w=="},  # no text
        {"Authorization": "Basic a b"},
        {"Authorization": "Bearer " + "0" * 64},
        {"Authorization": "Digest x"},
    ],
)
def test_who_does_not_sign_in_well_gets_a_401_without_a_prompt(alice, call, headers):
    response = call("POST", "/api/tokens", headers=headers)
    assert (response.status_code, response.json()) == (
        401,
        {"error": "authentication required", "code": "authentication_required"},
    )
    assert response["WWW-Authenticate"] == 'Bearer realm="Authentication Required"'


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_token_is_no_password(alice, call):
    response = call("POST", "/api/tokens", headers={"Authorization": f"Bearer {alice.token}"})
    assert response.status_code == 401


def test_an_inactive_user_does_not_sign_in(alice, call):
    User.objects.update(is_active=False)
    assert call("POST", "/api/tokens", headers=basic("Alice")).status_code == 401


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_token_is_dead_after_it_was_deleted(alice, call):
    response = call("DELETE", "/api/tokens", token=alice.token)
    assert (response.status_code, response.content) == (204, b"")
    for method in ("GET", "DELETE"):
        path = {"GET": "/api/users", "DELETE": "/api/tokens"}[method]
        assert call(method, path, token=alice.token).status_code == 401


def test_other_tokens_live_on(alice, bob, call):
    other = call("POST", "/api/tokens", headers=basic("Alice")).json()["token"]
    call("DELETE", "/api/tokens", token=alice.token)
    for token in (other, bob.token):
        assert call("GET", "/api/users", token=token).status_code == 200


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize("headers", [{}, basic("Alice"), {"Authorization": "Bearer x"}])
def test_only_a_token_is_deleted(alice, call, headers):
    response = call("DELETE", "/api/tokens", headers=headers)
    assert (response.status_code, response.json()) == (
        401,
        {"error": "authentication required", "code": "authentication_required"},
    )


def test_a_session_has_no_token_to_delete(alice, client):
    client.force_login(alice)
    assert client.delete("/api/tokens").status_code == 401
    assert Token.objects.exists()


def test_a_session_that_asks_for_tokens_too_often_gets_a_429(
    alice, client, monkeypatch, new_minute
):
    monkeypatch.setattr(throttling, "CHANGE", throttling.Limit("change", 2, 60))
    client.force_login(alice)
    assert [client.post("/api/tokens").status_code for _ in range(3)] == [200, 200, 429]


def test_signing_in_too_often_as_one_user_is_429(alice, bob, call, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "SIGN_IN_AS", throttling.Limit("sign-in-as", 2, 60))
    answers = [call("POST", "/api/tokens", headers=basic("Alice", "wrong")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert call("POST", "/api/tokens", headers=basic("Alice")).status_code == 429
    assert call("POST", "/api/tokens", headers=basic("Bob")).status_code == 200


def test_signing_in_takes_few_queries(alice, call, django_assert_num_queries):
    # The user, then within a savepoint the lock on the user and the token; and nothing more, as
    # the user was seen just now.
    with django_assert_num_queries(5):
        assert call("POST", "/api/tokens", headers=basic("Alice", PASSWORD)).status_code == 200
