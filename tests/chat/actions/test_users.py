"""Tests of chat/actions/users.py."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from chat import actions
from chat.accounts.nicknames import normalize
from chat.models import Token, User
from tests.kit import PASSWORD, at_once, signed_in

pytestmark = pytest.mark.django_db


def test_registering_saves_and_pushes_a_user_who_is_offline(pushes, committed):
    with committed():
        user = actions.register(nickname="Alice", password=PASSWORD)
    assert pushes == [{"class": "User", "model": User.objects.get().to_dict()}]
    assert not user.online
    assert authenticate(nickname="Alice", password=PASSWORD) == user


@pytest.mark.parametrize(
    ("nickname", "password", "fields"),
    [
        ("Alice", PASSWORD, ["nickname"]),  # taken
        ("", PASSWORD, ["nickname"]),
        ("a" * 33, PASSWORD, ["nickname"]),
        ("Carol", "", ["password"]),
        ("Carol", "short", ["password"]),
        ("Carol", "password", ["password"]),
        ("Carol", "31415926535897", ["password"]),
        ("caroline-in-rome", "caroline-in-rome1", ["password"]),
        ("a:b", "short", ["nickname", "password"]),
    ],
)
def test_a_registration_gets_an_error_for_each_field(alice, nickname, password, fields):
    with pytest.raises(ValidationError) as error:
        actions.register(nickname=nickname, password=password)
    assert sorted(error.value.error_dict) == fields
    assert User.objects.count() == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_registration_is_refused_or_signs_in(nickname, password):
    User.objects.all().delete()
    try:
        user = actions.register(nickname=nickname, password=password)
    except ValidationError as error:
        assert set(error.error_dict) <= {"nickname", "password"}
    else:
        assert User.objects.get().nickname == normalize(nickname)
        assert authenticate(nickname=nickname, password=password) == user


def test_a_weak_password_is_taken_without_validators(settings):
    settings.AUTH_PASSWORD_VALIDATORS = []
    actions.register(nickname="Alice", password="a")


@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_of_a_nickname_at_once_one_succeeds():
    def register():
        return actions.register(nickname="Alice", password=PASSWORD)

    results = sorted(at_once(register, register), key=lambda result: isinstance(result, User))
    assert [type(result) for result in results] == [ValidationError, User]
    assert results[0].message_dict == {"nickname": ["This nickname is taken."]}
    assert User.objects.count() == 1


def test_the_database_keeps_nicknames_unique(alice, monkeypatch):
    monkeypatch.setattr(User, "validate_unique", lambda self, exclude: None)  # looked too early
    with pytest.raises(ValidationError, match="taken"):
        actions.register(nickname="Alice", password=PASSWORD)
    assert User.objects.get() == alice


@pytest.mark.django_db(transaction=True)
def test_of_two_renames_to_a_nickname_at_once_one_succeeds(alice, bob):
    results = at_once(
        lambda: actions.update_user(editor=alice, user=alice, nickname="Carol"),
        lambda: actions.update_user(editor=bob, user=bob, nickname="Carol"),
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "ValidationError"]
    assert User.objects.filter(nickname="Carol").count() == 1


def test_a_new_nickname_is_pushed(alice, pushes, committed):
    with committed():
        actions.update_user(editor=alice, user=alice, nickname="Alicia")
    assert pushes == [{"class": "User", "model": User.objects.get().to_dict()}]
    assert pushes[0]["model"]["nickname"] == "Alicia"


def test_the_nickname_one_has_is_no_news(alice, pushes, committed):
    with committed():
        actions.update_user(editor=alice, user=alice, nickname="Alice")
    assert pushes == []


def test_a_taken_nickname_is_refused(alice, bob):
    with pytest.raises(ValidationError, match="taken"):
        actions.update_user(editor=alice, user=alice, nickname="Bob")


def test_a_new_password_ends_all_tokens_of_that_user_only(alice, bob, pushes, committed):
    actions.issue_token(user=alice)
    with committed():
        actions.update_user(editor=alice, user=alice, password="another-good-one")
    assert [token.user for token in Token.objects.all()] == [bob]
    assert authenticate(nickname="Alice", password="another-good-one") == alice
    assert pushes == []


@pytest.mark.parametrize("nickname", ["1\ufe0f\u20e3 ann", "su\u200bsan", "a:b"], ids=ascii)
def test_a_nickname_that_is_older_than_the_rules_does_not_prevent_a_new_password(
    make_user, call, nickname
):
    user = make_user(nickname)
    for method, names in (("PUT", {}), ("PATCH", {}), ("PUT", {"nickname": nickname})):
        user = signed_in(User.objects.get())
        body = {**names, "password": f"another-good-one {method} {names}"}
        assert call(method, f"/api/users/{user.pk}", body, token=user.token).status_code == 204
        assert authenticate(nickname=nickname, password=body["password"]) == user
    user.refresh_from_db()
    assert user.nickname == nickname


def test_a_nickname_that_is_not_compared_by_its_looks_stays_so_with_a_new_password(
    alice, make_user
):
    """As nodes of a version without skeletons may have stored it."""
    user = make_user("Zoe")
    User.objects.filter(pk=user.pk).update(nickname="ALICE", skeleton=None, shown_skeleton=None)
    actions.change_user(user=user, password="another-good-one")
    with pytest.raises(ValidationError, match="taken"):
        actions.change_user(user=user, nickname="aLICE")


def test_a_refused_password_changes_nothing(alice):
    with pytest.raises(ValidationError):
        actions.update_user(editor=alice, user=alice, nickname="Alicia", password="short")
    alice.refresh_from_db()
    assert alice.nickname == "Alice"
    assert Token.objects.filter(user=alice).exists()


def test_a_hash_that_is_upgraded_ends_no_token(alice):
    User.objects.update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1))
    assert authenticate(nickname="Alice", password=PASSWORD)
    alice.refresh_from_db()
    assert alice.password.startswith("argon2")
    assert Token.objects.filter(user=alice).exists()


@pytest.mark.django_db(transaction=True)
def test_hashing_happens_before_a_transaction_opens(monkeypatch):
    in_transaction = []
    set_password = User.set_password

    def watch(user, password):
        in_transaction.append(connection.in_atomic_block)
        set_password(user, password)

    monkeypatch.setattr(User, "set_password", watch)
    alice = actions.register(nickname="Alice", password=PASSWORD)
    actions.update_user(editor=alice, user=alice, password="another-good-one")
    assert in_transaction == [False, False]
