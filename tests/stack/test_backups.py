"""Backups of a running Flack on SQLite, by Flack's commands."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from comparison.contract.client import Person
from tests.running import Stack


class Posting:
    """Posts without a pause in a thread; yields the ids."""

    def __init__(self, stack: Stack, author: Person) -> None:
        self.posted: list[int] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._post, args=(stack, author))

    def __enter__(self) -> list[int]:
        self._thread.start()
        return self.posted

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _post(self, stack: Stack, author: Person) -> None:
        while not self._ends.is_set():
            self.posted.append(stack.posted(author, f"number {len(self.posted)}")["id"])


def test_a_backup_under_load_is_complete_and_can_be_restored_while_flack_runs(
    sqlite_stack: Stack, tmp_path: Path
) -> None:
    stack, path = sqlite_stack, tmp_path / "backup"
    ann = stack.person("ann")
    with Posting(stack, ann) as posted:
        first = stack.posted(ann, "before")
        stack.manage(f"backup {path}")
        saved_at_least = first["id"]
    later = stack.posted(ann, "later")
    assert path.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(path)) as copy:
        ids = [row[0] for row in copy.execute("SELECT id FROM chat_message ORDER BY id")]
    assert saved_at_least in ids
    assert later["id"] not in ids
    assert [pk for pk in posted if pk <= ids[-1]] == [pk for pk in ids if pk in posted]

    stack.manage(f"restore --yes {path}")
    assert stack.get(f"/api/messages/{later['id']}").status_code == 404
    assert stack.message(first["id"]) == first
    assert stack.posted(ann, "and on it goes")["id"] == ids[-1] + 1
