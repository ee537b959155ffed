"""Tests of flack_project/postgresql/."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_django
from django.db import DataError, InternalError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper as Connection
from django.db.utils import ConnectionHandler

from chat import checks, views


@pytest.fixture
def connect(
    postgresql: str,
    read: Callable[..., dict[str, Any]],
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[Callable[[], Connection]]:
    """A function that returns a new connection, as the settings make it."""
    databases, opened = read(DATABASE_URL=postgresql)["DATABASES"], []

    def open_one() -> Connection:
        opened.append(ConnectionHandler(databases)["default"])
        return opened[-1]

    with django_db_blocker.unblock():
        yield open_one
        for connection in opened:
            connection.close()


def value(connection, sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def pid(connection):
    return value(connection, "SELECT pg_backend_pid()")


def begin_request(connection):
    """Do what Django does before a request and its first query."""
    connection.close_if_unusable_or_obsolete()
    connection.close_if_health_check_failed()


def last_query(other, of):
    return value(other, "SELECT query FROM pg_stat_activity WHERE pid = %s", of)


def test_a_connection_that_works_is_checked_without_a_query(connect):
    connection, other = connect(), connect()
    before = pid(connection)
    value(connection, "SELECT 'mine'")
    begin_request(connection)
    assert last_query(other, before) == "SELECT 'mine'"
    assert pid(connection) == before


def test_a_connection_that_the_server_ended_is_replaced(connect):
    connection, other = connect(), connect()
    before = pid(connection)
    assert value(other, "SELECT pg_terminate_backend(%s, 10000)", before)
    begin_request(connection)
    assert pid(connection) != before


def test_a_connection_that_was_closed_is_replaced(connect):
    connection = connect()
    before = pid(connection)
    connection.connection.close()
    begin_request(connection)
    assert pid(connection) != before


def test_a_connection_is_checked_by_a_query_after_an_error(connect):
    connection, other = connect(), connect()
    before = pid(connection)
    with pytest.raises(Exception, match="does not exist"):
        value(connection, "SELECT nothing")
    begin_request(connection)
    assert last_query(other, before) == "SELECT 1"
    assert pid(connection) == before


def test_a_message_of_the_server_does_not_end_a_connection(connect):
    connection, other = connect(), connect()
    before = pid(connection)
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    with other.cursor() as cursor:
        cursor.execute("NOTIFY news")
    value(other, "SELECT 1")
    begin_request(connection)
    assert pid(connection) == before


def test_a_server_that_is_read_only_is_an_outage_and_its_connection_is_replaced(connect):
    """As after a failover, when the old primary has become a standby."""
    connection = connect()
    before = pid(connection)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        with pytest.raises(OperationalError, match="read-only transaction"):
            cursor.execute("CREATE TABLE refused (id int)")
    begin_request(connection)
    assert pid(connection) != before
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE accepted (id int)")
    replaced = pid(connection)
    begin_request(connection)
    assert pid(connection) == replaced


def test_readyz_reports_a_server_that_is_read_only_and_connects_anew(connect, monkeypatch):
    connection = connect()
    monkeypatch.setattr(views, "connection", connection)
    views._check_database()
    before = pid(connection)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    with pytest.raises(OperationalError, match="the database is read-only"):
        views._check_database()
    begin_request(connection)
    assert pid(connection) != before
    views._check_database()


def test_another_internal_error_stays_one(connect):
    connection = connect()
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        for sql, error in (("SELECT 1/0", DataError), ("SELECT 1", InternalError)):
            with pytest.raises(error):
                cursor.execute(sql)
    connection.rollback()


def test_what_is_accepted_stays_after_a_power_loss(connect):
    connection = connect()
    assert {value(connection, f"SHOW {name}") for name in checks.DURABLE} == {"on"}
