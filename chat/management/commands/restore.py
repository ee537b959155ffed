"""`restore`."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser, call_command
from django.db import connection

from chat.management import backups
from chat.management.operator import OperatorCommand, plural


class Command(OperatorCommand):
    help = "Replaces the SQLite database by a file that `backup` wrote. Flack may run meanwhile."
    destroys = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, metavar="PATH", help="the file that `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        database = backups.database_path()
        if not os.access(path, os.R_OK):
            raise CommandError(
                f"{path} does not exist, or this user may not read it: nothing was restored."
            )
        try:
            messages = backups.check(path)
        except sqlite3.Error as error:
            raise CommandError(
                f"{path} is not a complete backup ({error}): nothing was restored."
            ) from error
        saved = plural(messages, "message")
        self.confirm(f"Replace everything in {database} by the {saved} of {path}?", options)
        try:
            backups.copy(path, database)
        except sqlite3.Error as error:
            raise CommandError(f"Nothing was restored: {error}.") from error
        connection.close()
        call_command("migrate", verbosity=0)  # it may be of an older version
        sentence = f"Restored {saved}. Reload the pages that are open."
        self.report(sentence, options, messages=messages)
