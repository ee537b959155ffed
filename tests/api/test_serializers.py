"""Tests of api/serializers.py: the declared shapes are the ones that clients receive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.serializers import DeletionSerializer, MessageSerializer, UserSerializer
from chat.models import Deletion, Message, User

NUMBERS = st.integers(0, 2**62)
IDS = st.integers(1, 2**62)
TEXTS = st.text(max_size=50)


@given(
    st.builds(User, id=IDS, created_at=NUMBERS, updated_at=NUMBERS, last_seen_at=NUMBERS,
              nickname=TEXTS, online=st.booleans())
)  # fmt: skip
def test_a_user_is_serialized_as_to_dict_returns_it(user):
    assert UserSerializer(user).data == user.to_dict()


@given(
    st.builds(Message, id=IDS, created_at=NUMBERS, updated_at=NUMBERS,
              edited_at=st.none() | NUMBERS, source=TEXTS, html=TEXTS, user_id=IDS)
)  # fmt: skip
def test_a_message_is_serialized_as_to_dict_returns_it(message):
    assert MessageSerializer(message).data == message.to_dict()


@given(st.builds(Deletion, model=st.sampled_from(["User", "Message"]), first=IDS, last=IDS))
def test_a_deletion_is_serialized_as_to_dict_returns_it(deletion):
    assert DeletionSerializer(deletion).data == deletion.to_dict()


@pytest.mark.django_db
def test_a_list_holds_what_to_dict_returns(alice):
    alice.messages.create(source="a", html="a")
    for model, serializer in ((User, UserSerializer), (Message, MessageSerializer)):
        rows = list(model.objects.all())
        expected = [row.to_dict() for row in rows]
        assert model.objects.to_dicts() == serializer(rows, many=True).data == expected
