"""Tests of chat/tasks.py, with a real worker where one is needed."""

from contextlib import ExitStack

import pytest
import redis
from celery import current_app
from django.core.cache import cache
from django.db import OperationalError, connection
from kombu.connection import Connection

from api import deferred
from chat import actions, tasks
from chat.actions import links
from chat.content import previews
from chat.models import Message, Token, User, timestamp
from flack_project.redis_urls import broker_url
from tests.kit import PREVIEW, until

pytestmark = pytest.mark.django_db


def test_a_worker_expands_the_links_of_a_message(worker, alice, page, pushes):
    message = actions.post_message(author=alice, source=page)
    until(lambda: not Message.objects.get().expanding)
    message.refresh_from_db()
    assert message.html.endswith(PREVIEW.format(page))
    assert pushes[-1] == {"class": "Message", "model": message.to_dict()}


def test_a_worker_marks_silent_users_offline_and_itself_as_running(worker, alice):
    User.objects.update(last_seen_at=0)
    tasks.find_offline_users.delay()
    tasks.report_previews.delay()
    until(lambda: not User.objects.get().online and cache.get(tasks.PREVIEWS_SEEN))
    assert cache.get(tasks.WORKER_SEEN)


def test_an_expansion_is_retried_after_the_database_was_unavailable(alice, page):
    message = actions.post_message(author=alice, source=page)
    failures = iter([OperationalError("unavailable")])

    def away_once(execute, *args):
        for error in failures:
            raise error
        return execute(*args)

    with connection.execute_wrapper(away_once):
        tasks.expand_links.apply([message.pk])
    assert not Message.objects.get().expanding


@pytest.mark.parametrize(
    ("ago", "expanding", "lost"),
    [
        (tasks.LOST_AFTER + 1, True, True),
        (tasks.LOST_AFTER - 5, True, False),
        (tasks.GIVE_UP_AFTER + 5, True, False),
        (tasks.LOST_AFTER + 1, False, False),
    ],
)
def test_a_lost_expansion_is_asked_for_again(alice, monkeypatch, ago, expanding, lost):
    asked: list[int] = []
    monkeypatch.setattr(actions, "ask_for_expansion", lambda pk: not asked.append(pk))
    message = alice.messages.create(
        source="foo.com", expanding=expanding, updated_at=timestamp() - ago
    )
    tasks.find_unexpanded_messages()
    assert asked == ([message.pk] if lost else [])


@pytest.fixture
def lost(alice, monkeypatch):
    """Lost expansions of three messages, oldest first, and the list of those queued again."""
    asked: list[int] = []
    monkeypatch.setattr(actions, "ask_for_expansion", lambda pk: not asked.append(pk))
    now = timestamp() - tasks.LOST_AFTER
    rows = [
        alice.messages.create(source="foo.com", expanding=True, updated_at=now - ago)
        for ago in (30, 20, 10)
    ]
    return [row.pk for row in rows], asked


def test_a_lost_expansion_is_queued_once_until_its_claim_ends(lost):
    messages, asked = lost
    tasks.find_unexpanded_messages()
    tasks.find_unexpanded_messages()
    assert asked == messages
    cache.clear()  # also when Valkey comes back empty
    tasks.find_unexpanded_messages()
    assert asked == messages
    Message.objects.filter(pk=messages[1]).update(queued_at=timestamp() - tasks.LOST_AFTER)
    tasks.find_unexpanded_messages()
    assert asked == [*messages, messages[1]]


def test_one_sweep_queues_a_bounded_number_and_the_next_one_the_rest(lost, monkeypatch):
    messages, asked = lost
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    tasks.find_unexpanded_messages()
    assert asked == messages[:2]
    tasks.find_unexpanded_messages()
    assert asked == messages


def test_a_sweep_waits_for_an_unavailable_broker_once(lost, monkeypatch):
    messages, asked = lost
    monkeypatch.setattr(actions, "ask_for_expansion", asked.append)  # returns None: not queued
    tasks.find_unexpanded_messages()
    assert asked == messages[:1]


@pytest.mark.parametrize(
    ("waiting", "is_running", "left"), [(3, False, 0), (2, False, 2), (3, True, 3)]
)
def test_the_queue_of_previews_is_bounded_while_it_has_no_worker(
    valkey, monkeypatch, waiting, is_running, left
):
    broker = Connection(broker_url(valkey))
    monkeypatch.setattr(current_app, "connection_for_write", lambda: broker)
    monkeypatch.setattr(links, "MOST_WAITING", 2)
    server = redis.Redis.from_url(valkey)
    server.delete("previews")
    server.rpush("previews", *range(waiting))
    cache.set(tasks.PREVIEWS_SEEN, is_running)
    tasks.find_unexpanded_messages()
    assert server.llen("previews") == left
    server.delete("previews")


def test_previews_have_a_queue_of_their_own():
    routes = {name: current_app.amqp.router.route({}, name)["queue"].name for name in (
        "chat.tasks.expand_links", "chat.tasks.report_previews", "chat.tasks.find_offline_users",
        "chat.tasks.find_unexpanded_messages", "api.deferred.answer_deferred",
    )}  # fmt: skip
    assert list(routes.values()) == ["previews", "previews", "celery", "celery", "celery"]


def test_every_task_expires():
    for entry in current_app.conf.beat_schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"].run_every.total_seconds()
    assert deferred.EXPIRES == deferred.answer_deferred.expires < deferred.LOST_AFTER


def test_more_messages_of_one_author_wait_until_one_is_expanded(worker, alice, page):
    with ExitStack() as held:
        for _ in range(links.expansions.each):
            held.enter_context(links.expansions.hold(alice.pk))
        message = actions.post_message(author=alice, source=page)
        tasks.report_previews.delay()
        until(lambda: cache.get(tasks.PREVIEWS_SEEN))  # queued later, run already
        assert Message.objects.get().expanding
    until(lambda: not Message.objects.get().expanding)
    message.refresh_from_db()
    assert message.html.endswith(PREVIEW.format(page))


def test_an_expansion_that_waits_too_long_expires_before_it_is_queued_again(alice, monkeypatch):
    sent: dict[str, object] = {}
    monkeypatch.setattr(
        current_app, "send_task", lambda *args, **options: sent.update(options), raising=True
    )
    actions.ask_for_expansion(1)
    assert sent["expires"] == links.EXPANSION_EXPIRES
    assert links.EXPANSION_EXPIRES + previews.DEADLINE < tasks.LOST_AFTER


@pytest.mark.parametrize(("days", "left"), [(0, 2), (7, 1)])
def test_tokens_that_are_too_old_are_ended(alice, bob, settings, ended, committed, days, left):
    settings.FLACK_TOKEN_DAYS = days
    alice.tokens.update(created_at=timestamp() - 7 * 86400)
    with committed():
        tasks.end_old_tokens()
    assert Token.objects.count() == left
    assert ended == ([Token.digest_of(alice.token)] if left == 1 else [])


def test_beat_looks_for_offline_users_every_five_seconds():
    schedule = current_app.conf.beat_schedule
    assert schedule["find_offline_users"]["schedule"].run_every.total_seconds() == 5
    assert {entry["task"] for entry in schedule.values()} <= set(current_app.tasks)


def test_tasks_travel_as_json_and_survive_their_worker():
    conf = current_app.conf
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == conf.result_serializer == "json"
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
