"""Tests of chat/compiled.py."""

import pytest

from chat.compiled import Compiled
from chat.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def later():
    """The times of changes of one author later than a time, in order."""

    def build(since, user_id):
        changed = Message.objects.filter(user_id=user_id, updated_at__gt=since)
        return changed.order_by("updated_at").values_list("updated_at")[:2]

    return Compiled(build, "since", "user_id")


@pytest.fixture
def times(alice, bob):
    """Messages of two authors at several times."""
    for author, updated_at in ((alice, 30), (bob, 25), (alice, 10), (alice, 20), (alice, 40)):
        author.messages.create(source="a", updated_at=updated_at)


def test_each_value_takes_the_place_of_its_parameter(times, alice, bob, later):
    assert later.rows(since=10, user_id=alice.pk) == [(20,), (30,)]
    assert later.rows(user_id=bob.pk, since=10) == [(25,)]
    assert later.rows(since=25, user_id=bob.pk) == []


def test_a_summary_is_of_the_rows_alone(times, alice, later):
    count, total = later.summary("count(*), sum(updated_at)", since=10, user_id=alice.pk)
    assert (count, int(total)) == (2, 50)
