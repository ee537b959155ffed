"""Tests of chat/accounts/backends.py: signing in, through each door."""

import re

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import get_hasher

from chat import throttling
from tests.kit import PASSWORD, basic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_cache", "new_minute")]

FORMS = ["/admin/login/", "/api-auth/login/"]


@pytest.fixture
def hashed(monkeypatch):
    """The passwords that were hashed, which is what costs."""
    hasher, passwords = type(get_hasher()), []

    def counted(function):
        def count(self, password, *args):
            passwords.append(password)
            return function(self, password, *args)

        return count

    for name in ("encode", "verify"):
        monkeypatch.setattr(hasher, name, counted(getattr(hasher, name)))
    return passwords


@pytest.fixture
def sign_in(client):
    """A function that tries to sign in at a door, from an address; gives the answer."""

    def sign_in(door, nickname, password="wrong", address="192.0.2.1", **headers):
        options = {"REMOTE_ADDR": address, "headers": headers}
        if door == "/api/tokens":
            options["headers"] |= basic(nickname, password)
            return client.post(door, **options)
        return client.post(door, {"username": nickname, "password": password}, **options)

    return sign_in


@pytest.mark.attack("Sign-in: guessing, asking who exists")
@pytest.mark.parametrize("door", ["/api/tokens", *FORMS])
def test_an_unknown_nickname_costs_and_answers_the_same_as_a_wrong_password(
    alice, sign_in, hashed, door
):
    def said(answer, nickname):
        text = answer.content.decode().replace(nickname, "…")
        return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)

    answers = [said(sign_in(door, nickname), nickname) for nickname in ("Alice", "nobody")]
    assert answers[0] == answers[1]
    assert len(hashed) == 2


@pytest.mark.attack("Sign-in: guessing, asking who exists")
@pytest.mark.parametrize("door", ["/api/tokens", *FORMS])
def test_too_many_tries_as_one_user_are_refused_before_the_password_is_checked(
    alice, sign_in, hashed, monkeypatch, door
):
    monkeypatch.setattr(throttling, "SIGN_IN_AS", throttling.Limit("sign-in-as", 2, 60))
    for _ in range(2):
        sign_in(door, "Alice")
    hashed.clear()
    answer = sign_in(door, "Alice", PASSWORD)
    assert b"Too many requests. Try again in " in answer.content
    assert hashed == []
    assert b"Too many" not in sign_in(door, "Alice", PASSWORD, address="192.0.2.2").content


@pytest.mark.attack("Sign-in: guessing, asking who exists")
def test_tries_at_all_entry_points_count_together(alice, sign_in, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN_AS", throttling.Limit("sign-in-as", 2, 60))
    for door in FORMS:
        sign_in(door, "Alice")
    assert sign_in("/api/tokens", "Alice", PASSWORD).status_code == 429


@pytest.mark.attack("Sign-in: guessing, asking who exists")
@pytest.mark.parametrize("nickname", ["Alice", "nobody"])
def test_a_nickname_is_not_tried_from_ever_more_addresses(alice, sign_in, monkeypatch, nickname):
    monkeypatch.setattr(throttling, "SIGN_IN_ANYWHERE", throttling.Limit("sign-in-anywhere", 3, 60))
    codes = [sign_in("/api/tokens", nickname, address=f"192.0.2.{n}").status_code for n in range(4)]
    assert codes == [401, 401, 401, 429]
    assert sign_in("/api/tokens", "Bob").status_code == 401


@pytest.mark.attack("Sign-in: guessing, asking who exists")
def test_an_address_does_not_try_ever_more_nicknames(sign_in, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN", throttling.Limit("sign-in", 3, 60))
    codes = [sign_in("/api/tokens", f"u{n}").status_code for n in range(4)]
    assert codes == [401, 401, 401, 429]
    assert sign_in("/api/tokens", "u0", address="192.0.2.2").status_code == 401


@pytest.mark.attack("Sign-in: guessing, asking who exists")
def test_the_addresses_of_one_network_of_ipv6_are_one(sign_in, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN", throttling.Limit("sign-in", 2, 60))
    codes = [sign_in("/api/tokens", "x", address=f"2001:db8::{n}").status_code for n in range(3)]
    assert codes == [401, 401, 429]


@pytest.mark.attack("Sign-in: guessing, asking who exists")
def test_guesses_are_limited_while_the_cache_is_unavailable(alice, sign_in, monkeypatch, no_cache):
    monkeypatch.setattr(throttling, "SIGN_IN_AS", throttling.Limit("sign-in-as", 2, 60))
    codes = [sign_in("/api/tokens", "Alice").status_code for _ in range(3)]
    assert codes == [401, 401, 429]


@pytest.mark.attack("Sign-in: guessing, asking who exists")
def test_the_networks_of_one_larger_network_of_ipv6_are_limited_together(sign_in, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN", throttling.Limit("sign-in", 1, 60))
    codes = [
        sign_in("/api/tokens", "x", address=f"2001:db8:0:{n}::1").status_code for n in range(5)
    ]
    assert codes == [401, 401, 401, 401, 429]


@pytest.mark.attack("Sign-in: guessing, asking who exists")
@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
def test_an_address_that_a_client_names_is_not_believed(sign_in, monkeypatch, name):
    monkeypatch.setattr(throttling, "SIGN_IN", throttling.Limit("sign-in", 1, 60))
    codes = [sign_in("/api/tokens", "x", **{name: f"203.0.113.{n}"}).status_code for n in range(2)]
    assert codes == [401, 429]


def test_a_nickname_with_nul_belongs_to_no_user(alice):
    assert authenticate(nickname="Alice\0", password=PASSWORD) is None


def test_commands_of_the_operator_are_not_limited(alice, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN_ANYWHERE", throttling.Limit("sign-in-anywhere", 0, 60))
    assert authenticate(nickname="Alice", password=PASSWORD) == alice


def test_a_failed_sign_in_is_logged_without_what_was_typed(alice, sign_in, caplog):
    sign_in("/api/tokens", "Alice", "secret-one")
    sign_in("/api/tokens", "secret-two", "x")
    sign_in("/api/tokens", "secret\0three", "x")
    assert caplog.messages == [
        f"Sign-in failed user={alice.pk} address=192.0.2.1",
        "Sign-in failed user=unknown address=192.0.2.1",
        "Sign-in failed user=unknown address=192.0.2.1",
    ]


def test_a_lock_out_is_logged_once_per_window(alice, sign_in, caplog, monkeypatch):
    monkeypatch.setattr(throttling, "SIGN_IN_AS", throttling.Limit("sign-in-as", 1, 60))
    for _ in range(4):
        sign_in("/api/tokens", "Alice")
    lines = [line for line in caplog.messages if "locked out" in line]
    assert lines == ["Sign-in locked out limit=sign-in-as address=192.0.2.1"]


def test_a_sign_in_that_succeeds_is_not_logged_as_failed(alice, sign_in, caplog):
    assert sign_in("/api/tokens", "Alice", PASSWORD).status_code == 200
    assert not caplog.messages
