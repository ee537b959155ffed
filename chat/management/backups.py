"""Complete and consistent copies of the SQLite database, made while Flack runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.core.management import CommandError
from django.db import connection

PATIENCE = 30.0  # seconds to wait for a lock


def database_path() -> Path:
    """Return the path of the SQLite database; raise CommandError for another database."""
    if connection.vendor != "sqlite":
        raise CommandError(
            f"The database is {connection.vendor}: use its own tools, see docs/OPERATIONS.md."
        )
    return Path(connection.settings_dict["NAME"])


def copy(source: Path, target: Path) -> None:
    """Replace the database `target` by `source` in one transaction."""
    with (
        closing(sqlite3.connect(source, timeout=PATIENCE)) as old,
        closing(sqlite3.connect(target, timeout=PATIENCE)) as new,
    ):
        old.backup(new)


def save(source: Path, target: Path) -> int:
    """Copy a database to one new file with mode 600; return its number of messages."""
    target.touch(mode=0o600)
    copy(source, target)
    with closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA journal_mode=DELETE")  # all in one file
    messages = check(target)
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return messages


def check(path: Path) -> int:
    """Return the number of messages in a copy; raise sqlite3.DatabaseError if it is corrupt."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        (messages,) = database.execute("SELECT count(*) FROM chat_message").fetchone()
        return int(messages)
