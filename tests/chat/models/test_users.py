"""Tests of chat/models/users.py."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.urls import resolve
from hypothesis import given
from hypothesis import strategies as st

from chat.models import User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

times = st.integers(0, 2**63 - 1)


def test_a_user_is_represented_as_in_the_contract():
    user = User(id=7, created_at=1, updated_at=2, nickname="Alice", last_seen_at=3, online=True)
    assert user.to_dict() == {
        "id": 7,
        "created_at": 1,
        "updated_at": 2,
        "nickname": "Alice",
        "last_seen_at": 3,
        "online": True,
        "_links": {
            "self": "/api/users/7",
            "messages": "/api/messages?user_id=7",
            "tokens": "/api/tokens",
        },
    }


@given(times, times, times, st.booleans())
def test_a_list_represents_users_as_each_represents_itself(created, updated, seen, online):
    User.objects.all().delete()
    user = User.objects.create(
        nickname="Alice", created_at=created, updated_at=updated, last_seen_at=seen, online=online
    )
    assert User.objects.to_dicts() == [user.to_dict()]


def test_lists_read_the_database_once(alice, bob, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(User.objects.to_dicts()) == 2


@pytest.mark.parametrize(
    ("link", "view", "pk"),
    [
        ("self", "user-detail", "7"),
        ("messages", "message-list", None),
        ("tokens", "token-list", None),
    ],
)
def test_links_of_a_user_lead_to_views(link, view, pk):
    match = resolve(User(id=7).to_dict()["_links"][link].partition("?")[0])
    assert (match.view_name, match.kwargs.get("pk")) == (view, pk)


@pytest.mark.parametrize(
    "nickname",
    ["", " ", " Alice", "Alice ", "Al\tice", "Al\nice", "Alice\n", "Al:ice", "Al\0ice", "Al\x7fice",
     "Al\x85ice", "Al\ud800ice", "\u3000Alice", "a" * 33],
)  # fmt: skip
def test_a_bad_nickname_is_refused(nickname):
    with pytest.raises(ValidationError) as error:
        User(nickname=nickname).clean_fields(exclude=["password"])
    assert list(error.value.error_dict) == ["nickname"]


@pytest.mark.parametrize(
    "nickname", ["A", "a" * 32, "Alice of Rome", "李雷", "🦊", "o'Hara", "<b>"]
)
def test_a_good_nickname_is_taken(nickname):
    User(nickname=nickname).clean_fields(exclude=["password"])


def test_a_superuser_may_use_the_admin():
    User.objects.create_superuser("root", PASSWORD)
    user = authenticate(nickname="root", password=PASSWORD)
    assert user is not None
    assert user.is_staff
    assert user.is_superuser


def test_a_user_without_a_password_cannot_sign_in():
    User.objects.create_user("robot")
    assert authenticate(nickname="robot", password="") is None
