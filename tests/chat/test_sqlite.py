"""Tests of chat/sqlite.py: queries that wait for SQLite's lock."""

import sqlite3
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from chat import sqlite
from chat.models import User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite alone"),
]


@pytest.fixture
def other(alice):
    """Another connection, which holds the lock."""
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


def in_a_transaction():
    with transaction.atomic():
        User.objects.update(online=True)


WRITES = {"alone": lambda: User.objects.update(online=True), "in a transaction": in_a_transaction}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_is_tried_again_until_the_lock_is_free(other, monkeypatch, write):
    attempts = []
    is_locked = sqlite.is_locked

    def free_at_last(error):
        attempts.append(error)
        if len(attempts) == 3:  # after 3 times 50 ms, where SQLite alone waits for 100 ms at once
            other.execute("COMMIT")
        return is_locked(error)

    monkeypatch.setattr(sqlite, "is_locked", free_at_last)
    write()
    assert len(attempts) == 3
    assert User.objects.get().online


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_waited_too_long_fails(other, monkeypatch, write):
    monkeypatch.setattr(sqlite, "PATIENCE", 0)
    with pytest.raises(OperationalError, match="locked"):
        write()
    other.execute("COMMIT")
    write()  # the connection still works


def test_another_error_is_not_tried_again(alice):
    tried = []

    def count(execute, *args):
        tried.append(args)
        return execute(*args)

    with connection.execute_wrapper(count), pytest.raises(OperationalError, match="no such"):
        connection.cursor().execute("SELECT * FROM nowhere")
    assert len(tried) == 1


def test_each_connection_has_the_wrappers_once(alice):
    for _ in range(2):
        connection.close()
        connection.ensure_connection()
    for wrapper in (sqlite.wait_for_lock, sqlite.close_failed_cursor):
        assert connection.execute_wrappers.count(wrapper) == 1


def test_a_connection_that_is_read_only_is_replaced_for_the_next_request(alice):
    connection.cursor().execute("PRAGMA query_only = on")
    with pytest.raises(OperationalError, match="readonly"):
        User.objects.update(online=True)
    connection.close_if_unusable_or_obsolete()
    assert User.objects.update(online=True) == 1
