"""Tests of chat/admin.py."""

import pytest
from django.contrib.auth import authenticate

from chat.models import Message, Token, User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

FLAGS = {"is_active": "on"}
USER, MESSAGE = "/admin/chat/user/", "/admin/chat/message/"


@pytest.fixture
def admin(client):
    """The browser of an operator."""
    client.force_login(User.objects.create_superuser("root", PASSWORD))
    return client


def test_users_without_the_right_stay_outside(client, alice):
    client.force_login(alice)
    assert client.get("/admin/").status_code == 302


def test_an_operator_signs_in(client, admin):
    client.logout()
    account = {"username": "root", "password": PASSWORD}
    assert client.post("/admin/login/?next=/admin/", account)["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("path", "shown", "hidden"),
    [(USER, "Alice", None), (USER + "?q=Bo", "Bob", "Alice"), (MESSAGE, "hello", None),
     (MESSAGE + "?q=Bob", "goodbye", "hello"), (MESSAGE + "?q=hell", "hello", "goodbye")],
)  # fmt: skip
def test_users_and_messages_are_listed_and_searched(admin, alice, bob, path, shown, hidden):
    alice.messages.create(source="hello")
    bob.messages.create(source="goodbye")
    html = admin.get(path).content.decode()
    assert shown in html
    assert hidden is None or hidden not in html


@pytest.mark.parametrize("path", [USER, MESSAGE])
def test_a_list_takes_no_more_queries_for_more_rows(
    admin, alice, path, django_assert_max_num_queries
):
    for number in range(20):
        User.objects.create(nickname=str(number)).messages.create(source="a")
    with django_assert_max_num_queries(7):
        assert admin.get(path).status_code == 200


def test_a_renamed_user_is_pushed(admin, alice, pushes, committed):
    with committed():
        response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alicia", **FLAGS})
    assert response.status_code == 302
    assert [push["model"]["nickname"] for push in pushes] == ["Alicia"]
    assert User.objects.get(pk=alice.pk).nickname == "Alicia"


def test_a_taken_nickname_is_said_in_the_form(admin, alice, bob):
    response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Bob", **FLAGS})
    assert "This nickname is taken." in response.content.decode()


def test_a_user_who_is_made_inactive_cannot_act(admin, alice, call):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice"})
    assert call("POST", "/api/messages", {"source": "a"}, token=alice.token).status_code == 401
    assert authenticate(nickname="Alice", password=PASSWORD) is None


def test_saving_a_user_keeps_the_rest(admin, alice):
    before = User.objects.get(pk=alice.pk)
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice", **FLAGS})
    after = User.objects.get(pk=alice.pk)
    assert after.to_dict() == before.to_dict()
    assert after.password == before.password


def test_a_password_that_an_operator_sets_ends_the_tokens(admin, alice, bob):
    passwords = {"password1": "another-good-one", "password2": "another-good-one"}
    form = {**passwords, "usable_password": "true"}
    assert admin.post(f"{USER}{alice.pk}/password/", form).status_code == 302
    assert authenticate(nickname="Alice", password="another-good-one") == alice
    assert [token.user for token in Token.objects.all()] == [bob]


def test_a_password_is_not_disabled_but_the_user(admin, alice):
    form = {"usable_password": "false", "unset-password": "Disable"}
    assert "required" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()
    assert 'name="usable_password"' not in admin.get(f"{USER}{alice.pk}/password/").content.decode()


def test_a_weak_password_is_said_in_the_form(admin, alice):
    form = {"password1": "a", "password2": "a", "usable_password": "true"}
    assert "too short" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()


@pytest.mark.parametrize("path", [USER, MESSAGE])
def test_nothing_is_added_or_deleted(admin, alice, path):
    pk = alice.pk if path == USER else alice.messages.create(source="a").pk
    assert admin.get(f"{path}add/").status_code == 403
    assert admin.post(f"{path}{pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_message_is_only_read(admin, alice):
    message = alice.messages.create(source="a")
    assert admin.get(f"{MESSAGE}{message.pk}/change/").status_code == 200
    assert admin.post(f"{MESSAGE}{message.pk}/change/", {"source": "b"}).status_code == 403
    assert Message.objects.get().source == "a"
