"""Tests of api/deferred.py: answers by a real worker."""

from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from api.deferred import (
    LOST_AFTER,
    MOST_STARTS,
    GivenUp,
    answer_deferred,
    find_lost_requests,
)
from api.models import Deferred
from chat import actions, moderation, throttling
from chat.actions import messages
from chat.errors import BANNED
from chat.models import Message, User
from tests.kit import until

pytestmark = pytest.mark.django_db

ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def defer(call):
    """A function that sends a request which a worker is to answer, and gives where to ask."""

    def defer(method, path, body, **options):
        response = call(method, path, body, headers=ASYNC, **options)
        assert (response.status_code, response.content) == (202, b"")
        assert response["Preference-Applied"] == "respond-async"
        return response["Location"]

    return defer


@pytest.fixture
def finished(call):
    """A function that waits for the finished answer."""

    def ask(path):
        response = call("GET", path)
        assert response.status_code != 202 or response["Location"] == path
        return None if response.status_code == 202 else response

    return lambda path: until(lambda: ask(path))


def test_a_worker_posts_and_the_answer_is_as_without_it(
    worker, alice, call, defer, finished, pushes
):
    response = finished(defer("POST", "/api/messages", {"source": "*hi*"}, token=alice.token))
    message = Message.objects.get()
    assert (response.status_code, response.json()) == (201, message.to_dict())
    assert response["Location"] == f"/api/messages/{message.pk}"
    assert response["Content-Type"] == "application/json"
    # The worker pushes after the commit by which the answer is there to read.
    until(lambda: pushes)
    assert pushes[-1] == {"class": "Message", "model": message.to_dict()}


def test_a_worker_edits(worker, alice, call, defer, finished):
    message = alice.messages.create(source="a")
    path = f"/api/messages/{message.pk}"
    response = finished(defer("PUT", path, {"source": "b"}, token=alice.token))
    assert (response.status_code, response.content) == (204, b"")
    assert call("GET", path).json()["source"] == "b"


@pytest.mark.django_db(transaction=True)
def test_a_deferred_request_gets_the_same_errors(worker, alice, bob, defer, finished):
    pks = [user.messages.create(source="a").pk for user in (alice, bob)]
    for pk, source, status in ((pks[0], "", 400), (pks[1], "b", 403), (999999, "b", 404)):
        path = f"/api/messages/{pk}"
        response = finished(defer("PUT", path, {"source": source}, token=alice.token))
        assert response.status_code == status
        assert set(response.json()) - {"fields"} == {"error", "code"}


def test_a_queued_request_counts_once_against_the_limit(
    alice, call, defer, monkeypatch, new_minute
):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 1, 60))
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    run(path)
    assert call("GET", path).status_code == 201
    again = call("POST", "/api/messages", {"source": "a"}, token=alice.token, headers=ASYNC)
    assert again.status_code == 429


def sign_out(user):
    actions.end_tokens(tokens=user.tokens.all())


ENDS = {
    "purged": (404, lambda user: moderation.delete_user(user=user)),
    "banned": (403, lambda user: moderation.ban(users=User.objects.filter(pk=user.pk))),
    "inactive": (401, lambda user: User.objects.update(is_active=False)),
    "a new password": (401, lambda user: actions.change_user(user=user, password="a-good-new-one")),
    "all tokens ended": (401, lambda user: actions.end_sign_ins(users=User.objects.all())),
    "signed out": (None, sign_out),  # done: this request was accepted before
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("when", ["in the queue", "while it is rendered"])
@pytest.mark.parametrize(("status", "end"), ENDS.values(), ids=ENDS)
def test_a_request_ends_with_the_error_of_a_user_who_may_not_write_any_more(
    alice, call, defer, monkeypatch, clock, queued, method, when, status, end
):
    path = "/api/messages"
    if method == "PUT":
        path += f"/{alice.messages.create(source='a').pk}"
    path = defer(method, path, {"source": "b"}, token=alice.token)
    if when == "in the queue":
        end(alice)
    else:
        render = messages.render
        monkeypatch.setattr(messages, "render", lambda source: (end(alice), render(source))[1])
    run(path)
    response = call("GET", path)
    done = {"POST": 201, "PUT": 204}[method]
    assert response.status_code == (status or done)
    assert Message.objects.filter(source="b").exists() is (status is None)
    if status:
        assert set(response.json()) == {"error", "code"}
    clock.advance(61)
    find_lost_requests()
    assert len(queued) == 1  # when it was sent, and never again


@pytest.mark.django_db(transaction=True)
def test_rendering_happens_before_the_transaction_opens(alice, call, defer, monkeypatch):
    in_transaction, render = [], messages.render

    def watch(source):
        in_transaction.append(connection.in_atomic_block)
        return render(source)

    monkeypatch.setattr(messages, "render", watch)
    run(defer("POST", "/api/messages", {"source": "a"}, token=alice.token))
    pk = Message.objects.get().pk
    run(defer("PUT", f"/api/messages/{pk}", {"source": "b"}, token=alice.token))
    assert in_transaction == [False, False]
    assert Message.objects.get().source == "b"


@pytest.mark.django_db(transaction=True)
def test_a_request_that_another_worker_answers_meanwhile_posts_once(
    alice, call, defer, monkeypatch
):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    render = messages.render

    def slowly(source):
        monkeypatch.setattr(messages, "render", render)
        run(path)
        return render(source)

    monkeypatch.setattr(messages, "render", slowly)
    run(path)
    assert call("GET", path).json()["id"] == Message.objects.get().pk


def test_a_request_that_the_version_before_queued_is_answered(alice, call):
    arguments = {"user_id": alice.pk, "admitted": True, "source": "a"}
    old = Deferred.objects.create(name="api.messages.new_message", arguments=arguments)
    run(str(old.pk))
    assert call("GET", f"/tasks/status/{old.pk}").status_code == 201


def test_a_banned_user_queues_nothing(alice, call):
    User.objects.update(is_banned=True)
    response = call("POST", "/api/messages", {"source": "a"}, token=alice.token, headers=ASYNC)
    assert (response.status_code, response.json()) == (403, {"error": BANNED, "code": "banned"})


def test_what_waits_is_a_202(alice, call, defer):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    for _ in range(2):
        response = call("GET", path)
        assert (response.status_code, response["Location"]) == (202, path)
    assert not Message.objects.exists()


def test_the_answer_stays(alice, call, defer):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    run(path)
    assert call("GET", path).json() == call("GET", path).json()


def run(path):
    """Do as a worker does what waits behind a path."""
    answer_deferred.apply(args=[path.rpartition("/")[2]])


def test_a_task_that_is_given_twice_posts_once(alice, call, defer):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    for _ in range(2):
        run(path)
    assert call("GET", path).json()["id"] == Message.objects.get().pk


def test_a_task_that_is_given_twice_edits_once(alice, call, defer, pushes, committed):
    message = alice.messages.create(source="a")
    path = defer("PUT", f"/api/messages/{message.pk}", {"source": "b"}, token=alice.token)
    with committed():
        run(path)
        run(path)
    assert [push["class"] for push in pushes] == ["Message"]


def test_a_key_holds_for_both_ways(alice, call):
    body, options = {"source": "a"}, {"token": alice.token}
    key = {"Idempotency-Key": "k"}
    path = call("POST", "/api/messages", body, headers=ASYNC | key, **options)["Location"]
    run(path)
    again = call("POST", "/api/messages", body, headers=key, **options)
    assert again.json() == call("GET", path).json()


def test_of_two_sources_that_wait_with_one_key_the_second_is_a_422(alice, call, pushes, committed):
    options = {"headers": ASYNC | {"Idempotency-Key": "k"}, "token": alice.token}
    first, second = (
        call("POST", "/api/messages", {"source": source}, **options)["Location"]
        for source in ("a", "b")
    )
    with committed():
        run(first)
        run(second)
    answer = call("GET", second)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert [message.source for message in Message.objects.all()] == ["a"]
    assert len(pushes) == 1


def test_a_post_that_waits_while_its_message_is_deleted_is_a_404(alice, call):
    body, options = {"source": "a"}, {"token": alice.token}
    key = {"Idempotency-Key": "k"}
    path = call("POST", "/api/messages", body, headers=ASYNC | key, **options)["Location"]
    call(
        "DELETE", call("POST", "/api/messages", body, headers=key, **options)["Location"], **options
    )
    run(path)
    assert call("GET", path).status_code == 404
    assert not Message.objects.exists()


@pytest.fixture
def queued(monkeypatch):
    """What was queued since: the ids of requests."""
    queued = []
    monkeypatch.setattr(answer_deferred, "delay", queued.append)
    return queued


def test_a_request_that_was_lost_is_queued_again_once_a_minute(alice, defer, clock, queued):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    pk = path.rpartition("/")[2]
    for seconds, times in ((50, 0), (11, 1), (30, 1), (31, 2)):
        clock.advance(seconds)
        find_lost_requests()
        assert queued == [pk] * (1 + times)


def test_a_request_that_was_answered_is_not_queued_again(alice, defer, clock, queued):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    run(path)
    clock.advance(100)
    find_lost_requests()
    assert len(queued) == 1


def test_an_answer_is_kept_for_an_hour(alice, call, defer, clock):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    run(path)
    for seconds, status in ((3590, 201), (20, 404)):
        clock.advance(seconds)
        find_lost_requests()
        assert call("GET", path).status_code == status


@pytest.mark.parametrize("task_id", [str(uuid4()), "x", "1", ""])
def test_an_unknown_task_is_a_404(call, task_id):
    response = call("GET", f"/tasks/status/{task_id}")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Not found.", "code": "not_found"},
    )


def test_a_task_that_fails_is_a_500_and_is_logged_with_its_id(
    alice, call, defer, monkeypatch, caplog
):
    monkeypatch.setattr(actions, "prepare_post", lambda **kwargs: 1 / 0)
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    run(path)
    response = call("GET", path)
    assert (response.status_code, set(response.json())) == (500, {"error", "code"})
    assert f"Deferred request failed id={path.rpartition('/')[2]} name=api.messages." in caplog.text


class Death(BaseException):
    """Ends a task as the death of its worker does: nothing after it runs."""


def test_a_request_whose_worker_dies_each_time_ends_with_a_500(
    alice, call, defer, monkeypatch, clock, queued, caplog
):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    deaths = []

    def die(**kwargs):
        deaths.append(kwargs)
        raise Death

    monkeypatch.setattr(actions, "prepare_post", die)
    for _ in range(MOST_STARTS):
        assert call("GET", path).status_code == 202
        with pytest.raises(Death):
            run(path)
        clock.advance(LOST_AFTER + 1)
        find_lost_requests()
    run(path)
    assert len(deaths) == MOST_STARTS
    response = call("GET", path)
    assert (response.status_code, response.json()) == (
        500,
        {"error": GivenUp.default_detail, "code": "server_error"},
    )
    assert "gave up" in caplog.text
    clock.advance(LOST_AFTER + 1)
    find_lost_requests()
    assert len(queued) == 1 + MOST_STARTS  # and not again


def test_a_request_is_done_by_the_last_start_that_is_allowed(alice, call, defer):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    Deferred.objects.update(starts=MOST_STARTS - 1)
    run(path)
    assert call("GET", path).status_code == 201


def test_a_task_waits_for_a_database_that_is_unavailable_which_is_one_start(
    alice, call, defer, monkeypatch
):
    path = defer("POST", "/api/messages", {"source": "a"}, token=alice.token)
    post, failures = actions.prepare_post, iter([OperationalError("away")] * (MOST_STARTS + 1))

    def away_at_first(**kwargs):
        for error in failures:
            raise error
        return post(**kwargs)

    monkeypatch.setattr(actions, "prepare_post", away_at_first)
    run(path)
    assert call("GET", path).status_code == 201
    assert Deferred.objects.get().starts == 1


def test_an_invalid_request_is_answered_at_once(alice, bob, call):
    assert call("POST", "/api/messages", {}, token=alice.token, headers=ASYNC).status_code == 400
    assert call("POST", "/api/messages", {"source": "a"}, headers=ASYNC).status_code == 401


@pytest.mark.parametrize(
    ("prefer", "status"),
    [("respond-async", 202), ("Respond-Async", 202), ("respond-async, wait=10", 202),
     ("wait=10; respond-async", 202), ("return=minimal", 201), ("not-async", 201), ("", 201)],
)  # fmt: skip
def test_the_client_prefers(alice, call, prefer, status):
    response = call("POST", "/api/messages", {"source": "a"}, token=alice.token,
                    headers={"Prefer": prefer})  # fmt: skip
    assert response.status_code == status


def test_the_operator_can_prefer_for_all_clients(alice, call, settings):
    settings.FLACK_RESPOND_ASYNC = True
    assert call("POST", "/api/messages", {"source": "a"}, token=alice.token).status_code == 202
    assert call("GET", "/api/messages", token=alice.token).status_code == 200


@pytest.mark.parametrize("error", [BrokerError, RedisError])
def test_an_unavailable_broker_is_a_503(alice, call, monkeypatch, error):
    def away(*args, **kwargs):
        raise error("away")

    monkeypatch.setattr(answer_deferred, "delay", away)
    response = call("POST", "/api/messages", {"source": "a"}, token=alice.token, headers=ASYNC)
    assert (response.status_code, list(response.json())) == (503, ["error", "code"])
    assert int(response["Retry-After"]) > 0
    assert not Deferred.objects.exists()


def test_a_task_refuses_other_methods(call):
    assert call("POST", f"/tasks/status/{uuid4()}").status_code == 405
