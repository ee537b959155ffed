"""Clients that write, read and listen while a fault happens, and the counts of their messages."""

import sqlite3
import time
from collections import Counter
from collections.abc import Container
from contextlib import closing
from secrets import token_hex
from typing import Any, Self

import psycopg

from tests.faults.background import Background
from tests.faults.listener import Listener, Row
from tests.faults.report import Report, inversions, twice
from tests.faults.table import Fault
from tests.faults.writers import HTTPWriter, Reader, Record, SocketWriter, Writer
from tests.running import Stack

LISTENERS = 6
READERS = 4
WRITERS = 3  # over HTTP, and as many over sockets
PATIENCE = 100.0  # seconds that recovery may take on a busy machine; a row of the table has its own


class Crowd:
    """Writers, readers and listeners of one stack, on an event loop in a thread."""

    def __init__(self, stack: Stack, database: str = "", *, new: Container[str] = ()) -> None:
        """Prepare for a stack; `database` is the URL of its PostgreSQL, empty for SQLite.

        `new` names fields of messages that the stack's older nodes do not send.
        """
        self.stack, self.database, self.new = stack, database, new
        self.record = Record()
        self.background = Background(stack.url)
        self.name = token_hex(3)

    def __enter__(self) -> Self:
        people = [self.stack.person("writer") for _ in range(2 * WRITERS)]
        listening = [self.stack.person("listener") for _ in range(LISTENERS // 2)]
        self.people = [person.id for person in [*people, *listening]]
        tokens = [*(person.token for person in listening), *[None] * (LISTENERS // 2)]
        self.listeners = [Listener(self.stack.url, self.background.http, token) for token in tokens]
        self.writers: list[Writer] = [
            (HTTPWriter if number % 2 else SocketWriter)(
                self.stack.url, f"{self.name}-{number}", person.token, self.record
            )
            for number, person in enumerate(people)
        ]
        reader = people[0].nickname, people[0].password, self.record
        clients: list[Any] = [*self.listeners, *self.writers]
        clients += [Reader(self.stack.url, *reader) for _ in range(READERS)]
        self.background.__enter__()
        for client in clients:
            self.background.begin_client(client.run())
        self._write(True)
        wait(lambda: all(listener.is_live for listener in self.listeners), PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.background.__exit__()

    def _write(self, may_write: bool) -> None:
        for writer in self.writers:
            change = writer.may_write.set if may_write else writer.may_write.clear
            self.background.loop.call_soon_threadsafe(change)

    def count(self, fault: Fault) -> Report:
        """Inject a fault, wait for recovery, and return the counts."""
        self._begin_counting(fault)
        try:
            fault.inject(self.stack)
            return self._settle()
        finally:
            self._write(True)  # for the next fault

    def _begin_counting(self, fault: Fault) -> None:
        self.first_sent = len(self.record.sent)
        self.record.failed.clear()
        self.record.every = fault.every
        for listener in self.listeners:
            listener.resyncs = 0
            listener.closed.clear()

    def _settle(self) -> Report:
        ended = time.monotonic()
        wait(lambda: self._all_have_all_since(ended), PATIENCE)
        seconds = time.monotonic() - ended
        wait(self._is_whole, PATIENCE)  # still under load
        self._write(False)
        wait(lambda: all(writer.is_idle for writer in self.writers) and self._same(), PATIENCE)
        self.background.check()
        return self._compare(seconds)

    def _all_have_all_since(self, ended: float) -> bool:
        """Return True if each writer had a message accepted since, and no listener lacks one."""
        record = self.record
        again = {
            source.split()[0] for source, at in record.accepted_at.copy().items() if at > ended
        }
        ids = {answer["id"] for answer in record.accepted.copy().values()}
        return len(again) == len(self.writers) and all(
            listener.is_live and ids <= listener.messages.rows.keys() for listener in self.listeners
        )

    def _is_whole(self) -> bool:
        """Return True if every process of the stack answers."""
        ready = self.stack.get("/readyz").status_code == 200
        return ready and all(self.stack.answers(name) for name in ("node.1", "node.2"))

    def _same(self) -> bool:
        rows = self.rows()
        same = all(self.known(listener) == rows for listener in self.listeners)
        return same and not self.misplaced()

    def known(self, listener: Listener) -> dict[int, Row]:
        """Return the messages of a listener, with the fields that every node sends."""
        return {pk: self._old(row) for pk, row in listener.messages.rows.items()}

    def _old(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if name not in self.new}

    def misplaced(self) -> int:
        """Return how often a connected user is shown as offline."""
        found = self._select("SELECT id, online FROM chat_user")
        lists = [dict(found), *({**listener.users.rows} for listener in self.listeners)]
        offline = [
            pk
            for known in lists
            for pk in self.people
            if not (known[pk]["online"] if isinstance(known.get(pk), dict) else known.get(pk))
        ]
        return len(offline)

    def _select(self, query: str) -> list[Any]:
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(query).fetchall()
        with closing(sqlite3.connect(self.stack.var / "db.sqlite3")) as connection:
            return connection.execute(query).fetchall()

    def rows(self) -> dict[int, Row]:
        """Return the messages of the database by id, as every node represents them."""
        names = ("id", "created_at", "updated_at", "edited_at", "source", "html", "user_id")
        found = self._select(f"SELECT {', '.join(names)} FROM chat_message")
        rows = {row[0]: self._old(dict(zip(names, row, strict=True))) for row in found}
        for pk, row in rows.items():
            row["_links"] = {"self": f"/api/messages/{pk}", "user": f"/api/users/{row['user_id']}"}
        return rows

    def _compare(self, seconds: float) -> Report:
        rows = self.rows()
        sent = self.record.sent[self.first_sent :]
        accepted = {source: self.record.accepted.get(source) for source in sent}
        answers = {source: answer for source, answer in accepted.items() if answer}
        lists = [self.known(listener) for listener in self.listeners]
        report = Report(
            sent=len(sent),
            accepted=len(answers),
            delivered=0,
            lost=0,
            doubled=twice(rows, self.name),
            out_of_order=inversions(rows, self.name),
            failed=list(self.record.failed),
            resyncs=sum(listener.resyncs for listener in self.listeners),
            misplaced=self.misplaced(),
            closed=sum((listener.closed for listener in self.listeners), Counter()),
            seconds=seconds,
        )
        for answer in answers.values():
            row = rows.get(answer["id"])
            report.lost += row is None or row["source"] != answer["source"]
            for known in lists:
                there = row is not None and known.get(answer["id"]) == row
                report.delivered += there
                report.lost += not there
        for listener, known in zip(self.listeners, lists, strict=True):
            ids = [each["id"] for each in answers.values()]
            if lacking := [pk for pk in ids if known.get(pk) != rows.get(pk)]:
                absent, first = sum(pk not in known for pk in lacking), lacking[0]
                print(
                    f"A listener lacks {len(lacking)} messages, {absent} of them altogether:"
                    f" {listener.is_live=} {listener.closed=}"
                    f" {known.get(first)=} {rows.get(first)=}"
                )
        for known in lists:
            report.doubled += twice(known, self.name)
            report.out_of_order += inversions(known, self.name)
        return report


def wait(condition: Any, seconds: float) -> bool:
    """Wait for a condition; return False if it is not met in time, which the counts will show."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
