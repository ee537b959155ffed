"""Tests of chat/management/backups.py and of its commands: what cannot be saved or restored."""

import io
import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "sqlite3" not in django_settings.DATABASES["default"]["ENGINE"], reason="of SQLite alone"
    ),
]


@pytest.fixture
def saved(alice, tmp_path):
    """A backup, with Alice."""
    path = tmp_path / "backup"
    call_command("backup", path)
    return path


def test_what_was_saved_comes_back(alice, saved):
    alice.messages.create(source="later")
    call_command("restore", saved, "--yes")
    assert not alice.messages.exists()
    alice.refresh_from_db()


def test_a_backup_is_one_file(saved):
    assert [path.name for path in saved.parent.iterdir()] == ["backup"]


@pytest.mark.parametrize("path", [".", "/", ".."])
def test_a_backup_replaces_no_folder(path):
    with pytest.raises(CommandError, match=f"^{re.escape(path)} exists already"):
        call_command("backup", path)


def test_a_backup_replaces_no_file(saved):
    before = saved.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", saved)
    assert saved.read_bytes() == before


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(CommandError, match="/nowhere/backup: "):
        call_command("backup", tmp_path / "nowhere/backup")


def test_a_folder_that_this_user_may_not_enter_is_named(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    for method in ("exists", "unlink"):  # root may enter every folder
        monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(CommandError, match=r"Nothing was saved in .*Permission denied"):
        call_command("backup", tmp_path / "backup")


def broken(path):
    """Break a page in the middle of a database."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)


def cut(path):
    """Cut a database off."""
    path.write_bytes(path.read_bytes()[:10_000])


def foreign(path):
    """Put another program's database there."""
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE other (id)")


@pytest.mark.parametrize(
    "spoil", [broken, cut, foreign, lambda path: path.write_text("no database")]
)
def test_what_is_no_whole_backup_replaces_nothing(alice, saved, spoil):
    spoil(saved)
    with pytest.raises(CommandError, match="is not a complete backup"):
        call_command("restore", saved, "--yes")
    alice.refresh_from_db()


def test_a_backup_that_does_not_exist_or_may_not_be_read_replaces_nothing(saved, monkeypatch):
    with pytest.raises(CommandError, match="does not exist, or this user may not read it"):
        call_command("restore", saved.parent / "another", "--yes")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read every file
    with pytest.raises(CommandError, match="does not exist, or this user may not read it"):
        call_command("restore", saved, "--yes")


@pytest.mark.parametrize(("answer", "is_kept"), [("y", False), ("", True), ("n", True)])
def test_it_is_asked_before_anything_is_replaced(alice, saved, monkeypatch, answer, is_kept):
    alice.messages.create(source="later")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{answer}\n"))
    if is_kept:
        with pytest.raises(CommandError, match="Nothing was done"):
            call_command("restore", saved)
    else:
        call_command("restore", saved)
    assert alice.messages.exists() == is_kept


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_another_database_has_tools_of_its_own(tmp_path, monkeypatch, command):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(CommandError, match="use its own tools"):
        call_command(command, tmp_path / "backup")
