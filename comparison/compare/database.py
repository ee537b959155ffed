"""The PostgreSQL under both versions: a database for each, what its server costs, what it is asked.

What really reached the database is counted there, not believed from answers.
"""

import os
import re
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

SETTINGS = {"log_statement": "all", "log_line_prefix": "%d "}  # the line begins with the database
STATEMENT = re.compile(r"^(\S+) LOG:  (?:statement|execute [^:]*): (\w+)", re.MULTILINE)
BRACKETS = {"BEGIN", "COMMIT", "ROLLBACK", "SET", "SHOW"}


@dataclass
class Asked:
    """How many queries a database was asked, and how many transactions that write ended."""

    queries: int = 0
    commits: int = 0


class Database(AbstractContextManager["Database"]):
    """One database, and a connection to it that ends with the block."""

    def __init__(self, url: str) -> None:
        """Take its URL, as SQLAlchemy or Django has it."""
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
        """Return the value that a query gives, if it gives one."""
        cursor = self._connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]

    def messages(self) -> int:
        """Return how many messages it holds, whichever version wrote them."""
        table = self.ask("SELECT coalesce(to_regclass('chat_message'), to_regclass('messages'))")
        return int(self.ask(f"SELECT count(*) FROM {table}"))

    @contextmanager
    def another(self, name: str) -> Iterator["Database"]:
        """Give a new database of the same server, which is gone afterwards."""
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {name}")
        try:
            with Database(urlsplit(self.url)._replace(path=f"/{name}").geturl()) as database:
                yield database
        finally:
            self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def listening(self) -> Iterator[Asked]:
        """Count what this database is asked in the block, from the server's own log."""
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
        time.sleep(0.3)  # each backend hears of it before its next query
