"""Queries and messages are counted in the database."""

import psycopg
import pytest

from comparison.compare.database import Database


@pytest.fixture
def database(postgresql):
    """A new database."""
    with Database(postgresql) as first, first.another("of_a_test") as database:
        yield database


def test_queries_are_counted_without_begin_and_commit(database):
    with database.listening() as asked, psycopg.connect(database.url) as other:
        other.execute("SELECT 1")
        other.execute("SELECT %s", (2,))
        other.commit()
    assert (asked.queries, asked.commits) == (2, 1)


def test_queries_of_another_database_are_not_counted(database, postgresql):
    with database.listening() as asked, psycopg.connect(postgresql) as other:
        other.execute("SELECT 1")
    assert asked.queries == 0


@pytest.mark.parametrize("table", ["chat_message", "messages"])
def test_messages_are_counted_in_the_table_of_either_version(database, table):
    database.ask(f"CREATE TABLE {table} (id int)")
    database.ask(f"INSERT INTO {table} VALUES (1), (2)")
    assert database.messages() == 2


def test_a_database_with_unknown_tables_gets_no_accounts(database):
    assert database.accounts(3) == []


def test_the_new_database_is_dropped_at_the_end(postgresql):
    with Database(postgresql) as first, first.another("gone") as database:
        url = database.url
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_sqlite_is_refused():
    with pytest.raises(ValueError, match="PostgreSQL"):
        Database("sqlite:////tmp/x")
