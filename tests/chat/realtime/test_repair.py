"""Tests of chat/realtime/repair.py."""

import time

import orjson
import pytest

from chat import actions, moderation
from chat.models import Message, Token, User
from chat.realtime import batches, repair

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(alice, clock):
    """A message of Alice's."""
    return actions.post_message(author=alice, source="hello")


def frames(seconds):
    return [orjson.loads(text) for text in repair.changes(time.monotonic() - seconds)]


def test_a_repair_holds_the_pushes_of_all_that_changed(message, pushes, alice):
    assert frames(0) == [
        {"event": "updated_model", "data": {"class": "User", "model": alice.to_dict()}},
        {"event": "updated_model", "data": {"class": "Message", "model": message.to_dict()}},
    ]


def test_a_repair_holds_deletions(message, alice):
    moderation.delete_messages(first=message.pk, last=message.pk)
    deleted = [frame["data"] for frame in frames(0) if frame["event"] == "deleted_model"]
    assert {"class": "Message", "first": message.pk, "last": message.pk} in deleted


@pytest.mark.parametrize(
    ("passed", "found"), [(0, 1), (10, 1), (10 + repair.MARGIN, 1), (12 + repair.MARGIN, 0)]
)
def test_a_repair_asks_a_little_earlier_than_the_gap(message, clock, passed, found):
    clock.advance(passed)
    assert sum(frame["data"]["class"] == "Message" for frame in frames(10)) == found


@pytest.mark.parametrize(("bound", "is_too_large"), [(3, False), (2, True)])
def test_a_repair_of_more_rows_than_the_bound_is_too_large(
    message, alice, monkeypatch, bound, is_too_large
):
    Message.objects.create(user=alice, source="second", html="second")
    monkeypatch.setattr(repair, "MAX_ROWS", bound)
    assert (repair.changes(time.monotonic()) is None) is is_too_large


def test_a_repair_of_more_characters_than_the_bound_is_too_large(message, monkeypatch):
    size = sum(map(len, repair.changes(time.monotonic())))
    monkeypatch.setattr(repair, "MAX_SIZE", size)
    assert repair.changes(time.monotonic()) is not None
    monkeypatch.setattr(repair, "MAX_SIZE", size - 1)
    assert repair.changes(time.monotonic()) is None


def test_a_repair_that_waited_for_a_thread_reads_the_whole_gap(message, clock, monkeypatch):
    since, waited = time.monotonic(), 60
    clock.advance(waited)
    monkeypatch.setattr(time, "monotonic", lambda: since + waited)
    assert any(orjson.loads(text)["data"]["class"] == "Message" for text in repair.changes(since))


@pytest.mark.parametrize("looked_up", [1, 500])
def test_tokens_that_ended_are_found_however_many_are_asked_for(
    alice, bob, monkeypatch, settings, clock, looked_up
):
    monkeypatch.setattr(batches, "SIZE", looked_up)
    of_alice, of_bob = (Token.digest_of(user.token) for user in (alice, bob))
    assert repair.ended([of_alice, "unknown", of_bob]) == {"unknown"}
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert repair.ended([of_alice, of_bob]) == {of_bob}
    settings.FLACK_TOKEN_DAYS = 1
    clock.advance(86401)
    assert repair.ended([of_alice, of_bob]) == {of_alice, of_bob}
