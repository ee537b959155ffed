"""Tests of chat/actions/messages.py."""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from chat import actions, moderation, throttling
from chat.actions import messages
from chat.errors import Banned, KeyReused
from chat.models import AHEAD, DeletedKey, Message, timestamp
from tests.kit import at_once

pytestmark = pytest.mark.django_db


def test_the_limit_of_posts_holds_for_edits_too(alice, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    message = actions.post_message(author=alice, source="a")
    actions.edit_message(editor=alice, message=message, source="b")
    with pytest.raises(throttling.LimitReached):
        actions.post_message(author=alice, source="c")


@pytest.mark.attack("Floods from many accounts or networks")
def test_posts_from_one_address_are_limited_for_all_its_users(alice, bob, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST_FROM", throttling.Limit("post-from", 3, 60))
    message = actions.post_message(author=alice, source="a", address="192.0.2.1")
    actions.edit_message(editor=alice, message=message, source="b", address="192.0.2.1")
    actions.post_message(author=bob, source="c", address="192.0.2.1")
    with pytest.raises(throttling.LimitReached):
        actions.post_message(author=bob, source="d", address="192.0.2.1")
    with pytest.raises(throttling.LimitReached):
        moderation.delete_message(editor=alice, message=message, address="192.0.2.1")
    actions.post_message(author=bob, source="e", address="192.0.2.2")


def test_a_message_is_saved_rendered_and_pushed(alice, pushes, committed):
    with committed():
        message = actions.post_message(author=alice, source="hello *world*!")
    assert message.html == "hello <em>world</em>!"
    assert pushes == [{"class": "Message", "model": Message.objects.get().to_dict()}]


@pytest.mark.parametrize("source", ["", " ", "\n", "a" * 10_001, "a\0b", "\ud800"])
def test_a_bad_source_is_refused(alice, source, pushes, committed):
    with committed(), pytest.raises(ValidationError) as error:
        actions.post_message(author=alice, source=source)
    assert list(error.value.error_dict) == ["source"]
    assert pushes == []


@given(st.text())
def test_any_source_is_refused_or_kept_as_it_is(alice, source):
    try:
        message = actions.post_message(author=alice, source=source)
    except ValidationError as error:
        assert list(error.error_dict) == ["source"]
    else:
        message.refresh_from_db()
        assert message.source == source


def test_the_same_key_gives_the_first_message_again(alice, pushes, committed):
    with committed():
        first = actions.post_message(author=alice, source="first", key="k")
        again = actions.post_message(author=alice, source="first", key="k")
    assert again.to_dict() == first.to_dict()
    assert Message.objects.count() == len(pushes) == 1


@given(st.text("aA\u0301 \n", min_size=1), st.text("aA\u0301 \n", min_size=1))
def test_a_key_holds_for_exactly_one_source(alice, source, other):
    key = uuid4().hex
    try:
        first = actions.post_message(author=alice, source=source, key=key)
        again = actions.post_message(author=alice, source=other, key=key)
    except ValidationError:
        assert not (source.strip() and other.strip())
    except KeyReused:
        assert source != other
        assert Message.objects.get(key=key).source == source
    else:
        assert source == other
        assert again.pk == first.pk


def test_the_key_of_a_deleted_message_posts_no_second_one(alice, bob, pushes, committed):
    message = actions.post_message(author=alice, source="a", key="k")
    moderation.delete_message(editor=alice, message=message)
    with committed(), pytest.raises(Message.DoesNotExist):
        actions.post_message(author=alice, source="a", key="k")
    assert not Message.objects.exists()
    assert pushes == []
    assert actions.post_message(author=bob, source="a", key="k").user == bob


def test_a_post_that_was_queued_before_its_message_was_deleted_is_not_stored(alice):
    post = actions.prepare_post(author=alice, source="a", key="k")
    actions.post_message(author=alice, source="a", key="k")
    moderation.delete_messages(first=0, last=Message.objects.get().pk)
    with pytest.raises(Message.DoesNotExist):
        post()


def test_the_keys_of_deleted_messages_are_kept_for_a_week(alice, clock):
    for key in ("old", "new"):
        actions.post_message(author=alice, source=key, key=key)
        clock.advance(moderation.KEEP_KEYS + 2 if key == "old" else 0)
    moderation.delete_messages(first=0, last=Message.objects.last().pk)
    assert [row.key for row in DeletedKey.objects.all()] == ["new"]
    assert actions.post_message(author=alice, source="old", key="old")
    clock.advance(moderation.KEEP_KEYS + 2)
    moderation.delete_messages(first=0, last=Message.objects.last().pk)
    assert not DeletedKey.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("key", "queries"), [(None, 1), ("k", 2)])
def test_a_post_is_one_query_and_one_more_for_its_key(
    alice, key, queries, django_assert_num_queries
):
    with django_assert_num_queries(queries):
        actions.post_message(author=alice, source="a", key=key)


def test_a_message_has_the_time_at_which_it_is_stored_not_that_before_it_was_rendered(alice, clock):
    save = actions.prepare_post(author=alice, source="a")
    clock.advance(10)
    message = save()
    assert message.created_at == message.updated_at == int(clock.now)


def test_another_key_gives_another_message(alice):
    actions.post_message(author=alice, source="a", key="k")
    actions.post_message(author=alice, source="a", key="l")
    actions.post_message(author=alice, source="a")
    actions.post_message(author=alice, source="a")
    assert Message.objects.count() == 4


def test_the_same_key_of_another_user_gives_another_message(alice, bob):
    first = actions.post_message(author=alice, source="Alice's", key="k")
    second = actions.post_message(author=bob, source="Bob's", key="k")
    assert first.pk != second.pk
    assert second.source == "Bob's"


@pytest.mark.parametrize("source", ["", "\x19", "\0", "x" * 10_001])
def test_a_repeat_with_a_source_that_is_not_allowed_is_refused(alice, source):
    actions.post_message(author=alice, source="a", key="k")
    with pytest.raises(ValidationError):
        actions.post_message(author=alice, source=source, key="k")


def test_an_empty_key_is_no_key(alice):
    for _ in range(2):
        actions.post_message(author=alice, source="a", key="")
    assert Message.objects.count() == 2


@pytest.mark.parametrize("key", [" ", "a" * 201, "a\0b", "a\nb"])
def test_a_bad_key_is_refused(alice, key):
    with pytest.raises(ValidationError) as error:
        actions.post_message(author=alice, source="a", key=key)
    assert list(error.value.error_dict) == ["key"]


@pytest.fixture
def one_of_each(monkeypatch, new_minute):
    """Limits that allow one post, and one link, a minute."""
    for name in ("POST", "POST_FROM", "LINKS"):
        monkeypatch.setattr(throttling, name, throttling.Limit(name, 1, 60))


def test_a_repeat_spends_no_limit(alice, one_of_each):
    post = {"author": alice, "source": "foo.com", "key": "k", "address": "192.0.2.1"}
    messages = [actions.post_message(**post) for _ in range(5)]
    assert {message.pk for message in messages} == {Message.objects.get().pk}
    with pytest.raises(throttling.LimitReached):
        actions.post_message(**{**post, "key": "l"})


def test_a_repeat_that_was_admitted_before_spends_no_links(alice, one_of_each, monkeypatch):
    spent = []
    monkeypatch.setattr(throttling.Limit, "spend", lambda limit, *args, **_: spent.append(args))
    for _ in range(2):
        actions.prepare_post(author=alice, source="foo.com", key="k")()
    assert spent == [(alice.pk, 1)]


def test_a_banned_user_repeats_nothing(alice):
    actions.post_message(author=alice, source="a", key="k")
    alice.is_banned = True
    with pytest.raises(Banned):
        actions.post_message(author=alice, source="a", key="k")


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_at_once_gives_one_message(alice, pushes):
    pushes.clear()

    def post():
        return actions.post_message(author=alice, source="a", key="k")

    messages = at_once(*[post] * 4)
    assert [message.pk for message in messages] == [Message.objects.get().pk] * 4
    assert len(pushes) == 1


def test_an_edit_is_saved_rendered_and_pushed(alice, clock, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    clock.advance(10)
    with committed():
        actions.edit_message(editor=alice, message=message, source="*b*")
    message.refresh_from_db()
    assert (message.source, message.html) == ("*b*", "<em>b</em>")
    assert message.updated_at == timestamp() > message.created_at
    assert pushes == [{"class": "Message", "model": message.to_dict()}]


def test_only_the_author_edits(alice, bob):
    message = actions.post_message(author=alice, source="a")
    with pytest.raises(PermissionDenied):
        actions.edit_message(editor=bob, message=message, source="b")
    message.refresh_from_db()
    assert message.source == "a"


def test_an_edit_with_a_bad_source_changes_nothing(alice, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    with committed(), pytest.raises(ValidationError):
        actions.edit_message(editor=alice, message=message, source="")
    message.refresh_from_db()
    assert message.source == "a"
    assert pushes == []


def test_an_edit_by_a_clock_that_is_behind_does_not_turn_time_back(alice, clock):
    message = actions.post_message(author=alice, source="a")
    before = message.updated_at
    clock.advance(-30)
    actions.edit_message(editor=alice, message=message, source="b")
    message.refresh_from_db()
    assert message.updated_at == before


def test_each_version_of_a_message_has_a_time_of_its_own(alice, page, pushes, committed):
    message = actions.post_message(author=alice, source=f"see {page}")
    with committed():
        actions.expand_links(message_id=message.pk)
        actions.edit_message(editor=alice, message=message, source="a")
        actions.edit_message(editor=alice, message=message, source="b")
    times = [push["model"]["updated_at"] for push in pushes]
    assert len({message.updated_at, *times}) == 4


def test_many_edits_in_a_second_keep_updated_at_near_the_clock(alice, clock):
    message = actions.post_message(author=alice, source="a")
    for number in range(10):
        actions.edit_message(editor=alice, message=message, source=f"b{number}")
    message.refresh_from_db()
    assert message.updated_at == timestamp() + AHEAD


def test_an_edit_of_nothing_changes_nothing(alice, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    with committed():
        actions.edit_message(editor=alice, message=message)
    assert pushes == []


@pytest.mark.django_db(transaction=True)
def test_rendering_happens_before_a_transaction_opens(alice, monkeypatch):
    in_transaction = []
    render = messages.render

    def watch(source):
        in_transaction.append(connection.in_atomic_block)
        return render(source)

    monkeypatch.setattr(messages, "render", watch)
    message = actions.post_message(author=alice, source="a", key="k")
    actions.edit_message(editor=alice, message=message, source="b")
    assert in_transaction == [False, False]
