"""Copies of the SQLite database, whole and consistent also while Flack runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.core.management import CommandError
from django.db import connection

PATIENCE = 30.0  # seconds to wait for a lock


def path_of_database() -> Path:
    """Return the file of the database; CommandError for another kind of database."""
    if connection.vendor != "sqlite":
        raise CommandError(
            f"The database is {connection.vendor}: use its own tools, see docs/OPERATIONS.md."
        )
    return Path(connection.settings_dict["NAME"])


def copy(source: Path, target: Path) -> None:
    """Replace the database in `target` by the one in `source`, in one transaction."""
    with (
        closing(sqlite3.connect(source, timeout=PATIENCE)) as old,
        closing(sqlite3.connect(target, timeout=PATIENCE)) as new,
    ):
        old.backup(new)


def save(source: Path, target: Path) -> int:
    """Copy a database into one new file that only its owner may read; return its messages."""
    target.touch(mode=0o600)
    copy(source, target)
    with closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA journal_mode=DELETE")  # all in one file
    messages = check(target)
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return messages


def check(path: Path) -> int:
    """Return how many messages a copy holds; sqlite3.DatabaseError if it is not whole."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        (messages,) = database.execute("SELECT count(*) FROM chat_message").fetchone()
        return int(messages)
