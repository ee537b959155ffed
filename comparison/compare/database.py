"""PostgreSQL below both versions: a database for each, the CPU time of its server, its queries.

Stored messages and queries are counted in the database itself, not derived from answers.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from comparison.bench.processes import Processes

SETTINGS = {
    "log_statement": "all",
    "log_line_prefix": "%d ",
}  # the line starts with the database's name
STATEMENT = re.compile(r"^(\S+) LOG:  (?:statement|execute [^:]*): (\w+)", re.MULTILINE)
# How an account is copied in the tables of either version, each copy with a token of its own.
COPY = {
    "users": b"""
        INSERT INTO users (created_at, updated_at, last_seen_at, nickname, password_hash, token,
                           online)
        SELECT 0, 0, 0, left(each.token, 30), password_hash, each.token, false
        FROM (SELECT * FROM users ORDER BY id DESC LIMIT 1) AS newest,
             unnest(%(tokens)s::text[]) AS each(token)
    """,
    "chat_user": b"""
        WITH copies AS (
            INSERT INTO chat_user (created_at, updated_at, last_seen_at, nickname, password, online,
                                   is_active, is_staff, is_banned, is_superuser, sign_in_epoch)
            SELECT 0, 0, 0, left(each.digest, 30), password, false, is_active, is_staff,
                   is_banned, is_superuser, sign_in_epoch
            FROM (SELECT * FROM chat_user ORDER BY id DESC LIMIT 1) AS newest,
                 unnest(%(digests)s::text[]) AS each(digest)
            RETURNING id, nickname
        )
        INSERT INTO chat_token (digest, user_id, created_at)
        SELECT each.digest, copies.id, extract(epoch FROM now())::bigint
        FROM copies JOIN unnest(%(digests)s::text[]) AS each(digest)
             ON left(each.digest, 30) = copies.nickname
    """,
}
BRACKETS = {"BEGIN", "COMMIT", "ROLLBACK", "SET", "SHOW"}


@dataclass
class Asked:
    """The number of queries, and of transactions that were committed."""

    queries: int = 0
    commits: int = 0


class Database(AbstractContextManager["Database"]):
    """One database, with a connection that is closed at the end of the block."""

    def __init__(self, url: str) -> None:
        """Connect to the database at a URL in the form of SQLAlchemy or Django."""
        scheme, _, rest = url.partition("://")
        if not scheme.startswith("postgres"):
            raise ValueError("both versions must run on PostgreSQL: set their DATABASE_URL")
        self.url = f"postgresql://{rest}"
        self.name = urlsplit(self.url).path.strip("/")
        self._connection = psycopg.connect(self.url, autocommit=True)
        postmaster = psutil.Process(self.ask("SELECT pg_backend_pid()")).parent()
        assert postmaster is not None
        self.pid = postmaster.pid
        self.processes = Processes(self.pid)

    def __exit__(self, *error: object) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, query: str) -> Any:
        """Return the first value of a query's result, or None."""
        cursor = self._connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]

    def messages(self) -> int:
        """Return the number of messages, in the table of either version."""
        table = self.ask("SELECT coalesce(to_regclass('chat_message'), to_regclass('messages'))")
        return int(self.ask(f"SELECT count(*) FROM {table}"))

    def accounts(self, count: int) -> list[str]:
        """Copy the newest account; return the tokens of the copies, none for an unknown schema.

        Passwords are slow by design: to register hundreds of accounts would take minutes. The
        copies are offline, and were created, changed and last seen long ago.
        """
        tokens = [secrets.token_hex(32) for _ in range(count)]
        for table, query in COPY.items():
            if tokens and self.ask(f"SELECT to_regclass('{table}')"):
                digests = [hashlib.sha256(token.encode()).hexdigest() for token in tokens]
                self._connection.execute(query, {"tokens": tokens, "digests": digests})
                return tokens
        return []

    @contextmanager
    def another(self, name: str) -> Iterator["Database"]:
        """Create a database on the same server, and drop it at the end of the block."""
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {name}")
        try:
            with Database(urlsplit(self.url)._replace(path=f"/{name}").geturl()) as database:
                yield database
        finally:
            self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def listening(self) -> Iterator[Asked]:
        """Count the queries to this database during the block, from the server's log."""
        log, asked = Path(os.readlink(f"/proc/{self.pid}/fd/2")), Asked()
        for name, value in SETTINGS.items():
            self.ask(f"ALTER SYSTEM SET {name} = '{value}'")
        self._reload()
        begin = log.stat().st_size
        try:
            yield asked
            time.sleep(0.1)
            with log.open(errors="replace") as lines:
                lines.seek(begin)
                for name, verb in STATEMENT.findall(lines.read()):
                    if name == self.name:
                        asked.queries += verb.upper() not in BRACKETS
                        asked.commits += verb.upper() == "COMMIT"
        finally:
            for name in SETTINGS:
                self.ask(f"ALTER SYSTEM RESET {name}")
            self._reload()

    def _reload(self) -> None:
        self.ask("SELECT pg_reload_conf()")
        time.sleep(0.3)  # each backend reloads before its next query
