"""Tests of chat/observability/tracing.py."""

import logging

import pytest

from chat import tasks
from chat.observability import tracing
from chat.observability.tracing import request_id
from chat.threads import in_thread


@pytest.fixture(autouse=True)
def no_request():
    """Begin and end outside of a request."""
    token = request_id.set(tracing.NONE)
    yield
    request_id.reset(token)


def scope(value=None):
    """Return an ASGI scope with a header, or without."""
    return {"headers": [] if value is None else [(b"x-request-id", value)]}


def test_the_id_that_nginx_gives_is_taken():
    assert tracing.begin(scope(b"0123abcd")) == request_id.get() == "0123abcd"


@pytest.mark.parametrize("value", [None, b"", b"a b", b"a\nb", b'"', b"\xff", b"x" * 65])
def test_an_id_that_could_forge_a_line_of_the_log_is_replaced(value):
    assert tracing.begin(scope(value)) == request_id.get()
    assert len(request_id.get()) == 32 and request_id.get().isalnum()


@pytest.mark.django_db(transaction=True)  # a thread looks at its connection first
async def test_a_thread_logs_as_the_request_that_called_it():
    tracing.begin(scope(b"of-a-socket"))
    assert await in_thread(request_id.get) == "of-a-socket"


def test_every_record_has_the_id():
    tracing.begin(scope(b"abc"))
    record = logging.makeLogRecord({})
    assert tracing.AddRequestId().filter(record)
    assert record.request_id == "abc"


def test_a_task_logs_as_the_request_that_asked_for_it():
    tracing.begin(scope(b"abc"))
    headers = {}
    tracing.hand_on(headers=headers)
    request_id.set("another")
    tasks.find_offline_users.push_request(**headers)
    tracing.take_up(task=tasks.find_offline_users)
    assert request_id.get() == "abc"
    tracing.put_down()
    tasks.find_offline_users.pop_request()
    assert request_id.get() == tracing.NONE
