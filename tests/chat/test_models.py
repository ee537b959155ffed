"""Tests of chat/models.py."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.urls import resolve
from hypothesis import given
from hypothesis import strategies as st

from chat.models import Message, Token, User, timestamp
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

times = st.integers(0, 2**63 - 1)


def test_time_is_in_whole_seconds(clock):
    assert timestamp() == int(clock())


def test_a_user_is_represented_as_the_contract_says():
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


def test_a_message_is_represented_as_the_contract_says():
    message = Message(
        id=9, created_at=1, updated_at=3, edited_at=2, source="*a*", html="<em>a</em>", user_id=7
    )
    assert message.to_dict() == {
        "id": 9,
        "created_at": 1,
        "updated_at": 3,
        "edited_at": 2,
        "source": "*a*",
        "html": "<em>a</em>",
        "user_id": 7,
        "_links": {"self": "/api/messages/9", "user": "/api/users/7"},
    }


@given(times, times, times, st.booleans())
def test_a_list_represents_users_as_each_represents_itself(created, updated, seen, online):
    User.objects.all().delete()
    user = User.objects.create(
        nickname="Alice", created_at=created, updated_at=updated, last_seen_at=seen, online=online
    )
    assert User.objects.to_dicts() == [user.to_dict()]


@given(times, times, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_list_represents_messages_as_each_represents_itself(created, updated, text):
    user, _ = User.objects.get_or_create(nickname="Alice")
    user.messages.all().delete()
    message = user.messages.create(
        created_at=created, updated_at=updated, source=text, html=text[::-1]
    )
    assert Message.objects.to_dicts() == [message.to_dict()]


def test_lists_read_the_database_once(alice, bob, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(User.objects.to_dicts()) == 2


@pytest.mark.parametrize(
    ("model", "link", "view", "pk"),
    [
        (User(id=7), "self", "user-detail", "7"),
        (User(id=7), "messages", "message-list", None),
        (User(id=7), "tokens", "tokens", None),
        (Message(id=9, user_id=7), "self", "message-detail", "9"),
        (Message(id=9, user_id=7), "user", "user-detail", "7"),
    ],
)
def test_links_lead_to_views(model, link, view, pk):
    match = resolve(model.to_dict()["_links"][link].partition("?")[0])
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


def test_messages_updated_since_are_strictly_later_and_in_order_of_change(alice):
    for updated_at in (30, 10, 20, 20):
        alice.messages.create(source="a", updated_at=updated_at)
    found = [m["updated_at"] for m in Message.objects.updated_since(10).to_dicts()]
    assert found == [20, 20, 30]


def test_a_token_is_kept_as_a_digest_only(alice):
    assert [token.digest for token in Token.objects.all()] == [Token.digest_of(alice.token)]
    assert alice.token not in Token.objects.get().digest


def test_a_token_says_in_one_read_whose_it_is(alice, bob, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert Token.user_of(Token.digest_of(bob.token)) == bob


@pytest.mark.parametrize("token", ["", "0" * 64, "\ud800", "\0"])
def test_an_unknown_token_is_nobodys(alice, token):
    assert Token.user_of(Token.digest_of(token)) is None


def test_the_token_of_an_inactive_user_is_nobodys(alice):
    User.objects.update(is_active=False)
    assert Token.user_of(Token.digest_of(alice.token)) is None


def test_a_superuser_may_use_the_admin():
    User.objects.create_superuser("root", PASSWORD)
    user = authenticate(nickname="root", password=PASSWORD)
    assert user is not None
    assert user.is_staff
    assert user.is_superuser


def test_nobody_signs_in_as_a_user_without_a_password():
    User.objects.create_user("robot")
    assert authenticate(nickname="robot", password="") is None


def test_the_beginning_of_a_message_stands_for_it():
    assert str(Message(source="a" * 100)) == "a" * 60
