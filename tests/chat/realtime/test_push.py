"""Tests of chat/realtime/push.py."""

import pytest
from django.db import transaction

from chat.models import Deletion
from chat.realtime import push
from chat.realtime.push import push_model


@pytest.mark.django_db
def test_a_push_carries_the_class_and_the_representation(alice, pushes, committed):
    with committed():
        push_model(alice)
    assert pushes == [{"class": "User", "model": alice.to_dict()}]


@pytest.mark.django_db
def test_a_push_carries_the_model_as_it_was_then(alice, pushes, committed):
    with committed():
        push_model(alice)
        alice.nickname = "changed later"
    assert pushes[0]["model"]["nickname"] == "Alice"


@pytest.mark.django_db
def test_the_text_of_a_deletion_differs_from_that_of_a_model(alice):
    deletion = push.deleted_model(Deletion(model="User", first=alice.pk, last=alice.pk))
    assert push.is_deletion(deletion)
    alice.nickname = deletion
    assert not push.is_deletion(push.updated_model(alice))


@pytest.mark.django_db(transaction=True)
def test_a_push_waits_for_the_commit(alice, pushes):
    pushes.clear()
    with transaction.atomic():
        push_model(alice)
        assert pushes == []
    assert len(pushes) == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_rolled_back_is_not_pushed(alice, pushes):
    pushes.clear()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        push_model(alice)
        raise ZeroDivisionError
    assert pushes == []


@pytest.mark.django_db(transaction=True)
def test_a_push_that_fails_does_not_fail_the_transaction(alice, monkeypatch):
    monkeypatch.setattr(push.publisher, "publish", lambda text: 1 / 0)
    with transaction.atomic():
        push_model(alice)
