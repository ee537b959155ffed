"""`restore`."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connection

from chat.management import backups


class Command(BaseCommand):
    help = "Replaces the SQLite database by what `backup` saved, also while Flack runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file that `backup` wrote")
        parser.add_argument("--yes", action="store_true", help="replace without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        database = backups.path_of_database()
        try:
            messages = backups.check(path)
        except sqlite3.Error as error:
            raise CommandError(f"{path} is no whole backup: {error}.") from error
        if not options["yes"]:
            question = f"Replace all that is in {database} by the {messages} messages of {path}?"
            self.stdout.write(f"{question} [y/N] ", ending="")
            self.stdout.flush()
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was replaced.")
        try:
            backups.copy(path, database)
        except sqlite3.Error as error:
            raise CommandError(f"Nothing was replaced: {error}.") from error
        connection.close()
        call_command("migrate", verbosity=0)  # it may be of an older version
        self.stdout.write(f"Restored {messages} messages. Pages that are open should be reloaded.")
