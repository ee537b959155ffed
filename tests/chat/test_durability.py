"""What is accepted stays after a power loss: by what the connections that run have set."""

import pytest
from django.db import connection

from chat import checks
from chat.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def ask(query):
    """Return the one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite alone")
@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("synchronous", 2)])
async def test_sqlite_syncs_each_commit_in_the_threads_that_answer(name, value):
    assert await in_thread(ask, f"PRAGMA {name}") == value


@pytest.fixture
def on_postgresql(monkeypatch):
    """Return a function that lets the database be a PostgreSQL with a setting."""

    def on_postgresql(value):
        monkeypatch.setattr(connection, "vendor", "postgresql")
        monkeypatch.setattr(checks, "_show", lambda name: value)

    return on_postgresql


@pytest.mark.parametrize(("value", "count"), [("on", 0), ("remote_apply", 0), ("off", 3)])
def test_a_postgresql_that_may_lose_commits_is_a_warning(on_postgresql, value, count):
    on_postgresql(value)
    found = checks.database_is_durable(databases=["default"])
    assert [message.id for message in found] == ["flack.W010"] * count


@pytest.mark.parametrize("databases", [None, []])
def test_a_database_that_is_not_asked_for_is_not_asked(on_postgresql, databases):
    on_postgresql("off")
    assert checks.database_is_durable(databases=databases) == []
