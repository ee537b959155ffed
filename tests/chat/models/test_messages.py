"""Tests of chat/models/messages.py; tests/api/test_search.py has those of the search."""

import pytest
from django.urls import resolve
from hypothesis import given
from hypothesis import strategies as st

from chat.models import Message, User

pytestmark = pytest.mark.django_db

times = st.integers(0, 2**63 - 1)


def test_a_message_is_represented_as_in_the_contract():
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


@given(times, times, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_list_represents_messages_as_each_represents_itself(created, updated, text):
    user, _ = User.objects.get_or_create(nickname="Alice")
    user.messages.all().delete()
    message = user.messages.create(
        created_at=created, updated_at=updated, source=text, html=text[::-1]
    )
    assert Message.objects.to_dicts() == [message.to_dict()]


@pytest.mark.parametrize(
    ("link", "view", "pk"), [("self", "message-detail", "9"), ("user", "user-detail", "7")]
)
def test_links_of_a_message_lead_to_views(link, view, pk):
    match = resolve(Message(id=9, user_id=7).to_dict()["_links"][link])
    assert (match.view_name, match.kwargs.get("pk")) == (view, pk)


@pytest.mark.parametrize("fields", [{}, {"key": "k", "expanding": True, "edited_at": 7}])
def test_an_inserted_message_is_as_a_saved_one(alice, fields):
    inserted, saved = (Message(user=alice, source="a *b*", html="a", **fields) for _ in "ab")
    assert inserted.insert()
    row = Message.objects.filter(pk=inserted.pk).values().get()
    assert inserted == Message.objects.get()
    inserted.delete()
    saved.save()
    expected = Message.objects.filter(pk=saved.pk).values().get()
    assert {**row, "id": saved.pk} == expected


def test_an_inserted_message_can_be_saved_again(alice):
    message = Message(user=alice, source="a")
    message.insert()
    message.source = "b"
    message.save()
    assert Message.objects.get().source == "b"


def test_a_second_message_with_the_same_key_is_not_inserted(alice):
    first = Message(user=alice, source="a", key="k")
    assert first.insert()
    second = Message(user=alice, source="b", key="k")
    assert not second.insert()
    assert second.pk is None
    assert Message.objects.get() == first


def test_the_beginning_of_a_message_stands_for_it():
    assert str(Message(source="a" * 100)) == "a" * 60
