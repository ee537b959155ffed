"""What reached the database is counted there."""

import psycopg
import pytest

from comparison.compare.database import Database


@pytest.fixture
def database(postgresql):
    """A database of its own."""
    with Database(postgresql) as first, first.another("of_a_test") as database:
        yield database


def test_queries_are_counted_without_what_brackets_them(database):
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
def test_messages_are_counted_whoever_wrote_them(database, table):
    database.ask(f"CREATE TABLE {table} (id int)")
    database.ask(f"INSERT INTO {table} VALUES (1), (2)")
    assert database.messages() == 2


def test_a_database_of_its_own_is_gone_afterwards(postgresql):
    with Database(postgresql) as first, first.another("gone") as database:
        url = database.url
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_sqlite_is_refused():
    with pytest.raises(ValueError, match="PostgreSQL"):
        Database("sqlite:////tmp/x")
