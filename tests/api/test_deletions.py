"""Tests of api/deletions.py."""

import pytest

from chat import moderation

pytestmark = pytest.mark.django_db
PATH = "/api/deletions"


def test_the_list_has_every_deletion_oldest_first(call, alice, bob):
    message = alice.messages.create(source="a")
    user = bob.pk
    moderation.delete_user(user=bob)
    moderation.delete_messages(first=message.pk, last=message.pk)
    assert call("GET", PATH).json() == {
        "deletions": [
            {"class": "User", "first": user, "last": user},
            {"class": "Message", "first": message.pk, "last": message.pk},
        ]
    }


def test_the_list_since_a_time_has_only_later_ones(call, alice, clock):
    moderation.delete_user(user=alice)
    now = int(clock())
    assert len(call("GET", f"{PATH}?updated_since={now - 2}").json()["deletions"]) == 1
    assert call("GET", f"{PATH}?updated_since={now + 1}").json() == {"deletions": []}


def test_a_bad_time_is_400(call):
    response = call("GET", f"{PATH}?updated_since=yesterday")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["updated_since"])


def test_the_list_of_deletions_is_read_only(call, alice):
    assert call("DELETE", PATH, token=alice.token).status_code == 405
