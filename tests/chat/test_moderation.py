"""Tests of chat/moderation.py."""

import threading

import pytest
from celery import current_app
from django.db import IntegrityError, connection, connections

from chat import actions, moderation, tasks
from chat.errors import BANNED
from chat.management import diagnostics
from chat.models import Deletion, Message, Token, User
from tests.frames import validators

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(alice, bob):
    """Five messages, the third of them Bob's."""
    authors = [alice, alice, bob, alice, alice]
    return [author.messages.create(source=str(n)) for n, author in enumerate(authors)]


def test_deleting_messages_pushes_their_deletion(messages, pushes, committed):
    first, last = messages[1].pk, messages[3].pk
    with committed():
        assert moderation.delete_messages(first=first, last=last) == 3
    assert [message.source for message in Message.objects.order_by("pk")] == ["0", "4"]
    assert pushes == [{"class": "Message", "first": first, "last": last}]
    assert Deletion.objects.get().to_dict() == pushes[0]


def test_the_probe_of_doctor_is_a_frame_of_the_asyncapi_document(
    messages, alice, pushes, committed, monkeypatch
):
    def answer(name, arguments, **options):
        with committed():
            tasks.probe(*arguments)
        return options

    monkeypatch.setattr(current_app, "send_task", answer)
    number = diagnostics.queue_probe("celery")
    assert pushes == [{"class": "Message", "first": number, "last": number}]
    validators("send")["deleted_model"].validate({"event": "deleted_model", "data": pushes[0]})
    assert not Message.objects.filter(pk__gte=number)


def test_deleting_messages_that_do_not_exist_pushes_nothing(messages, pushes, committed):
    with committed():
        assert moderation.delete_messages(first=0, last=0) == 0
    assert pushes == []
    assert not Deletion.objects.exists()


def test_a_user_goes_with_messages_and_tokens(messages, alice, bob, pushes, committed):
    pk = alice.pk
    with committed():
        moderation.delete_user(user=alice)
    assert User.objects.get() == bob
    assert [message.user for message in Message.objects.all()] == [bob]
    assert [token.user for token in Token.objects.all()] == [bob]
    assert pushes == [{"class": "User", "first": pk, "last": pk}]


def test_deletions_are_kept_for_a_year(messages, clock):
    def first_of_each():
        return [deletion.first for deletion in Deletion.objects.order_by("pk")]

    pks = [message.pk for message in messages]
    moderation.delete_messages(first=pks[0], last=pks[0])
    clock.advance(364 * 86_400)
    moderation.delete_messages(first=pks[1], last=pks[1])
    assert first_of_each() == pks[:2]
    clock.advance(2 * 86_400)
    moderation.delete_messages(first=pks[2], last=pks[2])
    assert first_of_each() == pks[1:3]


@pytest.mark.parametrize(("time", "kept"), [(0, "01234"), (2, "234"), (5, "")])
def test_messages_older_than_a_time_are_those_below_an_id(messages, time, kept):
    for message in messages:
        Message.objects.filter(pk=message.pk).update(created_at=int(message.source))
    before = moderation.older_than(time)
    sources = Message.objects.filter(pk__gte=before).order_by("pk").values_list("source", flat=True)
    assert "".join(sources) == kept


def test_without_messages_none_is_older():
    assert moderation.delete_oldest(before=moderation.older_than(2**40)) == 0


def test_the_oldest_go_in_batches(messages, monkeypatch):
    monkeypatch.setattr(moderation, "BATCH", 2)
    before = messages[3].pk
    assert [moderation.delete_oldest(before=before) for _ in range(3)] == [2, 1, 0]
    assert [message.source for message in Message.objects.order_by("pk")] == ["3", "4"]


def test_who_is_banned_reads_and_does_not_write(alice, call):
    User.objects.update(is_banned=True)
    message = alice.messages.create(source="a")
    assert call("GET", "/api/messages", token=alice.token).status_code == 200
    for method, path, body in (
        ("POST", "/api/messages", {"source": "b"}),
        ("PUT", f"/api/messages/{message.pk}", {"source": "b"}),
        ("PUT", f"/api/users/{alice.pk}", {"nickname": "b"}),
    ):
        response = call(method, path, body, token=alice.token)
        assert (response.status_code, response.json()) == (403, {"error": BANNED, "code": "banned"})
    assert Message.objects.get().source == "a"
    moderation.ban(users=User.objects.filter(pk=alice.pk), banned=False)
    assert call("POST", "/api/messages", {"source": "b"}, token=alice.token).status_code == 201


@pytest.fixture
def deleted_first(monkeypatch):
    """Let an operator be faster than an action: what it is about is deleted before it begins."""

    def deleted_first(name, delete):
        action = getattr(actions, name)

        def act(**kwargs):
            delete()
            return action(**kwargs)

        monkeypatch.setattr(actions, name, act)

    return deleted_first


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_a_post_of_a_user_who_was_just_deleted_is_404(call, alice, deleted_first, headers):
    deleted_first("prepare_post", lambda: moderation.delete_user(user=alice))
    response = call("POST", "/api/messages", {"source": "a"}, token=alice.token, headers=headers)
    assert response.status_code == 404
    assert response.json() == {"error": "This was deleted.", "code": "not_found"}


@pytest.mark.django_db(transaction=True)
def test_an_edit_of_a_message_that_was_just_deleted_is_404(call, alice, deleted_first):
    pk = alice.messages.create(source="a").pk
    deleted_first("prepare_edit", lambda: moderation.delete_messages(first=pk, last=pk))
    response = call("PUT", f"/api/messages/{pk}", {"source": "b"}, token=alice.token)
    assert response.status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_user_who_posts_at_the_same_time_is_deleted_with_all_messages(alice):
    alice.messages.create(source="a")
    refused = []

    def post():
        try:
            actions.post_message(author=alice, source="b")
        except IntegrityError as error:
            refused.append(error)
        finally:
            connections.close_all()

    poster = threading.Thread(target=post)

    def watch(execute, sql, *args):
        if sql.startswith('DELETE FROM "chat_user" '):  # the messages are deleted already
            poster.start()
            poster.join(0.5)  # it waits for the lock, as long as this transaction is open
        return execute(sql, *args)

    with connection.execute_wrapper(watch):
        moderation.delete_user(user=User.objects.get(pk=alice.pk))
    poster.join()
    assert len(refused) == 1
    assert not Message.objects.exists()
    assert not User.objects.exists()
